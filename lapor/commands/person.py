"""`lapor person`: the first people of an installation, and a way back in for somebody who is locked out."""

import argparse
import asyncio
import re
from collections.abc import Mapping

import asyncpg

from lapor.admin import passwords
from lapor.commands import OK, Failed, say
from lapor.routing.tables import APPOINTMENT_KINDS
from lapor.runtime import Ground, grounded

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,59}\Z")

_ADD = """
INSERT INTO person (username, password, email, full_name, phone, active, admin, superuser, must_change_password)
VALUES ($1, $2, $3, $4, $5, true, true, false, true) RETURNING id"""
_APPOINT = """
INSERT INTO appointment (office, person, kind, starts_at)
SELECT id, $2, $3, lapor_now() FROM office WHERE code = $1 AND active RETURNING id"""
_RESET = "UPDATE person SET password = $2, must_change_password = true WHERE username = $1 RETURNING id"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.epilog = "Needs LAPOR_OWNER_DATABASE_URL. The password is printed once and has to be changed at the first log-in."
    actions = parser.add_subparsers(metavar="ACTION", required=True, dest="action", title="actions")
    add = actions.add_parser("add", help="add somebody, perhaps into an office", allow_abbrev=False)
    add.add_argument("username", metavar="USERNAME", help="lower-case letters, digits and . _ -")
    add.add_argument("--name", required=True, help="the full name")
    add.add_argument("--email", required=True, help="where notices are sent")
    add.add_argument("--phone", default="", help="a telephone number for colleagues")
    add.add_argument("--office", metavar="CODE", help="the office that they hold from now on")
    add.add_argument("--kind", choices=APPOINTMENT_KINDS, default="definitive", help="how they hold it")
    reset = actions.add_parser(
        "reset-password", help="a new one-time password; all sessions end", allow_abbrev=False
    )
    reset.add_argument("username", metavar="USERNAME", help="whose password")


def run(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Add or reset, and print the one-time password."""
    if options.action == "add" and not _USERNAME.match(options.username):
        raise Failed("a user name has 3 to 60 lower-case letters, digits and . _ -")
    with grounded(environ) as ground:
        password = asyncio.run(_act(options, ground))
    say(f"{options.username}  {password}")
    return OK


async def _act(options: argparse.Namespace, ground: Ground) -> str:
    ground.settings.require("owner_database_url")
    password = passwords.one_time_password()
    stored = await passwords.hashed(password)
    connection = await asyncpg.connect(ground.settings.owner_database_url)
    try:
        async with connection.transaction():
            await (_add if options.action == "add" else _reset)(connection, options, stored)
    finally:
        await connection.close()
    return password


async def _add(connection: asyncpg.Connection, options: argparse.Namespace, stored: str) -> None:
    try:
        person = await connection.fetchval(
            _ADD, options.username, stored, options.email, options.name, options.phone
        )
    except asyncpg.UniqueViolationError as taken:
        raise Failed(f"there is somebody with the user name {options.username} or that e-mail") from taken
    if options.office and not await connection.fetchval(_APPOINT, options.office, person, options.kind):
        raise Failed(f"there is no office {options.office}")


async def _reset(connection: asyncpg.Connection, options: argparse.Namespace, stored: str) -> None:
    person = await connection.fetchval(_RESET, options.username, stored)
    if person is None:
        raise Failed(f"there is nobody with the user name {options.username}")
    await connection.execute("DELETE FROM session WHERE user_id = $1", person)
