"""Sessions: a log-in on one device, half way in until its code is given, over when unused or when its time has come.

The browser holds the token, the database its hash. Every step up (the code, a new password) gets a new token, so
that whoever planted or saw the old one gains nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import NamedTuple

from lapor import database
from lapor.admin import login_events
from lapor.admin.devices import NOWHERE, Where

# How long the page waits for the code of the authenticator.
HALF_MINUTES = 10

# Goes on: not unused for too long, and no office of its person has ended since it began.
ALIVE = """s.expiry_date > lapor_now() AT TIME ZONE 'UTC' AND NOT EXISTS (
  SELECT FROM appointment e WHERE e.person = s.user_id AND e.ends_at > s.opened_at AND e.ends_at <= lapor_now())"""

_OPEN = """
INSERT INTO session (token, user_id, stage, idle_minutes, shared, device, network, opened_at, used_at,
  expiry_date, max_expiry_date)
SELECT $1, $2, $3, $4, $6, $7, $8, at, at,
  (at + least(make_interval(mins => $4), make_interval(mins => $5))) AT TIME ZONE 'UTC',
  (at + make_interval(mins => $5)) AT TIME ZONE 'UTC'
FROM (SELECT lapor_now() AS at) AS moment"""

_USE = f"""
UPDATE session s SET used_at = lapor_now(), expiry_date = least(
  max_expiry_date, (lapor_now() + make_interval(mins => idle_minutes)) AT TIME ZONE 'UTC')
WHERE token = $1 AND stage = 'full' AND {ALIVE}
RETURNING extract(epoch FROM expiry_date - lapor_now() AT TIME ZONE 'UTC')::int"""

_LEFT = f"""
SELECT extract(epoch FROM expiry_date - lapor_now() AT TIME ZONE 'UTC')::int
FROM session s WHERE token = $1 AND stage = 'full' AND {ALIVE}"""

_HALF = f"""
SELECT p.id, p.username, s.shared FROM session s JOIN person p ON p.id = s.user_id AND p.active
WHERE s.token = $1 AND s.stage = 'code' AND {ALIVE}"""

_MINE = f"""
SELECT s.id, s.opened_at, s.used_at, s.shared, s.device, s.network FROM session s
WHERE s.user_id = $1 AND s.stage = 'full' AND {ALIVE} ORDER BY s.used_at DESC, s.id DESC"""


class Half(NamedTuple):
    """Somebody whose password was right and whose code is still asked for."""

    person: int
    username: str
    shared: bool


class Open(NamedTuple):
    """A session as its owner sees it in a list."""

    id: int
    opened_at: datetime
    used_at: datetime
    shared: bool
    device: str
    network: str


async def open_session(
    person: int,
    hours: int,
    *,
    days: int = 7,
    shared_minutes: int = 0,
    where: Where = NOWHERE,
) -> str:
    """Log a person in and return the token of the cookie; only its hash is stored.

    It ends after so many hours without use, on a shared computer after `shared_minutes`, and in any case after `days`.
    """
    idle = shared_minutes or hours * 60
    return await _open(person, "full", idle, days * 24 * 60, bool(shared_minutes), where)


async def open_half(person: int, *, shared: bool, where: Where = NOWHERE) -> str:
    """Begin a log-in that opens nothing until its code is given, and return its token."""
    return await _open(person, "code", HALF_MINUTES, HALF_MINUTES, shared, where)


async def _open(
    person: int, stage: str, idle_minutes: int, most_minutes: int, shared: bool, where: Where
) -> str:
    token = secrets.token_urlsafe(32)
    async with database.transaction("gate"):
        await database.execute("DELETE FROM session WHERE expiry_date < lapor_now() AT TIME ZONE 'UTC'")
        await database.execute(
            _OPEN,
            stored(token),
            person,
            stage,
            idle_minutes,
            most_minutes,
            shared,
            where.device[:40],
            where.network,
        )
    return token


def stored(token: str) -> str:
    """What the database keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


async def half_of(token: str | None) -> Half | None:
    """Who is half way in with this token."""
    if not token or len(token) > 100:
        return None
    async with database.transaction("gate"):
        row = await database.fetchrow(_HALF, stored(token))
    return Half(row["id"], row["username"], row["shared"]) if row else None


async def use(token: str) -> int:
    """Note that a session is used and return the seconds that it goes on without use; 0 when it is over."""
    async with database.transaction("gate"):
        return int(await database.fetchval(_USE, stored(token)) or 0)


async def left(token: str) -> int:
    """Return the seconds that a session goes on without use, changing nothing; 0 when it is over."""
    async with database.transaction("gate"):
        return int(await database.fetchval(_LEFT, stored(token)) or 0)


async def sessions_of(person: int) -> list[Open]:
    """The open sessions of a person, the one used last first."""
    async with database.transaction("gate"):
        rows = await database.fetch(_MINE, person)
    return [Open(**dict(row)) for row in rows]


async def close_session(token: str) -> None:
    """End one session; an unknown token is no error."""
    async with database.transaction("gate"):
        await database.execute("DELETE FROM session WHERE token = $1", stored(token))


async def close_one(person: int, session: int, where: Where = NOWHERE) -> bool:
    """End one session of a person by its number; return whether there was such a one."""
    async with database.transaction("gate"):
        gone = await database.fetchval(
            "DELETE FROM session WHERE id = $1 AND user_id = $2 RETURNING id", session, person
        )
        if gone:
            await login_events.record(person, "session_ended", where)
    return gone is not None


async def close_others(person: int, but: int, where: Where = NOWHERE) -> None:
    """End every session of a person but one."""
    async with database.transaction("gate"):
        await database.execute("DELETE FROM session WHERE user_id = $1 AND id <> $2", person, but)
        await login_events.record(person, "others_ended", where)


async def close_sessions_of(person: int) -> None:
    """End every session of a person."""
    async with database.transaction("gate"):
        await database.execute("DELETE FROM session WHERE user_id = $1", person)
