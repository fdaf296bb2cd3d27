"""The one query: sums of the months asked for, laid out by a dimension, closed months as they were closed."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

import asyncpg

from lapor import database
from lapor.complaints.queries.figures import histogram
from lapor.complaints.queries.figures.definitions import FIGURES, RANKED_BY, Figure
from lapor.complaints.queries.figures.names import NO_NAME, names_of
from lapor.complaints.queries.figures.scope import By, Period, Scope
from lapor.complaints.queries.figures.sight import LedThen, Sight, leads_of_agencies, led_then, sight_of
from lapor.complaints.tables_figures import MEASURES

# Of fewer reports nothing is told outside: who they are could be guessed.
SUPPRESSED_UNDER: Final = 5
_HOUR: Final = 3600

_GROUPS: Final[Mapping[By, str]] = {
    "": "''::text",
    "region": "c.region::text",
    "agency": "c.agency::text",
    "unit": "c.agency::text",
    "person": "c.key",
    "category": "c.key",
    "district": "c.key",
    "channel": "c.key",
    "month": "c.month::text",
}

_TABLE: Final = """
WITH closed AS MATERIALIZED (
  SELECT region, month FROM figure_seal WHERE kind = 'closed' AND month BETWEEN $2 AND $3
)
SELECT {group} AS key, {sums}, sum(c.hours_taken)::text AS hours_taken
FROM figure_cell c LEFT JOIN closed s ON s.region = c.region AND s.month = c.month{moved}
WHERE c.dimension = $1 AND c.month BETWEEN $2 AND $3 AND c.frozen = (s.month IS NOT NULL AND NOT $4)
  AND c.agency = ANY ($5){narrowed} GROUP BY 1"""

_SUMS: Final = ", ".join(f"sum(c.{name})::bigint AS {name}" for name in MEASURES)

_MONTHS: Final = """
WITH closed AS MATERIALIZED (
  SELECT region, month FROM figure_seal WHERE kind = 'closed' AND month BETWEEN $2 AND $3
)
SELECT {group} AS key, c.month, sum(c.reports)::bigint AS reports
FROM figure_cell c LEFT JOIN closed s ON s.region = c.region AND s.month = c.month{moved}
WHERE c.dimension = $1 AND c.month BETWEEN $2 AND $3 AND c.frozen = (s.month IS NOT NULL AND NOT $4)
  AND c.agency = ANY ($5){narrowed} GROUP BY 1, 2"""


# Units that belonged to somebody else when a month closed are counted with whom they were counted then.
_MOVED: Final = """
LEFT JOIN unnest(${0}::bigint[], ${1}::bigint[], ${2}::date[], ${3}::date[], ${4}::boolean[])
  AS x (agency, lead, first, until, counts)
  ON c.frozen AND x.agency = c.agency AND c.month >= x.first AND c.month < x.until"""
_THEN: Final = "then "


@dataclass(frozen=True)
class Row:
    """The figures of one group. A value is None where there is nothing to divide by or it is suppressed, and infinite
    hours where so many were not answered at all."""

    key: str
    label: str
    values: Mapping[str, float | None]
    measures: Mapping[str, int]
    suppressed: bool = False

    def __getitem__(self, code: str) -> float | None:
        return self.values[code]


@dataclass(frozen=True)
class Table:
    """An answer: the figures of every group and of all together, and what they rest on.

    `closed` names the months of the period that are closed, `changes` how often one of them was added to since;
    `counted_at` is when the open ones were last counted, None before the first time.
    """

    by: By
    period: Period
    columns: Sequence[Figure]
    rows: Sequence[Row]
    total: Row
    counted_at: datetime | None
    closed: Sequence[date]
    changes: int
    outside: bool


async def figures(
    scope: Scope,
    by: By = "",
    *,
    period: Period,
    as_now: bool = False,
) -> Table:
    """Return the figures of a scope, laid out by a dimension, for whole months of receipt.

    Closed months answer as they were closed; `as_now` tells them with what became known since. Rows stand in the
    order of their names, months in time. Raises ValueError for a combination that is not kept (see `Scope.keyed`).
    """
    dimension, key = scope.keyed(by)
    sight = await sight_of(scope)
    whole = sight.whole and scope.agency is None and dimension != "person" and by not in ("agency", "unit")
    leads = await leads_of_agencies() if not whole else {}
    seen = [0] if whole else await _agencies(scope, sight, leads, dimension)
    arguments: list[Any] = [dimension, period.first, period.last, as_now, seen]
    narrowed = _narrowed(scope, key, arguments)
    group, moved = _GROUPS[by], ""
    then = [] if whole or as_now else await led_then(period.first, period.last)
    if then:
        moved, more = _moved(then, scope, seen, sight, arguments)
        narrowed += more
        group = f"coalesce('{_THEN}' || x.lead, {group})" if by == "agency" else group
    sql = {"group": group, "narrowed": narrowed, "moved": moved}
    sums = [_sum(row) for row in await database.fetch(_TABLE.format(sums=_SUMS, **sql), *arguments)]
    if by == "agency":
        sums = _merged(replace(one, key=_lead(one.key, leads)) for one in sums)
    outside = scope.outside or sight.outside
    names = await names_of(by, [one.key for one in sums])
    made = [_row(one, names.get(one.key, NO_NAME)) for one in sums if by and any(one.measures.values())]
    total = _row(next(iter(_merged(replace(one, key="") for one in sums)), NOTHING), "")
    if outside:
        months = await database.fetch(_MONTHS.format(**sql), *arguments)
        if by == "agency":
            months = [{**row, "key": _lead(row["key"], leads)} for row in months]
        made, total = _suppressed(
            made, total, _small(months), small_total=bool(_small(months, together=True))
        )
    made.sort(key=lambda row: row.key if by == "month" else (row.label == NO_NAME, row.label.lower()))
    return Table(by, period, FIGURES, made, total, *await _rests_on(scope, period), outside)


async def _agencies(scope: Scope, sight: Sight, leads: Mapping[int, int], dimension: str) -> list[int]:
    """The agencies whose sums are read; row-level security decides which of them are seen."""
    known = [
        agency for agency, lead in leads.items() if scope.agency is None or scope.agency in (agency, lead)
    ]
    # Whoever sees no whole region need not look through those of the others.
    if sight.agencies is None or dimension == "person":
        return known
    return [agency for agency in known if agency in sight.agencies]


def ranked(table: Table, code: str) -> Table:
    """Return the table in the order of a figure, best first; what has no value stands last. ValueError for volume."""
    if code not in RANKED_BY:
        raise ValueError("nobody is ranked by volume")
    sign = -1 if next(figure for figure in FIGURES if figure.code == code).better == "high" else 1

    def place(row: Row) -> tuple[bool, float, str]:
        value = row[code]
        return (value is None, 0.0 if value is None else sign * value, row.label.lower())

    return replace(table, rows=sorted(table.rows, key=place))


def _narrowed(scope: Scope, key: str | None, arguments: list[Any]) -> str:
    narrowed = ""
    for value, condition in ((key, "c.key = ${}"), (scope.region, "c.region = ${}")):
        if value is not None:
            arguments.append(value)
            narrowed += " AND " + condition.format(len(arguments))
    return narrowed


def _moved(
    then: Sequence[LedThen], scope: Scope, seen: list[int], sight: Sight, arguments: list[Any]
) -> tuple[str, str]:
    """The join that finds who was counted with somebody else, and which of those this scope takes in."""
    first = len(arguments) + 1
    counts = [
        (sight.agencies is None or one.agency in sight.agencies)
        and (scope.agency is None or scope.agency in (one.agency, one.lead))
        for one in then
    ]
    arguments += [[one.agency for one in then], [one.lead for one in then]]
    arguments += [[one.first for one in then], [one.until for one in then], counts, list(seen)]
    # What the index is asked for, of which the join takes some away again.
    seen += {one.agency for one in then} - set(seen)
    return _MOVED.format(*range(first, first + 5)), f" AND coalesce(x.counts, c.agency = ANY (${first + 5}))"


def _lead(key: str, leads: Mapping[int, int]) -> str:
    """With whom a row is counted: as written down when its month closed, else as it is today."""
    return key.removeprefix(_THEN) if key.startswith(_THEN) else str(leads.get(int(key), key))


@dataclass(frozen=True)
class Sum:
    """What was counted of one group, and how long its first answers took."""

    key: str
    measures: Mapping[str, int]
    taken: list[int]


NOTHING: Final = Sum("", dict.fromkeys(MEASURES, 0), [])


def _sum(row: asyncpg.Record) -> Sum:
    return Sum(row["key"], {name: row[name] for name in MEASURES}, histogram.steps(row["hours_taken"]))


def _merged(sums: Iterable[Sum]) -> list[Sum]:
    """Add up those that have the same key."""
    found: dict[str, Sum] = {}
    for one in sums:
        before = found.get(one.key, NOTHING)
        measures = {name: before.measures[name] + value for name, value in one.measures.items()}
        found[one.key] = Sum(one.key, measures, histogram.added(before.taken, one.taken))
    return list(found.values())


def _row(one: Sum, label: str) -> Row:
    return Row(one.key, label, {figure.code: _value(figure, one) for figure in FIGURES}, one.measures)


def _value(figure: Figure, one: Sum) -> float | None:
    if figure.percentile:
        # What is late and unanswered took longer than anything that was answered.
        late = one.measures["unanswered_late"]
        hours = histogram.covering(one.taken, round(100 * figure.percentile), one.measures["answered"] + late)
        if hours is not None:
            return float(hours)
        return math.inf if late else None
    top = one.measures[figure.top]
    if not figure.base:
        return float(top)
    base = one.measures[figure.base]
    return top / base / (_HOUR if figure.unit == "hours" else 1) if base else None


def _small(months: Iterable[Mapping[str, Any]], *, together: bool = False) -> set[str]:
    """The keys, or with `together` one for all, of which some month has fewer than five.

    What is asked for is any row of months: from two such rows a month of fewer could be found by subtraction.
    """
    counted: Counter[tuple[str, date]] = Counter()
    for row in months:
        counted["" if together else row["key"], row["month"]] += row["reports"]
    return {key for (key, _), reports in counted.items() if 0 < reports < SUPPRESSED_UNDER}


def _suppressed(
    rows: Sequence[Row], total: Row, small_keys: set[str], *, small_total: bool
) -> tuple[list[Row], Row]:
    """Take out groups of fewer than five, and so many more that none can be found by subtraction."""
    hidden = {row.key for row in rows if row.key in small_keys}
    shown = [row for row in rows if row.key not in hidden and row.measures["reports"]]
    if len(hidden) == 1 and shown:
        hidden.add(min(shown, key=lambda row: (row.measures["reports"], row.key)).key)
    return [_hide(row, row.key in hidden) for row in rows], _hide(total, small_total)


def _hide(row: Row, whole: bool) -> Row:
    if whole:
        return Row(row.key, row.label, dict.fromkeys(row.values), {}, suppressed=True)
    few = {figure.code for figure in FIGURES if figure.base and row.measures[figure.base] < SUPPRESSED_UNDER}
    values = {code: None if code in few else value for code, value in row.values.items()}
    return replace(row, values=values)


async def _rests_on(scope: Scope, period: Period) -> tuple[datetime | None, Sequence[date], int]:
    row = await database.fetchrow(
        "SELECT (SELECT counted_at FROM figure_mark WHERE id = 1) AS at,"
        " coalesce(array_agg(DISTINCT month) FILTER (WHERE kind = 'closed'), '{}') AS closed,"
        " count(*) FILTER (WHERE kind = 'changed') AS changes FROM figure_seal"
        " WHERE month BETWEEN $1 AND $2 AND ($3::bigint IS NULL OR region = $3)",
        period.first,
        period.last,
        scope.region,
    )
    assert row is not None
    return row["at"], sorted(row["closed"]), row["changes"]
