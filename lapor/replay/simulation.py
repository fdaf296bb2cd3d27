"""The database in which a replay takes place: made for it, migrated, and dropped unless it is to be kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import asyncpg

from lapor import runtime
from lapor.commands import Failed
from lapor.database import ROLES
from lapor.embedded import Servers


@dataclass(frozen=True)
class Simulation:
    """An empty, migrated database: the address of its owner, and of a log-in that may enter every role."""

    name: str
    owner_url: str
    url: str


@asynccontextmanager
async def simulation(where: Servers | str, name: str, *, keep: bool) -> AsyncIterator[Simulation]:
    """Make the database `name` in the embedded servers, or where an owner's address leads; drop it in the end.

    With `keep` it stays once the block has ended well. Raises Failed, in one line, when the name is
    taken or the owner may not make databases.
    """
    admin = await asyncpg.connect(where if isinstance(where, str) else where.admin_url())
    try:
        if await admin.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name):
            raise Failed(f"there is a database {name} already: choose another name")
        done = False
        try:
            yield await (_named(admin, where, name) if isinstance(where, str) else _embedded(where, name))
            done = True
        finally:
            if not (keep and done):
                await admin.execute(f"DROP DATABASE IF EXISTS {await _quoted(admin, name)} WITH (FORCE)")
    finally:
        await admin.close()


async def _embedded(servers: Servers, name: str) -> Simulation:
    async with runtime.alone(servers) as superuser:
        await runtime.prepare_alone(servers, name)
        url = await runtime.simulation_url(superuser, servers, name)
    owner_url = runtime.embedded_environment(servers, {}, name)["LAPOR_OWNER_DATABASE_URL"]
    return Simulation(name, owner_url, url)


async def _named(admin: asyncpg.Connection, owner_url: str, name: str) -> Simulation:
    await _must_be_able(admin)
    quoted = await _quoted(admin, name)
    await admin.execute(f"CREATE DATABASE {quoted} TEMPLATE template0 ENCODING 'UTF8'")
    await admin.execute(f"REVOKE ALL ON DATABASE {quoted} FROM PUBLIC")
    url = urlsplit(owner_url)._replace(path=f"/{name}").geturl()
    await runtime.migrate(url)
    return Simulation(name, url, url)


async def _must_be_able(admin: asyncpg.Connection) -> None:
    if not await admin.fetchval("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"):
        raise Failed(
            "the role of LAPOR_OWNER_DATABASE_URL may not create databases: ALTER ROLE … CREATEDB lets it, and"
            " without the setting a replay takes the embedded servers"
        )
    entered = await admin.fetchval(
        "SELECT count(*) FROM pg_roles WHERE rolname = ANY ($1) AND pg_has_role(current_user, oid, 'MEMBER')",
        [f"lapor_{role}" for role in ROLES],
    )
    if entered < len(ROLES):
        raise Failed(
            "the role of LAPOR_OWNER_DATABASE_URL may not enter the roles of Lapor: run `lapor roles` first"
        )


async def _quoted(admin: asyncpg.Connection, name: str) -> str:
    quoted: str = await admin.fetchval("SELECT quote_ident($1)", name)
    return quoted
