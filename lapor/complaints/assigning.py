"""Putting a complaint into the hands of one colleague. The responsible agency stays responsible, its clocks run on."""

from typing import Final

from lapor import database
from lapor.complaints import states
from lapor.complaints.actor import Actor
from lapor.complaints.errors import Refused
from lapor.complaints.holding import WORKING_ROLES, Held, holding

# The latest row counts: `LEFT JOIN LATERAL (…) ON true` beside a complaint `c` tells in whose hands it is, or nobody's.
IN_HAND: Final = "SELECT person FROM assignment WHERE complaint = c.id ORDER BY id DESC LIMIT 1"

# Colleagues who work in an agency now; what is protected is read at its named desks only.
COLLEAGUES: Final = """
SELECT DISTINCT p.id, p.full_name
FROM office o JOIN appointment a ON a.office = o.id JOIN person p ON p.id = a.person
WHERE o.agency = $1 AND o.active AND o.role = ANY ($2) AND (NOT $3 OR o.named_desk) AND p.active
  AND a.starts_at <= lapor_now() AND (a.ends_at IS NULL OR a.ends_at > lapor_now())
ORDER BY p.full_name, p.id"""


async def assign(actor: Actor, complaint: int, person: int | None, *, version: int | None = None) -> None:
    """Put the complaint into the hands of a person of the responsible agency, or into nobody's with None.

    Raises Refused for somebody who works elsewhere or may not read it. No clock is met or moved by it.
    """
    async with holding(actor, complaint, version) as held:
        if held.row["status"] not in states.OPEN:
            raise Refused(
                f"Ini tidak dapat dilakukan pada laporan yang berstatus “{states.LABELS[held.row['status']]}”."
            )
        await held.must_work()
        if person is not None and person not in await colleagues(held):
            raise Refused("Pilih petugas dari daftar.", "person")
        await database.execute(
            "INSERT INTO assignment (complaint, person, assigned_by, assigned_at) VALUES ($1, $2, $3, $4)",
            held.id,
            person,
            actor.person,
            held.at,
        )
        await held.record(
            "assigned" if person else "unassigned", facts={"person": person} if person else None
        )


async def colleagues(held: Held) -> dict[int, str]:
    """Return who may have the complaint in hand, by id, with names."""
    rows = await database.fetch(
        COLLEAGUES, held.row["owner_agency"], list(WORKING_ROLES), held.row["protected"]
    )
    return {row["id"]: row["full_name"] for row in rows}
