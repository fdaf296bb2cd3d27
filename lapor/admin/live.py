"""What changed, told while it happens: one look at the ledger a second for all viewers of a process, then
server-sent events to each, by their own sight.

A page that wants to be live gives four things: the topics it listens to ("agency:7", "region:3"), `tell`, which makes
its message from what changed under the viewer's own row-level security, `still`, which says whether the viewer
may go on listening, and where it left off. No viewer holds a connection to the database, and nothing is lost while the
database is away: the next look begins where the last one ended. What a viewer may not see wakes them in no way: it brings no
message, no earlier sign of life and no other mark, because marks leave sealed.
"""

from __future__ import annotations

import asyncio
import contextvars
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import structlog
from litestar import Response
from litestar.response import Stream

from lapor import database
from lapor.admin import live_marks
from lapor.pages import AnyRequest

log = structlog.get_logger()

LOOK_SECONDS = 1.0
# What happens within this time is told in one message.
GATHER_SECONDS = 2.0
BEAT_SECONDS = 15.0
TROUBLE_SECONDS = 5.0
MOST_VIEWERS = 1000
# One look reads this many events; the next one follows at once when there are more.
MOST_EVENTS = 5000
# A number may be committed after a higher one; so many are looked at again.
OVERLAP = 200
# More changed complaints than this are only called many.
MOST_COMPLAINTS = 1000

_BEAT = b"event: detak\ndata: {}\n\n"

Topics = frozenset[str]
Facts = Mapping[str, Any]
TROUBLES = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)


@dataclass(frozen=True)
class Changes:
    """Which complaints changed up to a mark of the ledger; `many` when not all of them are named."""

    mark: int
    complaints: frozenset[int] = frozenset()
    many: bool = False

    def __bool__(self) -> bool:
        return bool(self.complaints) or self.many


Tell = Callable[[Changes], Awaitable[Facts | None]]
_OVER: Facts = {}
Still = Callable[[], Awaitable[bool]]


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
            async with asyncio.timeout(BEAT_SECONDS):
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
        self._seen = {row["event"] for row in await _changes(self.mark - OVERLAP)}
        self._begun.set()

    async def _look(self) -> bool:
        """Hand on what is new; returns whether there is more to read at once."""
        rows = await _changes(self.mark - OVERLAP)
        for row in rows:
            if row["event"] not in self._seen:
                topics = topics_of(row)
                for follower in self._followers:
                    follower.hear(row["complaint"], topics)
        self.mark = max([self.mark, *(row["event"] for row in rows[-1:])])
        self._seen = {row["event"] for row in rows if row["event"] > self.mark - OVERLAP}
        return len(rows) == MOST_EVENTS


def topics_of(row: Mapping[str, Any]) -> Topics:
    """Return whom a change is about."""
    return frozenset((f"region:{row['region']}", *(f"agency:{agency}" for agency in row["agencies"])))


async def last_change() -> int:
    """Return the newest mark of the ledger."""
    async with database.transaction("gate"):
        mark: int = await database.fetchval("SELECT last_change()")
    return mark


async def changes_since(mark: int, topics: Topics) -> Changes:
    """Return what changed about these topics after a mark."""
    rows = await _changes(mark)
    heard = {row["complaint"] for row in rows if topics & topics_of(row)}
    many = len(rows) == MOST_EVENTS or len(heard) > MOST_COMPLAINTS
    reached = rows[-1]["event"] if rows else mark
    return Changes(reached, frozenset(sorted(heard)[:MOST_COMPLAINTS]), many)


async def _changes(after: int) -> list[asyncpg.Record]:
    async with database.transaction("gate"):
        return await database.fetch("SELECT * FROM changes_since($1, $2)", after, MOST_EVENTS)


@dataclass(frozen=True)
class Listening:
    """One page that listens: to what, how its message is made, whether it still may, and where it left off.

    `since` is None for a page that wants to hear its first message at once; `tell` then gets no complaints.
    """

    topics: Topics
    tell: Tell
    still: Still
    since: int | None = None


async def answer(request: AnyRequest, listening: Listening) -> Response[Any]:
    """Return the stream for whoever asks for one; the message of this moment, as JSON, for everybody else."""
    live: Live = request.app.state.live
    wants_stream = "text/event-stream" in request.headers.get("accept", "")
    if not wants_stream or "sekali" in request.query_params:
        return Response(await once(listening), headers={"Cache-Control": "no-store"})
    if live.full:
        return Response(b"", status_code=503, headers={"Cache-Control": "no-store", "Retry-After": "30"})
    return Stream(
        _events(live, listening),
        media_type="text/event-stream",
        # A proxy must hand each line on as it comes.
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def once(listening: Listening) -> dict[str, Any]:
    """Return the message of this moment, with the mark from which to ask again."""
    if listening.since is None:
        changes = Changes(await last_change())
    else:
        changes = await changes_since(listening.since, listening.topics)
    return {"mark": live_marks.sealed(changes.mark), **(await listening.tell(changes) or {})}


def since_of(request: AnyRequest) -> int | None:
    """Return the mark at which this page left off: a stream that was cut says it itself; None when it says none."""
    for text in (request.headers.get("last-event-id", ""), request.query_params.get("sejak", "")):
        mark = live_marks.opened(text)
        if mark is not None:
            return mark
    return None


async def _events(live: Live, listening: Listening) -> AsyncIterator[bytes]:
    yield b"retry: 5000\n\n"
    try:
        async with live.follow(listening.topics) as follower:
            async for line in _following(live, listening, follower):
                yield line
    except TimeoutError:
        # Without a database the browser is sent away, to come back by itself.
        return


async def _following(live: Live, listening: Listening, follower: Follower) -> AsyncIterator[bytes]:
    clock = asyncio.get_running_loop().time
    told: Facts = {}
    beat = clock()
    message = await _asked(live, listening, lambda: once(listening))
    while not live.closing.is_set():
        if message is _OVER:
            yield b"event: akhir\ndata: {}\n\n"
            return
        if message and _says_more(message, told):
            told, beat = message, clock() + BEAT_SECONDS
            yield f"id: {message['mark']}\ndata: {json.dumps(message)}\n\n".encode()
        elif clock() >= beat:
            beat = clock() + BEAT_SECONDS
            yield _BEAT
        await _rest(live, follower, beat - clock())
        message = await _asked(live, listening, lambda: _news(live, listening, follower))


def _says_more(message: Facts, told: Facts) -> bool:
    """Whether a viewer learns anything from it: what changed out of their sight leaves every number as it was."""
    passing = ("mark", "changed", "many")
    standing = [{name: facts[name] for name in facts if name not in passing} for facts in (message, told)]
    return bool(message.get("changed") or message.get("many")) or standing[0] != standing[1]


async def _rest(live: Live, follower: Follower, seconds: float) -> None:
    """Wait for the next change, at most so long; what follows shortly after is told with it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(max(seconds, 0)):
            await follower.woken.wait()
    if follower.woken.is_set() and not live.closing.is_set():
        await asyncio.sleep(GATHER_SECONDS)


async def _news(live: Live, listening: Listening, follower: Follower) -> Facts | None:
    changes = follower.take(live.mark)
    if not changes:
        return None
    try:
        told = await listening.tell(changes)
    except BaseException:
        follower.put_back(changes)
        raise
    return None if told is None else {"mark": live_marks.sealed(changes.mark), **told}


async def _asked(
    live: Live, listening: Listening, make: Callable[[], Awaitable[Facts | None]]
) -> Facts | None:
    """The next message for this viewer, None when there is none; `_OVER` when they may not listen on."""
    try:
        async with live.turns:
            return await make() if await listening.still() else _OVER
    except TROUBLES as trouble:
        log.warning("live_cannot_tell", error=type(trouble).__name__)
        return None
