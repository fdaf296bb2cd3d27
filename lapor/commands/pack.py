"""`lapor pack`: a region's folder and the registers of the database."""

import argparse
import asyncio
from collections.abc import Mapping
from pathlib import Path

from lapor import pack
from lapor.commands import OK, actions_of, outlines, say
from lapor.runtime import Ground, grounded, running


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.epilog = (
        "All but outlines need LAPOR_OWNER_DATABASE_URL. A pack holds no people, passwords or complaints."
    )
    action = actions_of(parser)
    for name, summary in (
        ("load", "make the registers as the pack says; what has left the pack becomes inactive"),
        ("diff", "show what load would change, and change nothing"),
        ("export", "write the registers in use into a folder"),
    ):
        action(name, summary).add_argument(
            "folder", type=Path, metavar="FOLDER", help="the folder of the pack"
        )
    drawing = action("outlines", "write the outlines of the pack's districts from a map, for screens")
    drawing.add_argument("folder", type=Path, metavar="FOLDER", help="the folder of the pack")
    drawing.add_argument("map", type=Path, metavar="FILE.geojson", help="polygons, longitude before latitude")
    drawing.add_argument(
        "--code", default="code", metavar="PROPERTY", help="what holds a region's code (default: code)"
    )
    drawing.add_argument("--metres", type=float, default=50, help="how coarse, in metres (default: 50)")


def run(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Load, compare, export or draw, and say what was done."""
    if options.action == "outlines":
        count = outlines.write(options.folder, options.map, options.code, options.metres)
        say(f"{count} outlines written to {options.folder}")
        return OK
    # A pack with mistakes is refused before any server is started.
    wanted = None if options.action == "export" else pack.load(options.folder)
    with grounded(environ) as ground:
        asyncio.run(_act(options, ground, wanted))
    return OK


async def _act(options: argparse.Namespace, ground: Ground, wanted: pack.Pack | None) -> None:
    async with running(ground.settings, "owner"):
        if wanted is None:
            written = await pack.export(options.folder)
            say(f"{sum(map(len, written.registers.values()))} rows written to {options.folder}")
            return
        changes = await (pack.diff(wanted) if options.action == "diff" else pack.apply(wanted))
        for change in changes:
            say(str(change))
        done = "would change" if options.action == "diff" else "changed"
        say(f"{len(changes)} rows {done}" if changes else "the database is as the pack says")
