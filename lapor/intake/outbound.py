"""The outbox is drained: claimed by lease, sent, recorded; what fails is tried again, and at last shown as dead."""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
import structlog

from lapor import database
from lapor.complaints import events
from lapor.database import transaction
from lapor.intake import letters
from lapor.intake.channels.console import Console
from lapor.intake.channels.interface import Speaks, Undelivered
from lapor.intake.channels.mail import Mail
from lapor.intake.letters import Letter
from lapor.settings import Settings

log = structlog.get_logger()

LEASE = timedelta(minutes=2)
# Shorter than the lease, so that nobody else takes a message which is still being sent.
PATIENCE_SECONDS = 60.0
LANES = 4
ATTEMPTS = 8
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
GROWTH = 2.6
INTERRUPTED = "pengiriman terputus berulang kali"


@dataclass
class Drained:
    """What became of the messages that were due; `cancelled` had nobody to go to."""

    sent: int = 0
    failed: int = 0
    dead: int = 0
    cancelled: int = 0

    @property
    def total(self) -> int:
        """How many messages were taken up."""
        return self.sent + self.failed + self.dead + self.cancelled


@dataclass
class _Outlets:
    """The channels of this installation."""

    mail: Mail | None
    console: Console | None

    def carry(self, letter: Letter) -> Speaks | None:
        if self.mail and letter.outgoing.addresses:
            return self.mail
        # Where there is no mail server the log shows everything that would have found somebody.
        found = letter.outgoing.addresses or letter.person is not None
        return self.console if found or (letter.hopeless and not letter.outgoing.office) else None

    async def close(self) -> None:
        if self.mail:
            await self.mail.close()


@dataclass(frozen=True)
class _Claimed:
    """A message under lease; only whoever holds this very lease may say what became of it."""

    id: int
    kind: str
    complaint: int
    attempts: int
    leased_until: datetime


_CLAIM = """
UPDATE message SET state = 'sending', attempts = attempts + 1, leased_until = $1, next_attempt_at = $1
WHERE id IN (
  SELECT id FROM message WHERE state IN ('waiting', 'sending') AND next_attempt_at <= $2
  ORDER BY next_attempt_at, id FOR UPDATE SKIP LOCKED LIMIT $3)
RETURNING id, kind, complaint, attempts, leased_until"""

_SENT = """
UPDATE message SET state = 'sent', channel = $3, person = $4, provider_reference = $5, sent_at = $6,
  leased_until = NULL, trouble = NULL
WHERE id = $1 AND state = 'sending' AND leased_until = $2"""

_PUT_BACK = """
UPDATE message SET state = $3, channel = $4, person = $5, trouble = $6, next_attempt_at = $7, leased_until = NULL
WHERE id = $1 AND state = 'sending' AND leased_until = $2"""

_IN_LEDGER = "SELECT EXISTS (SELECT FROM ledger_head WHERE subject = $1)"


async def drain(settings: Settings, batch: int = 1_000) -> Drained:
    """Send what is due, oldest first, at most `batch` messages, and return the counts; call it again for more.

    Where no channel is set up nothing is taken up: the messages wait, and the audit says so.
    """
    done = Drained()
    outlets = _Outlets(
        Mail(settings) if settings.smtp_url else None, Console() if settings.console_channel else None
    )
    if not outlets.mail and not outlets.console:
        return done
    try:
        while done.total < batch:
            claimed = await _claim(min(LANES, batch - done.total))
            if not claimed:
                break
            lanes = [_deliver(message, outlets, settings, done) for message in claimed]
            troubles = await asyncio.gather(*lanes, return_exceptions=True)
            for trouble in troubles:
                if trouble:
                    raise trouble
    finally:
        await outlets.close()
    return done


async def _claim(count: int) -> list[_Claimed]:
    async with transaction("worker"):
        at = await database.now()
        rows = await database.fetch(_CLAIM, at + LEASE, at, count)
    return [_Claimed(**dict(row)) for row in sorted(rows, key=lambda row: row["id"])]


async def _deliver(message: _Claimed, outlets: _Outlets, settings: Settings, done: Drained) -> None:
    """Send one message and record what became of it. Nothing that goes wrong with it reaches its neighbours."""
    letter: Letter | None = None
    outlet: Speaks | None = None
    try:
        if message.attempts > ATTEMPTS:
            raise Undelivered(INTERRUPTED)
        async with transaction("worker"):
            letter = await letters.write(message.id, settings.base_url)
        outlet = outlets.carry(letter)
        if outlet is None:
            raise Undelivered(letter.trouble)
        async with asyncio.timeout(PATIENCE_SECONDS):
            reference = await outlet.send(letter.outgoing)
    except Exception as error:
        await _failed(message, letter, outlet, _reason(error), done)
        return
    async with transaction("worker"):
        await database.execute(
            _SENT,
            message.id,
            message.leased_until,
            outlet.name,
            letter.person,
            reference,
            await database.now(),
        )
    done.sent += 1


def _reason(error: Exception) -> str:
    """Why it failed. Only our own sentences are kept: other errors may repeat an address or a text."""
    if isinstance(error, Undelivered):
        return str(error)
    if isinstance(error, TimeoutError):
        return "server surel tidak menjawab"
    return f"gagal disiapkan ({type(error).__name__})"


async def _failed(
    message: _Claimed, letter: Letter | None, outlet: Speaks | None, reason: str, done: Drained
) -> None:
    state = _state_after(message, letter, reason)
    async with transaction("worker"):
        at = await database.now()
        if state == "dead" and await database.fetchval(_IN_LEDGER, message.complaint):
            # The head of the ledger is locked before anything else of a complaint.
            await events.record(
                message.complaint,
                "delivery_failed",
                "system",
                facts={"message": message.id, "message_kind": message.kind, "attempts": message.attempts},
            )
        await database.execute(
            _PUT_BACK,
            message.id,
            message.leased_until,
            state,
            outlet.name if outlet else None,
            letter.person if letter else None,
            reason[:300],
            at + pause(message.attempts),
        )
    if state == "waiting":
        done.failed += 1
    elif state == "dead":
        done.dead += 1
        log.warning("message_dead", kind=message.kind, message=message.id)
    else:
        done.cancelled += 1


def _state_after(message: _Claimed, letter: Letter | None, reason: str) -> str:
    if letter and letter.hopeless:
        return "cancelled"
    nobody = reason in (letters.NO_HOLDER, letters.NO_ADDRESS)
    return "dead" if nobody or message.attempts >= ATTEMPTS else "waiting"


def pause(attempts: int) -> timedelta:
    """Return how long to wait after this many attempts: from one minute to six hours, give or take a fifth."""
    grown = min(FIRST_PAUSE * GROWTH ** (attempts - 1), LONGEST_PAUSE)
    return grown * secrets.SystemRandom().uniform(0.8, 1.2)


async def resend(message: int) -> bool:
    """Put a dead message back into the outbox, due now; return whether there was such a one."""
    async with transaction("worker"):
        found: asyncpg.Record | None = await database.fetchrow(
            "UPDATE message SET state = 'waiting', attempts = 0, next_attempt_at = lapor_now(), leased_until = NULL"
            " WHERE id = $1 AND state = 'dead' RETURNING id",
            message,
        )
    return found is not None
