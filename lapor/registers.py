"""Copies of registers kept in memory, renewed as soon as the database says that a register has moved."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lapor import database

T = TypeVar("T")


DEFAULT_ZONE = ZoneInfo("Asia/Jakarta")


def zone_of(name: str) -> ZoneInfo:
    """Return a region's time zone; one that nobody knows counts as WIB rather than stopping anything."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return DEFAULT_ZONE


@dataclass(frozen=True)
class Moment:
    """The database's time of this transaction, with the version of the registers that it sees."""

    at: datetime
    version: int


async def moment() -> Moment:
    """Return what the running transaction sees: its time and its version of the registers."""
    row = await database.fetchrow("SELECT lapor_now() AS at, register_version FROM deployment WHERE id = 1")
    if row is None:
        raise RuntimeError("this database has not been migrated")
    return Moment(row["at"], row["register_version"])


class Copy(Generic[T]):
    """One copy per database, loaded inside a transaction and kept while the version stays the same."""

    def __init__(self, load: Callable[[], Awaitable[T]]) -> None:
        self._load = load
        self._held: tuple[str, int, T] | None = None

    async def get(self, version: int) -> T:
        """Return the registers of `version`; call it inside a transaction."""
        where = str(database.DB.config.get("dsn", ""))
        if self._held is None or self._held[:2] != (where, version):
            self._held = (where, version, await self._load())
        return self._held[2]
