"""`lapor migrate`: the database is brought up to date, or back."""

import argparse
import asyncio
import io
from collections.abc import Mapping
from contextlib import redirect_stdout

import asyncpg

from lapor import runtime, schema
from lapor.commands import OK, Failed, say
from lapor.runtime import grounded


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.epilog = "Needs LAPOR_OWNER_DATABASE_URL. Two at once wait for each other."
    parser.add_argument(
        "--backwards",
        metavar="ID",
        help="undo migrations down to and including this one; `all` leaves an empty database",
    )


def run(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Migrate and name what was done."""
    with grounded(environ) as ground:
        ground.settings.require("owner_database_url")
        url = ground.settings.owner_database_url
        if options.backwards:
            asyncio.run(_back(url, options.backwards))
        else:
            for migration in asyncio.run(runtime.migrate(url)):
                say(f"applied {migration}")
            say("up to date")
    return OK


async def _back(url: str, migration: str) -> None:
    done = await _done(url)
    if migration != "all" and migration not in done:
        raise Failed(f"there is no applied migration {migration}; there are {', '.join(done) or 'none'}")
    with redirect_stdout(io.StringIO()):
        await schema.migrate_backwards(url, migration)
    for undone in sorted(done if migration == "all" else done[done.index(migration) :], reverse=True):
        say(f"undone {undone}")


async def _done(url: str) -> list[str]:
    """The ids of the migrations that have run, the oldest first."""
    connection = await asyncpg.connect(url)
    try:
        if await connection.fetchval("SELECT to_regclass('migration')") is None:
            return []
        return [row["name"] for row in await connection.fetch("SELECT name FROM migration ORDER BY name")]
    finally:
        await connection.close()
