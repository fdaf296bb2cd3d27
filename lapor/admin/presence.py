"""Who else has a complaint open. It is kept in Redis for some minutes; without Redis nobody is named, and nothing else is lost."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

import redis.asyncio
import structlog
from redis.exceptions import RedisError

from lapor import database
from lapor.admin.offices import Officer
from lapor.pages import AnyRequest

log = structlog.get_logger()

KEPT_SECONDS: Final = 300
_PATIENCE_SECONDS = 0.3
_REST_SECONDS = 10.0
_rest_until = [0.0]


@dataclass(frozen=True)
class Beholder:
    """A colleague who has opened the same complaint, so many minutes ago."""

    name: str
    minutes: int


async def others(request: AnyRequest, officer: Officer, complaint: int) -> list[Beholder]:
    """Note that this officer has opened the complaint, and return who else has, the latest first."""
    url: str = request.app.state.settings.redis_url
    loop = asyncio.get_running_loop()
    if loop.time() < _rest_until[0]:
        return []
    try:
        found = await _seen(url, complaint, officer.id)
    except (RedisError, OSError) as trouble:
        _rest_until[0] = loop.time() + _REST_SECONDS
        log.warning("presence_not_known", error=type(trouble).__name__)
        return []
    return await _named(officer, found)


async def _seen(url: str, complaint: int, person: int) -> list[tuple[int, int]]:
    """Other people's ids, with how many seconds ago, by the clock of Redis."""
    key = f"presence:{complaint}"
    client = redis.asyncio.Redis.from_url(
        url, socket_timeout=_PATIENCE_SECONDS, socket_connect_timeout=_PATIENCE_SECONDS
    )
    try:
        now = (await client.time())[0]
        async with client.pipeline(transaction=False) as pipe:
            pipe.zremrangebyscore(key, 0, now - KEPT_SECONDS)
            pipe.zadd(key, {str(person): now})
            pipe.expire(key, KEPT_SECONDS)
            pipe.zrevrange(key, 0, 5, withscores=True)
            rows = (await pipe.execute())[-1]
    finally:
        await client.aclose()
    return [(int(name), now - int(score)) for name, score in rows if int(name) != person]


async def _named(officer: Officer, found: list[tuple[int, int]]) -> list[Beholder]:
    if not found:
        return []
    async with database.transaction("reader", user_id=officer.id):
        rows = await database.fetch(
            "SELECT id, full_name FROM person WHERE id = ANY ($1)", [person for person, _ in found]
        )
    names = {row["id"]: row["full_name"] for row in rows}
    return [Beholder(names[person], seconds // 60) for person, seconds in found if person in names]
