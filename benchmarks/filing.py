"""Filing through the web form beside the bare SQL of the same rows, in turns, on one database.

    python benchmarks/filing.py [--seconds 20] [--clients 16] [--rounds 4] [--json]

The site runs as `lapor web` with two workers; CSRF, headers, row-level security, ledger and fsync are on. Only the
limit per address is off, because all clients share one. The bare side writes table by table through asyncpg: same
role, constraints, triggers, indexes. Exits 1 when anything failed or the two sides left different rows.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from statistics import median
from typing import Any

import asyncpg
from figures import Round, machine, note, show, summary
from ground import Ground, ground, web
from rows import TABLES
from run import clients

WARM_UP_SECONDS = 1.5


def main() -> int:
    """Measure and print; 0 when all went well."""
    options = _options()
    about = machine()
    with ground() as on, web(on):
        sides = _measure(on, options)
        form, bare = asyncio.run(_rows_of_each(on, sides["bare"]))
    rounds = {side: [one for one, _ in measured] for side, measured in sides.items()}
    figures = {side: summary(measured) for side, measured in rounds.items()}
    pairs = zip(rounds["form"], rounds["bare"], strict=True)
    same = form == bare
    show(
        "filing",
        figures,
        {
            "ratio": round(median(one.rate / two.rate for one, two in pairs), 3),
            "clients": options.clients,
            "rows_per_complaint": form if same else {"form": form, "bare": bare},
            "machine": about,
        },
        options.json,
    )
    return 0 if same and not any(side["errors"] for side in figures.values()) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--seconds", type=float, default=20, help="measured seconds of each side (default 20)"
    )
    parser.add_argument("--clients", type=int, default=16, help="clients at once (default 16)")
    parser.add_argument(
        "--rounds", type=int, default=4, help="turns in which the seconds are taken (default 4)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


def _measure(on: Ground, options: argparse.Namespace) -> dict[str, list[tuple[Round, dict[str, Any]]]]:
    measured: dict[str, list[tuple[Round, dict[str, Any]]]] = {"form": [], "bare": []}
    for number in range(options.rounds):
        for side in measured:
            note(f"round {number + 1} of {options.rounds}: {side}")
            job = {
                "side": side,
                "clients": options.clients,
                "warm_up": WARM_UP_SECONDS,
                "seconds": options.seconds / options.rounds,
            }
            measured[side].append(clients(on, job))
    return measured


async def _rows_of_each(
    on: Ground, bare: list[tuple[Round, dict[str, Any]]]
) -> tuple[dict[str, float], dict[str, float]]:
    """Rows per complaint and table that the form left, and that the bare side left."""
    written = [complaint for _, facts in bare for complaint in facts["complaints"]]
    owner = await asyncpg.connect(on.settings.owner_database_url)
    try:
        return await _rows_of(owner, written, False), await _rows_of(owner, written, True)
    finally:
        await owner.close()


async def _rows_of(owner: asyncpg.Connection, written: list[int], bare: bool) -> dict[str, float]:
    counts = {
        table: await owner.fetchval(
            f"SELECT count(*) FROM {table} WHERE {column} IS NOT NULL AND ({column} = ANY ($1)) = $2",
            written,
            bare,
        )
        for table, column in TABLES.items()
    }
    return {table: round(count / max(counts["complaint"], 1), 2) for table, count in counts.items()}


if __name__ == "__main__":
    sys.exit(main())
