"""What waits for a second person, as they need it to decide: what is claimed, with which proof, refused how often."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from lapor import database

_CLAIMS = """
SELECT p.complaint, p.kind, p.requested_at, s.text, h.full_name AS claimed_by, o.name AS outside_body,
  p.requested_by = app_user() AS own,
  (SELECT array_agg(f.id ORDER BY f.id) FROM attachment f
   WHERE f.complaint = p.complaint AND f.statement = p.statement AND f.purpose = 'proof') AS photos,
  (SELECT count(*) FROM approval b WHERE b.complaint = p.complaint AND b.outcome = 'refused') AS refusals,
  (SELECT n.text FROM approval b JOIN statement n ON n.complaint = b.complaint AND n.kind = 'note'
     AND n.person = b.decided_by AND n.made_at = b.decided_at
   WHERE b.complaint = p.complaint AND b.outcome = 'refused' ORDER BY b.decided_at DESC LIMIT 1) AS last_refusal
FROM approval p
LEFT JOIN statement s ON s.id = p.statement
LEFT JOIN person h ON h.id = p.requested_by
LEFT JOIN outside_body o ON o.id = p.outside_body
WHERE p.complaint = ANY ($1) AND p.decided_at IS NULL"""


@dataclass(frozen=True)
class Claim:
    """An open claim. `text` is None where the words are hidden; `photos` are ids of the proof, `own` says that this
    officer made it and somebody else has to decide."""

    kind: str
    requested_at: datetime
    claimed_by: str
    own: bool
    text: str | None
    outside_body: str | None
    photos: Sequence[int]
    refusals: int
    last_refusal: str | None


async def claims_of(complaints: Sequence[int]) -> Mapping[int, Claim]:
    """Return the open claims of these complaints by complaint."""
    if not complaints:
        return {}
    return {row["complaint"]: _claim(row) for row in await database.fetch(_CLAIMS, list(complaints))}


def _claim(row: asyncpg.Record) -> Claim:
    return Claim(
        kind=row["kind"],
        requested_at=row["requested_at"],
        claimed_by=row["claimed_by"] or "",
        own=row["own"],
        text=row["text"],
        outside_body=row["outside_body"],
        photos=row["photos"] or (),
        refusals=row["refusals"],
        last_refusal=row["last_refusal"],
    )
