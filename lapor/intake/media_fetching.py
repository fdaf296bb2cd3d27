"""Files that a provider holds for us are fetched and put where they belong; filing has never waited for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import asyncpg
import structlog

from lapor import channel_accounts, database
from lapor.complaints import desk, pictures, sent_files
from lapor.complaints.desk import Actor, Refused
from lapor.complaints.pictures import Picture, Unusable
from lapor.complaints.sent_files import SentFile
from lapor.database import transaction
from lapor.intake.channel_list import FETCHING
from lapor.intake.channels.talk import Fetches, Unfetchable
from lapor.sla import alarms

log = structlog.get_logger()

CANNOT_FETCH: Final = "channel_cannot_fetch"
PHOTO: Final = "photo"
ATTEMPTS: Final = 8
LEASE: Final = timedelta(minutes=3)
FIRST_PAUSE: Final = timedelta(minutes=1)
GROWTH: Final = 3

_CLAIM = """
UPDATE channel_media SET attempts = attempts + 1, next_attempt_at = lapor_now() + $1::interval
WHERE id = (
  SELECT id FROM channel_media
  WHERE state = 'waiting' AND next_attempt_at <= lapor_now() AND channel || ':' || account = ANY ($2)
  ORDER BY next_attempt_at, id FOR UPDATE SKIP LOCKED LIMIT 1)
RETURNING id, channel, account, reference, kind, complaint, statement, attempts, received_at"""
_STILL = "SELECT state FROM channel_media WHERE id = $1 FOR UPDATE"
_ACCOUNT = "SELECT id, title FROM channel_account WHERE channel = $1 AND name = $2"
_SETTLE = "UPDATE channel_media SET state = $2, trouble = $3 WHERE id = $1"
_POSTPONE = """
UPDATE channel_media SET trouble = $2, next_attempt_at = lapor_now() + $3::interval * power($4::float8, attempts - 1)
WHERE id = $1"""
_TELL = """
INSERT INTO message (dedupe_key, kind, complaint, state, attempts, next_attempt_at, created_at)
VALUES ($1, 'file_refused', $2, 'waiting', 0, lapor_now(), lapor_now()) ON CONFLICT (dedupe_key) DO NOTHING"""


@dataclass(frozen=True)
class _Claimed:
    """A file that nobody else fetches at this moment."""

    id: int
    channel: str
    account: str
    reference: str
    kind: str
    complaint: int
    statement: int | None
    attempts: int
    received_at: datetime


async def fetch_waiting(batch: int = 100) -> int:
    """Fetch what waits, oldest first, at most `batch` files, and return how many were taken up."""
    async with transaction("worker"):
        accounts = await channel_accounts.speaking()
    holders = {
        f"{one.channel}:{one.name}": FETCHING[one.channel](one) for one in accounts if one.channel in FETCHING
    }
    try:
        for count in range(batch):
            if not holders or not await _fetch_next(holders):
                return count
        return batch
    finally:
        for holder in holders.values():
            await holder.close()


async def _fetch_next(holders: Mapping[str, Fetches]) -> bool:
    async with transaction("worker"):
        row: asyncpg.Record | None = await database.fetchrow(_CLAIM, LEASE, list(holders))
    if row is None:
        return False
    claimed = _Claimed(**dict(row))
    try:
        found = await _read(claimed, holders[f"{claimed.channel}:{claimed.account}"])
        await _keep(claimed, found)
        await _note_works(claimed)
    except (Unusable, Refused) as reason:
        await _refuse(claimed, "refused", str(reason))
    except Exception as error:
        await _failed(claimed, error)
    return True


async def _read(claimed: _Claimed, holder: Fetches) -> Picture | SentFile:
    if claimed.kind == PHOTO:
        raw = await holder.fetch(claimed.reference, pictures.MOST_BYTES)
        return await pictures.aside(pictures.read, raw)
    return sent_files.read(await holder.fetch(claimed.reference, sent_files.MOST_BYTES))


async def _keep(claimed: _Claimed, found: Picture | SentFile) -> None:
    async with transaction("worker"):
        # A lease that ran out has left the same file to somebody else.
        if await database.fetchval(_STILL, claimed.id) != "waiting":
            return
        actor = Actor.heard()
        if isinstance(found, Picture):
            await desk.add_photos(actor, claimed.complaint, [found], claimed.statement)
        else:
            await sent_files.keep_file(actor, claimed.complaint, found, claimed.statement)
        await database.execute(_SETTLE, claimed.id, "kept", None)


async def _failed(claimed: _Claimed, error: Exception) -> None:
    reason = str(error) if isinstance(error, Unfetchable) else f"gagal diambil ({type(error).__name__})"
    if isinstance(error, Unfetchable) and error.broken:
        await _note_broken(claimed, reason)
    log.warning("media_failed", error=type(error).__name__, kind=claimed.kind, attempts=claimed.attempts)
    if isinstance(error, Unfetchable) and error.for_good:
        await _refuse(claimed, "refused", reason)
    elif claimed.attempts >= ATTEMPTS:
        await _refuse(claimed, "dead", reason)
    else:
        async with transaction("worker"):
            await database.execute(_POSTPONE, claimed.id, reason[:300], FIRST_PAUSE, GROWTH)


async def _note_broken(claimed: _Claimed, reason: str) -> None:
    """The provider does not know our token any more: somebody has to mend it, whatever becomes of this file."""
    async with transaction("worker"):
        for row in await database.fetch(_ACCOUNT, claimed.channel, claimed.account):
            await alarms.sound(CANNOT_FETCH, f"channel:{row['id']}", _sentence(row["title"], reason))


async def _note_works(claimed: _Claimed) -> None:
    async with transaction("worker"):
        for row in await database.fetch(_ACCOUNT, claimed.channel, claimed.account):
            await alarms.clear([CANNOT_FETCH], f"channel:{row['id']}")


def _sentence(title: str, reason: str) -> str:
    return (
        f"Kanal {title} tidak dapat mengambil berkas: {reason}. Periksa token dan izinnya di halaman Kanal."
    )


async def _refuse(claimed: _Claimed, state: str, reason: str) -> None:
    """The complaint stands without it, and its reporter is told: once for everything that came in the same minute."""
    minute = f"{claimed.received_at:%Y%m%d%H%M}"
    async with transaction("worker"):
        if await database.fetchval(_STILL, claimed.id) != "waiting":
            return
        await database.execute(_SETTLE, claimed.id, state, reason[:300])
        await database.execute(_TELL, f"file_refused:{claimed.complaint}:{minute}", claimed.complaint)
