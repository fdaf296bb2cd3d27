"""Closing a month: after the objection period its figures stand for ever, as they were at the end of that period.

A month of receipt closes so many days after its end (LAPOR_CLOSING_DAYS), in the region's own time. An objection that
nobody has decided holds it for the same number of days again, not longer. Facts are taken as of that moment, so a
worker that comes late closes with the same figures as one in time.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from lapor import database
from lapor.complaints.counting import (
    COMPLAINTS_AT_ONCE,
    FACTS,
    count_all,
    sums_sql,
    zones_of_regions,
)
from lapor.complaints.queries.figures.sight import keep_leads
from lapor.complaints.sealing import COUNTED, Sealing, next_seal, note_changes, seal
from lapor.complaints.tables_figures import MEASURES
from lapor.registers import zone_of

_LIST: Final = ", ".join(MEASURES)
_OPEN: Final = """
SELECT c.region, r.timezone, c.month, EXISTS (
    SELECT FROM figure_objection o WHERE o.region = c.region AND o.month = c.month AND o.decided_at IS NULL) AS disputed
FROM (SELECT DISTINCT region, month FROM figure_cell WHERE dimension = 'all' AND NOT frozen) c
JOIN region r ON r.id = c.region
WHERE NOT EXISTS (SELECT FROM figure_seal s WHERE s.region = c.region AND s.month = c.month AND s.kind = 'closed')
ORDER BY c.month, c.region"""
_COMPLAINTS: Final = "SELECT DISTINCT complaint FROM figure_fact WHERE region = $1 AND month = $2 ORDER BY 1"
_FREEZE: Final = f"""
INSERT INTO figure_frozen (seal, {COUNTED}, {_LIST})
SELECT $5, {COUNTED}, {_LIST} FROM ({FACTS}) facts WHERE region = $6 AND month = $7"""
_SUMS: Final = sums_sql(
    f"SELECT 1 AS sign, {COUNTED}, {_LIST} FROM figure_frozen WHERE seal = $1", frozen=True
)


@dataclass(frozen=True)
class Closing:
    """A month of a region that is not closed, with the moment at which it closes."""

    region: int
    month: date
    closes_at: datetime
    disputed: bool


def closes_at(month: date, days: int, zone: str) -> datetime:
    """Return the first moment after the objection period of a month, in the region's time."""
    following = (month.replace(day=1) + timedelta(days=32)).replace(day=1)
    return datetime.combine(following + timedelta(days=days), time(), zone_of(zone))


async def open_months(days: int) -> list[Closing]:
    """Return the months that have figures and are not closed, oldest first; call it inside a transaction."""
    return [
        Closing(
            row["region"],
            row["month"],
            closes_at(row["month"], days * (2 if row["disputed"] else 1), row["timezone"]),
            row["disputed"],
        )
        for row in await database.fetch(_OPEN)
    ]


async def close_due(days: int, *, only: date | None = None, by: str = "system") -> list[Closing]:
    """Close every month whose time has come (`only`: that one), oldest first, and return them."""
    await count_all()
    async with database.transaction("worker"):
        now = await database.now()
        due = [
            one
            for one in await open_months(days)
            if one.closes_at <= now and (only is None or one.month == only)
        ]
    return [one for one in due if await _close(one, by)]


async def _close(one: Closing, by: str) -> bool:
    async with database.transaction("worker"):
        # Whoever counts and whoever closes wait for one another here.
        await database.execute("SELECT id FROM figure_mark WHERE id = 1 FOR UPDATE")
        if await database.fetchval(
            "SELECT EXISTS (SELECT FROM figure_seal WHERE region = $1 AND month = $2 AND kind = 'closed')",
            one.region,
            one.month,
        ):
            return False
        number = await next_seal()
        regions, zones = await zones_of_regions()
        complaints = [row["complaint"] for row in await database.fetch(_COMPLAINTS, one.region, one.month)]
        for start in range(0, len(complaints), COMPLAINTS_AT_ONCE):
            some = complaints[start : start + COMPLAINTS_AT_ONCE]
            await database.execute(
                _FREEZE, some, one.closes_at, regions, zones, number, one.region, one.month
            )
        await seal(number, Sealing(one.region, one.month, "closed", one.closes_at, by))
        await database.execute(_SUMS, number)
        await keep_leads(one.region, one.month)
        # What has happened since that moment is known already: it is the month's first change.
        for start in range(0, len(complaints), COMPLAINTS_AT_ONCE):
            await note_changes(complaints[start : start + COMPLAINTS_AT_ONCE], await database.now())
    return True
