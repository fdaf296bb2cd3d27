"""`lapor replay`: what the system would have done with the complaints of the past."""

import argparse
import asyncio
import json
import re
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lapor import crypto, database, runtime, settings
from lapor.commands import OK, Failed, say, tell
from lapor.commands.sweep import moment
from lapor.embedded import Servers
from lapor.replay import Report, read, replay, report
from lapor.replay.report import Figures
from lapor.replay.setting import RESPONSE_HOURS, Setting, prepare
from lapor.replay.simulation import simulation
from lapor.runtime import ADDRESSES, grounded

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}\Z")
STEP_PERCENT = 10
TERMINAL_SECONDS = 0.2


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.epilog = (
        "Runs in a simulation database made for it, in the embedded servers, or where LAPOR_OWNER_DATABASE_URL leads"
        " when its role may create databases: the data of an installation is never touched. Columns: id, created_at,"
        " responded_at, text, address, kecamatan, kelurahan, their codes, topic, agency."
    )
    parser.add_argument("file", type=Path, metavar="FILE.csv", help="the complaints")
    parser.add_argument(
        "--until", type=moment, required=True, metavar="TIME", help="where simulated time ends"
    )
    parser.add_argument(
        "--response-hours",
        type=_hours_allowed,
        default=RESPONSE_HOURS,
        metavar="HOURS",
        help=f"within how many hours an answer is due (default {RESPONSE_HOURS})",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--keep", metavar="DATABASE", help="keep the simulation under this name")
    parser.add_argument(
        "--timezone", type=_zone, default="Asia/Jakarta", metavar="ZONE", help="the zone of the region"
    )


def run(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Replay and report."""
    if options.keep and not _NAME.match(options.keep):
        raise Failed("the name of a database has up to 41 lower-case letters, digits and _")
    records = read(options.file, options.until)
    if not records:
        raise Failed(f"{options.file} holds no complaint before {options.until.isoformat()}")
    setting = Setting(records, options.timezone, options.response_hours)
    with _place(environ) as where, asyncio.Runner(loop_factory=_quick_loop()) as runner:
        told = runner.run(_replay(where, options, setting))
    if options.json:
        say(json.dumps(told.as_mapping(), ensure_ascii=False))
    else:
        _print(told)
    return OK


def _hours_allowed(text: str) -> int:
    """A whole number of hours, at most a year; argparse turns the error into wrong usage."""
    if not (text.isdecimal() and 0 < int(text) <= 8_760):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of hours between 1 and 8760")
    return int(text)


def _zone(name: str) -> str:
    """The name of a time zone; argparse turns the error into wrong usage."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise argparse.ArgumentTypeError(f"{name!r} is not a time zone such as Asia/Jakarta") from None
    return name


@contextmanager
def _place(environ: Mapping[str, str]) -> Iterator[Servers | str]:
    """The embedded servers, or the address of a named owner, with keys and logs configured."""
    own = {name: value for name, value in environ.items() if name not in (*ADDRESSES, "LAPOR_ENVIRONMENT")}
    owner_url = environ.get("LAPOR_OWNER_DATABASE_URL")
    if not owner_url:
        with grounded(own) as ground:
            if ground.servers is None:
                raise Failed("a replay needs the embedded servers")
            yield ground.servers
        return
    given = settings.read(own)
    runtime.configure(given)
    if not (given.encryption_keys and given.lookup_keys):
        # Nobody is told anything in a simulation, so nobody will need these keys again.
        crypto.configure([("1", secrets.token_bytes(32))], [("1", secrets.token_bytes(32))])
    yield owner_url


def _quick_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The faster event loop where there is one: a replay is one long conversation with the database."""
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


async def _replay(where: Servers | str, options: argparse.Namespace, setting: Setting) -> Report:
    name = options.keep or f"lapor_replay_{secrets.token_hex(4)}"
    begun = time.monotonic()
    async with simulation(where, name, keep=bool(options.keep)) as made:
        people = await prepare(made.owner_url, setting)
        database.configure(made.url)
        await database.open_pool(2)
        try:
            await replay(setting, people, options.until, progress=_Progress())
            told = await report(options.until)
        finally:
            await database.close_pool()
    tell(f"replayed in {time.monotonic() - begun:.0f} s")
    if options.keep:
        shown = "" if isinstance(where, str) else f": `lapor servers --database {name}` shows its address"
        tell(f"the simulation is kept in the database {name}{shown}")
    return told


class _Progress:
    """One line that is written over on a terminal; elsewhere a line for every tenth."""

    def __init__(self) -> None:
        self.terminal = sys.stderr.isatty()
        self.percent = 0
        self.next = 0.0

    def __call__(self, done: int, total: int) -> None:
        if self.terminal:
            self._write_over(done, total)
        elif (percent := 100 * done // total // STEP_PERCENT * STEP_PERCENT) > self.percent:
            self.percent = percent
            tell(f"{percent} %: {done} of {total} filings and answers")

    def _write_over(self, done: int, total: int) -> None:
        if done < total and time.monotonic() < self.next:
            return
        self.next = time.monotonic() + TERMINAL_SECONDS
        end = "\n" if done == total else ""
        sys.stderr.write(f"\r{done} of {total} filings and answers ({100 * done // total} %){end}")
        sys.stderr.flush()


def _print(told: Report) -> None:
    say(f"until {told.until.isoformat()}")
    head = ("complaints", "answered", "on time", "escalated", "open", "doubles", "median", "90th", "agency")
    say(_line(*head))
    say(_figures(told.total, "all"))
    for name, figures in sorted(told.agencies.items(), key=lambda item: (-item[1].complaints, item[0])):
        say(_figures(figures, name))


def _figures(figures: Figures, name: str) -> str:
    return _line(
        figures.complaints,
        figures.answered,
        figures.on_time,
        figures.escalated,
        figures.open,
        figures.double_escalations,
        _hours(figures.first_response_median),
        _hours(figures.first_response_90th),
        name,
    )


def _line(*columns: object) -> str:
    *numbers, name = columns
    return "".join(f"{number:>11}" for number in numbers) + f"  {name}"


def _hours(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds / 3600:.1f} h"
