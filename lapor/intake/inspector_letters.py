"""The letter that tells the inspectorate and the head of region that an inspector was made or let in anew."""

from typing import Any

from lapor import database, words
from lapor.complaints.inspectors import CHANGES

NOTICE = "inspector_changed"

_CHANGE = """
SELECT k.kind, k.at, coalesce(nullif(p.full_name, ''), p.username) AS person,
  coalesce(nullif(b.full_name, ''), b.username, '') AS by
FROM inspector_change k JOIN person p ON p.id = k.person LEFT JOIN person b ON b.id = k.by_person
WHERE k.id = split_part($1, ':', 2)::bigint"""


async def changed(dedupe_key: str, zone: str) -> dict[str, Any] | None:
    """Return who was made an inspector, or let in anew, how, by whom and when; None when there is no such note."""
    row = await database.fetchrow(_CHANGE, dedupe_key)
    if row is None:
        return None
    return {
        "person": row["person"],
        "done": CHANGES[row["kind"]],
        "by": row["by"],
        "at": words.localtime(row["at"], zone),
    }
