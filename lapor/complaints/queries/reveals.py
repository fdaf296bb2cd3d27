"""Requests to see who filed, as the inspectorate reads them: what waits, what may be opened, what became of others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from lapor import database
from lapor.complaints.revealing import OPEN_FOR

LIMIT = 200

_REVEALS = f"""
SELECT v.id, v.complaint, c.ticket, r.timezone AS zone, c.anonymous, c.confidential, v.reason, v.refusal,
  v.asked_at, v.decided_at, v.outcome, v.used_at, v.asked_by = app_user() AS mine,
  coalesce(nullif(p.full_name, ''), p.username) AS asked_by, coalesce(nullif(d.full_name, ''), d.username) AS decided_by,
  lapor_now() AS now
FROM reveal v
JOIN complaint c ON c.id = v.complaint
JOIN region r ON r.id = c.region
JOIN person p ON p.id = v.asked_by
LEFT JOIN person d ON d.id = v.decided_by
ORDER BY v.asked_at DESC, v.id DESC LIMIT {LIMIT}"""


@dataclass(frozen=True)
class Request:
    """A request with its fate. `state` is waiting, granted, expired, used or refused; `until` ends a grant."""

    id: int
    complaint: int
    ticket: str
    zone: str
    anonymous: bool
    confidential: bool
    reason: str
    refusal: str
    asked_by: str
    asked_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    used_at: datetime | None
    mine: bool
    state: str

    @property
    def until(self) -> datetime | None:
        """Until when a granted identity may be opened."""
        return self.decided_at + OPEN_FOR if self.decided_at else None


async def reveals() -> Sequence[Request]:
    """Return the requests of the regions that this officer inspects, newest first; at most `LIMIT`."""
    return [_request(row) for row in await database.fetch(_REVEALS)]


def _request(row: asyncpg.Record) -> Request:
    values = dict(row)
    now = values.pop("now")
    outcome = values.pop("outcome")
    return Request(**values, state=_state(outcome, values["decided_at"], values["used_at"], now))


def _state(outcome: str | None, decided_at: datetime | None, used_at: datetime | None, now: datetime) -> str:
    if outcome is None or decided_at is None:
        return "waiting"
    if outcome == "refused":
        return "refused"
    if used_at is not None:
        return "used"
    return "expired" if decided_at + OPEN_FOR <= now else "granted"
