"""Databases for tests: a template that is migrated once, and a copy of it for every test."""

from __future__ import annotations

import base64
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import redis.asyncio
from piccolo.apps.user.tables import BaseUser

from lapor import crypto, database, pack, schema
from lapor.database import ROLES
from lapor.embedded import Servers
from lapor.settings import Settings, read

PACK = Path(__file__).parent.parent / "packs" / "contoh"
EMPTY = "lapor_empty"
TEMPLATE = "lapor_example"
LOGINS = {name: secrets.token_hex(16) for name in ("lapor_owner", "lapor_web", "lapor_work", "lapor_test")}
PASSWORD = "kunci-rumah-tetangga-7"


@dataclass(frozen=True)
class Ground:
    """The prepared cluster."""

    servers: Servers
    settings: Settings

    @asynccontextmanager
    async def world(self, template: str) -> AsyncIterator[World]:
        """A fresh copy of a template with an open pool on it; it is dropped afterwards."""
        name = f"t_{secrets.token_hex(6)}"
        await self._copy(name, template)
        made = World(name, self, replace(self.settings, **self._addresses(name)))
        await made.flush_redis()
        crypto.configure(made.settings.encryption_keys, made.settings.lookup_keys)
        database.configure(made.settings.database_url)
        await database.open_pool()
        try:
            yield made
        finally:
            await database.close_pool()
            await self._admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    async def _copy(self, name: str, template: str) -> None:
        await self._admin(
            f"CREATE DATABASE {name} TEMPLATE {template} OWNER lapor_owner",
            f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
            f"GRANT CONNECT ON DATABASE {name} TO lapor_web, lapor_work, lapor_test",
        )

    async def _admin(self, *statements: str) -> None:
        connection = await asyncpg.connect(self.servers.admin_url())
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    def _addresses(self, name: str) -> dict[str, str]:
        return {
            # One log-in that may enter every role lets a test ask the site and run a sweep in one process.
            "database_url": self.url("lapor_test", name),
            "worker_database_url": self.url("lapor_test", name),
            "owner_database_url": self.url("lapor_owner", name),
        }

    def url(self, login: str, name: str) -> str:
        """The address of a database for one of the log-ins."""
        return self.servers.url(login, LOGINS[login], name)


@dataclass(frozen=True)
class World:
    """One test's database."""

    name: str
    ground: Ground
    settings: Settings

    def url(self, login: str) -> str:
        """The address of this database for one of the log-ins: lapor_owner, lapor_web, lapor_work."""
        return self.ground.url(login, self.name)

    @asynccontextmanager
    async def owner(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection of the owner, whom no policy hides anything from."""
        connection = await asyncpg.connect(self.settings.owner_database_url)
        try:
            yield connection
        finally:
            await connection.close()

    async def execute(self, sql: str, *arguments: Any) -> None:
        """Run one statement as the owner."""
        async with self.owner() as connection:
            await connection.execute(sql, *arguments)

    async def fetch(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        """The rows of one statement run as the owner."""
        async with self.owner() as connection:
            return await connection.fetch(sql, *arguments)

    async def fetchval(self, sql: str, *arguments: Any) -> Any:
        """The first value of one statement run as the owner."""
        async with self.owner() as connection:
            return await connection.fetchval(sql, *arguments)

    async def now(self) -> datetime:
        """The database's time."""
        at: datetime = await self.fetchval("SELECT lapor_now()")
        return at

    async def simulate(self) -> None:
        """Make this database a simulation, whose clock can be moved."""
        await self.execute("UPDATE deployment SET simulation = true")

    async def advance(self, hours: float) -> None:
        """Move the clock of a simulation forward."""
        await self.execute(
            "UPDATE deployment SET clock_offset_seconds = clock_offset_seconds + $1", round(hours * 3600)
        )

    async def flush_redis(self) -> None:
        """Forget everything in Redis."""
        client = redis.asyncio.Redis.from_url(self.settings.redis_url)
        await client.flushdb()
        await client.aclose()

    async def officer(self, role: str, agency: str | None = None, *, username: str | None = None) -> int:
        """Appoint a new person to the first office of this role (of the agency with this code); returns the person.

        Their password is `PASSWORD`.
        """
        async with self.owner() as connection:
            office = await connection.fetchval(
                "SELECT o.id FROM office o JOIN agency a ON a.id = o.agency WHERE o.active AND o.role = $1"
                " AND ($2::text IS NULL OR a.code = $2) ORDER BY o.id LIMIT 1",
                role,
                agency,
            )
            assert office, f"no office {role} of {agency}"
            person = await self.person(username)
            await connection.execute(
                "INSERT INTO appointment (office, person, kind, starts_at)"
                " VALUES ($1, $2, 'definitive', lapor_now() - interval '1 year')",
                office,
                person,
            )
        return person

    async def person(self, username: str | None = None) -> int:
        """A person who holds no office."""
        name = username or f"petugas-{secrets.token_hex(4)}"
        # Few rounds: the cost of a real hash is tested where it matters.
        hashed = BaseUser.hash_password(PASSWORD, iterations=1000)
        found: int = await self.fetchval(
            "INSERT INTO person (username, password, email, full_name, phone, active, admin, superuser,"
            " must_change_password) VALUES ($1::text, $2, $1::text || '@contoh.example', 'Petugas ' || $1::text, '', true, true,"
            " false, false) RETURNING id",
            name,
            hashed,
        )
        return found


async def prepare(servers: Servers) -> Ground:
    """Create the roles and the templates."""
    await hurry(servers)
    for name in (EMPTY, TEMPLATE):
        await schema.prepare_cluster(servers.admin_url(), name, LOGINS)
    await _allow_every_role(servers)
    for name in (EMPTY, TEMPLATE):
        await schema.migrate(servers.url("lapor_owner", LOGINS["lapor_owner"], name))
    database.configure(servers.url("lapor_owner", LOGINS["lapor_owner"], TEMPLATE))
    await pack.apply(pack.load(PACK))
    return Ground(servers, _settings(servers))


async def _allow_every_role(servers: Servers) -> None:
    connection = await asyncpg.connect(servers.admin_url())
    try:
        await connection.execute(f"CREATE ROLE lapor_test LOGIN NOINHERIT PASSWORD '{LOGINS['lapor_test']}'")
        for role in ROLES:
            await connection.execute(f"GRANT lapor_{role} TO lapor_test")
    finally:
        await connection.close()


async def hurry(servers: Servers) -> None:
    """Let PostgreSQL leave the disk to the system, and keep little of what it could be recovered from.

    What a killed server must keep, it keeps; only power cuts are lost.
    """
    connection = await asyncpg.connect(servers.admin_url())
    try:
        await connection.execute("ALTER SYSTEM SET fsync = off")
        await connection.execute("ALTER SYSTEM SET max_wal_size = '256MB'")
        await connection.execute("SELECT pg_reload_conf()")
    finally:
        await connection.close()


def _settings(servers: Servers) -> Settings:
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    other = base64.b64encode(secrets.token_bytes(32)).decode()
    return read(
        {
            "LAPOR_ENVIRONMENT": "test",
            "LAPOR_REDIS_URL": servers.redis_url,
            "LAPOR_SECRET_KEY": secrets.token_urlsafe(48),
            "LAPOR_ENCRYPTION_KEYS": f"1:{key}",
            "LAPOR_LOOKUP_KEYS": f"1:{other}",
            "LAPOR_PARTNER_SECRETS": f"mitra=whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}",
            "LAPOR_BASE_URL": "http://lapor.test",
            "LAPOR_FILING_LIMIT": "0",
            "LAPOR_LOOKUP_LIMIT": "0",
            "LAPOR_TWO_FACTOR": "optional",
        }
    )
