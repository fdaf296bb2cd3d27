"""What the responsible agency says: answers, promises, questions, notes."""

from datetime import datetime

from lapor import database
from lapor.complaints import clocks
from lapor.complaints.actor import Actor
from lapor.complaints.clocks import Start
from lapor.complaints.errors import Refused
from lapor.complaints.holding import Held, holding
from lapor.complaints.publishing import publish_statement
from lapor.complaints.statements import say, tell_reporter


async def answer(
    actor: Actor, complaint: int, *, text: str, version: int | None = None, undoable: bool = False
) -> None:
    """Give the final answer: it meets the response clock and any promise.

    With `undoable`, here and below, it can be taken back for `statements.UNDO`, and the letter waits as long.
    """
    async with holding(actor, complaint, version) as held:
        status = held.move("answer")
        await held.must_work()
        statement, digest = await say(held, "final", text, to_reporter=True, undoable=undoable)
        await held.set(status=status)
        await clocks.meet(held.id, "response", "triage", "promise", at=held.at)
        await held.record("answered", facts=_facts(held, statement), digest=digest)
        await tell_reporter(held, "answered", statement, undoable=undoable)
        await publish_statement(held, statement)


async def answer_interim(
    actor: Actor,
    complaint: int,
    *,
    text: str,
    promised_for: datetime,
    version: int | None = None,
    undoable: bool = False,
) -> None:
    """Give an interim answer that names a date: it meets the response clock and starts a promise clock.

    The date lies in the future and not after the completion deadline.
    """
    async with holding(actor, complaint, version) as held:
        status = held.move("answer_interim")
        await held.must_work()
        await _check_promise(held, promised_for)
        statement, digest = await say(
            held, "interim", text, to_reporter=True, promised_for=promised_for, undoable=undoable
        )
        await held.set(status=status)
        await clocks.meet(held.id, "response", "triage", at=held.at)
        opened = held.schedule.open("promise", held.policy_facts, held.at, due=promised_for)
        await clocks.start(
            held.id, Start("promise", opened, held.at, held.row["cycle"], "promise", statement)
        )
        await held.record(
            "promised",
            facts={**_facts(held, statement), "due": promised_for.isoformat()},
            digest=digest,
        )
        await tell_reporter(held, "promised", statement, undoable=undoable)
        await publish_statement(held, statement)


def _facts(held: Held, statement: int) -> dict[str, object]:
    """What the chain says of an answer: also the status before it, to which an undone answer leads back."""
    return {"statement": statement, "cycle": held.row["cycle"], "was": held.row["status"]}


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
    """Write an internal note, for everybody who may read the words of the complaint."""
    async with holding(actor, complaint) as held:
        await held.must_read()
        statement, digest = await say(held, "note", text, undoable=undoable)
        await held.record("noted", facts={"statement": statement}, digest=digest)
