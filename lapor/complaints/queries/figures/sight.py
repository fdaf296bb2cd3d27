"""From where the asker looks: at whole regions or at one agency, from inside or from above or outside."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

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


async def leads_of_agencies() -> Mapping[int, int]:
    """Return for every agency the one that it is counted with, itself or one above it."""
    return {row["agency"]: row["lead"] for row in await database.fetch(_LEADS)}
