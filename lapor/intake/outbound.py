"""The outbox is drained: claimed by lease, sent, recorded; what fails is tried again, and at last shown as dead."""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from lapor import channel_accounts, database
from lapor.channel_accounts import Account
from lapor.complaints import events
from lapor.database import transaction
from lapor.intake import bounces, breaker, gathered, letters, mail_breaker, way_out
from lapor.intake.bundling import bundle
from lapor.intake.channels.interface import Speaks, Undelivered
from lapor.intake.channels.mail import Mail
from lapor.intake.chat_letters import CHAT
from lapor.intake.leased import SENT, Leased, lease, put_back
from lapor.intake.letters import ATTEMPTS, Letter, Sending
from lapor.intake.outbox import UNREACHED
from lapor.intake.outlets import Outlets
from lapor.intake.turns import Turns
from lapor.settings import Settings
from lapor.sla import alarms

log = structlog.get_logger()

# Shorter than the lease, so that nobody else takes a message which is still being sent.
PATIENCE_SECONDS = 60.0
LANES = 4
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
GROWTH = 2.6
INTERRUPTED = "pengiriman terputus berulang kali"


@dataclass
class Drained:
    """What became of the messages that were due.

    `cancelled` had nobody to go to, `bundled` leave inside another one, `held` wait for the end of quiet hours.
    """

    sent: int = 0
    failed: int = 0
    dead: int = 0
    cancelled: int = 0
    bundled: int = 0
    held: int = 0

    @property
    def total(self) -> int:
        """How many messages were taken up."""
        return self.sent + self.failed + self.dead + self.cancelled + self.held


_IN_LEDGER = "SELECT EXISTS (SELECT FROM ledger_head WHERE subject = $1)"
_OFFICE = "SELECT o.title, a.name AS agency FROM office o JOIN agency a ON a.id = o.agency WHERE o.id = $1"


async def drain(settings: Settings, batch: int = 1_000) -> Drained:
    """Send what is due, oldest first, at most `batch` messages, and return the counts; call it again for more.

    Where no channel is set up nothing is taken up: the messages wait, and the audit says so.
    """
    done = Drained()
    async with transaction("worker"):
        outlets = Outlets(settings, await channel_accounts.speaking())
    if not outlets.names and not outlets.accounts:
        return done
    done.bundled = await bundle(settings.digest_from)
    try:
        while done.total < batch:
            claimed = await lease(min(LANES, batch - done.total))
            if not claimed:
                break
            turns = Turns([message.id for message in claimed])
            lanes = [_deliver(message, outlets, settings, done, turns) for message in claimed]
            troubles = await asyncio.gather(*lanes, return_exceptions=True)
            for trouble in troubles:
                if trouble:
                    raise trouble
    finally:
        await outlets.close()
    return done


async def _deliver(
    message: Leased, outlets: Outlets, settings: Settings, done: Drained, turns: Turns
) -> None:
    """Send one message and record what became of it. Nothing that goes wrong with it reaches its neighbours."""
    try:
        await _send(message, outlets, settings, done, turns)
    finally:
        turns.over(message.id)


async def _send(message: Leased, outlets: Outlets, settings: Settings, done: Drained, turns: Turns) -> None:
    letter: Letter | None = None
    account: Account | None = None
    try:
        sending = Sending(
            message.attempts,
            outlets.names,
            settings.base_url,
            settings.list_link_minutes,
            outlets.accounts,
        )
        async with transaction("worker"):
            letter = await gathered.write(message.id, sending)
            account = outlets.account_of(letter)
            until = letter.wait_until or (await _rests_until(letter, account))
        if until:
            await put_back(message, letter, "waiting", message.trouble, until, message.attempts - 1)
            done.held += 1
            return
        if message.trouble and bounces.came_back(message.trouble) and letter.is_beyond(message.attempts):
            raise Undelivered(message.trouble)
        if message.attempts > letter.last_attempt:
            raise Undelivered(INTERRUPTED)
        outlet = outlets.carry(letter)
        if outlet is None:
            raise Undelivered(letter.trouble)
        # Waiting counts as sending does, so that the lease outlasts both.
        async with asyncio.timeout(PATIENCE_SECONDS):
            await turns.come(message.id, letter)
            if await _waits_its_turn(message, letter, outlet):
                done.held += 1
                return
            reference = await outlet.send(letter.outgoing)
    except Exception as error:
        if letter and (until := await _note_failure(letter, account, error)):
            # The server is down, which is no fault of this letter: it waits as those that follow it.
            await put_back(message, letter, "waiting", _reason(error), until, message.attempts - 1)
            done.held += 1
            return
        await _failed(message, letter, error, done)
        return
    await _note_success(letter, account)
    await _left(message, letter, reference)
    done.sent += 1


async def _left(message: Leased, letter: Letter, reference: str | None) -> None:
    """Record that a letter has left, and that it may have left before where its sender died over it."""
    async with transaction("worker"):
        if message.interrupted:
            await _may_have_left_twice(message)
        await database.execute(
            SENT,
            message.id,
            message.leased_until,
            letter.channel,
            letter.person,
            reference,
            await database.now(),
            int(message.interrupted),
        )


async def _waits_its_turn(message: Leased, letter: Letter, outlet: Speaks) -> bool:
    """Whether it may not leave yet because its provider would take offence; it waits then, uncounted."""
    async with transaction("worker"):
        until = await way_out.wait_until(message.id, letter, outlet.rates)
        if until:
            attempts = message.attempts - 1
            await put_back(message, letter, "waiting", message.trouble, until, attempts, in_turn=True)
    return until is not None


async def _rests_until(letter: Letter, account: Account | None) -> datetime | None:
    if account:
        return await breaker.rests_until(account)
    return await mail_breaker.rests_until() if letter.channel == Mail.name else None


async def _note_failure(letter: Letter, account: Account | None, error: Exception) -> datetime | None:
    """Tell whoever watches over the way; return until when nothing at all leaves by it, if that is known."""
    if not isinstance(error, Undelivered):
        return None
    if account:
        await breaker.note_failure(account, error)
    elif letter.channel == Mail.name:
        return await mail_breaker.note_failure(error)
    return None


async def _note_success(letter: Letter, account: Account | None) -> None:
    if account:
        await breaker.note_success(account)
    elif letter.channel == Mail.name:
        await mail_breaker.note_success()


async def _may_have_left_twice(message: Leased) -> None:
    """Note it where people look: no provider says for certain whether it has had a message already."""
    log.warning("message_repeated", kind=message.kind, message=message.id)
    if await database.fetchval(_IN_LEDGER, message.complaint):
        assert message.complaint is not None
        facts = {"message": message.id, "message_kind": message.kind}
        await events.record(message.complaint, "delivery_repeated", "system", facts=facts)


def _reason(error: Exception) -> str:
    """Why it failed. Only our own sentences are kept: other errors may repeat an address or a text."""
    if isinstance(error, Undelivered):
        return str(error)
    if isinstance(error, TimeoutError):
        return "server surel tidak menjawab"
    return f"gagal disiapkan ({type(error).__name__})"


async def _failed(message: Leased, letter: Letter | None, error: Exception, done: Drained) -> None:
    reason = _reason(error)
    for_good = isinstance(error, Undelivered) and error.for_good
    state = _state_after(message, letter, reason, error)
    attempts = message.attempts
    if state == "waiting" and letter and letter.next_route and for_good:
        # This way will never do: the other one is tried as soon as a pause has passed.
        attempts = letter.next_route
    async with transaction("worker"):
        at = await database.now()
        if state == "dead":
            await _give_up(message, reason)
        await put_back(message, letter, state, reason, at + pause(message.attempts), attempts)
    if state == "waiting":
        done.failed += 1
    elif state == "dead":
        done.dead += 1
        log.warning("message_dead", kind=message.kind, message=message.id)
    else:
        done.cancelled += 1


def _state_after(message: Leased, letter: Letter | None, reason: str, error: Exception) -> str:
    refused = error if isinstance(error, Undelivered) and error.for_good else None
    # A conversation's own words that the provider will never take are nobody's work; letters about complaints are.
    if (letter and letter.hopeless) or (refused and message.kind == CHAT):
        return "cancelled"
    if refused and refused.unwanted and not (letter and letter.next_route):
        return "cancelled"
    nobody = reason in (*UNREACHED, letters.REPORTED) or bounces.came_back(reason)
    last_attempt = letter.last_attempt if letter else ATTEMPTS
    return "dead" if nobody or message.attempts >= last_attempt else "waiting"


async def _give_up(message: Leased, reason: str) -> None:
    # The head of the ledger is locked before anything else of a complaint.
    if await database.fetchval(_IN_LEDGER, message.complaint):
        assert message.complaint is not None
        await events.record(
            message.complaint,
            "delivery_failed",
            "system",
            facts={"message": message.id, "message_kind": message.kind, "attempts": message.attempts},
        )
    if message.office is not None and reason in UNREACHED:
        office = await database.fetchrow(_OFFICE, message.office)
        assert office is not None
        sentence = (
            f"Tidak ada yang dapat dihubungi pada jabatan {office['title']}, {office['agency']}: {reason}."
        )
        await alarms.sound(alarms.UNREACHED, f"office:{message.office}", sentence)


def pause(attempts: int) -> timedelta:
    """Return how long to wait after this many attempts: from one minute to six hours, give or take a fifth."""
    grown = min(FIRST_PAUSE * GROWTH ** (attempts - 1), LONGEST_PAUSE)
    return grown * secrets.SystemRandom().uniform(0.8, 1.2)
