"""`lapor messages`: what could not be sent, and sending it again."""

import argparse
import asyncio
from collections.abc import Mapping

from lapor import database
from lapor.commands import OK, Failed, actions_of, say
from lapor.intake.outbox import resend
from lapor.runtime import Ground, grounded, running

_DEAD = """
SELECT m.id, m.kind, coalesce(c.ticket, '-') AS ticket,
  coalesce(o.title, CASE WHEN m.complaint IS NULL THEN 'petugas' ELSE 'pelapor' END) AS recipient, m.attempts, m.created_at, m.trouble
FROM message m LEFT JOIN complaint c ON c.id = m.complaint LEFT JOIN office o ON o.id = m.office
WHERE m.state = 'dead' ORDER BY m.id"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.epilog = "Needs LAPOR_WORKER_DATABASE_URL."
    action = actions_of(parser)
    action("list-dead", "list messages that were given up, with the reason")
    again = action("resend", "put such a message back into the outbox")
    again.add_argument("id", type=int, metavar="ID", help="the number of the message in the list")


def run(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """List or resend."""
    with grounded(environ) as ground:
        asyncio.run(_act(options, ground))
    return OK


async def _act(options: argparse.Namespace, ground: Ground) -> None:
    async with running(ground.settings, "worker"):
        if options.action == "list-dead":
            await _list()
        elif not await resend(options.id):
            raise Failed(f"there is no message {options.id} that was given up")
        else:
            say(f"message {options.id} will be sent again")


async def _list() -> None:
    async with database.transaction("worker"):
        rows = await database.fetch(_DEAD)
    for row in rows:
        since = row["created_at"].isoformat(timespec="minutes")
        say(
            f"{row['id']}  {row['kind']}  {row['ticket']}  {row['recipient']}  since {since},"
            f" {row['attempts']} attempts: {row['trouble']}"
        )
    say(f"{len(rows)} messages were given up" if rows else "no message was given up")
