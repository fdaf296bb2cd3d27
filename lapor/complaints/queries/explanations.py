"""Requests for explanation, as both sides read them, and the regions below a governor side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lapor import database
from lapor.complaints.explaining import ANSWERING_ROLES
from lapor.complaints.instructing import GIVING_ROLES

LIMIT = 200
NEWEST_PUBLISHED = 3

_HELD_THEN = """NOT EXISTS (SELECT FROM appointment h WHERE h.office = x.{office} AND h.person = x.{person}
    AND h.starts_at <= x.{at} AND (h.ends_at IS NULL OR h.ends_at > x.{at}))"""

# What waits stands first, nearest deadline first; then what was answered, newest first.
_REQUESTS = f"""
SELECT x.id, x.region, b.name AS region_name, u.name AS asking_name, b.timezone AS zone, x.text, x.asked_at, x.due_at,
  coalesce(p.full_name, '') AS asker, o.title AS office,
  {_HELD_THEN.format(office="in_name_of", person="asked_by", at="asked_at")} AS asked_on_behalf,
  x.answered_at, x.answer, coalesce(q.full_name, '') AS answerer, coalesce(w.title, '') AS answering_office,
  x.answered_at IS NOT NULL AND {_HELD_THEN.format(office="answered_in_name_of", person="answered_by", at="answered_at")}
    AS answered_on_behalf,
  x.region = ANY ((SELECT my_regions_as($1))::bigint[]) AS to_us,
  x.answered_at IS NULL AND x.region = ANY ((SELECT my_regions_as($2))::bigint[]) AS may_answer,
  coalesce((SELECT k.rung FROM clock k WHERE k.complaint = x.id AND k.kind = 'explanation'), 0) AS rung
FROM explanation x
JOIN region b ON b.id = x.region
JOIN region u ON u.id = x.asking_region
JOIN office o ON o.id = x.in_name_of
LEFT JOIN office w ON w.id = x.answered_in_name_of
LEFT JOIN person p ON p.id = x.asked_by
LEFT JOIN person q ON q.id = x.answered_by
ORDER BY x.answered_at IS NOT NULL, CASE WHEN x.answered_at IS NULL THEN x.due_at END, x.answered_at DESC, x.id DESC
LIMIT {LIMIT}"""

# What a region has published everybody may read; the newest stand beside its numbers.
_BELOW = f"""
SELECT b.*, coalesce(p.tickets, '{{}}') AS tickets, coalesce(p.texts, '{{}}') AS texts,
  (SELECT count(*) FROM explanation x WHERE x.region = b.id AND x.answered_at IS NULL) AS asked
FROM regions_below() b
LEFT JOIN LATERAL (
  SELECT array_agg(n.ticket::text ORDER BY n.published_at DESC) AS tickets,
    array_agg(left(n.text, 120) ORDER BY n.published_at DESC) AS texts
  FROM (SELECT p.ticket, p.text, p.published_at FROM publication p JOIN agency a ON a.id = p.agency
        WHERE a.region = b.id AND p.statement IS NULL
        ORDER BY p.published_at DESC, p.id DESC LIMIT {NEWEST_PUBLISHED}) n) p ON true
ORDER BY b.overdue DESC, b.code"""


@dataclass(frozen=True)
class Request:
    """A request; `to_us` when our region was asked, `rung` how many steps of its ladder have come."""

    id: int
    region: int
    region_name: str
    asking_name: str
    zone: str
    text: str
    asked_at: datetime
    due_at: datetime
    asker: str
    office: str
    asked_on_behalf: bool
    answered_at: datetime | None
    answer: str
    answerer: str
    answering_office: str
    answered_on_behalf: bool
    to_us: bool
    may_answer: bool
    rung: int


@dataclass(frozen=True)
class Below:
    """A regency or city below: how many are open, how many of those passed the deadline of their answer, since when."""

    id: int
    code: str
    name: str
    timezone: str
    head: str | None
    open: int
    overdue: int
    oldest_due_at: datetime | None
    asked: int
    published: Sequence[tuple[str, str]]


async def requests() -> Sequence[Request]:
    """Return the requests that this officer's region asked or was asked, what waits first."""
    readers = [*GIVING_ROLES, "inspector"]
    return [Request(**dict(row)) for row in await database.fetch(_REQUESTS, readers, list(ANSWERING_ROLES))]


async def regions_below() -> Sequence[Below]:
    """Return the regencies and cities directly below this officer's region, most overdue first."""
    found = []
    for row in await database.fetch(_BELOW):
        values = dict(row)
        texts = [" ".join(text.split()) for text in values.pop("texts")]
        found.append(Below(published=list(zip(values.pop("tickets"), texts, strict=True)), **values))
    return found
