"""`lapor sweep`: the sweep by hand, or by cron where there is no Redis."""

import argparse
import asyncio
from collections.abc import Mapping
from datetime import datetime

from lapor.commands import OK, Failed, say
from lapor.complaints.escalating import sweep, take_up_again
from lapor.runtime import Ground, grounded, running


def moment(text: str) -> datetime:
    """A time with its zone, such as 2026-11-21T09:40:00+07:00; argparse turns the error into wrong usage."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a time such as 2026-11-21T09:40:00+07:00"
        ) from None
    if at.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} lacks its zone, such as Z or +07:00")
    return at


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.epilog = (
        "Needs LAPOR_WORKER_DATABASE_URL. It may run twice, late, or beside a worker: nothing fires twice."
    )
    parser.add_argument(
        "--as-of",
        type=moment,
        metavar="TIME",
        help="fire only what was due at this time; a time to come only in a simulation",
    )
    parser.add_argument(
        "--retry",
        action="store_true",
        help="first take up again what was set aside, once its trouble is mended",
    )


def run(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Sweep once, until nothing is due."""
    with grounded(environ) as ground:
        asyncio.run(_sweep(options, ground))
    return OK


async def _sweep(options: argparse.Namespace, ground: Ground) -> None:
    async with running(ground.settings, "worker"):
        if options.retry:
            say(f"{await take_up_again()} taken up again")
        try:
            swept = await sweep(
                options.as_of, batch=ground.settings.sweep_batch, lanes=ground.settings.sweep_lanes
            )
        except ValueError as refused:
            raise Failed(str(refused)) from refused
    say(f"{swept.fired} fired, {swept.skipped} skipped as overtaken, {swept.set_aside} set aside")
