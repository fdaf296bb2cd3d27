"""An account whose provider fails or wants to be left alone rests; what has to be mended is told to the administrators."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from lapor import database
from lapor.channel_accounts import Account
from lapor.database import transaction
from lapor.intake.channels.interface import Undelivered
from lapor.sla import alarms

BROKEN: Final = "channel_broken"
LONGEST: Final = timedelta(minutes=30)

_FAILED = """
UPDATE channel_account SET failures = failures + 1, trouble = $2,
  paused_until = lapor_now() + least($3::interval * power(2, least(failures, 10)), $4::interval)
WHERE id = $1"""
_WORKS = """
UPDATE channel_account SET failures = 0, trouble = NULL, paused_until = NULL
WHERE id = $1 AND failures > 0"""


_RESTS = "SELECT paused_until FROM channel_account WHERE id = $1 AND paused_until > lapor_now()"


async def rests_until(account: Account) -> datetime | None:
    """Return until when nothing is sent by this account; None when it may speak. Inside a transaction of `worker`."""
    until: datetime | None = await database.fetchval(_RESTS, account.id)
    return until


async def note_failure(account: Account, trouble: Undelivered) -> None:
    """Let the account rest, longer with each failure in a row, when the provider asks for it."""
    if trouble.wait is None:
        return
    async with transaction("worker"):
        await database.execute(_FAILED, account.id, str(trouble)[:300], trouble.wait, LONGEST)
        if trouble.broken:
            sentence = f"Kanal {account.channel} tidak dapat mengirim: {trouble}. Periksa token dan izinnya di halaman Kanal."
            await alarms.sound(BROKEN, subject(account), sentence)


async def note_success(account: Account) -> None:
    """End the rest, and the alarm, of an account that has just sent something."""
    if not account.failures:
        return
    async with transaction("worker"):
        await database.execute(_WORKS, account.id)
        await alarms.clear([BROKEN], subject(account))


def subject(account: Account) -> str:
    """Return what an alarm about this account is about."""
    return f"channel:{account.id}"
