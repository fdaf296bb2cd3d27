"""Charts as SVG made on the server: no script, no style attribute, every number of them in the table beside."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from lapor.complaints.queries.figures import Figure, Row, Table
from lapor.locales import current, say

_WIDTH, _HEIGHT = 100.0, 40.0


@dataclass(frozen=True)
class Bar:
    """A line of a bar chart: name, the number in words, and how long the bar is (0 to 100)."""

    name: str
    text: str
    length: float
    empty: bool


def shown(value: float | None, figure: Figure) -> str:
    """Return a value in words and in the current language: "12 jam", "84%", "4,5", "–" for nothing."""
    if value is None:
        return "–"
    if math.isinf(value):
        return say("belum dijawab")
    if figure.unit == "hours":
        whole = math.ceil(value) if figure.percentile else round(value)
        return f"{whole} {say('jam')}"
    if figure.unit == "share":
        return f"{_decimal(value * 100, 1)}%"
    if figure.unit == "stars":
        return _decimal(value, 2)
    return f"{value:.0f}"


def _decimal(value: float, places: int) -> str:
    text = f"{value:.{places}f}".rstrip("0").rstrip(".")
    return text if current() == "en" else text.replace(".", ",")


def bars(rows: Sequence[tuple[str, Row]], figure: Figure) -> Sequence[Bar]:
    """Return the bars of one figure in the order of the rows; what is not answered reaches to the edge."""
    finite = [value for _, row in rows if (value := row[figure.code]) is not None and math.isfinite(value)]
    most = 1.0 if figure.unit == "share" else 5.0 if figure.unit == "stars" else max([*finite, 1.0])
    made = []
    for name, row in rows:
        value = row[figure.code]
        part = 0.0 if value is None else 1.0 if math.isinf(value) else min(value / most, 1.0)
        made.append(Bar(name, shown(value, figure), round(part * 100, 1), value is None))
    return made


def course(table: Table, figure: Figure) -> Markup | None:
    """Return the line of one figure through the months of a table by month; None with fewer than two points."""
    points = [(number, row[figure.code]) for number, row in enumerate(table.rows)]
    drawn = [(number, value) for number, value in points if value is not None and math.isfinite(value)]
    if len(drawn) < 2:
        return None
    most = 1.0 if figure.unit == "share" else max(value for _, value in drawn) or 1.0
    step = _WIDTH / max(len(points) - 1, 1)
    placed = [(number * step, _HEIGHT - value / most * _HEIGHT) for number, value in drawn]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
    area = f"{placed[0][0]:.1f},{_HEIGHT} {line} {placed[-1][0]:.1f},{_HEIGHT}"
    return Markup(
        '<svg class="course" viewBox="0 -2 100 44" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<polygon class="course-area" points="{}"/><polyline class="course-line" points="{}"/></svg>'
    ).format(area, line)


def percent(part: float, whole: float) -> str:
    """Return a share of something in words; "–" of nothing."""
    return f"{_decimal(100 * part / whole, 1)}%" if whole else "–"


def numbers(row: Row, columns: Sequence[Figure]) -> Sequence[dict[str, Any]]:
    """Return the cells of a row of the table."""
    return [{"figure": figure, "text": shown(row[figure.code], figure)} for figure in columns]
