"""`lapor retention`: what is past the time for which it may be kept, told or erased."""

import argparse
import asyncio
from collections.abc import Mapping

from lapor.commands import OK, say
from lapor.complaints.retention import Erased, Terms, count_due, erase_due
from lapor.runtime import Ground, grounded, running


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.epilog = (
        "The worker does the same every hour. Terms are LAPOR_RETAIN_*_DAYS; open complaints keep everything."
        " Needs LAPOR_WORKER_DATABASE_URL."
    )
    wish = parser.add_mutually_exclusive_group(required=True)
    wish.add_argument(
        "--dry-run", action="store_true", help="say how much would be erased, and erase nothing"
    )
    wish.add_argument("--apply", action="store_true", help="erase it; it cannot be brought back")


def run(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Count or erase, until nothing is left that is due."""
    with grounded(environ) as ground:
        found = asyncio.run(_act(options.apply, ground))
    verb = "erased" if options.apply else "would be erased"
    say(
        f"{verb}: {found.identities} identities, {found.deliveries} deliveries, {found.references} references"
    )
    return OK


async def _act(apply: bool, ground: Ground) -> Erased:
    terms = Terms.of(ground.settings)
    async with running(ground.settings, "worker"):
        if not apply:
            return await count_due(terms)
        all_in_all = Erased()
        while (erased := await erase_due(terms)).total:
            all_in_all.identities += erased.identities
            all_in_all.deliveries += erased.deliveries
            all_in_all.references += erased.references
        return all_in_all
