"""Stored deliveries are read: each becomes its complaint in one transaction, in the order in which they came."""

from dataclasses import dataclass, replace
from datetime import timedelta

import asyncpg
import structlog

from lapor import crypto, database
from lapor.complaints.errors import Refused
from lapor.complaints.filing import Filing, file
from lapor.database import transaction
from lapor.intake.channels.interface import Hears, Received, Unreadable
from lapor.intake.channels.partner import Partner

log = structlog.get_logger()

READ_INBOUND = "read_inbound"
ATTEMPTS = 5
FIRST_PAUSE = timedelta(seconds=30)
GROWTH = 5
# What a partner may have wrong without the complaint being lost: a person sorts it instead.
_DISPENSABLE = ("category", "village", "district", "reported_agency")

_CHANNELS: dict[str, Hears] = {channel.name: channel for channel in (Partner(),)}


@dataclass(frozen=True)
class _Delivery:
    """A stored delivery under its lock."""

    row: asyncpg.Record

    @property
    def id(self) -> int:
        return int(self.row["id"])

    def received(self) -> list[Received]:
        """What it holds; raises Unreadable, or Undecipherable when its key is missing."""
        context = payload_context(self.row["channel"], self.row["external_id"])
        return _CHANNELS[self.row["channel"]].parse(crypto.keyring().decrypt(self.row["payload"], context))


def payload_context(channel: str, external_id: str) -> str:
    """Return what the encrypted payload of a delivery is bound to."""
    return f"inbound:{channel}:{external_id}"


_NEXT = """
SELECT id, channel, account, external_id, payload, received_at FROM inbound
WHERE state = 'waiting' AND next_attempt_at <= lapor_now()
ORDER BY next_attempt_at, id FOR UPDATE SKIP LOCKED LIMIT 1"""

_SETTLE = "UPDATE inbound SET state = $2, complaint = $3, trouble = $4, attempts = attempts + 1 WHERE id = $1"

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
    delivery: _Delivery | None = None
    try:
        async with transaction("worker"):
            row = await database.fetchrow(_NEXT)
            if row is None:
                return False
            delivery = _Delivery(row)
            await _read(delivery)
    except Exception as error:
        if delivery is None:
            raise
        await _postpone(delivery, error)
    return True


async def _read(delivery: _Delivery) -> None:
    """File what the delivery holds; from its receipt on, because that is when the reporter was heard."""
    try:
        found = delivery.received()
        notes: list[str] = []
        complaints = [await _file(delivery, received, notes) for received in found]
    except Unreadable as reason:
        await _settle(delivery, "unreadable", None, str(reason))
        return
    except Refused as reason:
        await _settle(delivery, "unreadable", None, f"{reason.field or ''}: {reason.message}")
        return
    await _settle(delivery, "read", complaints[0] if complaints else None, "; ".join(notes) or None)


async def _file(delivery: _Delivery, received: Received, notes: list[str]) -> int:
    account, reporter = delivery.row["account"], received.reporter
    filing = replace(
        received.filing,
        received_at=delivery.row["received_at"],
        external_id=f"{account}:{reporter}" if reporter else "",
    )
    for _ in _DISPENSABLE:
        try:
            return (await file(filing, role="worker")).complaint_id
        except Refused as reason:
            if reason.field not in _DISPENSABLE:
                raise
            filing = _without(filing, reason.field)
            notes.append(f"{reason.field} tidak ada dalam daftar")
    return (await file(filing, role="worker")).complaint_id


def _without(filing: Filing, field: str) -> Filing:
    if field == "reported_agency":
        # Whoever is meant, it is about somebody in office: that decides who must not receive it.
        return replace(filing, reported_agency=None, about_official=True)
    return replace(filing, **{field: None})  # type: ignore[arg-type]


async def _settle(delivery: _Delivery, state: str, complaint: int | None, trouble: str | None) -> None:
    await database.execute(_SETTLE, delivery.id, state, complaint, trouble[:300] if trouble else None)
    if state == "unreadable":
        log.warning("inbound_unreadable", channel=delivery.row["channel"], inbound=delivery.id)


async def _postpone(delivery: _Delivery, error: Exception) -> None:
    """Note that reading failed; the error's own words may repeat what was sent and are not kept."""
    async with transaction("worker"):
        state = await database.fetchval(
            _POSTPONE, delivery.id, type(error).__name__, ATTEMPTS, FIRST_PAUSE, GROWTH
        )
    log.warning("inbound_failed", error=type(error).__name__, inbound=delivery.id, state=state)


async def read_again(delivery: int) -> bool:
    """Put a dead or unreadable delivery back, due now; return whether there was such a one."""
    async with transaction("worker"):
        found = await database.fetchval(
            "UPDATE inbound SET state = 'waiting', attempts = 0, next_attempt_at = lapor_now()"
            " WHERE id = $1 AND state IN ('dead', 'unreadable') RETURNING id",
            delivery,
        )
    return found is not None
