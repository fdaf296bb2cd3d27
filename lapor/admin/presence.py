"""Who else has a complaint open. It is kept in Redis for some minutes; without Redis nobody is named, and nothing else is lost.

Named are colleagues at the same desk only. That the inspectorate, a leader or another agency looks into a complaint is
not its desk's to know; inspectors see one another.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

import redis.asyncio
import structlog
from redis.exceptions import RedisError

from lapor import database
from lapor.admin.offices import Officer
from lapor.complaints.holding import WORKING_ROLES
from lapor.pages import AnyRequest

log = structlog.get_logger()

KEPT_SECONDS: Final = 300
_PATIENCE_SECONDS = 0.3
_REST_SECONDS = 10.0
_MOST_SEEN = 30
_MOST_NAMED = 6
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
            pipe.zrevrange(key, 0, _MOST_SEEN, withscores=True)
            rows = (await pipe.execute())[-1]
    finally:
        await client.aclose()
    return [(int(name), now - int(score)) for name, score in rows if int(name) != person]


async def _named(officer: Officer, found: list[tuple[int, int]]) -> list[Beholder]:
    if not found:
        return []
    async with database.transaction("reader", user_id=officer.id):
        rows = await database.fetch(_COLLEAGUES, [person for person, _ in found], list(WORKING_ROLES))
    names = {row["id"]: row["full_name"] for row in rows}
    named = [Beholder(names[person], seconds // 60) for person, seconds in found if person in names]
    return named[:_MOST_NAMED]


_COLLEAGUES = """
WITH offices AS (
  SELECT h.person, o.agency, o.role FROM appointment h JOIN office o ON o.id = h.office AND o.active
  WHERE h.starts_at <= lapor_now() AND (h.ends_at IS NULL OR h.ends_at > lapor_now())
    AND (h.person = ANY ($1) OR h.person = app_user()) AND o.role = ANY ($2))
SELECT p.id, p.full_name FROM person p
WHERE p.id = ANY ($1)
  AND EXISTS (SELECT FROM offices h WHERE h.person = p.id AND h.agency = ANY ((SELECT my_working_agencies())::bigint[]))
  AND (NOT EXISTS (SELECT FROM offices h WHERE h.person = p.id AND h.role = 'inspector')
       OR EXISTS (SELECT FROM offices h WHERE h.person = app_user() AND h.role = 'inspector'))"""
