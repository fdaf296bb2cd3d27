"""How complaints stand, told to somebody who asks in a conversation: what everybody with the ticket is told."""

from __future__ import annotations

from collections.abc import Sequence

from lapor import crypto, database, words
from lapor.complaints.states import LABELS
from lapor.locales import say

MOST = 5
_STATUS = "SELECT s.*, lapor_now() AS now FROM ticket_status($1) s"
# Only ordinary complaints can be found by their sender (DESIGN: anonymous ones never join another's history).
_OWN = """
SELECT c.ticket FROM identity i JOIN complaint c ON c.id = i.complaint
WHERE i.external_lookup = ANY ($1) ORDER BY c.filed_at DESC, c.id DESC LIMIT $2"""
_ASKED = """
SELECT c.ticket FROM identity i JOIN complaint c ON c.id = i.complaint
WHERE i.external_lookup = ANY ($1) AND c.awaits_reporter AND c.status NOT IN ('closed', 'rejected') LIMIT 2"""


async def of_ticket(ticket: str) -> str | None:
    """Return how a complaint stands in a few lines, in the current language; None for a ticket that nobody has."""
    row = await database.fetchrow(_STATUS, ticket)
    if row is None:
        return None
    lines = [f"{words.ticket(row['ticket'])}: {say(LABELS[row['status']])}"]
    if row["agency"]:
        lines.append(say("Yang bertanggung jawab: {agency}").format(agency=row["agency"]))
    if row["met_at"] is None and row["due_at"] and row["status"] not in ("closed", "rejected", "referred"):
        due = words.localtime(row["due_at"], row["timezone"])
        lines.append(
            say("Tenggat: {due}").format(due=due) + f" ({words.remaining(row['due_at'], row['now'])})"
        )
    return "\n".join(lines)


async def of_sender(externals: Sequence[str], besides: str = "") -> Sequence[str]:
    """Return how the newest complaints of a sender stand, and `besides` the one that they just filed."""
    found = [row["ticket"] for row in await database.fetch(_OWN, _lookups(externals), MOST)]
    tickets = dict.fromkeys([besides, *found] if besides else found)
    told = [await of_ticket(ticket) for ticket in tickets]
    return [standing for standing in told if standing]


async def asked_about(externals: Sequence[str]) -> str:
    """Return the ticket of the one complaint in which an agency waits for this sender; empty for none or several."""
    found = await database.fetch(_ASKED, _lookups(externals))
    return str(found[0]["ticket"]) if len(found) == 1 else ""


def _lookups(externals: Sequence[str]) -> list[str]:
    return [lookup for one in externals for lookup in crypto.keyring().lookups(one, "external")]
