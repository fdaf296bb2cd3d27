"""What changed, told while it happens: server-sent events to each viewer, by their own sight.

A page that wants to be live gives four things: the topics it listens to ("agency:7", "region:3"), `tell`, which makes
its message from what changed under the viewer's own row-level security, `still`, which says whether the viewer
may go on listening, and where it left off. What a viewer may not see wakes them in no way: it brings no message, no
earlier sign of life and no other mark, because marks leave sealed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from litestar import Response
from litestar.response import Stream

from lapor.admin import live_marks
from lapor.admin.live_changes import Changes, Topics, changes_since, last_change
from lapor.admin.live_watch import TROUBLES, Follower, Live
from lapor.pages import AnyRequest

log = structlog.get_logger()

# What happens within this time is told in one message.
GATHER_SECONDS = 2.0
BEAT_SECONDS = 15.0

_BEAT = b"event: detak\ndata: {}\n\n"

Facts = Mapping[str, Any]
Tell = Callable[[Changes], Awaitable[Facts | None]]
Still = Callable[[], Awaitable[bool]]
_OVER: Facts = {}


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
