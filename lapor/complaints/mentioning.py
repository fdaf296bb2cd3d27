"""Colleagues named in an internal note with @username: who may read it hears of it."""

import re

from lapor import database
from lapor.complaints.errors import Refused
from lapor.complaints.holding import Held
from lapor.complaints.statements import UNDO

_NAMED = re.compile(r"(?<![\w@.])@([a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)", re.IGNORECASE)
MOST_NAMED = 10

# The office by which they are told: one in the responsible agency first.
_OFFICE = """
SELECT p.id, (SELECT o.id FROM appointment a JOIN office o ON o.id = a.office
  WHERE a.person = p.id AND o.active AND a.starts_at <= lapor_now() AND (a.ends_at IS NULL OR a.ends_at > lapor_now())
  ORDER BY o.agency = $2 DESC, o.id LIMIT 1) AS office
FROM person p WHERE lower(p.username) = $1 AND p.active"""
_TELL = """
INSERT INTO message (dedupe_key, kind, complaint, statement, office, state, attempts, next_attempt_at, created_at)
VALUES ($1, 'mentioned', $2, $3, $4, 'waiting', 0, $5, $6) ON CONFLICT (dedupe_key) DO NOTHING"""


def names_in(text: str) -> list[str]:
    """Return the usernames that a text names, each once, in lower case."""
    return list(dict.fromkeys(name.lower() for name in _NAMED.findall(text)))


async def offices_of(held: Held, text: str) -> list[int]:
    """Return the offices of everybody named in a text.

    Raises Refused for a name that is nobody's and for somebody who may not read the complaint: the two look alike.
    """
    names = names_in(text)
    if len(names) > MOST_NAMED:
        raise Refused(f"Sebut paling banyak {MOST_NAMED} petugas dalam satu catatan.", "text")
    return [await _office(held, name) for name in names]


async def tell(held: Held, offices: list[int], statement: int, *, undoable: bool) -> None:
    """Put a message to each office into the outbox; it waits as long as the note can be undone."""
    for office in dict.fromkeys(offices):
        key = f"mentioned:{held.id}:{statement}:{office}"
        leaves = held.at + UNDO if undoable else held.at
        await database.execute(_TELL, key, held.id, statement, office, leaves, held.at)


async def _office(held: Held, name: str) -> int:
    found = await database.fetchrow(_OFFICE, name, held.row["owner_agency"])
    if found is not None and found["office"] is not None:
        async with database.transaction("desk", user_id=found["id"]):
            if await database.fetchval("SELECT may_read($1)", held.id):
                return int(found["office"])
    raise Refused(f"@{name} bukan nama petugas yang boleh membaca laporan ini.", "text")
