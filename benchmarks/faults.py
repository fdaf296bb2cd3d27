"""The fault run: clocks that may not be missed or doubled, while everything around them fails.

    python benchmarks/faults.py [--clocks 20000] [--seconds 120] [--seed 48] [--json]

Two workers, one with its own clock an hour ahead, are killed again and again; Redis is wiped and restarted;
PostgreSQL is ended at once and recovers; officers answer, promise, transfer and reporters dispute all the while,
also in the very moment of a deadline. Afterwards every rung of every clock is compared with what
`lapor.sla.ladder.fire` says in plain words. Exits 1 when anything differs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys

from figures import machine
from ground import ground
from siege import Plan, Siege, besiege


def main() -> int:
    """Run it and print what was found; 0 when nothing is wrong."""
    options = _options()
    about = machine()
    plan = Plan(
        clocks=options.clocks,
        seconds=options.seconds,
        kills=options.kills,
        wipes=options.wipes,
        redis_restarts=options.redis_restarts,
        postgres_restarts=options.postgres_restarts,
        seed=options.seed,
    )
    with ground() as on:
        siege = asyncio.run(besiege(on, plan))
    _show(siege, about, options.json)
    return 1 if siege.verdict.wrong else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--clocks", type=int, default=20_000, help="clocks at the start (default 20000)")
    parser.add_argument("--seconds", type=float, default=120, help="how long things fail (default 120)")
    parser.add_argument("--kills", type=int, default=12, help="kill -9 of a worker (default 12)")
    parser.add_argument("--wipes", type=int, default=5, help="Redis emptied (default 5)")
    parser.add_argument("--redis-restarts", type=int, default=1, help="Redis restarted (default 1)")
    parser.add_argument(
        "--postgres-restarts", type=int, default=1, help="PostgreSQL ended at once and restarted (default 1)"
    )
    parser.add_argument("--seed", type=int, default=48, help="decides what happens when (default 48)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


def _show(siege: Siege, about: dict[str, object], as_json: bool) -> None:
    seconds = {name: round(value, 1) for name, value in siege.seconds.items()}
    verdict = siege.verdict
    if as_json:
        report = {
            "benchmark": "faults",
            "plan": vars(siege.plan),
            "done": siege.facts,
            "seconds": seconds,
            "counts": verdict.counts,
            "wrong": verdict.wrong,
            "examples": verdict.examples,
            "machine": about,
        }
        print(json.dumps(report, ensure_ascii=False))
        return
    print(f"faults: {siege.plan.clocks} clocks, seed {siege.plan.seed}; {about}")
    for title, figures in (("done", siege.facts), ("seconds", seconds), ("compared", verdict.counts)):
        print(title)
        for name, value in figures.items():
            print(f"  {name:<45}{value:>12}")
    print("wrong" if verdict.wrong else "nothing is wrong")
    for name, value in verdict.wrong.items():
        print(f"  {name:<45}{value:>12}  {verdict.examples[name][:400]}")


if __name__ == "__main__":
    sys.exit(main())
