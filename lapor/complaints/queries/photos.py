"""Photos as somebody may see them: row-level security decides which there are."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from lapor import crypto, database
from lapor.complaints.photos import LIKE_PROOF, LIKE_REPORTER, context
from lapor.complaints.reading_traces import note_reading

# The other complaint's ticket comes only to those who see that complaint too.
_OF_COMPLAINT = f"""
SELECT a.id, a.purpose, a.statement, a.flagged, a.filename, o.ticket AS other
FROM attachment a
LEFT JOIN complaint o ON o.id = CASE WHEN a.flagged LIKE '{LIKE_PROOF}%' THEN substr(a.flagged, {len(LIKE_PROOF) + 1})::bigint END
WHERE a.complaint = $1 ORDER BY a.id"""
_ONE = "SELECT id, complaint, body FROM attachment WHERE id = $1 AND filename IS NULL AND ($2::bigint IS NULL OR complaint = $2)"
_DOCUMENT = """
SELECT id, complaint, filename, body FROM attachment
WHERE id = $1 AND filename IS NOT NULL AND ($2::bigint IS NULL OR complaint = $2)"""


@dataclass(frozen=True)
class Photo:
    """A photo without its picture, or a document, which has a `filename`. `like_reporter` and `like_proof` say what a proof looks like.

    `other` is the ticket of the complaint whose proof it looks like, where the reader may see that one.
    """

    id: int
    purpose: str
    statement: int | None
    like_reporter: bool
    like_proof: bool
    other: str | None
    filename: str | None = None


async def photos_of(complaint: int) -> Sequence[Photo]:
    """Return the photos of a complaint in the order in which they came, in the running transaction."""
    return [_photo(row) for row in await database.fetch(_OF_COMPLAINT, complaint)]


async def picture(photo: int, complaint: int | None = None) -> bytes | None:
    """Return a photo's JPEG, of this complaint if one is given; None when there is none for this reader."""
    row = await database.fetchrow(_ONE, photo, complaint)
    if row is None:
        return None
    if complaint is None:
        # A reporter asks within their own complaint; whoever asks by the photo alone is an officer.
        await note_reading([row["complaint"]], "photo")
    return crypto.keyring().decrypt(row["body"], context(row["id"]))


async def document(asked: int, complaint: int | None = None) -> tuple[str, bytes] | None:
    """Return name and bytes of a document, of this complaint if one is given; None when there is none for this reader."""
    row = await database.fetchrow(_DOCUMENT, asked, complaint)
    if row is None:
        return None
    if complaint is None:
        await note_reading([row["complaint"]], "photo")
    return row["filename"], crypto.keyring().decrypt(row["body"], context(row["id"]))


def _photo(row: asyncpg.Record) -> Photo:
    flagged = row["flagged"] or ""
    return Photo(
        row["id"],
        row["purpose"],
        row["statement"],
        flagged == LIKE_REPORTER,
        flagged.startswith(LIKE_PROOF),
        row["other"],
        row["filename"],
    )
