"""What the responsible agency says: answers, promises, questions, notes."""

from datetime import datetime

from lapor import database
from lapor.complaints import clocks, mentioning
from lapor.complaints.actor import Actor
from lapor.complaints.documents import NOTHING, Attached
from lapor.complaints.drafting import draft, needs_approval
from lapor.complaints.errors import Refused
from lapor.complaints.holding import Held, holding
from lapor.complaints.publishing import publish_statement
from lapor.complaints.settling import settle_final, settle_interim
from lapor.complaints.statements import say, tell_reporter


async def answer(
    actor: Actor,
    complaint: int,
    *,
    text: str,
    attached: Attached = NOTHING,
    version: int | None = None,
    undoable: bool = False,
) -> bool:
    """Give the final answer: it meets the response clock and any promise.

    Returns whether it was sent; where the agency wants it so, it waits for a second person first and meets nothing.
    With `undoable`, here and below, it can be taken back for `statements.UNDO`, and the letter waits as long.
    """
    async with holding(actor, complaint, version) as held:
        held.move("answer")
        await held.must_work()
        if await needs_approval(held):
            await draft(held, "final", text, attached)
            return False
        statement, digest = await say(held, "final", text, to_reporter=True, undoable=undoable)
        await settle_final(held, statement, digest, undoable=undoable)
        await attached.keep(held, statement)
    return True


async def answer_interim(
    actor: Actor,
    complaint: int,
    *,
    text: str,
    promised_for: datetime,
    attached: Attached = NOTHING,
    version: int | None = None,
    undoable: bool = False,
) -> bool:
    """Give an interim answer that names a date: it meets the response clock and starts a promise clock.

    The date lies in the future and not after the completion deadline. Returns as `answer` does.
    """
    async with holding(actor, complaint, version) as held:
        held.move("answer_interim")
        await held.must_work()
        await _check_promise(held, promised_for)
        if await needs_approval(held):
            await draft(held, "interim", text, attached, promised_for)
            return False
        statement, digest = await say(
            held, "interim", text, to_reporter=True, promised_for=promised_for, undoable=undoable
        )
        await settle_interim(held, statement, digest, promised_for, undoable=undoable)
        await attached.keep(held, statement)
    return True


async def _check_promise(held: Held, promised_for: datetime) -> None:
    if promised_for <= held.at:
        raise Refused("Tanggal janji harus di masa depan.", "promised_for")
    if await database.fetchval(
        "SELECT EXISTS (SELECT FROM clock WHERE complaint = $1 AND kind = 'promise' AND met_at IS NULL)",
        held.id,
    ):
        raise Refused("Masih ada janji yang belum ditepati. Beri jawaban akhir.", "promised_for")
    limit: datetime | None = await database.fetchval(
        "SELECT due_at FROM clock WHERE complaint = $1 AND kind = 'completion' AND met_at IS NULL"
        " ORDER BY cycle DESC LIMIT 1",
        held.id,
    )
    if limit and promised_for > limit:
        raise Refused("Tanggal janji tidak boleh melewati batas waktu penyelesaian.", "promised_for")


async def ask(
    actor: Actor, complaint: int, *, text: str, version: int | None = None, undoable: bool = False
) -> None:
    """Ask the reporter something; no clock is met or moved by it."""
    async with holding(actor, complaint, version) as held:
        held.move("answer")
        await held.must_work()
        await held.must_have_reporter()
        statement, digest = await say(held, "question", text, to_reporter=True, undoable=undoable)
        await held.record("asked", facts={"statement": statement}, digest=digest)
        await tell_reporter(held, "asked", statement, undoable=undoable)


async def record_outside_answer(
    actor: Actor, complaint: int, *, text: str, version: int | None = None
) -> None:
    """Pass on what the body outside has answered: it meets the referral clock and goes to the reporter."""
    async with holding(actor, complaint, version) as held:
        status = held.move("outside_answer")
        await held.must_work()
        statement, digest = await say(held, "outside_answer", text, to_reporter=True)
        await held.set(status=status)
        await clocks.meet(held.id, "referral", at=held.at)
        await held.record(
            "outside_answered", facts={"statement": statement, "cycle": held.row["cycle"]}, digest=digest
        )
        await tell_reporter(held, "outside_answered", statement)
        await publish_statement(held, statement)


async def note(actor: Actor, complaint: int, *, text: str, undoable: bool = False) -> None:
    """Write an internal note, for everybody who may read the words of the complaint; who is named in it is told."""
    async with holding(actor, complaint) as held:
        await held.must_read()
        offices = await mentioning.offices_of(held, text)
        statement, digest = await say(held, "note", text, undoable=undoable)
        await held.record("noted", facts={"statement": statement}, digest=digest)
        await mentioning.tell(held, offices, statement, undoable=undoable)
