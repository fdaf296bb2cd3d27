"""Letters about a request for explanation: to the head who is asked, and to the one who asked."""

from dataclasses import replace

import asyncpg

from lapor import database, words
from lapor.intake import letters
from lapor.intake.channels.interface import Outgoing
from lapor.intake.letters import Addressee, Letter, Sending

# What a rung of the ladder says, by the kind of its message.
_WORDED = {
    "rung_notify": "explanation_asked",
    "rung_remind": "explanation_due",
    "rung_escalate": "explanation_late",
}

_FACTS = """
SELECT m.dedupe_key, m.kind, m.created_at, x.text, x.answer, x.due_at, x.answered_at, b.name AS region,
  u.name AS asking, i.title AS in_name_of, o.id AS office, o.code AS office_code, o.title, o.role,
  g.email, g.name AS agency_name, z.timezone AS zone, lapor_now() AS now
FROM message m
JOIN explanation x ON x.id = m.complaint
JOIN region b ON b.id = x.region
JOIN region u ON u.id = x.asking_region
JOIN office i ON i.id = x.in_name_of
JOIN office o ON o.id = m.office
JOIN agency g ON g.id = o.agency
JOIN region z ON z.id = g.region
WHERE m.id = $1"""


async def write(message: int, sending: Sending) -> Letter:
    """Return the message as it is to leave now; inside a transaction of the worker. LookupError: it is gone."""
    facts = await database.fetchrow(_FACTS, message)
    if facts is None:
        raise LookupError("the message or its subject does not exist")
    letter = Letter(
        Outgoing(facts["dedupe_key"], facts["kind"], "", facts["office_code"], (), "", "", facts["now"])
    )
    to = Addressee(facts["office"], facts["role"], facts["zone"], facts["email"], facts["created_at"])
    letter = await letters.to_holders(letter, to, sending)
    if letter.channel is None:
        return letter
    kind = _WORDED.get(facts["kind"], facts["kind"])
    subject, body = letters.render(f"leaders/{kind}", _context(facts, sending), sensitive=False)
    return replace(letter, outgoing=replace(letter.outgoing, subject=subject, body=body))


def _context(facts: asyncpg.Record, sending: Sending) -> dict[str, str]:
    return {
        "text": facts["text"],
        "answer": facts["answer"],
        "due": words.localtime(facts["due_at"], facts["zone"]),
        "left": words.remaining(facts["due_at"], facts["now"]),
        "met": words.localtime(facts["answered_at"], facts["zone"]) if facts["answered_at"] else "",
        "region": facts["region"],
        "asking": facts["asking"],
        "in_name_of": facts["in_name_of"],
        "link": f"{sending.base_url}/pimpinan/penjelasan",
        "office": facts["title"],
        "office_agency": facts["agency_name"],
    }
