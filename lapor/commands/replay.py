"""`lapor replay`: what the system would have done with the complaints of the past."""

import argparse
import asyncio
import json
import re
import secrets
import time
from collections.abc import Mapping
from pathlib import Path

import asyncpg

from lapor import database, runtime
from lapor.commands import OK, Failed, say, tell
from lapor.commands.sweep import moment
from lapor.embedded import Servers
from lapor.replay import Report, read, replay, report
from lapor.replay.report import Figures
from lapor.replay.setting import Setting, prepare
from lapor.runtime import ADDRESSES, Ground, grounded

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}\Z")
PROGRESS_SECONDS = 5


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.epilog = (
        "Runs in a simulation database of its own in the embedded servers, whatever servers are named: the data of an"
        " installation is never touched. Columns: id, created_at, responded_at, text, address, kecamatan, kelurahan,"
        " their codes, topic, agency."
    )
    parser.add_argument("file", type=Path, metavar="FILE.csv", help="the complaints")
    parser.add_argument(
        "--until", type=moment, required=True, metavar="TIME", help="where simulated time ends"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--keep", metavar="DATABASE", help="keep the simulation under this name")
    parser.add_argument("--timezone", default="Asia/Jakarta", metavar="ZONE", help="the zone of the region")


def run(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Replay and report."""
    if options.keep and not _NAME.match(options.keep):
        raise Failed("the name of a database has up to 41 lower-case letters, digits and _")
    records = read(options.file, options.until)
    if not records:
        raise Failed(f"{options.file} holds no complaint before {options.until.isoformat()}")
    own = {name: value for name, value in environ.items() if name not in (*ADDRESSES, "LAPOR_ENVIRONMENT")}
    with grounded(own) as ground:
        told = asyncio.run(_replay(options, ground, Setting(records, options.timezone)))
    if options.json:
        say(json.dumps(told.as_mapping(), ensure_ascii=False))
    else:
        _print(told)
    return OK


async def _replay(options: argparse.Namespace, ground: Ground, setting: Setting) -> Report:
    if ground.servers is None:
        raise Failed("a replay needs the embedded servers")
    name = options.keep or f"lapor_replay_{secrets.token_hex(4)}"
    begun = time.monotonic()
    people, url = await _simulation(ground.servers, name, setting)
    try:
        database.configure(url)
        await database.open_pool(2)
        try:
            await replay(setting, people, options.until, progress=_Progress())
            told = await report(options.until)
        finally:
            await database.close_pool()
    finally:
        if not options.keep:
            await _drop(ground.servers, name)
    tell(f"replayed in {time.monotonic() - begun:.0f} s")
    if options.keep:
        tell(f"kept: `lapor servers --database {name}` shows its address")
    return told


async def _simulation(servers: Servers, name: str, setting: Setting) -> tuple[dict[str, int], str]:
    """A new database for this replay: who works in it, and the address of a log-in that may do everything there."""
    async with runtime.alone(servers) as superuser:
        if await superuser.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name):
            raise Failed(f"there is a database {name} already: choose another name")
        await runtime.prepare_alone(servers, name)
        url = await runtime.simulation_url(superuser, servers, name)
    owner_url = runtime.embedded_environment(servers, {}, name)["LAPOR_OWNER_DATABASE_URL"]
    return await prepare(owner_url, setting), url


async def _drop(servers: Servers, name: str) -> None:
    connection = await asyncpg.connect(servers.admin_url())
    try:
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    finally:
        await connection.close()


class _Progress:
    """A line every few seconds."""

    def __init__(self) -> None:
        self.next = time.monotonic() + PROGRESS_SECONDS

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() >= self.next:
            self.next = time.monotonic() + PROGRESS_SECONDS
            tell(f"{done} of {total} filings and answers")


def _print(told: Report) -> None:
    say(f"until {told.until.isoformat()}")
    head = ("complaints", "answered", "on time", "escalated", "open", "doubles", "median", "90th", "agency")
    say(_line(*head))
    for name, figures in sorted(told.agencies.items(), key=lambda item: -item[1].complaints):
        say(_figures(figures, name))
    say(_figures(told.total, "all"))


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
