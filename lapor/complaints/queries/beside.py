"""What stands beside one complaint: what can be taken back, who helps, what else was reported there and by whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from lapor import database

NEAR: Final = 100  # metres
_METRES_OF_DEGREE: Final = 111_320
_MOST: Final = 10

_OWN = """
SELECT u.id, u.kind, u.undoable_until, lapor_now() AS now, 
  CASE WHEN h.complaint IS NULL OR (h.comment <> '' AND h.account <> '') OR reporter_reach($1) <> 'social'
    THEN reporter_reach($1) ELSE '' END AS reach,
  (SELECT answers_need_approval FROM agency WHERE id = c.owner_agency) AS needs_approval,
  ARRAY(SELECT a.id FROM agency a WHERE a.id = ANY (c.supporting) ORDER BY a.name) AS helpers,
  ARRAY(SELECT a.name FROM agency a WHERE a.id = ANY (c.supporting) ORDER BY a.name) AS helper_names
FROM complaint c
LEFT JOIN social_thread h ON h.complaint = c.id
LEFT JOIN LATERAL (
  SELECT id, kind, undoable_until FROM statement
  WHERE complaint = c.id AND person = app_user() AND undone_at IS NULL AND undoable_until > lapor_now()
  ORDER BY id DESC LIMIT 1) u ON true
WHERE c.id = $1"""

# Of a place: within reach of its point, or in the same village about the same. Whose sender or words are hidden joins
# no other complaint's history; row-level security leaves of the others those that the officer may read.
_NEIGHBOURS = f"""
WITH place AS (
  (SELECT w.complaint AS id FROM content w
   WHERE w.latitude BETWEEN $2::float8 - {NEAR / _METRES_OF_DEGREE} AND $2::float8 + {NEAR / _METRES_OF_DEGREE}
     AND w.longitude BETWEEN $3::float8 - {NEAR / _METRES_OF_DEGREE} / cos(radians($2::float8))
                         AND $3::float8 + {NEAR / _METRES_OF_DEGREE} / cos(radians($2::float8))
     AND |/ ((w.latitude - $2::float8) ^ 2 + ((w.longitude - $3::float8) * cos(radians($2::float8))) ^ 2)
         <= {NEAR / _METRES_OF_DEGREE}
   LIMIT 200)
  UNION
  (SELECT c.id FROM complaint c WHERE c.village = $4 AND c.category = $5 ORDER BY c.filed_at DESC LIMIT 200)
), found AS (
  SELECT id, 'place' AS why FROM place
  UNION ALL
  SELECT id, 'reporter' FROM same_reporter($1) AS id
)
SELECT f.why, c.id, c.ticket, c.status, c.filed_at, g.name AS category, a.short_name AS agency
FROM found f JOIN complaint c ON c.id = f.id JOIN content w ON w.complaint = c.id
JOIN agency a ON a.id = c.owner_agency LEFT JOIN category g ON g.id = c.category
WHERE c.id <> $1 AND NOT (c.anonymous OR c.confidential OR c.protected OR c.about_official)
ORDER BY c.filed_at DESC, c.id DESC"""


@dataclass(frozen=True)
class Undoable:
    """What this officer has sent a moment ago and can still take back, and for how many seconds."""

    statement: int
    kind: str
    seconds: int


@dataclass(frozen=True)
class Neighbour:
    """Another complaint that this officer may read."""

    id: int
    ticket: str
    status: str
    filed_at: datetime
    category: str
    agency: str


@dataclass(frozen=True)
class Beside:
    """What stands beside a complaint. `reach` is the channel by which letters leave for the reporter, or empty.

    `helpers` are the supporting agencies, by id.
    """

    undoable: Undoable | None
    reach: str
    needs_approval: bool
    helpers: Mapping[int, str]
    at_place: Sequence[Neighbour]
    of_reporter: Sequence[Neighbour]


async def beside(row: Mapping[str, Any]) -> Beside:
    """Return what stands beside the complaint of this row, in the officer's running transaction."""
    own = await database.fetchrow(_OWN, row["id"])
    assert own is not None
    found = await _neighbours(row) if row["readable"] else {}
    left = int((own["undoable_until"] - own["now"]).total_seconds()) + 1 if own["id"] else 0
    return Beside(
        Undoable(own["id"], own["kind"], left) if own["id"] else None,
        own["reach"] or "",
        bool(own["needs_approval"]),
        dict(zip(own["helpers"], own["helper_names"], strict=True)),
        found.get("place", [])[:_MOST],
        found.get("reporter", [])[:_MOST],
    )


async def _neighbours(row: Mapping[str, Any]) -> dict[str, list[Neighbour]]:
    rows = await database.fetch(
        _NEIGHBOURS, row["id"], row["latitude"], row["longitude"], row["village"], row["category"]
    )
    found: dict[str, list[Neighbour]] = {}
    for one in rows:
        about = Neighbour(
            one["id"],
            one["ticket"],
            one["status"],
            one["filed_at"],
            one["category"] or "",
            one["agency"],
        )
        found.setdefault(one["why"], []).append(about)
    return found
