"""The engine, the transaction, the roles and the time of the database.

Every statement of the system runs inside `transaction(role)`. The log-in roles hold no right of their own;
the transaction enters one role with SET LOCAL, together with who is asking, so that row-level security
decides what exists. A nested transaction joins its caller's and only changes the role for its duration.
"""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Literal

import asyncpg
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction

Role = Literal["public", "reporter", "intake", "gate", "reader", "desk", "worker"]
ROLES: tuple[Role, ...] = ("public", "reporter", "intake", "gate", "reader", "desk", "worker")
WEB_LOGIN_ROLES: tuple[Role, ...] = ("public", "reporter", "intake", "gate", "reader", "desk")
WORKER_LOGIN_ROLES: tuple[Role, ...] = ("worker",)


class _Engine(PostgresEngine):
    """Piccolo's engine, without the connection that it would open already when it is imported."""

    async def check_version(self) -> None:
        return None


DB = _Engine(config={"dsn": "postgresql:///lapor"}, extensions=())

_SAFE = re.compile(r"[0-9A-Za-z_.:+\- ]*\Z")


def configure(url: str) -> None:
    """Point the engine at a database; call it once, before `open_pool`."""
    DB.config.clear()
    DB.config.update(
        {"dsn": url, "server_settings": {"application_name": "lapor", "timezone": "UTC", "jit": "off"}}
    )


async def open_pool(size: int = 8) -> None:
    """Open the connection pool. Nothing is reset on release: no setting outlives its transaction."""
    await DB.start_connection_pool(min_size=1, max_size=size, reset=_nothing)


async def close_pool() -> None:
    """Close the connection pool, if one is open."""
    if DB.pool:
        await DB.close_connection_pool()


async def _nothing(_: Any) -> None:
    return None


class _Transaction(PostgresTransaction):
    """A Piccolo transaction that enters its role as it begins and always gives its connection back.

    Piccolo's own leaks the connection, and leaves its context variable set, when COMMIT or ROLLBACK raises.
    """

    opening: str

    async def begin(self) -> None:
        await self.connection.execute(self.opening)

    async def commit(self) -> None:
        await self.connection.execute("COMMIT")
        self._committed = True

    async def rollback(self) -> None:
        await self.connection.execute("ROLLBACK")
        self._rolled_back = True

    async def __aenter__(self) -> PostgresTransaction:
        self.connection = await self.get_connection()  # type: ignore[no-untyped-call]
        try:
            await self.begin()
        except BaseException:
            await self._give_back()
            raise
        self.context = self.engine.current_transaction.set(self)
        return self

    async def __aexit__(self, kind: Any, error: Any, trace: Any) -> bool:
        self.engine.current_transaction.reset(self.context)
        try:
            if kind or self._rolled_back:
                if not self._rolled_back:
                    await self.rollback()
            else:
                await self.commit()
        finally:
            await self._give_back()
        return False

    async def _give_back(self) -> None:
        if self.engine.pool:
            if self.connection.is_in_transaction():
                self.connection.terminate()
            await self.engine.pool.release(self.connection)
        else:
            await self.connection.close()


def _entering(role: Role, user_id: int | None, reporter_key: str | None, at: datetime | None) -> str:
    if role not in ROLES:
        raise ValueError(f"unknown role {role!r}")
    who = "" if user_id is None else str(int(user_id))
    key = reporter_key or ""
    when = "" if at is None else at.isoformat()
    for value in (key, when):
        if not _SAFE.match(value):
            raise ValueError("a value for a session setting has characters that it cannot have")
    return (
        f"SET LOCAL ROLE lapor_{role}; SELECT set_config('app.user_id', '{who}', true),"
        f" set_config('app.reporter_key', '{key}', true), set_config('app.now', '{when}', true)"
    )


@asynccontextmanager
async def transaction(
    role: Role,
    *,
    user_id: int | None = None,
    reporter_key: str | None = None,
    at: datetime | None = None,
    snapshot: bool = False,
) -> AsyncIterator[None]:
    """Run the block in one transaction as `role`, on behalf of an officer or of a reporter.

    Inside another transaction it joins that one: it keeps who is asking unless told otherwise, and
    restores the role afterwards. `at` sets simulated time; a live database ignores it. `snapshot` lets every
    statement of an outermost transaction see the same state.
    """
    current = DB.current_transaction.get()
    if current is None:
        outer = _Transaction(DB)
        level = " ISOLATION LEVEL REPEATABLE READ" if snapshot else ""
        outer.opening = f"BEGIN{level}; " + _entering(role, user_id, reporter_key, at)
        async with outer:
            yield
        return
    connection = current.connection
    before = await connection.fetchrow(
        "SELECT current_user::text AS role, current_setting('app.user_id', true) AS user_id,"
        " current_setting('app.reporter_key', true) AS reporter_key, current_setting('app.now', true) AS at"
    )
    await connection.execute(
        _entering(
            role,
            user_id if user_id is not None else _number(before["user_id"]),
            reporter_key or before["reporter_key"],
            at or _moment(before["at"]),
        )
    )
    try:
        yield
    except asyncpg.PostgresError:
        # The transaction is aborted; the outermost block rolls it back, its role with it.
        raise
    except BaseException:
        await _restore(connection, before)
        raise
    await _restore(connection, before)


async def _restore(connection: asyncpg.Connection, before: asyncpg.Record) -> None:
    await connection.execute(
        _entering(
            before["role"].removeprefix("lapor_"),
            _number(before["user_id"]),
            before["reporter_key"],
            _moment(before["at"]),
        )
    )


def _number(text: str | None) -> int | None:
    return int(text) if text else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def connection() -> asyncpg.Connection:
    """Return the connection of the running transaction; RuntimeError outside of one."""
    current = DB.current_transaction.get()
    if current is None:
        raise RuntimeError("no transaction is running")
    return current.connection


async def fetch(sql: str, *arguments: Any) -> list[asyncpg.Record]:
    """Return the rows of one statement inside the running transaction."""
    return await connection().fetch(sql, *arguments)  # type: ignore[no-any-return]


async def fetchrow(sql: str, *arguments: Any) -> asyncpg.Record | None:
    """Return the first row of one statement, or None."""
    return await connection().fetchrow(sql, *arguments)


async def fetchval(sql: str, *arguments: Any) -> Any:
    """Return the first value of the first row of one statement, or None."""
    return await connection().fetchval(sql, *arguments)


async def execute(sql: str, *arguments: Any) -> None:
    """Run one statement inside the running transaction."""
    await connection().execute(sql, *arguments)


async def executemany(sql: str, rows: Sequence[Sequence[Any]]) -> None:
    """Run one statement for many rows inside the running transaction."""
    await connection().executemany(sql, rows)


async def now() -> datetime:
    """Return the database's time of this transaction: real in a live database, set in a simulation."""
    at: datetime = await fetchval("SELECT lapor_now()")
    return at
