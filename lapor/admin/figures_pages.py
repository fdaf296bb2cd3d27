"""Figures for officers, as far as their offices let them see, and for everybody with small groups taken out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.types import ControllerRouterHandler

from lapor import database
from lapor.admin import closing_pages, what_if
from lapor.admin.access import current_officer, officers_only
from lapor.admin.charts import bars, course, numbers
from lapor.admin.exports import CSV_TYPE, XLSX_TYPE, Sheet, about, as_csv, as_xlsx
from lapor.admin.figures_asked import (
    THEMES,
    Asked,
    asked,
    filter_fields,
    layout_names,
    layouts,
    month_name,
    month_options,
    options,
    scope_of,
    theme_names,
)
from lapor.admin.offices import FIGURES, PREVIEW_ROLES, Officer
from lapor.complaints.queries.figures import BY_CODE, RANKED_BY, Figure, Period, Row, Table, figures, ranked
from lapor.complaints.queries.figures.names import NO_NAME
from lapor.complaints.queries.received_late import received_late
from lapor.locales import say
from lapor.pages import AnyRequest, page, settle_language

PUBLIC: Final = "/angka-publik"
_PERSONAL: Final = frozenset({"agency_head", "liaison", "checker", "staff"})
_PUBLIC_LAYOUTS: Final = ("instansi", "kategori", "kecamatan", "kanal", "bulan")
_CHARTED: Final = {"tanggapan": "within_48", "penyelesaian": "completed", "pegangan": "held"}
_COURSE_MONTHS: Final = 12

_SEEN: Final = """
SELECT array_agg(DISTINCT region) AS regions FROM (
  SELECT unnest(figure_regions()) AS region UNION ALL SELECT a.region FROM agency a WHERE a.id = ANY (my_agencies())
) seen WHERE region IS NOT NULL"""


@dataclass(frozen=True)
class Answer:
    """The figures that were asked for, with what the page around them needs."""

    asked: Asked
    table: Table
    months: Table
    fields: Sequence[dict[str, Any]]
    where: str
    now: datetime
    zone: str
    path: str
    received_late: int = 0

    def name(self, row: Row) -> str:
        """What a group is called on screen."""
        if self.asked.by == "month":
            return month_name(datetime.fromisoformat(row.key).date())
        return say(NO_NAME) if row.label == NO_NAME else row.label


@get(FIGURES, guards=[officers_only])
async def for_officers(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """What this officer's offices let them see."""
    settle_language(request)
    return _page(request, await _officers_answer(request, officer), asks=bool(officer.roles & PREVIEW_ROLES))


@get([f"{FIGURES}/unduh.csv", f"{FIGURES}/unduh.xlsx"], guards=[officers_only])
async def officers_file(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[bytes]:
    """The same as a file, with every column."""
    settle_language(request)
    return _file(request, await _officers_answer(request, officer))


@get(PUBLIC)
async def for_everybody(request: AnyRequest) -> Response[Any]:
    """The figures of the region, with small groups taken out."""
    settle_language(request)
    return _page(request, await _public_answer(request))


@get([f"{PUBLIC}/unduh.csv", f"{PUBLIC}/unduh.xlsx"])
async def public_file(request: AnyRequest) -> Response[bytes]:
    """The same as a file."""
    settle_language(request)
    return _file(request, await _public_answer(request))


async def _officers_answer(request: AnyRequest, officer: Officer) -> Answer:
    async with database.transaction("reader", user_id=officer.id):
        now = await database.now()
        regions: list[int] = await database.fetchval(_SEEN) or []
        offered = layouts(personal=bool(officer.roles & _PERSONAL), regions=len(regions))
        wanted = asked(request, now, officer.timezone, offered)
        if not wanted.region and wanted.by != "region" and officer.offices:
            wanted = replace(wanted, region=str(officer.offices[0].region))
        return await _answer(wanted, FIGURES, regions, offered, now, officer.timezone)


async def _public_answer(request: AnyRequest) -> Answer:
    async with database.transaction("public"):
        now = await database.now()
        region = await database.fetchrow(
            "SELECT r.id, r.timezone FROM region r JOIN deployment d ON d.default_region = r.code"
        )
        zone = region["timezone"] if region else "Asia/Jakarta"
        wanted = asked(request, now, zone, _PUBLIC_LAYOUTS)
        regions = [region["id"]] if region else []
        wanted = replace(wanted, region=str(region["id"]) if region else "0")
        return await _answer(wanted, PUBLIC, regions, _PUBLIC_LAYOUTS, now, zone)


async def _answer(
    wanted: Asked, path: str, regions: Sequence[int], offered: Sequence[str], now: datetime, zone: str
) -> Answer:
    scope = await scope_of(wanted, outside=path == PUBLIC)
    table = await figures(scope, wanted.by, period=wanted.period)
    months = (
        await figures(scope, "month", period=Period.months(wanted.last, _COURSE_MONTHS))
        if not _keyed(wanted)
        else table
    )
    choices = await options(regions)
    if wanted.order in RANKED_BY:
        table = ranked(table, wanted.order)
    where = dict(choices["region"]).get(wanted.region, say("Semua wilayah yang Anda lihat"))
    fields = filter_fields(wanted, choices, month_options(now, zone), offered)
    # From outside so few would be told apart; of a category, a district or a channel they are not counted.
    whole = not (table.outside or scope.category or scope.district or scope.channel)
    late = await received_late(wanted.period, region=scope.region, agency=scope.agency) if whole else 0
    return Answer(wanted, table, months, fields, where, now, zone, path, late)


def _keyed(wanted: Asked) -> bool:
    """A person's months are laid out by nobody: the course is that of all who are seen."""
    return wanted.by == "person"


def _page(request: AnyRequest, answer: Answer, *, asks: bool = False) -> Response[Any]:
    wanted, table = answer.asked, answer.table
    columns = [BY_CODE[code] for code in THEMES[wanted.theme]]
    charted = _charted(wanted)
    rows = [(answer.name(row), row) for row in table.rows]
    return page(
        request,
        "figures/table.html",
        public=answer.path == PUBLIC,
        asks=asks,
        where=answer.where,
        table=table,
        rows=[
            {"name": name, "suppressed": row.suppressed, "cells": numbers(row, columns)} for name, row in rows
        ],
        total=numbers(table.total, columns),
        headline=numbers(table.total, [BY_CODE[code] for code in ("median", "within_48", "overdue")]),
        columns=columns,
        chart=bars([pair for pair in rows if not pair[1].suppressed][:30], charted),
        charted=charted,
        course=course(answer.months, charted) if wanted.by != "person" else None,
        course_rows=[
            {"name": month_name(datetime.fromisoformat(row.key).date()), "cells": numbers(row, [charted])}
            for row in answer.months.rows
        ]
        if wanted.by != "person"
        else [],
        layout=layout_names()[wanted.layout],
        themes=_themes(wanted, answer.path),
        orders=_orders(wanted, answer.path, columns),
        fields=answer.fields,
        kept={"tema": wanted.theme, "urut": wanted.order},
        path=answer.path,
        csv=wanted.address(f"{answer.path}/unduh.csv"),
        xlsx=wanted.address(f"{answer.path}/unduh.xlsx"),
        closed=[month_name(month) for month in table.closed],
        all_closed=_all_closed(table),
        received_late=answer.received_late,
        zone=answer.zone,
    )


def _charted(wanted: Asked) -> Figure:
    """The figure that is drawn: the one that the table is ordered by, else the first that matters in its theme."""
    ordered = wanted.order in RANKED_BY and wanted.order in THEMES[wanted.theme]
    return BY_CODE[wanted.order if ordered else _CHARTED[wanted.theme]]


def _all_closed(table: Table) -> bool:
    count = (table.period.last.year - table.period.first.year) * 12
    return len(table.closed) > count + table.period.last.month - table.period.first.month


def _themes(wanted: Asked, path: str) -> Sequence[dict[str, Any]]:
    return [
        {"href": wanted.address(path, tema=name), "text": text, "current": name == wanted.theme}
        for name, text in theme_names().items()
    ]


def _orders(wanted: Asked, path: str, columns: Sequence[Figure]) -> Sequence[dict[str, Any]]:
    """Nobody is ranked by volume: by name, by time, by what was opened again."""
    by_name = {
        "href": wanted.address(path, urut=""),
        "text": say("nama"),
        "current": wanted.order not in RANKED_BY,
    }
    shown = [figure for figure in columns if figure.code in RANKED_BY]
    return [
        by_name,
        *(
            {
                "href": wanted.address(path, urut=figure.code),
                "text": say(figure.label).lower(),
                "current": wanted.order == figure.code,
            }
            for figure in shown
        ),
    ]


def _file(request: AnyRequest, answer: Answer) -> Response[bytes]:
    kind: Literal["csv", "xlsx"] = "csv" if request.url.path.endswith(".csv") else "xlsx"
    table = answer.table
    sheet = Sheet(
        say("Angka pengaduan"),
        about(table, answer.where, answer.zone),
        layout_names()[answer.asked.layout],
        [answer.name(row) for row in table.rows],
        table,
    )
    wanted = answer.asked
    name = f"angka-{wanted.layout}-{wanted.first:%Y%m}-{wanted.last:%Y%m}.{kind}"
    return Response(
        as_csv(sheet) if kind == "csv" else as_xlsx(sheet),
        media_type=CSV_TYPE if kind == "csv" else XLSX_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


ROUTES: list[ControllerRouterHandler] = [
    for_everybody,
    public_file,
    Router(
        "/",
        route_handlers=[for_officers, officers_file, *closing_pages.ROUTES, *what_if.ROUTES],
        dependencies={"officer": Provide(current_officer)},
    ),
]
