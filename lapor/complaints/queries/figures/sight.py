"""From where the asker looks: at whole regions or at one agency, from inside or from above or outside."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from lapor import database
from lapor.complaints.queries.figures.scope import Scope

# A unit (an urban village, a hospital) is counted with the agency it belongs to; villages answer for themselves.
_LEADS = """
WITH RECURSIVE up AS (
  SELECT a.id AS agency, a.id AS lead, a.parent, a.kind, 0 AS depth FROM agency a
  UNION ALL
  SELECT u.agency, p.id, p.parent, p.kind, u.depth + 1 FROM up u JOIN agency p ON p.id = u.parent
  WHERE p.kind NOT IN ('sekretariat', 'pimpinan') AND u.kind NOT IN ('desa', 'bumd') AND u.depth < 5
) SELECT DISTINCT ON (agency) agency, lead FROM up ORDER BY agency, depth DESC"""


@dataclass(frozen=True)
class Sight:
    """`whole`: the sums of whole regions are open to the asker. `outside`: small groups are suppressed.

    `agencies`: the only ones whose sums the asker sees, None where those of a region are seen.
    """

    whole: bool
    outside: bool
    agencies: Collection[int] | None = None


_OFFICER = """
SELECT figure_regions() AS seen, figure_agencies() AS agencies,
  (SELECT coalesce(array_agg(DISTINCT a.region), '{}') FROM agency a WHERE a.id = ANY (my_agencies())) AS own"""


async def sight_of(scope: Scope) -> Sight:
    """Return what the role of this transaction, and the officer in it, may be told of a scope."""
    role = await database.fetchval("SELECT current_user::text")
    if role != "lapor_reader":
        return Sight(whole=True, outside=role == "lapor_public")
    row = await database.fetchrow(_OFFICER)
    assert row is not None
    seen, own = set(row["seen"]), set(row["own"])
    agencies = None if seen else set(row["agencies"])
    if scope.region is None:
        return Sight(bool(seen), bool(seen - own), agencies)
    return Sight(scope.region in seen, scope.region not in own, agencies)


# What was written down when months closed, where it is another one today.
_THEN = f"""
SELECT f.agency, f.month, f.lead, f.upto FROM (
  SELECT agency, month, lead, lead(month, 1, 'infinity') OVER (PARTITION BY agency ORDER BY month) AS upto
  FROM figure_lead) f
JOIN ({_LEADS}) n ON n.agency = f.agency WHERE n.lead <> f.lead AND f.month <= $2 AND f.upto > $1"""
_KEEP = f"""
INSERT INTO figure_lead (agency, month, lead)
SELECT n.agency, $2, n.lead FROM ({_LEADS}) n JOIN agency a ON a.id = n.agency
WHERE a.region = $1 AND n.lead IS DISTINCT FROM (
  SELECT f.lead FROM figure_lead f WHERE f.agency = n.agency AND f.month <= $2 ORDER BY f.month DESC LIMIT 1)"""


@dataclass(frozen=True)
class LedThen:
    """With whom an agency was counted in months that closed from `first` on, up to before `until`; not so today."""

    agency: int
    lead: int
    first: date
    until: date


async def led_then(first: date, last: date) -> Sequence[LedThen]:
    """Return who was counted with somebody else when months of this period closed; usually nobody."""
    rows = await database.fetch(_THEN, first, last)
    return [LedThen(row["agency"], row["lead"], row["month"], row["upto"]) for row in rows]


async def keep_leads(region: int, month: date) -> None:
    """Write down with whom the agencies of a region are counted in a month that closes now; as `worker`."""
    await database.execute(_KEEP, region, month)


async def leads_of_agencies() -> Mapping[int, int]:
    """Return for every agency the one that it is counted with, itself or one above it."""
    return {row["agency"]: row["lead"] for row in await database.fetch(_LEADS)}
