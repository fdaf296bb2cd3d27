"""Who answers for an agency now, with the telephone at which they are reached: the holder, or Plt, Plh, Pj, Pjs."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lapor import database

# Acting holders stand before the definitive one, whose place they fill. Without a holder's number, the agency's own.
_HOLDERS = """
SELECT a.id, o.title, h.full_name, h.kind, coalesce(nullif(h.phone, ''), nullif(a.phone, ''), '') AS phone,
  coalesce(h.phone, '') <> '' AS own
FROM agency a
JOIN LATERAL (
  SELECT o.id, o.title FROM office o
  WHERE o.agency = a.id AND o.active AND o.role IN ('agency_head', 'inspector', 'sekda', 'head_of_region')
  ORDER BY o.role <> 'agency_head', o.id LIMIT 1) o ON true
LEFT JOIN LATERAL (
  SELECT p.full_name, p.phone, h.kind FROM appointment h JOIN person p ON p.id = h.person AND p.active
  WHERE h.office = o.id AND h.starts_at <= lapor_now() AND (h.ends_at IS NULL OR h.ends_at > lapor_now())
  ORDER BY h.kind = 'definitive', h.starts_at DESC, h.id LIMIT 1) h ON true
WHERE a.id = ANY ($1)"""

ACTING = {"plt": "Plt.", "plh": "Plh.", "pj": "Pj.", "pjs": "Pjs."}


@dataclass(frozen=True)
class Holder:
    """The head of an agency; without a holder `name` is empty. `own` when the number is theirs, not the agency's."""

    title: str
    name: str
    phone: str
    own: bool

    @property
    def dial(self) -> str:
        """The number as a telephone wants it (RFC 3966): digits, perhaps after a plus."""
        return re.sub(r"[^0-9+]", "", self.phone)


async def holders_of(agencies: Iterable[int]) -> Mapping[int, Holder]:
    """Return by agency who heads it now; an agency without such an office is left out."""
    found = {}
    for row in await database.fetch(_HOLDERS, sorted(set(agencies))):
        acting = ACTING.get(row["kind"] or "")
        title = f"{acting} {row['title']}" if acting else row["title"]
        found[row["id"]] = Holder(title, row["full_name"] or "", row["phone"], row["own"])
    return found
