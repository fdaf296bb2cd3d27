"""What somebody writes to a complaint that is there already: added as its reporter's words, by whoever filed it only.

A ticket of somebody else changes nothing, and is answered like a ticket that nobody has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from lapor import crypto, database
from lapor.complaints import desk
from lapor.complaints.desk import Actor, Picture, Refused
from lapor.complaints.draft import identity_context
from lapor.complaints.statements import TEXT_LIMIT

# By what a channel knows a sender: its own id of them (as `external` of the filing), or their e-mail address.
Known = Literal["external", "email", "phone"]
CUT: Final = " …"

_FILED = """
SELECT c.id, c.status, i.external, i.email, i.phone FROM complaint c JOIN identity i ON i.complaint = c.id
WHERE c.ticket = $1"""


@dataclass(frozen=True)
class Added:
    """The words that were added; `statement` is where photos that come later belong."""

    complaint: int
    statement: int


async def complaint_of(ticket: str, known: Known, sender: str) -> int | None:
    """Return the complaint with this ticket if the sender is its reporter, else None; inside a transaction of `worker`.

    Who filed is compared with what was encrypted, so that it works for anonymous complaints too and links none of them.
    """
    row = await database.fetchrow(_FILED, ticket)
    if row is None or row[known] is None or not sender:
        return None
    filed_by = crypto.keyring().decrypt(row[known], identity_context(row["id"], known)).decode()
    return int(row["id"]) if filed_by == _plain(known, sender) else None


async def complaint_of_any(ticket: str, externals: Sequence[str]) -> int | None:
    """The same for a sender whom a channel knows by several ids of its own."""
    found = [await complaint_of(ticket, "external", one) for one in externals]
    return next(filter(None, found), None)


async def add(complaint: int, text: str, photos: Sequence[Picture] = ()) -> Added:
    """Add words, and photos, as the reporter's; in the caller's transaction, if there is one.

    Whoever calls it knows that the sender is the reporter. Raises Refused when the complaint takes nothing more
    (it is closed), or with what is wrong about the photos. Longer words are cut: the delivery keeps them whole.
    """
    said = text.strip()
    if len(said) > TEXT_LIMIT:
        said = said[: TEXT_LIMIT - len(CUT)] + CUT
    statement = await desk.reply(Actor.heard(), complaint, text=said, photos=photos)
    return Added(complaint, statement)


def _plain(known: Known, sender: str) -> str:
    """A sender as filing keeps them."""
    plain = sender.strip()
    return plain.lower() if known == "email" else plain


__all__ = ["Added", "Known", "Refused", "add", "complaint_of", "complaint_of_any"]
