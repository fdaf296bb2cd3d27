"""Signed deliveries accepted and stored by `POST /hooks/partner`.

    python benchmarks/webhook.py [--seconds 12] [--clients 16] [--rounds 3] [--json]

Two web workers, fsync on; every delivery is new, signed, encrypted, stored and nudged to the worker's queue. Exits 1
when a delivery was not accepted, or when fewer are stored than were accepted.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

import asyncpg
from figures import machine, note, show, summary
from ground import Ground, ground, web
from run import clients

WARM_UP_SECONDS = 1.5


def main() -> int:
    """Measure and print; 0 when all went well."""
    options = _options()
    about = machine()
    rounds = []
    with ground() as on, web(on):
        for number in range(options.rounds):
            note(f"round {number + 1} of {options.rounds}")
            job = {
                "side": "hook",
                "clients": options.clients,
                "warm_up": WARM_UP_SECONDS,
                "seconds": options.seconds / options.rounds,
            }
            rounds.append(clients(on, job)[0])
        stored = asyncio.run(_stored(on))
    figures = summary(rounds)
    show(
        "webhook",
        {"hook": figures},
        {"clients": options.clients, "stored": stored, "machine": about},
        options.json,
    )
    return 0 if not figures["errors"] and stored >= figures["count"] else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=12, help="measured seconds (default 12)")
    parser.add_argument("--clients", type=int, default=16, help="clients at once (default 16)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of which medians are taken (default 3)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


async def _stored(on: Ground) -> int:
    owner = await asyncpg.connect(on.settings.owner_database_url)
    try:
        count: int = await owner.fetchval("SELECT count(*) FROM inbound WHERE channel = 'partner'")
        return count
    finally:
        await owner.close()


if __name__ == "__main__":
    sys.exit(main())
