"""Screens of a command centre: made by an administrator or the leadership's staff, opened once by a code, revocable.

A screen has no person and no session. Its token opens the figures of one region and nothing else, and of token and
code only a hash is kept.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lapor import crypto, database
from lapor.complaints.errors import NotFound, Refused
from lapor.locales import say

# Letters and figures that nobody confuses on a remote control; twelve of them are 58 random bits.
_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
_CODE_LENGTH = 12
CODE_VALID = timedelta(minutes=30)
NAME_LIMIT = 80
MOST_SCREENS = 50


@dataclass(frozen=True)
class Device:
    """A screen that shows itself with its token."""

    id: int
    name: str
    region: str
    region_code: str
    region_id: int
    zone: str
    now: datetime


@dataclass(frozen=True)
class Made:
    """A screen as those who keep the screens see it."""

    id: int
    name: str
    region: str
    zone: str
    maker: str
    made_at: datetime
    opened_at: datetime | None
    last_seen_at: datetime | None
    code_open: bool
    revoked_at: datetime | None
    revoker: str


_INSERT = """
INSERT INTO screen (name, region, made_by, made_at, code_hash, code_until)
VALUES ($1, $2, app_user(), lapor_now(), $3, lapor_now() + $4::interval) RETURNING id"""

_RENEW = """
UPDATE screen SET code_hash = $2, code_until = lapor_now() + $3::interval
WHERE id = $1 AND revoked_at IS NULL RETURNING id"""

_REVOKE = """
UPDATE screen SET revoked_at = lapor_now(), revoked_by = app_user(), code_hash = NULL, code_until = NULL
WHERE id = $1 AND revoked_at IS NULL RETURNING id"""

_SCREENS = """
SELECT s.id, s.name, r.name AS region, r.timezone AS zone, coalesce(p.full_name, '') AS maker, s.made_at, s.opened_at,
  s.last_seen_at, coalesce(s.code_until > lapor_now(), false) AS code_open, s.revoked_at,
  coalesce(q.full_name, '') AS revoker
FROM screen s JOIN region r ON r.id = s.region
LEFT JOIN person p ON p.id = s.made_by LEFT JOIN person q ON q.id = s.revoked_by
ORDER BY s.revoked_at IS NOT NULL, s.revoked_at DESC, s.made_at DESC, s.id DESC LIMIT 100"""

# A code is good once: whoever opens the screen with it takes the place of whoever had it before.
_OPEN = """
UPDATE screen SET token_hash = $2, code_hash = NULL, code_until = NULL, opened_at = lapor_now(),
  last_seen_at = lapor_now()
WHERE code_hash = $1 AND code_until > lapor_now() AND revoked_at IS NULL RETURNING id"""

_FIND = """
SELECT s.id, s.name, r.name AS region, r.code AS region_code, r.id AS region_id, r.timezone AS zone, lapor_now() AS now,
  s.last_seen_at IS NULL OR s.last_seen_at < lapor_now() - interval '1 minute' AS rested
FROM screen s JOIN region r ON r.id = s.region WHERE s.token_hash = $1 AND s.revoked_at IS NULL"""

_SEEN = "UPDATE screen SET last_seen_at = lapor_now() WHERE id = $1 AND revoked_at IS NULL"


async def make(officer: int, region: int, name: str) -> tuple[int, str]:
    """Make a screen for a region; return its id and the code that opens it. The database refuses other regions."""
    called = " ".join(name.split())
    if not called or len(called) > NAME_LIMIT:
        raise Refused(
            say("Beri nama layar ini, paling banyak 80 huruf, misalnya “Ruang kendali lantai 2”."), "name"
        )
    code = _new_code()
    async with database.transaction("reader", user_id=officer):
        count = await database.fetchval("SELECT count(*) FROM screen WHERE revoked_at IS NULL")
        if count >= MOST_SCREENS:
            raise Refused(say("Layar sudah terlalu banyak. Cabut dahulu yang tidak dipakai."), "name")
        screen: int = await database.fetchval(_INSERT, called, region, _hash(code), CODE_VALID)
    return screen, code


async def renew_code(officer: int, screen: int) -> str:
    """Return a new code for a screen; the device that shows it goes on until the code is used. Raises NotFound."""
    code = _new_code()
    async with database.transaction("reader", user_id=officer):
        if await database.fetchval(_RENEW, screen, _hash(code), CODE_VALID) is None:
            raise NotFound
    return code


async def revoke(officer: int, screen: int) -> None:
    """Close a screen for good: its device shows nothing any more. Raises NotFound."""
    async with database.transaction("reader", user_id=officer):
        if await database.fetchval(_REVOKE, screen) is None:
            raise NotFound


async def screens() -> Sequence[Made]:
    """Return the screens of this officer's regions; inside a transaction of the reader."""
    return [Made(**dict(row)) for row in await database.fetch(_SCREENS)]


async def open_screen(code: str) -> str | None:
    """Return the token of the device for its code; None when the code is unknown, used, too old or revoked."""
    plain = re.sub(r"[^A-Z0-9]", "", code.upper())
    if len(plain) != _CODE_LENGTH:
        return None
    token = crypto.new_secret()
    async with database.transaction("gate"):
        found = await database.fetchval(_OPEN, _hash(plain), crypto.secret_hash(token))
    return token if found is not None else None


async def device_of(token: str | None) -> Device | None:
    """Return the screen behind a token, and note that it was seen; None when there is none any more."""
    if not token or len(token) > 100:
        return None
    async with database.transaction("gate"):
        row = await database.fetchrow(_FIND, crypto.secret_hash(token))
        if row is None:
            return None
        if row["rested"]:
            await database.execute(_SEEN, row["id"])
    return Device(**{name: row[name] for name in Device.__annotations__})


def in_groups(code: str) -> str:
    """Return a code as it is read and typed: ABCD-EFGH-JKMN."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def _new_code() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))


def _hash(code: str) -> str:
    return crypto.secret_hash(f"screen:{code}")
