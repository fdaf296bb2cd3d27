"""`lapor ledger`: the chain of events leaves the database, and is verified without one."""

import argparse
import asyncio
from collections.abc import Mapping
from pathlib import Path

from lapor.commands import OK, actions_of, say
from lapor.complaints import ledger
from lapor.complaints.ledger import Verified
from lapor.runtime import Ground, grounded, running


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.epilog = (
        "An export holds no names and no texts. Keep its root elsewhere: on paper, with an auditor."
    )
    action = actions_of(parser)
    out = action("export", "write all chains to a file and print their root; needs LAPOR_WORKER_DATABASE_URL")
    out.add_argument("file", type=Path, metavar="FILE", help="the file to write")
    check = action("verify", "verify such a file; needs no database")
    check.add_argument("file", type=Path, metavar="FILE", help="the export")
    check.add_argument("--root", metavar="HEX", help="the root that was kept elsewhere")


def run(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Export or verify; a broken chain is a failure that names its place."""
    if options.action == "verify":
        found = ledger.verify(options.file, options.root)
        say(f"verified: {_counts(found)}")
        return OK
    with grounded(environ) as ground:
        written = asyncio.run(_export(options.file, ground))
    say(f"exported: {_counts(written)}")
    return OK


async def _export(file: Path, ground: Ground) -> Verified:
    async with running(ground.settings, "worker"):
        return await ledger.export(file)


def _counts(found: Verified) -> str:
    return f"{found.complaints} complaints, {found.events} events, root {found.root}"
