"""The digest of an office: what its notices of a while say in one letter, and in the morning what still stands."""

from dataclasses import replace

import asyncpg

from lapor import database
from lapor.intake import letters
from lapor.intake.bundling import DIGEST, LEADING
from lapor.intake.complaint_lines import COLUMNS, LONGEST, lines_of
from lapor.intake.letters import Letter, Sending
from lapor.intake.office_letters import NOTHING_LEFT, filled, office_of, to_holders

_BUNDLED = f"""
SELECT {COLUMNS}
FROM message m
JOIN complaint c ON c.id = m.complaint
JOIN agency a ON a.id = c.owner_agency
JOIN clock k ON k.id = m.clock
LEFT JOIN category g ON g.id = c.category
WHERE m.id = $1 OR m.bundle = $1"""

# What was escalated and is still unmet, whatever this office has heard of it; nothing that it must not hear of.
_STANDING = f"""
SELECT {COLUMNS}
FROM clock k
JOIN complaint c ON c.id = k.complaint
JOIN agency a ON a.id = c.owner_agency
LEFT JOIN category g ON g.id = c.category
WHERE k.met_at IS NULL AND k.due_at < $1 AND c.region = $2
  AND EXISTS (SELECT FROM escalation e WHERE e.clock = k.id AND e.step = 'escalate' AND NOT e.trial)
  AND (c.reported_agency IS NULL OR NOT EXISTS (
    SELECT FROM appointment h JOIN appointment b ON b.person = h.person JOIN office x ON x.id = b.office
    WHERE h.office = $3 AND x.agency = c.reported_agency AND (h.ends_at IS NULL OR h.ends_at > $1)
      AND (b.ends_at IS NULL OR b.ends_at > $1)))
  AND c.reported_agency IS DISTINCT FROM $4"""


async def digest(head: asyncpg.Record, sending: Sending) -> Letter:
    """Return the digest of an office; with nothing left to say it never leaves."""
    office = await office_of(head)
    leading = office["role"] in LEADING
    rows = list(await database.fetch(_BUNDLED, head["id"]))
    if head["kind"] == DIGEST:
        rows += await database.fetch(_STANDING, head["now"], office["region"], office["id"], office["agency"])
    lines = lines_of(rows, office["zone"], head["now"])
    letter = await to_holders(head, office, sending, waits=head["kind"] != DIGEST)
    if not lines:
        return replace(letter, channel=None, trouble=NOTHING_LEFT, hopeless=True)
    page = "pimpinan/eskalasi" if leading else "meja"
    context = {
        "morning": head["kind"] == DIGEST,
        "leading": leading,
        "lines": lines[:LONGEST],
        "total": len(lines),
        "left_out": max(len(lines) - LONGEST, 0),
        "link": f"{sending.base_url}/{page}",
        "list_link": await letters.list_link(letter, office["role"], sending),
        "minutes": sending.link_minutes,
        "office": office["title"],
        "office_agency": office["agency_name"],
    }
    return filled(letter, "digest", context)
