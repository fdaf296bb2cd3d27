"""What the reporter says afterwards: a reply, “this is not an answer”, “it is not solved”, “it is solved”."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from lapor import database
from lapor.complaints import arbiter, clocks
from lapor.complaints.actor import Actor
from lapor.complaints.clocks import Start
from lapor.complaints.errors import Refused
from lapor.complaints.holding import Held, holding
from lapor.complaints.masking import mask_national_ids
from lapor.complaints.pausing import resume
from lapor.complaints.photos import attach
from lapor.complaints.pictures import Picture
from lapor.complaints.statements import say, tell_offices
from lapor.sla.calendar import CalendarMissing

LISTENERS = ["liaison", "agency_head"]
DISPUTE_WORKING_DAYS = 10
SENT_AGAIN = timedelta(minutes=10)


async def reply(actor: Actor, complaint: int, *, text: str, photos: Sequence[Picture] = ()) -> int:
    """Add something to one's complaint and return the statement; a deadline that waited for it runs again, no other moves.

    The same words sent again at once stand there once.
    """
    async with holding(actor, complaint) as held:
        _must_be_reporter(actor)
        if held.row["status"] in ("closed", "rejected"):
            raise Refused("Laporan ini sudah ditutup. Buka kembali bila masalahnya belum selesai.", "text")
        statement = await _sent_before(held, text)
        if statement is not None:
            await attach(held, "reply", photos, statement)
            return statement
        statement, digest = await say(held, "reply", text, to_reporter=True)
        await held.record("replied", digest=digest)
        await attach(held, "reply", photos, statement)
        await resume(held)
        await tell_offices(held, "replied", LISTENERS, agency=held.owner.id)
        return statement


async def _sent_before(held: Held, text: str) -> int | None:
    """The last reply, if it is this one: a second tap, or a second try after a lost connection."""
    found: int | None = await database.fetchval(
        "SELECT id FROM (SELECT id, kind, text, made_at FROM statement WHERE complaint = $1 ORDER BY id DESC LIMIT 1) last"
        " WHERE kind = 'reply' AND text = $2 AND made_at > $3",
        held.id,
        mask_national_ids(text.strip()),
        held.at - SENT_AGAIN,
    )
    return found


async def dispute(actor: Actor, complaint: int, *, reason: str) -> None:
    """Say that an answer is none, within ten working days of it and with a reason.

    It opens a response clock of half the length; a second one also goes before the arbiter.
    """
    async with holding(actor, complaint) as held:
        _must_be_reporter(actor)
        status = held.move("dispute")
        disputes = await _disputes(held)
        await _check_dispute(held)
        cycle = held.row["cycle"] + 1
        _, digest = await say(held, "dispute", reason, field="reason", to_reporter=True, cycle=cycle)
        await held.set(status=status, cycle=cycle)
        await clocks.meet(held.id, "reporter_window", at=held.at)
        opened = held.schedule.open("response", held.policy_facts, held.at, halved=True)
        await clocks.start(held.id, Start("response", opened, held.at, cycle))
        await run_completion(held, cycle)
        await held.record("disputed", facts={"cycle": cycle, "number": disputes + 1}, digest=digest)
        await resume(held)
        await tell_offices(held, "disputed", LISTENERS, agency=held.owner.id)
        if disputes:
            await arbiter.bring(held, "dispute")


async def reopen(actor: Actor, complaint: int, *, reason: str) -> None:
    """Say that it is not solved after all: a new cycle of clocks begins."""
    async with holding(actor, complaint) as held:
        _must_be_reporter(actor)
        status = held.move("reopen")
        cycle = held.row["cycle"] + 1
        _, digest = await say(held, "reopening", reason, field="reason", to_reporter=True, cycle=cycle)
        await held.set(status=status, cycle=cycle, closed_at=None)
        await clocks.meet(held.id, "reporter_window", at=held.at)
        opened = held.schedule.open("response", held.policy_facts, held.at)
        await clocks.start(held.id, Start("response", opened, held.at, cycle))
        await run_completion(held, cycle)
        await held.record("reopened", facts={"cycle": cycle}, digest=digest)
        await tell_offices(held, "reopened", LISTENERS, agency=held.owner.id)


async def accept(actor: Actor, complaint: int) -> None:
    """Agree that it is done: the complaint is closed."""
    async with holding(actor, complaint) as held:
        _must_be_reporter(actor)
        status = held.move("close")
        await held.set(status=status, closed_at=held.at)
        # Whoever agrees waits for nothing any more.
        await clocks.meet(
            held.id, "reporter_window", "referral", "response", "promise", "completion", at=held.at
        )
        await held.record("accepted")
        await arbiter.settle(held)


def _must_be_reporter(actor: Actor) -> None:
    if not actor.is_reporter:
        raise Refused("Hanya pelapor yang dapat melakukan ini.")


async def _disputes(held: Held) -> int:
    count: int = await database.fetchval(
        "SELECT count(*) FROM statement WHERE complaint = $1 AND kind = 'dispute'", held.id
    )
    return count


async def _check_dispute(held: Held) -> None:
    answered: datetime | None = await database.fetchval(
        "SELECT max(made_at) FROM statement WHERE complaint = $1 AND cycle = $2"
        " AND kind IN ('final', 'interim', 'completion') AND to_reporter",
        held.id,
        held.row["cycle"],
    )
    if answered is None:
        raise Refused("Belum ada jawaban yang dapat Anda bantah.", "reason")
    calendar = held.schedule.calendar(held.owner.region)
    try:
        passed = calendar.working_days_between(
            calendar.local(answered).date(), calendar.local(held.at).date()
        )
    except CalendarMissing:
        # The reporter does not lose a right because a calendar was not loaded.
        return
    if passed > DISPUTE_WORKING_DAYS:
        raise Refused(
            f"Jawaban dapat dibantah paling lama {DISPUTE_WORKING_DAYS} hari kerja. Anda masih dapat membuat laporan"
            " baru atau menghubungi Ombudsman.",
            "reason",
        )


async def run_completion(held: Held, cycle: int) -> None:
    """Start a completion clock for the new cycle, unless the one of an earlier cycle still runs."""
    if await database.fetchval(
        "SELECT EXISTS (SELECT FROM clock WHERE complaint = $1 AND kind = 'completion' AND met_at IS NULL)",
        held.id,
    ):
        return
    days = held.category.completion_days if held.category else None
    opened = held.schedule.open("completion", held.policy_facts, held.at, days=days)
    await clocks.start(held.id, Start("completion", opened, held.at, cycle))
