"""What every command stands on: settings, servers where no others are named, a database, keys, logs.

Production names its servers and never migrates by itself. Where none are named the embedded ones are
started, or those of another process used, and their one database is prepared.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import Literal

import asyncpg

from lapor import crypto, database, logs, schema, settings
from lapor.embedded import Servers
from lapor.secret_values import generate_secrets
from lapor.settings import Settings

Login = Literal["web", "worker", "owner"]

ADDRESSES = ("LAPOR_DATABASE_URL", "LAPOR_WORKER_DATABASE_URL", "LAPOR_OWNER_DATABASE_URL", "LAPOR_REDIS_URL")
LOGINS = {"lapor_owner": "OWNER_PASSWORD", "lapor_web": "WEB_PASSWORD", "lapor_work": "WORKER_PASSWORD"}
EMBEDDED_DATABASE = "lapor_demo"
_PREPARING = 0x1A90A
_SIMULATOR = "lapor_simulator"


@dataclass(frozen=True)
class Ground:
    """The settings of a command, the environment that gives them to its children, and servers of our own."""

    settings: Settings
    environ: Mapping[str, str]
    servers: Servers | None = None


@contextmanager
def grounded(environ: Mapping[str, str]) -> Iterator[Ground]:
    """The ground of one command, with keys and logs configured; servers that it started are stopped at its end.

    Raises SettingsError and EmbeddedError, each in one line.
    """
    given = settings.read(environ)
    configure(given)
    if any(environ.get(name) for name in ADDRESSES):
        yield Ground(given, dict(environ))
        return
    with Servers.start(given.home) as servers:
        asyncio.run(prepare(servers))
        complete = embedded_environment(servers, environ)
        given = settings.read(complete)
        configure(given)
        yield Ground(given, complete, servers)


def embedded_environment(
    servers: Servers, environ: Mapping[str, str], name: str = EMBEDDED_DATABASE
) -> dict[str, str]:
    """The environment with the addresses of the embedded servers, and their secrets where none are given."""
    secrets = generate_secrets(servers.home)
    addresses = {
        "LAPOR_DATABASE_URL": servers.url("lapor_web", secrets["WEB_PASSWORD"], name),
        "LAPOR_WORKER_DATABASE_URL": servers.url("lapor_work", secrets["WORKER_PASSWORD"], name),
        "LAPOR_OWNER_DATABASE_URL": servers.url("lapor_owner", secrets["OWNER_PASSWORD"], name),
        "LAPOR_REDIS_URL": servers.redis_url,
    }
    generated = {name: value for name, value in secrets.items() if name.startswith(settings.PREFIX)}
    return {**generated, **environ, **addresses}


async def prepare(servers: Servers, name: str = EMBEDDED_DATABASE) -> None:
    """Bring the roles, the database and its migrations up to date, one process at a time."""
    async with alone(servers):
        await prepare_alone(servers, name)


async def prepare_alone(servers: Servers, name: str) -> None:
    """The same for somebody who holds the lock of `alone` already."""
    secrets = generate_secrets(servers.home)
    logins = {login: secrets[key] for login, key in LOGINS.items()}
    await schema.prepare_cluster(servers.admin_url(), name, logins)
    await migrate(servers.url("lapor_owner", logins["lapor_owner"], name))


async def migrate(owner_url: str) -> list[str]:
    """Run the migrations that are missing and return their ids, without Piccolo's lines on standard output."""
    with redirect_stdout(io.StringIO()):
        return await schema.migrate(owner_url)


async def simulation_url(superuser: asyncpg.Connection, servers: Servers, name: str) -> str:
    """The address of a log-in that may enter every role, which a simulation needs and nothing else has.

    It exists in embedded servers only.
    """
    password = generate_secrets(servers.home)["OWNER_PASSWORD"]
    if not await superuser.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", _SIMULATOR):
        await superuser.execute(f"CREATE ROLE {_SIMULATOR} NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE")
    secret, database_name = await superuser.fetchrow(
        "SELECT quote_literal($1::text), quote_ident($2::text)", password, name
    )
    await superuser.execute(f"ALTER ROLE {_SIMULATOR} LOGIN PASSWORD {secret}")
    for role in database.ROLES:
        await superuser.execute(f"GRANT lapor_{role} TO {_SIMULATOR}")
    await superuser.execute(f"GRANT CONNECT ON DATABASE {database_name} TO {_SIMULATOR}")
    return servers.url(_SIMULATOR, password, name)


@asynccontextmanager
async def alone(servers: Servers) -> AsyncIterator[asyncpg.Connection]:
    """The only process that prepares databases of these servers, with a superuser's connection."""
    connection = await asyncpg.connect(servers.admin_url())
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _PREPARING)
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def running(given: Settings, login: Login = "web", *, pool: int = 4) -> AsyncIterator[None]:
    """An open pool for this log-in, as long as the block runs.

    Raises SettingsError when its address is not set.
    """
    name = {"web": "database_url", "worker": "worker_database_url", "owner": "owner_database_url"}[login]
    given.require(name)
    database.configure(getattr(given, name))
    await database.open_pool(pool)
    try:
        yield
    finally:
        await database.close_pool()


def configure(given: Settings) -> None:
    """Logs and keys of this process."""
    logs.configure(given.log_level, given.environment)
    if given.encryption_keys and given.lookup_keys:
        crypto.configure(given.encryption_keys, given.lookup_keys)
