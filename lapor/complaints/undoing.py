"""Taking back what was sent a moment ago, before any letter has left.

The chain keeps both: what was said, and that it was taken back. The statement stays for officers, the reporter is shown
it no more, and the clocks that it met run on as if nothing had been said, with the deadline that they had. Nothing is
won by it: see `undo_statement` in the database, which alone can take a meeting back.
"""

import json
from typing import Final

import asyncpg

from lapor import database
from lapor.complaints.actor import Actor
from lapor.complaints.errors import Refused
from lapor.complaints.holding import Held, holding

# The kinds of statement that can be taken back, and the event that stands for each.
UNDOABLE: Final = {"final": "answered", "interim": "promised", "question": "asked", "note": "noted"}
# What may follow a statement without having to do with it: its own attachments, a look, what the system does.
_HARMLESS: Final = ("photo_added", "document_added", "contact_seen", "escalation_seen")

_MINE = """
SELECT s.kind, e.seq, e.facts,
  EXISTS (SELECT FROM event l WHERE l.complaint = s.complaint AND l.seq > e.seq AND l.actor <> 'system'
          AND l.kind <> ALL ($3)) AS overtaken
FROM statement s JOIN event e ON e.complaint = s.complaint AND e.kind = ANY ($4)
  AND (e.facts::jsonb->>'statement')::bigint = s.id
WHERE s.id = $1 AND s.complaint = $2 AND s.person = app_user() AND s.undone_at IS NULL AND s.undoable_until > $5"""


async def undo(actor: Actor, complaint: int, statement: int, *, version: int | None = None) -> None:
    """Take back one's own answer, interim answer, question or note, within `statements.UNDO` of sending it.

    Raises Refused when that time has passed, or when somebody has done something about the complaint since.
    """
    async with holding(actor, complaint, version) as held:
        said = await _said(held, statement)
        await database.execute("SAVEPOINT undoing")
        try:
            await database.execute("SELECT undo_statement($1)", statement)
        except asyncpg.InsufficientPrivilegeError as error:
            await database.execute("ROLLBACK TO SAVEPOINT undoing")
            raise Refused("Waktunya sudah lewat. Tulisan itu sudah dikirim.") from error
        was = json.loads(said["facts"]).get("was")
        if was:
            await held.set(status=was)
        await held.record("undone", facts={"kind": said["kind"], "statement": statement})


async def _said(held: Held, statement: int) -> asyncpg.Record:
    said = await database.fetchrow(
        _MINE, statement, held.id, list(_HARMLESS), list(UNDOABLE.values()), held.at
    )
    if said is None:
        raise Refused("Waktunya sudah lewat. Tulisan itu sudah dikirim.")
    if said["overtaken"]:
        raise Refused("Sesudahnya sudah ada langkah lain, jadi tulisan itu tidak dapat ditarik lagi.")
    return said
