"""`lapor person`: the first people of an installation, and a way back in for somebody who is locked out."""

import argparse
import asyncio
import re
from collections.abc import Mapping

import asyncpg

from lapor import crypto
from lapor.admin import password_reset, passwords
from lapor.commands import OK, Failed, actions_of, say
from lapor.routing.tables import APPOINTMENT_KINDS
from lapor.runtime import Ground, grounded

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,59}\Z")

_ADD = """
INSERT INTO person (username, password, email, full_name, phone, active, admin, superuser, must_change_password)
VALUES ($1, $2, $3, $4, $5, true, true, false, true) RETURNING id"""
_APPOINT = """
INSERT INTO appointment (office, person, kind, starts_at)
SELECT id, $2, $3, lapor_now() FROM office WHERE code = $1 AND active RETURNING id"""
_RESET = "UPDATE person SET password = $2, must_change_password = true WHERE id = $1"
_LINK = """
INSERT INTO password_reset (person, token_hash, made_at, expires_at)
VALUES ($1, $2, lapor_now(), lapor_now() + make_interval(mins => $3))"""
_NOTE = "INSERT INTO login_event (person, kind, at) VALUES ($1, $2, lapor_now())"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.epilog = "Needs LAPOR_OWNER_DATABASE_URL. A password is printed once and has to be changed at the first log-in."
    action = actions_of(parser)
    add = action("add", "add somebody, perhaps into an office")
    add.add_argument("username", metavar="USERNAME", help="lower-case letters, digits and . _ -")
    add.add_argument("--name", required=True, help="the full name")
    add.add_argument("--email", required=True, help="where notices are sent")
    add.add_argument("--phone", default="", help="a telephone number for colleagues")
    add.add_argument("--office", metavar="CODE", help="the office that they hold from now on")
    add.add_argument(
        "--kind",
        choices=APPOINTMENT_KINDS,
        default="definitive",
        help="how they hold it (default: definitive)",
    )
    reset = action("reset-password", "give a new one-time password; all sessions end")
    link = action("reset-link", "print a link that sets a new password, once and within an hour")
    end = action("end-sessions", "put somebody out on every device")
    remove = action("remove-authenticator", "take a lost authenticator away; all sessions end")
    for one in (reset, link, end, remove):
        one.add_argument("username", metavar="USERNAME", help="whose account")


def run(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Do it, and print the one-time password or link, or what was done."""
    if options.action == "add" and not _USERNAME.match(options.username):
        raise Failed("a user name has 3 to 60 lower-case letters, digits and . _ -")
    with grounded(environ) as ground:
        told = asyncio.run(_act(options, ground))
    say(f"{options.username}  {told}")
    return OK


async def _act(options: argparse.Namespace, ground: Ground) -> str:
    ground.settings.require("owner_database_url")
    connection = await asyncpg.connect(ground.settings.owner_database_url)
    try:
        async with connection.transaction():
            if options.action == "reset-link":
                return ground.settings.base_url + await _link(connection, options)
            return await _ACTIONS[options.action](connection, options)
    finally:
        await connection.close()


async def _add(connection: asyncpg.Connection, options: argparse.Namespace) -> str:
    password = passwords.one_time_password()
    stored = await passwords.hashed(password)
    try:
        person = await connection.fetchval(
            _ADD, options.username, stored, options.email, options.name, options.phone
        )
    except asyncpg.UniqueViolationError as taken:
        raise Failed(f"there is somebody with the user name {options.username} or that e-mail") from taken
    if options.office and not await connection.fetchval(_APPOINT, options.office, person, options.kind):
        raise Failed(f"there is no office {options.office}")
    return password


async def _reset(connection: asyncpg.Connection, options: argparse.Namespace) -> str:
    password = passwords.one_time_password()
    person = await _whose(connection, options)
    await connection.execute(_RESET, person, await passwords.hashed(password))
    await _out(connection, person, "password_given")
    return password


async def _link(connection: asyncpg.Connection, options: argparse.Namespace) -> str:
    token = crypto.new_secret()
    person = await _whose(connection, options)
    await connection.execute(_LINK, person, crypto.secret_hash(token), password_reset.MINUTES)
    await connection.execute(_NOTE, person, "reset_asked")
    return f"{password_reset.NEW}/{token}"


async def _end(connection: asyncpg.Connection, options: argparse.Namespace) -> str:
    await _out(connection, await _whose(connection, options), "all_ended")
    return "all sessions ended"


async def _remove(connection: asyncpg.Connection, options: argparse.Namespace) -> str:
    person = await _whose(connection, options)
    await connection.execute("DELETE FROM recovery_code WHERE person = $1", person)
    if not await connection.fetchval("DELETE FROM second_factor WHERE person = $1 RETURNING 1", person):
        raise Failed(f"{options.username} has no authenticator")
    await _out(connection, person, "factor_removed")
    return "authenticator removed"


async def _whose(connection: asyncpg.Connection, options: argparse.Namespace) -> int:
    person = await connection.fetchval("SELECT id FROM person WHERE username = $1", options.username)
    if person is None:
        raise Failed(f"there is nobody with the user name {options.username}")
    return int(person)


async def _out(connection: asyncpg.Connection, person: int, kind: str) -> None:
    await connection.execute("DELETE FROM session WHERE user_id = $1", person)
    await connection.execute(_NOTE, person, kind)


_ACTIONS = {"add": _add, "reset-password": _reset, "end-sessions": _end, "remove-authenticator": _remove}
