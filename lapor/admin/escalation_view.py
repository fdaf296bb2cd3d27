"""The front page of escalations as it is laid out: what narrows it, what belongs together, ninety days in one picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from babel.dates import format_date

from lapor.admin.lists import Pager, address, categories_in_language, category_in_language
from lapor.admin.offices import ESCALATIONS
from lapor.complaints.queries.choices import Choices
from lapor.complaints.queries.filters import Filters
from lapor.complaints.queries.late_days import LateDay
from lapor.complaints.queries.overdue import HIGHEST, Group, Late, Only
from lapor.complaints.queries.paging import Mark, Page
from lapor.locales import current, say
from lapor.pages import AnyRequest

# The picture of the trend, in its own units.
TREND_STEP, TREND_HEIGHT = 10, 196

LEVEL, ANSWERED = "jenjang", "terlambat"
_WEEK = 7


def only_of(request: AnyRequest) -> Only:
    """Return what else the address narrows the list to."""
    level = request.query_params.get(LEVEL, "")
    known = level.isdecimal() and len(level) == 1 and int(level) <= HIGHEST
    return Only(int(level) if known else None, request.query_params.get(ANSWERED) == "ya")


def level_word(level: int) -> str:
    """Return how far up the ladder a complaint is."""
    if level == 0:
        return say("Belum dieskalasikan")
    if level == 1:
        return say("Eskalasi pertama")
    return say("Eskalasi kedua") if level < HIGHEST else say("Eskalasi berulang")


def filter_fields(filters: Filters, only: Only, choices: Choices) -> Sequence[dict[str, Any]]:
    """Return the fields of the filter bar."""
    levels = [(str(level), level_word(level)) for level in range(HIGHEST + 1)]
    given = (
        ("instansi", say("Instansi"), filters.agency, choices.agencies),
        ("kecamatan", say("Kecamatan"), filters.district, choices.districts),
        ("kategori", say("Kategori"), filters.category, categories_in_language(choices)),
        (LEVEL, say("Jenjang"), "" if only.level is None else str(only.level), levels),
        (ANSWERED, say("Jawaban"), "ya" if only.answered_late else "", [("ya", say("Dijawab terlambat"))]),
    )
    sought = {"name": "cari", "label": say("Cari kata atau nomor"), "value": filters.words}
    return [
        sought,
        *(
            {"name": name, "label": label, "value": value, "options": options}
            for name, label, value, options in given
        ),
    ]


def pager_of(filters: Filters, only: Only, page: Page[Late]) -> Pager:
    """Return the addresses beside this page."""
    kept = {
        LEVEL: "" if only.level is None else str(only.level),
        ANSWERED: "ya" if only.answered_late else "",
    }

    def beside(name: str, mark: Mark | None, number: int) -> str | None:
        if mark is None:
            return None
        return address(ESCALATIONS, filters, {**kept, name: str(mark), "halaman": str(max(number, 1))})

    return Pager(
        page.number,
        beside("sebelum", page.previous, page.number - 1),
        beside("sesudah", page.next, page.number + 1),
    )


@dataclass(frozen=True)
class Line:
    """A group with the address of its part of the list."""

    name: str
    count: int
    href: str
    width: float
    group: Group


@dataclass(frozen=True)
class Part:
    """One way of laying out what is late."""

    title: str
    lines: Sequence[Line]


def parts(groups: Mapping[str, Sequence[Group]], choices: Choices) -> Sequence[Part]:
    """Return the groups by agency, district, category and level; what has only one line says nothing new."""
    named = (
        ("agency", "instansi", say("Menurut instansi")),
        ("district", "kecamatan", say("Menurut kecamatan")),
        ("category", "kategori", say("Menurut kategori")),
        ("level", LEVEL, say("Menurut jenjang")),
    )
    found = []
    for by, name, title in named:
        most = max((group.count for group in groups[by]), default=1)
        lines = [
            Line(
                _name(by, group, choices),
                group.count,
                f"{ESCALATIONS}?{name}={group.key}",
                round(100 * group.count / most, 1),
                group,
            )
            for group in groups[by]
        ]
        if lines:
            found.append(Part(title, lines))
    return found


def _name(by: str, group: Group, choices: Choices) -> str:
    if by == "level":
        return level_word(int(group.key))
    return category_in_language(group.name, choices.english) or "" if by == "category" else group.name


@dataclass(frozen=True)
class Bar:
    """A day of the picture: where it stands, how high it is, and how much of that still waits, in its own units."""

    x: int
    height: float
    waiting: float


@dataclass(frozen=True)
class Week:
    """Seven days together, named by the last of them."""

    until: str
    late: int
    answered: int


@dataclass(frozen=True)
class Trend:
    """Ninety days: bars for the picture, weeks for the table beside it, the highest day and all together."""

    bars: Sequence[Bar]
    weeks: Sequence[Week]
    first: str
    most: int
    total: int


def trend(days: Sequence[LateDay]) -> Trend:
    """Return what the picture and its table show; the last week ends today, the first may be a short one."""
    most = max((day.late for day in days), default=0)
    unit = TREND_HEIGHT / max(most, 1)
    bars = [
        Bar(number * TREND_STEP, round(day.late * unit, 1), round(day.waiting * unit, 1))
        for number, day in enumerate(days)
        if day.late
    ]
    weeks = []
    for end in range(len(days), 0, -_WEEK):
        part = days[max(end - _WEEK, 0) : end]
        late, answered = sum(day.late for day in part), sum(day.answered for day in part)
        weeks.append(Week(_day(part[-1].day), late, answered))
    return Trend(bars, weeks, _day(days[0].day), most, sum(day.late for day in days))


def _day(day: date) -> str:
    return format_date(day, "d MMMM", locale=current())
