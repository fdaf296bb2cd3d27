"""The one query: sums and hours of the months asked for, laid out by a dimension, closed months as they were closed."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

import asyncpg

from lapor import database
from lapor.complaints.queries.figures.definitions import FIGURES, RANKED_BY, Figure
from lapor.complaints.queries.figures.names import NO_NAME, names_of
from lapor.complaints.queries.figures.scope import By, Period, Scope
from lapor.complaints.queries.figures.sight import sight_of
from lapor.complaints.tables_figures import MEASURES

# Of fewer reports nothing is told outside: who they are could be guessed.
SUPPRESSED_UNDER: Final = 5
_HOUR: Final = 3600

_GROUPS: Final[Mapping[By, str]] = {
    "": "''::text",
    "region": "c.region::text",
    "agency": "l.lead::text",
    "unit": "c.agency::text",
    "person": "c.key",
    "category": "c.key",
    "district": "c.key",
    "channel": "c.key",
    "month": "c.month::text",
}

# A unit (an urban village, a hospital) is counted with the agency it belongs to; villages answer for themselves.
_LEADS: Final = """
leads AS (
  WITH RECURSIVE up AS (
    SELECT a.id AS agency, a.id AS lead, a.parent, a.kind, 0 AS depth FROM agency a
    UNION ALL
    SELECT u.agency, p.id, p.parent, p.kind, u.depth + 1 FROM up u JOIN agency p ON p.id = u.parent
    WHERE p.kind NOT IN ('sekretariat', 'pimpinan') AND u.kind NOT IN ('desa', 'bumd') AND u.depth < 5
  ) SELECT DISTINCT ON (agency) agency, lead FROM up ORDER BY agency, depth DESC
)"""

_FROM: Final = """
  FROM {table} c LEFT JOIN closed s ON s.region = c.region AND s.month = c.month{leads}
  WHERE c.dimension = $1 AND c.month BETWEEN $2 AND $3
    AND c.frozen = (s.month IS NOT NULL AND NOT $4) AND {agencies}{narrowed}"""

_TABLE: Final = """
WITH {leads}closed AS MATERIALIZED (
  SELECT region, month FROM figure_seal WHERE kind = 'closed' AND month BETWEEN $2 AND $3
), sums AS MATERIALIZED (
  SELECT grouping({group}) AS total, {group} AS key, {sums} {from_cells} GROUP BY GROUPING SETS (({group}), ())
), taken AS MATERIALIZED (
  SELECT grouping({group}) AS total, {group} AS key, c.hours, sum(c.reports) AS reports {from_hours}
  GROUP BY GROUPING SETS (({group}, c.hours), (c.hours))
), running AS (
  SELECT total, key, hours, sum(reports) OVER (PARTITION BY total, key ORDER BY hours) AS upto FROM taken
), parts AS (
  SELECT r.total, r.key, {parts} FROM running r
  JOIN sums s ON s.total = r.total AND s.key IS NOT DISTINCT FROM r.key GROUP BY r.total, r.key
)
SELECT s.*, {part_names} FROM sums s
LEFT JOIN parts p ON p.total = s.total AND p.key IS NOT DISTINCT FROM s.key"""

# What is late and unanswered took longer than anything that was answered.
_BASE: Final = "(s.answered + s.unanswered_late)"


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
    arguments: list[Any] = [dimension, period.first, period.last, as_now]
    sight = await sight_of(scope)
    whole = sight.whole and scope.agency is None and dimension != "person" and by not in ("agency", "unit")
    rows = await database.fetch(_sql(scope, by, key, arguments, whole=whole), *arguments)
    outside = scope.outside or sight.outside
    names = await names_of(by, [row["key"] for row in rows if not row["total"]])
    made = [_row(row, names) for row in rows if not row["total"] and any(row[name] for name in MEASURES)]
    total = next(_row(row, {}) for row in rows if row["total"])
    if not by:
        made = []
    if outside:
        made, total = _suppressed(made, total)
    made.sort(key=lambda row: row.key if by == "month" else (row.label == NO_NAME, row.label.lower()))
    return Table(by, period, FIGURES, made, total, *await _rests_on(scope, period), outside)


def ranked(table: Table, code: str) -> Table:
    """Return the table in the order of a figure, best first; what has no value stands last. ValueError for volume."""
    if code not in RANKED_BY:
        raise ValueError("nobody is ranked by volume")
    sign = -1 if next(figure for figure in FIGURES if figure.code == code).better == "high" else 1

    def place(row: Row) -> tuple[bool, float, str]:
        value = row[code]
        return (value is None, 0.0 if value is None else sign * value, row.label.lower())

    return replace(table, rows=sorted(table.rows, key=place))


def _sql(scope: Scope, by: By, key: str | None, arguments: list[Any], *, whole: bool) -> str:
    narrowed = ""
    leads = by == "agency" or scope.agency is not None
    for value, condition in (
        (key, "c.key = ${}"),
        (scope.region, "c.region = ${}"),
        (scope.agency, "${} IN (l.lead, c.agency)"),
    ):
        if value is not None:
            arguments.append(value)
            narrowed += " AND " + condition.format(len(arguments))
    source = {
        "leads": " JOIN leads l ON l.agency = c.agency" if leads else "",
        "agencies": "c.agency = 0" if whole else "c.agency > 0",
        "narrowed": narrowed,
    }
    parts = {figure.code: figure.percentile for figure in FIGURES if figure.percentile}
    return _TABLE.format(
        leads=f"{_LEADS}, " if leads else "",
        group=_GROUPS[by],
        sums=", ".join(f"coalesce(sum(c.{name}), 0)::bigint AS {name}" for name in MEASURES),
        from_cells=_FROM.format(table="figure_cell", **source),
        from_hours=_FROM.format(table="figure_hours", **source),
        parts=", ".join(
            f"min(r.hours) FILTER (WHERE r.upto >= {part} * max_base) AS {code}"
            for code, part in parts.items()
        ).replace("max_base", _BASE),
        part_names=", ".join(f"p.{code}" for code in parts),
    )


def _row(row: asyncpg.Record, names: Mapping[str, str]) -> Row:
    measures = {name: row[name] for name in MEASURES}
    values = {figure.code: _value(figure, row) for figure in FIGURES}
    key = row["key"] or ""
    return Row(key, names.get(key, NO_NAME) if not row["total"] else "", values, measures)


def _value(figure: Figure, row: asyncpg.Record) -> float | None:
    if figure.percentile:
        if row[figure.code] is not None:
            return float(row[figure.code])
        return math.inf if row["unanswered_late"] else None
    top = row[figure.top]
    if not figure.base:
        return float(top)
    base = row[figure.base]
    if not base:
        return None
    return float(top / base / (_HOUR if figure.unit == "hours" else 1))


def _suppressed(rows: Sequence[Row], total: Row) -> tuple[list[Row], Row]:
    """Take out groups of fewer than five, and so many more that none can be found by subtraction."""
    hidden = {row.key for row in rows if 0 < row.measures["reports"] < SUPPRESSED_UNDER}
    shown = [row for row in rows if row.key not in hidden and row.measures["reports"]]
    if len(hidden) == 1 and shown:
        hidden.add(min(shown, key=lambda row: (row.measures["reports"], row.key)).key)
    small = 0 < total.measures["reports"] < SUPPRESSED_UNDER
    return [_hide(row, row.key in hidden) for row in rows], _hide(total, small)


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
