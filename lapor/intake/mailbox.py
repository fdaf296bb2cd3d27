"""Our mailboxes are emptied into the inbound: each mail once, stored before anybody is told that it was read.

How far a mailbox was read is written in the same transaction as the mails: killed at any moment, the next run goes on
from there. What lay in a mailbox before it was connected stays where it is.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from lapor import channel_accounts, database
from lapor.channel_accounts import Account
from lapor.database import transaction
from lapor.intake import imap
from lapor.intake.channels.interface import Part
from lapor.intake.imap import Box, Server, Unreachable
from lapor.intake.mail_parsing import message_id_of
from lapor.intake.storing import store
from lapor.sla import alarms

log = structlog.get_logger()

CHANNEL: Final = "email"
ALARM: Final = "mailbox_unread"
# A mailbox that fails once in a while worries nobody; one that has to be mended is told of at once.
FAILURES_BEFORE_ALARM: Final = 3
FIRST_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(minutes=15)
_BATCH: Final = 20
_BATCH_BYTES: Final = 8 * 1024 * 1024
_MOST_AT_ONCE: Final = 200


@dataclass(frozen=True)
class _Mark:
    """How far a mailbox was read."""

    uidvalidity: int | None = None
    last_uid: int = 0
    read_at: datetime | None = None


_MARK = "SELECT uidvalidity, last_uid, read_at FROM mailbox WHERE account = $1"
_RESTING = "SELECT id FROM channel_account WHERE channel = $1 AND paused_until > lapor_now()"
_READ_UP_TO = """
INSERT INTO mailbox AS m (account, uidvalidity, last_uid, read_at) VALUES ($1, $2, $3, lapor_now())
ON CONFLICT (account) DO UPDATE SET uidvalidity = excluded.uidvalidity, read_at = excluded.read_at,
  last_uid = CASE WHEN m.uidvalidity = excluded.uidvalidity THEN greatest(m.last_uid, excluded.last_uid)
             ELSE excluded.last_uid END"""
# An administrator who changes the account sets these back, and it is tried at once.
_FAILED = """
UPDATE channel_account SET failures = failures + 1, trouble = $2,
  paused_until = lapor_now() + least($3::interval * power(2::float8, least(failures, 10)), $4::interval) * $5::float8
WHERE id = $1 RETURNING failures"""
_WELL = """
UPDATE channel_account SET failures = 0, trouble = NULL, paused_until = NULL WHERE id = $1 AND trouble IS NOT NULL"""
_OVER = """
UPDATE alarm SET cleared_at = lapor_now() WHERE cleared_at IS NULL AND code = $1 AND subject <> ALL ($2::text[])"""


async def collect() -> int:
    """Take over what is new in every mailbox that is switched on, and return how many mails were stored."""
    async with transaction("worker"):
        accounts = [one for one in await channel_accounts.listening(CHANNEL) if one.settings.get("host")]
        resting = {row["id"] for row in await database.fetch(_RESTING, CHANNEL)}
        await database.execute(_OVER, ALARM, [_subject(account) for account in accounts])
    return sum([await _collect_from(account) for account in accounts if account.id not in resting])


async def _collect_from(account: Account) -> int:
    async with transaction("worker"):
        row = await database.fetchrow(_MARK, account.id)
    try:
        stored = await _Reading(account, _Mark(**dict(row)) if row else _Mark()).all()
    except Unreachable as reason:
        await _failed(account, reason)
        return 0
    async with transaction("worker"):
        await database.execute(_WELL, account.id)
        await alarms.clear([ALARM], _subject(account))
    return stored


class _Reading:
    """One visit to a mailbox."""

    def __init__(self, account: Account, mark: _Mark) -> None:
        self._account = account
        self._mark = mark

    async def all(self) -> int:
        """Take over what is new, in the order in which it came."""
        account = self._account
        server = Server.of(account.name, account.settings, account.secrets)
        async with _visiting(server) as box:
            return await self._take(box)

    async def _take(self, box: Box) -> int:
        waiting = (await asyncio.to_thread(self._new, box))[:_MOST_AT_ONCE]
        if not waiting:
            # Nothing new; where it was never read before, reading begins here.
            await self._keep(box, [], self._begin(box))
            return 0
        stored = 0
        while waiting:
            mails, taken = await asyncio.to_thread(_fetched, box, waiting)
            stored += await self._keep(box, [raw for _, raw in mails], waiting[taken - 1])
            await asyncio.to_thread(box.mark_read, [uid for uid, _ in mails])
            waiting = waiting[taken:]
        return stored

    def _new(self, box: Box) -> list[int]:
        mark = self._mark
        if mark.uidvalidity == box.state.uidvalidity:
            return box.after(mark.last_uid)
        if mark.read_at is None:
            return []
        return box.since((mark.read_at - imap.OVERLAP).date())

    def _begin(self, box: Box) -> int:
        if self._mark.uidvalidity == box.state.uidvalidity:
            return self._mark.last_uid
        return box.state.uidnext - 1

    async def _keep(self, box: Box, mails: Sequence[bytes], last_uid: int) -> int:
        name = self._account.name
        async with transaction("worker"):
            stored = await store(CHANNEL, [Part(name, message_id_of(raw), raw) for raw in mails])
            await database.execute(_READ_UP_TO, self._account.id, box.state.uidvalidity, last_uid)
        return stored


@asynccontextmanager
async def _visiting(server: Server) -> AsyncIterator[Box]:
    """The mailbox, opened and left in a thread of its own; raises Unreachable."""
    visit = imap.opened(server)
    box = await asyncio.to_thread(visit.__enter__)
    try:
        yield box
    except BaseException as error:
        await asyncio.to_thread(visit.__exit__, type(error), error, error.__traceback__)
        raise
    await asyncio.to_thread(visit.__exit__, None, None, None)


def _fetched(box: Box, uids: Sequence[int]) -> tuple[list[tuple[int, bytes]], int]:
    """The next mails, not too many and not too large at once, and over how many UIDs that went."""
    mails: list[tuple[int, bytes]] = []
    size = 0
    for taken, uid in enumerate(uids[:_BATCH], 1):
        raw = box.mail(uid)
        if raw is not None:
            mails.append((uid, raw))
            size += len(raw)
        if size >= _BATCH_BYTES or taken == _BATCH or taken == len(uids):
            return mails, taken
    return mails, len(uids[:_BATCH])


async def _failed(account: Account, reason: Unreachable) -> None:
    """Leave the mailbox alone for longer and longer, up to a quarter of an hour, give or take a fifth."""
    shifted = secrets.SystemRandom().uniform(0.8, 1.2)
    async with transaction("worker"):
        failures = await database.fetchval(
            _FAILED, account.id, str(reason), FIRST_PAUSE, LONGEST_PAUSE, shifted
        )
        if reason.for_good or failures >= FAILURES_BEFORE_ALARM:
            sentence = (
                f"Kotak surel {account.name} tidak dapat dibaca: {reason}. Surel warga menunggu di sana."
            )
            await alarms.sound(ALARM, _subject(account), sentence)
    log.warning("mailbox_unread", channel=CHANNEL, count=failures)


def _subject(account: Account) -> str:
    return f"mailbox:{account.id}"
