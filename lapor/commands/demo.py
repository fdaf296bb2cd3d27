"""`lapor demo`: the whole system on this machine, with nothing to configure."""

import argparse
import asyncio
import signal
import time
from collections.abc import Mapping
from types import FrameType

from lapor import settings
from lapor.commands import OK, Failed, say
from lapor.demo import counter
from lapor.demo.cast import Cast
from lapor.demo.check import check
from lapor.demo.inside import Inside, Unexpected
from lapor.demo.run import Demonstration, demonstration
from lapor.demo.welcome import welcome

LOOK_SECONDS = 1.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.epilog = (
        "Data is kept in LAPOR_HOME between runs. Its people and their complaints are invented; it is refused where"
        " LAPOR_ENVIRONMENT is production."
    )
    parser.add_argument("--fresh", action="store_true", help="forget the data of earlier runs")
    parser.add_argument("--port", type=int, help="listen here instead of LAPOR_PORT")
    parser.add_argument(
        "--check",
        action="store_true",
        help="go through the main job on throw-away data, one line per step, and exit with 0 or 1",
    )


def run(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Run until SIGINT, SIGTERM or SIGHUP; or go through the check."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    if options.check:
        return check(environ, options.port)
    given = settings.read(environ)
    begun = time.monotonic()
    say("starting PostgreSQL and Redis")
    try:
        with demonstration(environ, given.home, options.port or given.port, fresh=options.fresh) as running:
            if running.fresh:
                _let_people_come(running)
            say(asyncio.run(welcome(running, time.monotonic() - begun)))
            _stay(running)
    except KeyboardInterrupt:
        say("stopped")
    return OK


def _let_people_come(running: Demonstration) -> None:
    """Somebody writes over each channel, two come to the counter and one to the kiosk."""
    assert running.providers is not None
    running.providers.tell()
    try:
        with Inside(running.settings.owner_database_url) as inside:
            counter.come(Cast(running, inside))
    except Unexpected as seen:
        raise Failed(str(seen)) from None


def _stay(running: Demonstration) -> None:
    while True:
        time.sleep(LOOK_SECONDS)
        running.watch()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
