"""What an answer does once it is said: which clocks it meets, what the chain tells, who gets a letter."""

from datetime import datetime

from lapor.complaints import clocks
from lapor.complaints.clocks import Start
from lapor.complaints.holding import Held
from lapor.complaints.publishing import publish_statement
from lapor.complaints.statements import tell_reporter


async def settle_final(held: Held, statement: int, digest: bytes, *, undoable: bool = False) -> None:
    """Let a final answer meet the response clock and any promise."""
    was = held.row["status"]
    await held.set(status=held.move("answer"))
    await clocks.meet(held.id, "response", "triage", "promise", at=held.at)
    await held.record("answered", facts=_facts(held, statement, was), digest=digest)
    await tell_reporter(held, "answered", statement, undoable=undoable)
    await publish_statement(held, statement)


async def settle_interim(
    held: Held, statement: int, digest: bytes, promised_for: datetime, *, undoable: bool = False
) -> None:
    """Let an interim answer meet the response clock, and start the clock of its promise."""
    was = held.row["status"]
    await held.set(status=held.move("answer_interim"))
    await clocks.meet(held.id, "response", "triage", at=held.at)
    opened = held.schedule.open("promise", held.policy_facts, held.at, due=promised_for)
    await clocks.start(held.id, Start("promise", opened, held.at, held.row["cycle"], "promise", statement))
    facts = {**_facts(held, statement, was), "due": promised_for.isoformat()}
    await held.record("promised", facts=facts, digest=digest)
    await tell_reporter(held, "promised", statement, undoable=undoable)
    await publish_statement(held, statement)


def _facts(held: Held, statement: int, was: str) -> dict[str, object]:
    """What the chain says of an answer: also the status before it, to which an undone answer leads back."""
    return {"statement": statement, "cycle": held.row["cycle"], "was": was}
