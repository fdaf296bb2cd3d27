"""`lapor roles`: what an administrator of PostgreSQL does once for an installation."""

import argparse
import asyncio
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from lapor import schema, settings
from lapor.commands import OK, Failed, say

_LOGINS = {
    "lapor_owner": "owner_database_url",
    "lapor_web": "database_url",
    "lapor_work": "worker_database_url",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.epilog = (
        "Creates the log-ins and the database that LAPOR_OWNER_DATABASE_URL, LAPOR_DATABASE_URL and"
        " LAPOR_WORKER_DATABASE_URL name, with the passwords that stand there. Safe to repeat."
    )
    parser.add_argument(
        "admin",
        metavar="ADDRESS",
        help="a superuser's address such as postgresql://postgres@host/postgres; its password is read from PGPASSWORD",
    )


def run(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Create what is missing."""
    given = settings.read(environ)
    given.require(*_LOGINS.values())
    addresses = {login: urlsplit(getattr(given, name)) for login, name in _LOGINS.items()}
    for login, address in addresses.items():
        if address.username != login or not address.password:
            raise Failed(f"LAPOR_{_LOGINS[login].upper()} must name the log-in {login} and a password for it")
    databases = {address.path.lstrip("/") for address in addresses.values()}
    if len(databases) != 1 or "" in databases:
        raise Failed("the three addresses must name one database")
    name = databases.pop()
    passwords = {login: unquote(address.password or "") for login, address in addresses.items()}
    asyncio.run(schema.prepare_cluster(options.admin, name, passwords))
    say(f"roles and database {name} are there; `lapor migrate` comes next")
    return OK
