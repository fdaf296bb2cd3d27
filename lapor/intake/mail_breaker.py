"""The mail server that all letters leave by: when it fails again and again it rests, and the letters wait uncounted."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import asyncpg

from lapor import database
from lapor.database import transaction
from lapor.intake.breaker import BROKEN, LONGEST
from lapor.intake.channels.interface import Undelivered
from lapor.sla import alarms

KEY: Final = "email:server"
SUBJECT: Final = "mail:server"
# So many failures in a row are no accident.
MOST: Final = 3

# Letters that were under way side by side fail together: they are one failure of a server that rests already.
_FAILED = """
INSERT INTO outlet AS o (key, failures, trouble) VALUES ($1, 1, $2)
ON CONFLICT (key) DO UPDATE SET trouble = $2,
  failures = o.failures + CASE WHEN o.paused_until > lapor_now() THEN 0 ELSE 1 END,
  paused_until = CASE
    WHEN o.paused_until > lapor_now() THEN o.paused_until
    WHEN o.failures + 1 >= $3 THEN lapor_now() + least($4::interval * power(2, least(o.failures + 1 - $3, 10)), $5::interval)
  END
RETURNING failures, paused_until"""
_RESTS = "SELECT paused_until FROM outlet WHERE key = $1 AND paused_until > lapor_now()"
_WORKS = """
UPDATE outlet SET failures = 0, trouble = NULL, paused_until = NULL WHERE key = $1 AND failures > 0 RETURNING id"""


async def rests_until() -> datetime | None:
    """Return until when no mail is sent; None when mails may leave. Inside a transaction of `worker`."""
    until: datetime | None = await database.fetchval(_RESTS, KEY)
    return until


async def note_failure(trouble: Undelivered) -> datetime | None:
    """Count a failure of the server, and return until when it rests; None while it is not known to be down."""
    if trouble.wait is None:
        return None
    async with transaction("worker"):
        row: asyncpg.Record | None = await database.fetchrow(
            _FAILED, KEY, str(trouble)[:300], MOST, trouble.wait, LONGEST
        )
        assert row is not None
        until: datetime | None = row["paused_until"]
        if until:
            await alarms.sound(BROKEN, SUBJECT, _sentence(str(trouble)))
    return until


async def note_success() -> None:
    """End the rest of a server that has just taken a mail, and its alarm."""
    async with transaction("worker"):
        if await database.fetchval(_WORKS, KEY):
            await alarms.clear([BROKEN], SUBJECT)


def _sentence(trouble: str) -> str:
    return f"Surel tidak dapat dikirim: {trouble}. Periksa server surel keluar; surelnya menunggu."
