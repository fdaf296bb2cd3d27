"""Who listens in this process: one look at the ledger a second for all of them, and what each was not told yet.

No viewer holds a connection to the database, and nothing is lost while it is away: the next look begins where the
last one ended.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import asyncpg
import structlog

from lapor.admin.live_changes import (
    MOST_COMPLAINTS,
    MOST_EVENTS,
    Changes,
    Topics,
    events_after,
    last_change,
    topics_of,
)

log = structlog.get_logger()

LOOK_SECONDS = 1.0
# So long a viewer waits for the first look.
PATIENCE_SECONDS = 15.0
TROUBLE_SECONDS = 5.0
MOST_VIEWERS = 1000
# A number may be committed after a higher one; so many are looked at again.
OVERLAP = 200
TROUBLES = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)


@dataclass(eq=False)
class Follower:
    """One viewer's page, and what it has not been told yet."""

    topics: Topics
    complaints: set[int] = field(default_factory=set)
    many: bool = False
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, complaint: int, topics: Iterable[str]) -> None:
        """Keep a change that is about one of the topics."""
        if self.topics.isdisjoint(topics):
            return
        if len(self.complaints) < MOST_COMPLAINTS:
            self.complaints.add(complaint)
        else:
            self.many = True
        self.woken.set()

    def take(self, mark: int) -> Changes:
        """Return what was kept, and keep nothing of it."""
        taken = Changes(mark, frozenset(self.complaints), self.many)
        self.complaints.clear()
        self.many = False
        self.woken.clear()
        return taken

    def put_back(self, taken: Changes) -> None:
        """Keep again what could not be told."""
        self.complaints |= taken.complaints
        self.many = self.many or taken.many
        self.woken.set()


class Live:
    """The looks of this process at the ledger, and who hears of them. It looks only while somebody listens."""

    def __init__(self) -> None:
        self._followers: set[Follower] = set()
        self._watching: asyncio.Task[None] | None = None
        self._seen: set[int] = set()
        self._begun = asyncio.Event()
        self.mark = 0
        self.closing = asyncio.Event()
        # Many who are woken at once do not take every connection of the pool.
        self.turns = asyncio.Semaphore(3)

    @property
    def full(self) -> bool:
        """Whether no further viewer can be taken; who is turned away asks again now and then instead."""
        return len(self._followers) >= MOST_VIEWERS or self.closing.is_set()

    @asynccontextmanager
    async def follow(self, topics: Topics) -> AsyncIterator[Follower]:
        """A follower who hears of everything about these topics inside the block; TimeoutError without a database."""
        follower = Follower(topics)
        self._followers.add(follower)
        try:
            if self._watching is None:
                # Apart from the request that happened to come first, whose transaction it must not join.
                self._watching = asyncio.get_running_loop().create_task(
                    self._watch(), context=contextvars.Context()
                )
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._begun.wait()
            yield follower
        finally:
            self._followers.discard(follower)

    async def close(self) -> None:
        """End all streams and the looking."""
        self.stop()
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching

    def stop(self) -> None:
        """Let every stream end by itself, so that a server that stops need not wait for its viewers."""
        self.closing.set()
        for follower in self._followers:
            follower.woken.set()

    async def _watch(self) -> None:
        try:
            while self._followers and not self.closing.is_set():
                pause = await self._looked()
                await asyncio.sleep(pause)
        finally:
            self._watching = None
            self._begun.clear()

    async def _looked(self) -> float:
        """Look once; returns the seconds until the next look."""
        try:
            if not self._begun.is_set():
                await self._begin()
                return LOOK_SECONDS
            return 0 if await self._look() else LOOK_SECONDS
        except TROUBLES as trouble:
            log.warning("live_cannot_look", error=type(trouble).__name__)
            return TROUBLE_SECONDS

    async def _begin(self) -> None:
        self.mark = await last_change()
        self._seen = {row["event"] for row in await events_after(self.mark - OVERLAP)}
        self._begun.set()

    async def _look(self) -> bool:
        """Hand on what is new; returns whether there is more to read at once."""
        rows = await events_after(self.mark - OVERLAP)
        for row in rows:
            if row["event"] not in self._seen:
                topics = topics_of(row)
                for follower in self._followers:
                    follower.hear(row["complaint"], topics)
        self.mark = max([self.mark, *(row["event"] for row in rows[-1:])])
        self._seen = {row["event"] for row in rows if row["event"] > self.mark - OVERLAP}
        return len(rows) == MOST_EVENTS
