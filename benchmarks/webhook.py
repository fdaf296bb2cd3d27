"""Signed deliveries accepted and stored by `POST /hooks/partner` and `POST /hooks/whatsapp`.

    python benchmarks/webhook.py [--seconds 12] [--clients 16] [--rounds 3] [--json]

Two web workers, fsync on; every delivery is new, signed, encrypted, stored and nudged to the worker's queue. The secret
of WhatsApp is looked up in the database for each delivery. Both take turns. Exits 1 when a delivery was not accepted, or
when fewer are stored than were accepted.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import Any

import asyncpg
from figures import Round, machine, note, show, summary
from ground import Ground, ground, web
from run import clients
from sides import APP_SECRET, NUMBER

from lapor import channel_accounts

WARM_UP_SECONDS = 1.5
SIDES = ("hook", "whatsapp")
_SWITCH_ON = """
INSERT INTO channel_account (channel, name, title, active, secrets, settings, changed_at)
VALUES ('whatsapp', $1, 'WhatsApp', true, $2, '{}', lapor_now())"""


def main() -> int:
    """Measure and print; 0 when all went well."""
    options = _options()
    about = machine()
    rounds: dict[str, list[Round]] = {side: [] for side in SIDES}
    with ground() as on:
        asyncio.run(_switch_on(on))
        with web(on):
            for number in range(options.rounds):
                note(f"round {number + 1} of {options.rounds}")
                for side in SIDES:
                    rounds[side].append(clients(on, _job(side, options))[0])
            stored = asyncio.run(_stored(on))
    figures = {side: summary(measured) for side, measured in rounds.items()}
    show(
        "webhook",
        figures,
        {"clients": options.clients, "stored": stored, "machine": about},
        options.json,
    )
    accepted = sum(side["count"] for side in figures.values())
    errors = sum(side["errors"] for side in figures.values())
    return 0 if not errors and stored >= accepted else 1


def _job(side: str, options: argparse.Namespace) -> dict[str, Any]:
    seconds = options.seconds / options.rounds
    return {"side": side, "clients": options.clients, "warm_up": WARM_UP_SECONDS, "seconds": seconds}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=12, help="measured seconds of each (default 12)")
    parser.add_argument("--clients", type=int, default=16, help="clients at once (default 16)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of which medians are taken (default 3)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


async def _switch_on(on: Ground) -> None:
    """Connect a number at WhatsApp, as an administrator does."""
    owner = await asyncpg.connect(on.settings.owner_database_url)
    try:
        sealed = channel_accounts.sealed("whatsapp", NUMBER, {"app_secret": APP_SECRET})
        await owner.execute(_SWITCH_ON, NUMBER, sealed)
    finally:
        await owner.close()


async def _stored(on: Ground) -> int:
    owner = await asyncpg.connect(on.settings.owner_database_url)
    try:
        count: int = await owner.fetchval("SELECT count(*) FROM inbound")
        return count
    finally:
        await owner.close()


if __name__ == "__main__":
    sys.exit(main())
