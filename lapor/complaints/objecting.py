"""Objections to a month before it closes: made by the agency, decided by the coordinator or an administrator.

A decision never changes a figure by hand: what was wrong is put right in the record, and the figures follow it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from lapor import database
from lapor.complaints.actor import Actor
from lapor.complaints.errors import NotFound, Refused
from lapor.complaints.tables_figures import OBJECTION_OUTCOMES

REFERENCE_LIMIT: Final = 80
TEXT_LIMIT: Final = 4000

_CLOSED: Final = (
    "SELECT EXISTS (SELECT FROM figure_seal WHERE region = $1 AND month = $2 AND kind = 'closed')"
)
_OFFICE: Final = """
SELECT o.agency, g.region FROM my_offices() o JOIN agency g ON g.id = o.agency
WHERE o.role IN ('agency_head', 'liaison') ORDER BY o.role, o.id LIMIT 1"""
_OBJECTIONS: Final = """
SELECT o.id, o.month, a.name AS agency, o.reference, o.text, o.made_at, o.made_by, p.full_name AS maker, o.outcome,
  o.answer, o.decided_at, d.full_name AS decider,
  o.decided_at IS NULL AND o.made_by <> app_user()
    AND o.region = ANY (my_regions_as('{coordinator,administrator}')) AS may_decide
FROM figure_objection o JOIN agency a ON a.id = o.agency JOIN person p ON p.id = o.made_by
LEFT JOIN person d ON d.id = o.decided_by
ORDER BY o.decided_at IS NOT NULL, o.made_at DESC LIMIT 100"""


@dataclass(frozen=True)
class Objection:
    """An objection as those who may see it read it; `may_decide` is said of the reader."""

    id: int
    month: date
    agency: str
    reference: str
    text: str
    made_at: datetime
    made_by: int
    maker: str
    outcome: str | None
    answer: str
    decided_at: datetime | None
    decider: str | None
    may_decide: bool


async def object_to(actor: Actor, month: date, *, reference: str, text: str) -> None:
    """Object to a month in the name of one's agency; Refused when it is closed, or without reference and reason."""
    if not reference.strip() or len(reference.strip()) > REFERENCE_LIMIT:
        raise Refused("Sebut nomor surat atau nomor laporan yang menjadi dasarnya.", "reference")
    if not text.strip() or len(text) > TEXT_LIMIT:
        raise Refused("Tulis apa yang menurut Anda keliru.", "text")
    async with database.transaction(actor.role, user_id=actor.person):
        office = await database.fetchrow(_OFFICE)
        if office is None:
            raise Refused("Hanya kepala instansi atau pejabat penghubung yang dapat mengajukan keberatan.")
        now = await database.now()
        if await database.fetchval(_CLOSED, office["region"], month):
            raise Refused("Bulan ini sudah ditutup.", "month")
        await database.execute(
            "INSERT INTO figure_objection (region, month, agency, reference, text, made_by, made_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7)",
            office["region"],
            month,
            office["agency"],
            reference.strip(),
            text.strip(),
            actor.person,
            now,
        )


async def decide_objection(actor: Actor, objection: int, *, outcome: str, answer: str) -> None:
    """Accept or refuse an objection, with an answer; NotFound when it is not this officer's to decide."""
    if outcome not in OBJECTION_OUTCOMES:
        raise Refused("Pilih keputusan Anda.", "outcome")
    if not answer.strip() or len(answer) > TEXT_LIMIT:
        raise Refused("Tulis alasan keputusan Anda.", "answer")
    async with database.transaction(actor.role, user_id=actor.person):
        decided = await database.fetch(
            "UPDATE figure_objection SET decided_by = $2, decided_at = $3, outcome = $4, answer = $5"
            " WHERE id = $1 AND decided_at IS NULL RETURNING id",
            objection,
            actor.person,
            await database.now(),
            outcome,
            answer.strip(),
        )
        if not decided:
            raise NotFound


async def objections() -> Sequence[Objection]:
    """Return the objections that this officer may see, those to be decided first."""
    return [Objection(**dict(row)) for row in await database.fetch(_OBJECTIONS)]
