"""`lapor sp4n`: complaints of the national channel taken over, and their answers handed back, by files."""

import argparse
import asyncio
from collections.abc import Mapping
from pathlib import Path

from lapor import database
from lapor.commands import FAILED, OK, Failed, actions_of, say
from lapor.commands.sweep import moment
from lapor.intake import sp4n
from lapor.intake.sp4n import Wrong
from lapor.intake.sp4n_files import FileExchange
from lapor.intake.sp4n_profile import Profile, Unusable, read_profile
from lapor.registers import moment as seen
from lapor.routing.directory import REGISTRY
from lapor.runtime import Ground, grounded, running


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.epilog = (
        "A file is CSV or, with a name that ends in .xlsx, a workbook; docs/channels/sp4n.md names its columns."
        " Needs LAPOR_WORKER_DATABASE_URL."
    )
    action = actions_of(parser)
    taking = action("import", "take over what is not here yet; exits with 1 when a row is wrong")
    taking.add_argument("--dry-run", action="store_true", help="do it all and keep nothing")
    giving = action("export", "write answers and statuses into a file")
    giving.add_argument(
        "--since",
        type=moment,
        metavar="TIME",
        help="only what has changed since, such as 2026-11-21T09:40:00+07:00",
    )
    giving.add_argument(
        "--with-confidential",
        action="store_true",
        help="the answers to confidential complaints too; those to protected ones never",
    )
    for either in (taking, giving):
        either.add_argument("file", type=Path, metavar="FILE", help="the file")
        either.add_argument(
            "--profile", type=Path, metavar="FILE.toml", help="what their columns and words are called"
        )


def run(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Import or export."""
    if options.file.suffix.lower() not in (".csv", ".xlsx"):
        raise Failed("the name of the file ends in .csv or .xlsx")
    try:
        profile = read_profile(options.profile) if options.profile else Profile()
        with grounded(environ) as ground:
            return asyncio.run(_act(options, profile, ground))
    except Unusable as wrong:
        raise Failed(str(wrong)) from None


async def _act(options: argparse.Namespace, profile: Profile, ground: Ground) -> int:
    async with running(ground.settings, "worker"):
        exchange = FileExchange(options.file, await _zone(), profile)
        if options.action == "import":
            return await _import(exchange, rehearse=options.dry_run)
        count = await sp4n.hand_back(
            exchange, since=options.since, with_confidential=options.with_confidential
        )
        say(f"{count} complaints written to {options.file}")
        return OK


async def _import(exchange: FileExchange, *, rehearse: bool) -> int:
    done = await sp4n.take_over(exchange, rehearse=rehearse)
    for wrong in done.wrong:
        say(_line(wrong))
    for note in done.notes:
        say(f"{_line(note)} (taken over all the same)")
    verb = "would be taken over" if rehearse else "taken over"
    say(f"{done.filed} {verb}, {done.known} were here already, {len(done.wrong)} are wrong")
    return FAILED if done.wrong else OK


def _line(wrong: Wrong) -> str:
    return f"{wrong.where} ({wrong.number or 'no number'}): {wrong.why}"


async def _zone() -> str:
    """The zone of the region itself: their files name none."""
    async with database.transaction("worker"):
        registry = await REGISTRY.get((await seen()).version)
    region = registry.regions.get(registry.default_region)
    if region is None:
        raise Failed("there is no region yet: load a pack first")
    return region.timezone
