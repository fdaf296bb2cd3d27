"""Who hears of a policy's rungs: the offices that a ladder can reach, with who holds them now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from lapor import database
from lapor.complaints.escalating import AUDIENCES, IN_AGENCY, IN_OTHER_AGENCY
from lapor.locales import say
from lapor.routing.directory import AgencyEntry


@dataclass(frozen=True)
class Ears:
    """The offices that a ladder can reach, with who holds them now."""

    offices: Sequence[asyncpg.Record]
    trial: bool

    def of(self, audience: str) -> list[str]:
        """The names that stand for an audience, the way the sweep finds its offices."""
        if audience == "reporter":
            return [say("Pelapor")]
        if audience == "asking_head":
            return [say("Kepala daerah di atasnya, yang meminta")]
        if audience in IN_OTHER_AGENCY:
            return [say("Instansi yang ditawari")]
        inside = audience in IN_AGENCY
        if self.trial and not inside:
            return []
        roles = AUDIENCES.get(audience, ())
        found = [office for office in self.offices if office["role"] in roles]
        return [_office(office) for office in found if office["own"] or not inside]


def _office(office: asyncpg.Record) -> str:
    holders = office["holders"] or say("tidak ada pemegang jabatan")
    return f"{office['title']} ({holders})"


_OFFICES = """
SELECT o.title, o.role, o.agency = $1 AS own,
       (SELECT string_agg(p.full_name, ', ' ORDER BY p.full_name)
        FROM appointment h JOIN person p ON p.id = h.person AND p.active
        WHERE h.office = o.id AND h.starts_at <= lapor_now() AND (h.ends_at IS NULL OR h.ends_at > lapor_now())
       ) AS holders
FROM office o JOIN agency a ON a.id = o.agency
WHERE o.active AND (o.agency = $1 OR a.region = $2)
ORDER BY o.id"""

_TRIAL = """
SELECT coalesce(r.live_from > lapor_now(), false) OR coalesce(a.live_from > lapor_now(), false)
FROM agency a JOIN region r ON r.id = a.region WHERE a.id = $1"""


async def ears_of(agency: AgencyEntry) -> Ears:
    """Return who can be reached about a complaint of this agency."""
    offices = await database.fetch(_OFFICES, agency.id, agency.region_id)
    return Ears(offices, bool(await database.fetchval(_TRIAL, agency.id)))
