"""Stored deliveries are read: each by the reader of its channel in one transaction, in the order in which they came."""

from dataclasses import dataclass
from datetime import timedelta

import asyncpg
import structlog

from lapor import channel_accounts, crypto, database
from lapor.complaints.errors import Refused
from lapor.database import transaction
from lapor.intake.channel_list import READERS
from lapor.intake.channels.interface import Delivered, Read, Unreadable
from lapor.intake.storing import READ_INBOUND, payload_context

__all__ = ["ATTEMPTS", "READ_INBOUND", "payload_context", "read_again", "read_waiting"]

log = structlog.get_logger()

ATTEMPTS = 5
FIRST_PAUSE = timedelta(seconds=30)
GROWTH = 5


@dataclass(frozen=True)
class _Stored:
    """A stored delivery under its lock."""

    row: asyncpg.Record

    @property
    def id(self) -> int:
        return int(self.row["id"])

    def opened(self) -> Delivered:
        """What its reader is given; raises Undecipherable when its key is missing."""
        row = self.row
        context = payload_context(row["channel"], row["external_id"])
        return Delivered(
            id=row["id"],
            channel=row["channel"],
            account=row["account"],
            key=row["external_id"],
            received_at=row["received_at"],
            payload=crypto.keyring().decrypt(row["payload"], context),
        )


_NEXT = """
SELECT id, channel, account, external_id, payload, received_at FROM inbound
WHERE state = 'waiting' AND next_attempt_at <= lapor_now()
ORDER BY next_attempt_at, id FOR UPDATE SKIP LOCKED LIMIT 1"""

_SETTLE = "UPDATE inbound SET state = $2, complaint = $3, trouble = $4, attempts = attempts + 1 WHERE id = $1"

# One attempt, so that nobody else's silence waits for it.
_LATER = (
    "UPDATE inbound SET attempts = greatest(attempts, 1), next_attempt_at = $2, trouble = $3 WHERE id = $1"
)

_POSTPONE = """
UPDATE inbound SET attempts = attempts + 1, trouble = $2,
  state = CASE WHEN attempts + 1 >= $3 THEN 'dead' ELSE 'waiting' END,
  next_attempt_at = lapor_now() + $4::interval * power($5::float8, attempts)
WHERE id = $1 AND state = 'waiting' RETURNING state"""


async def read_waiting(batch: int = 100) -> int:
    """Read what waits, oldest first, at most `batch` deliveries, and return how many were taken up.

    A delivery that fails is kept and tried again after growing pauses; after five times it is dead, and seen.
    """
    for count in range(batch):
        if not await _read_next():
            return count
    return batch


async def _read_next() -> bool:
    stored: _Stored | None = None
    try:
        async with transaction("worker"):
            row = await database.fetchrow(_NEXT)
            if row is None:
                return False
            stored = _Stored(row)
            await _read(stored)
    except Exception as error:
        if stored is None:
            raise
        await _postpone(stored, error)
    return True


async def _read(stored: _Stored) -> None:
    """Let the channel's reader do what the delivery asks for, and note what became of it."""
    try:
        delivered = stored.opened()
        found = await READERS[delivered.channel](delivered)
    except Unreadable as reason:
        await _settle(stored, "unreadable", Read(note=str(reason)))
        return
    except Refused as reason:
        await _settle(stored, "unreadable", Read(note=reason.message))
        return
    await channel_accounts.note_seen(delivered.channel, delivered.account, delivered.received_at)
    if found.later:
        await database.execute(_LATER, stored.id, found.later, found.note)
        return
    await _settle(stored, "left" if found.left and found.complaint is None else "read", found)


async def _settle(stored: _Stored, state: str, found: Read) -> None:
    await database.execute(_SETTLE, stored.id, state, found.complaint, found.note[:300] or None)
    if state == "unreadable":
        log.warning("inbound_unreadable", channel=stored.row["channel"], inbound=stored.id)


async def _postpone(stored: _Stored, error: Exception) -> None:
    """Note that reading failed; the error's own words may repeat what was sent and are not kept."""
    async with transaction("worker"):
        state = await database.fetchval(
            _POSTPONE, stored.id, type(error).__name__, ATTEMPTS, FIRST_PAUSE, GROWTH
        )
    log.warning("inbound_failed", error=type(error).__name__, inbound=stored.id, state=state)


async def read_again(delivery: int) -> bool:
    """Put a dead or unreadable delivery back, due now; return whether there was such a one."""
    async with transaction("worker"):
        found = await database.fetchval(
            "UPDATE inbound SET state = 'waiting', attempts = 0, next_attempt_at = lapor_now()"
            " WHERE id = $1 AND state IN ('dead', 'unreadable') RETURNING id",
            delivery,
        )
    return found is not None
