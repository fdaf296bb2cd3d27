"""For which region a leader reads, and in whose name they act."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lapor import database
from lapor.admin.offices import LEADER_ROLES, Officer
from lapor.complaints.instructing import GIVING_ROLES


@dataclass(frozen=True)
class LeaderOffice:
    """A leader's region, whether regions lie below it and above it, and the office in whose name staff act."""

    region: int
    name: str
    has_below: bool
    has_above: bool
    waiting: int
    on_behalf_of: str


_REGION = """
SELECT r.name,
  EXISTS (SELECT FROM region b JOIN agency a ON a.region = b.id AND a.active
          WHERE b.parent = r.id AND b.kind IN ('regency', 'city')) AS has_below,
  EXISTS (SELECT FROM agency a WHERE a.region = r.parent AND a.active) AS has_above,
  (SELECT o.title FROM office o JOIN agency a ON a.id = o.agency
   WHERE a.region = r.id AND o.role = 'head_of_region' AND o.active ORDER BY o.id LIMIT 1) AS head,
  (SELECT count(*) FROM explanation x WHERE x.region = r.id AND x.answered_at IS NULL) AS waiting
FROM region r WHERE r.id = $1"""


def region_of(officer: Officer, roles: Sequence[str] | frozenset[str] = LEADER_ROLES) -> int:
    """Return the region of the first office of these roles."""
    return next(office.region for office in officer.offices if office.role in roles)


async def leader_office(officer: Officer) -> LeaderOffice:
    """Return where this leader stands; inside a transaction of the reader."""
    region = region_of(officer)
    row = await database.fetchrow(_REGION, region)
    assert row is not None
    acts_for = row["head"] or "" if _acts_for_head(officer, region) else ""
    return LeaderOffice(region, row["name"], row["has_below"], row["has_above"], row["waiting"], acts_for)


def _acts_for_head(officer: Officer, region: int) -> bool:
    """Whether the first of the roles that give instructions is that of the staff, as `giving_office` decides it."""
    held = {office.role for office in officer.offices if office.region == region}
    return next((role for role in GIVING_ROLES if role in held), "") == "leadership_staff"
