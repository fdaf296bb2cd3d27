"""`lapor figures`: count what has changed, close a month, prove that closed months are as they were closed."""

import argparse
import asyncio
from collections.abc import Mapping
from datetime import date

from lapor import database
from lapor.commands import FAILED, OK, Failed, actions_of, say
from lapor.complaints.closing_months import close_due, open_months
from lapor.complaints.counting import count_all
from lapor.complaints.sealing import broken_seals
from lapor.runtime import Ground, grounded, running


def month(text: str) -> date:
    """A month such as 2026-10, as its first day; argparse turns the error into wrong usage."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a month such as 2026-10") from None


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.epilog = (
        "Needs LAPOR_WORKER_DATABASE_URL. The worker does the same by itself, months by their date."
    )
    action = actions_of(parser)
    action("count", "count everything that has changed")
    close = action("close", "close the months whose objection period is over")
    close.add_argument("--month", type=month, metavar="YYYY-MM", help="only this month")
    action("verify", "prove the seals of closed months; exits with 1 when one is broken")


def run(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Do one of them."""
    with grounded(environ) as ground:
        return asyncio.run(_act(options, ground))


async def _act(options: argparse.Namespace, ground: Ground) -> int:
    async with running(ground.settings, "worker"):
        if options.action == "count":
            say(f"{await count_all()} complaints counted")
            return OK
        if options.action == "verify":
            return await _verify()
        await _close(options.month, ground.settings.closing_days)
    return OK


async def _close(only: date | None, days: int) -> None:
    closed = await close_due(days, only=only, by="lapor figures close")
    if only and not closed:
        raise Failed(await _why_open(only, days))
    for one in closed:
        say(f"{one.month:%Y-%m} closed for region {one.region}, as of {one.closes_at.isoformat()}")
    if not closed:
        say("no month is due to be closed")


async def _why_open(only: date, days: int) -> str:
    async with database.transaction("worker"):
        waiting = [one for one in await open_months(days) if one.month == only]
    if not waiting:
        return f"{only:%Y-%m} has no figures, or is closed already"
    latest = max(one.closes_at for one in waiting)
    held = "; an objection is not decided" if any(one.disputed for one in waiting) else ""
    return f"{only:%Y-%m} closes at {latest.isoformat()}, after the objection period{held}"


async def _verify() -> int:
    async with database.transaction("worker", snapshot=True):
        broken = await broken_seals()
    for number in broken:
        say(f"seal {number} does not hold")
    if not broken:
        say("every seal holds")
    return FAILED if broken else OK
