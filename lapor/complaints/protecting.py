"""What an agency protects by its own hand: closed at once, and a second person says whether that was right.

Protection hides the words from the head of region too, so one person alone must not keep it up. Whoever is protected is
never left in the open meanwhile: it holds until a checker of the named desk or an inspector of the region has decided.
"""

from typing import Final

import asyncpg

from lapor import database
from lapor.complaints import clocks
from lapor.complaints.drafting import wait_for_second_person
from lapor.complaints.holding import Held
from lapor.complaints.statements import tell_offices

PROTECTION: Final = "protection"

_OVERTAKEN = """
UPDATE approval SET decided_at = $2, outcome = 'refused'
WHERE complaint = $1 AND kind = 'protection' AND decided_at IS NULL RETURNING id"""


async def by_own_hand(held: Held) -> bool:
    """Return whether the officer works in the agency whose complaint this is."""
    return await held.works_in(held.row["owner_agency"])


async def ask(held: Held, statement: int) -> None:
    """Let a second person decide about the protection; `statement` is the reason that was given."""
    await wait_for_second_person(held, PROTECTION, statement, None, category_before=held.row["category"])
    await tell_offices(held, "approval_requested", ["inspector"])


async def agree(held: Held, approval: asyncpg.Record) -> None:
    """Keep the protection up, as the second person wants it."""
    await clocks.meet(held.id, "approval", at=held.at)
    await held.record("protected", facts={"approval": approval["id"]})


async def lift(held: Held, approval: asyncpg.Record, digest: bytes) -> None:
    """Take the protection away again, as the second person wants it, and the category that brought it."""
    await held.set(category=approval["category_before"], protected=False)
    await held.record("unprotected", facts={"approval": approval["id"]}, digest=digest)


async def overtake(held: Held) -> None:
    """End what waited for a second person, because the protection was lifted from above."""
    if await database.fetch(_OVERTAKEN, held.id, held.at):
        await clocks.meet(held.id, "approval", at=held.at)
