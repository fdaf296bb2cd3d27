"""From where the asker looks: at whole regions or at one agency, from inside or from above or outside."""

from dataclasses import dataclass

from lapor import database
from lapor.complaints.queries.figures.scope import Scope


@dataclass(frozen=True)
class Sight:
    """`whole`: the sums of whole regions are open to the asker. `outside`: small groups are suppressed."""

    whole: bool
    outside: bool


_OFFICER = """
SELECT figure_regions() AS seen,
  (SELECT coalesce(array_agg(DISTINCT a.region), '{}') FROM agency a WHERE a.id = ANY (my_agencies())) AS own"""


async def sight_of(scope: Scope) -> Sight:
    """Return what the role of this transaction, and the officer in it, may be told of a scope."""
    role = await database.fetchval("SELECT current_user::text")
    if role != "lapor_reader":
        return Sight(whole=True, outside=role == "lapor_public")
    row = await database.fetchrow(_OFFICER)
    assert row is not None
    seen, own = set(row["seen"]), set(row["own"])
    if scope.region is None:
        return Sight(bool(seen), bool(seen - own))
    return Sight(scope.region in seen, scope.region not in own)
