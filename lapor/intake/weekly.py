"""The weekly letter of a region: made once for every week that has ended, kept as it left, told to its readers.

It is due on Monday at 07:30 of the region, and is made later in the week when nothing ran then. What is confidential
or protected is a number and a time in it; what is about an official does not stand in it at all, because one letter
goes to all who lead the region.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import asyncpg

from lapor import database, words
from lapor.complaints import archive
from lapor.complaints.archive import ADDRESSEES, WEEKLY
from lapor.complaints.queries.figures import Period, Row, Scope, Table, figures
from lapor.database import transaction
from lapor.intake.letters import CLOCKS
from lapor.intake.recipients import MORNING
from lapor.intake.weekly_pdf import draw

NOTICE: Final = "weekly_letter"
OLDEST = 10
MOST_ORDERS = 15

# Trial complaints are told to no leader, and what is about an official not to all of them.
_OF_ALL = "NOT c.trial AND NOT c.about_official"

_REGIONS = f"""
SELECT r.id, r.code, r.name, r.timezone FROM region r
WHERE EXISTS (SELECT FROM agency a JOIN office o ON o.agency = a.id
              WHERE a.region = r.id AND a.active AND o.active AND o.role = ANY ($1))
  AND EXISTS (SELECT FROM complaint c WHERE c.region = r.id AND {_OF_ALL}) ORDER BY r.code"""
_TOLD = f"c.region = $1 AND {_OF_ALL}"

_WEEK = f"""
SELECT (SELECT count(*) FROM complaint c WHERE {_TOLD} AND c.filed_at >= $2 AND c.filed_at < $3) AS received,
  count(*) FILTER (WHERE k.met_at >= $2 AND k.met_at < $3) AS answered,
  count(*) FILTER (WHERE k.met_at >= $2 AND k.met_at < $3 AND k.met_at > k.due_at) AS answered_late,
  count(*) FILTER (WHERE k.met_at IS NULL AND k.due_at < $4) AS overdue,
  (SELECT count(DISTINCT e.complaint) FROM escalation e JOIN complaint c ON c.id = e.complaint
   WHERE {_TOLD} AND e.step = 'escalate' AND NOT e.trial AND e.fired_at >= $2 AND e.fired_at < $3) AS escalated,
  (SELECT count(*) FROM instruction i WHERE i.region = $1 AND i.carried_out_at IS NULL) AS orders
FROM clock k JOIN complaint c ON c.id = k.complaint WHERE k.kind = 'response' AND {_TOLD}"""

_LINE = """
c.ticket, c.confidential OR c.protected AS guarded, a.name AS agency, coalesce(g.name, '') AS category,
  k.kind, k.due_at, k.met_at
FROM clock k JOIN complaint c ON c.id = k.complaint JOIN agency a ON a.id = c.owner_agency
LEFT JOIN category g ON g.id = c.category"""

_OVERDUE = f"""
SELECT {_LINE} WHERE {_TOLD} AND k.met_at IS NULL AND k.kind = 'response' AND k.due_at < $2
ORDER BY k.due_at, k.id LIMIT {OLDEST}"""

_LATE = f"""
SELECT {_LINE} WHERE {_TOLD} AND k.kind = 'response' AND k.met_at >= $2 AND k.met_at < $3 AND k.met_at > k.due_at
ORDER BY k.met_at - k.due_at DESC, k.id LIMIT {OLDEST}"""

# The order's own words may tell of a complaint that not all readers see.
_ORDERS = f"""
SELECT a.name AS agency, o.title AS office, i.given_at, i.due_at,
  (SELECT count(*) FROM instruction_item j WHERE j.instruction = i.id) AS complaints
FROM instruction i JOIN agency a ON a.id = i.agency JOIN office o ON o.id = i.in_name_of
WHERE i.region = $1 AND i.carried_out_at IS NULL
  AND NOT EXISTS (SELECT FROM instruction_item j JOIN complaint c ON c.id = j.complaint
                  WHERE j.instruction = i.id AND c.about_official)
ORDER BY i.due_at, i.id LIMIT {MOST_ORDERS}"""

_TELL = f"""
INSERT INTO message (dedupe_key, kind, office, state, attempts, next_attempt_at, created_at)
SELECT 'weekly:' || o.id || ':' || $2::text, '{NOTICE}', o.id, 'waiting', 0, $3, $3
FROM office o JOIN agency a ON a.id = o.agency
WHERE a.region = $1 AND a.active AND o.active AND o.role = ANY ($4)
ON CONFLICT (dedupe_key) DO NOTHING"""


@dataclass(frozen=True)
class Line:
    """A complaint in the letter: texts as they are printed; a guarded one has no agency and no topic."""

    ticket: str
    agency: str
    category: str
    due: str
    span: str


@dataclass(frozen=True)
class Order:
    """An instruction that was not carried out yet."""

    agency: str
    office: str
    given: str
    due: str
    span: str
    complaints: int


@dataclass(frozen=True)
class Weekly:
    """Everything that stands in a weekly letter, in the words and zone of its region."""

    region: str
    period: str
    first: str
    last: str
    made: str
    made_at: datetime
    counts: Mapping[str, int]
    overdue: Sequence[Line]
    late: Sequence[Line]
    orders: Sequence[Order]
    month: str
    total: Row
    agencies: Table


async def make() -> int:
    """Make the letters of the week that has ended where they are due and missing; return how many were made."""
    async with transaction("worker"):
        at = await database.now()
        regions = await database.fetch(_REGIONS, list(ADDRESSEES))
    made = 0
    for region in regions:
        local = at.astimezone(ZoneInfo(region["timezone"]))
        monday = local.date() - timedelta(days=local.weekday())
        if local.date() > monday or local.time() >= MORNING:
            made += await _make(region, monday - timedelta(days=7))
    return made


def period_of(monday: date) -> str:
    """Return the name of a week by ISO 8601: "2026-W47"."""
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02d}"


async def _make(region: asyncpg.Record, monday: date) -> bool:
    period = period_of(monday)
    async with transaction("worker", snapshot=True):
        if await archive.is_kept(region["id"], WEEKLY, period):
            return False
        letter = await collect(region, monday)
    body = await asyncio.to_thread(draw, letter)
    async with transaction("worker"):
        kept = await archive.keep(region["id"], WEEKLY, period, body, letter.made_at)
        await database.execute(_TELL, region["id"], period, letter.made_at, list(ADDRESSEES))
    return kept


async def collect(region: asyncpg.Record, monday: date) -> Weekly:
    """Return what stands in the letter of the week that began on this Monday; in a transaction of the worker."""
    zone = ZoneInfo(region["timezone"])
    begins = datetime.combine(monday, datetime.min.time(), zone)
    ends = datetime.combine(monday + timedelta(days=7), datetime.min.time(), zone)
    at = await database.now()
    last_day = monday + timedelta(days=6)
    counts = await database.fetchrow(_WEEK, region["id"], begins, ends, at)
    assert counts is not None
    month = Period.month(last_day)
    agencies = await figures(Scope(region=region["id"]), by="agency", period=month)
    return Weekly(
        region=region["name"],
        period=period_of(monday),
        first=_day(begins, zone),
        last=_day(ends - timedelta(days=1), zone),
        made=words.localtime(at, zone),
        made_at=at,
        counts=dict(counts),
        overdue=[_line(row, at, zone) for row in await database.fetch(_OVERDUE, region["id"], at)],
        late=[
            _line(row, row["met_at"], zone) for row in await database.fetch(_LATE, region["id"], begins, ends)
        ],
        orders=[_order(row, at, zone) for row in await database.fetch(_ORDERS, region["id"])],
        month=_day(begins + timedelta(days=6), zone).split(" ", 1)[1],
        total=agencies.total,
        agencies=agencies,
    )


def _line(row: asyncpg.Record, until: datetime, zone: ZoneInfo) -> Line:
    shown = not row["guarded"]
    clock = CLOCKS.get(row["kind"], "")
    return Line(
        words.ticket(row["ticket"]),
        row["agency"] if shown else "",
        (row["category"] or clock) if shown else "",
        words.localtime(row["due_at"], zone),
        words.remaining(row["due_at"], until),
    )


def _order(row: asyncpg.Record, at: datetime, zone: ZoneInfo) -> Order:
    return Order(
        row["agency"],
        row["office"],
        _day(row["given_at"], zone),
        words.localtime(row["due_at"], zone),
        words.remaining(row["due_at"], at),
        row["complaints"],
    )


def _day(at: datetime, zone: ZoneInfo) -> str:
    return words.localtime(at, zone).partition(" pukul")[0]


async def announced(dedupe_key: str) -> Mapping[str, Any] | None:
    """Return the letter that a message announces, with its archive number, period and hash; None when it is gone."""
    _, office, period = dedupe_key.split(":", 2)
    row = await database.fetchrow(
        "SELECT l.id, l.period, l.sha256 FROM letter_archive l JOIN agency a ON a.region = l.region"
        " JOIN office o ON o.agency = a.id WHERE o.id = $1 AND l.kind = $2 AND l.period = $3",
        int(office),
        WEEKLY,
        period,
    )
    return {"id": row["id"], "period": row["period"], "sha256": row["sha256"].hex()} if row else None
