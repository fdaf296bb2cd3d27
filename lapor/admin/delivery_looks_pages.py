"""Who opened which delivery, made it a complaint, set it aside or took it back: read by the inspectorate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

import asyncpg
from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide

from lapor import database
from lapor.admin.access import current_officer, requires
from lapor.admin.deliveries_kept import channel_name
from lapor.admin.lists import Pager, wish_of
from lapor.admin.offices import INSPECTORATE, Officer
from lapor.complaints.queries.paging import PAGE_SIZE, Mark, Page, Wish, order
from lapor.complaints.queries.paging import page as page_of
from lapor.locales import say
from lapor.pages import AnyRequest, page, settle_language

LOOKS: Final = f"{INSPECTORATE}/kiriman"

_ACTS = """
SELECT t.id, t.delivery, t.channel, t.received_at, t.act, t.acted_at,
  coalesce(nullif(p.full_name, ''), p.username) AS person,
  (SELECT string_agg(DISTINCT a.short_name, ', ') FROM appointment h JOIN office o ON o.id = h.office
   JOIN agency a ON a.id = o.agency
   WHERE h.person = t.person AND h.starts_at <= t.acted_at AND (h.ends_at IS NULL OR h.ends_at > t.acted_at)) AS agencies
FROM delivery_act t JOIN person p ON p.id = t.person
WHERE true{beside}
ORDER BY t.acted_at {direction}, t.id {direction} LIMIT {limit}"""
_BESIDE = " AND (t.acted_at, t.id) {compared} ($1::timestamptz, $2::bigint)"


@dataclass(frozen=True)
class Act:
    """What somebody did about a delivery; `agencies` are those of their offices at that time."""

    delivery: int
    channel: str
    received_at: datetime
    act: str
    acted_at: datetime
    person: str
    agencies: str


@get(LOOKS, guards=[requires("inspector")])
async def looks(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """The acts, newest first."""
    settle_language(request)
    async with database.transaction("reader", user_id=officer.id):
        found = await _acts(wish_of(request))
    return page(
        request,
        "inspectorate/deliveries.html",
        acts=found.items,
        manners=_manners(),
        pager=_pager(found),
        zone=officer.timezone,
        overview=INSPECTORATE,
    )


async def _acts(wish: Wish) -> Page[Act]:
    compared, direction = order(wish, newest_first=True)
    beside = _BESIDE.format(compared=compared) if wish.mark else ""
    marked = [wish.mark.at, wish.mark.id] if wish.mark else []
    sql = _ACTS.format(beside=beside, direction=direction, limit=PAGE_SIZE + 1)
    rows = await database.fetch(sql, *marked)
    return page_of([(Mark(row["acted_at"], row["id"]), _act(row)) for row in rows], wish)


def _act(row: asyncpg.Record) -> Act:
    return Act(
        delivery=row["delivery"],
        channel=channel_name(row["channel"]),
        received_at=row["received_at"],
        act=row["act"],
        acted_at=row["acted_at"],
        person=row["person"],
        agencies=row["agencies"] or "",
    )


def _manners() -> Mapping[str, str]:
    return {
        "opened": say("membuka isinya"),
        "filed": say("menjadikannya aduan"),
        "aside": say("menyisihkannya"),
        "returned": say("mengembalikannya"),
    }


def _pager(found: Page[Act]) -> Pager:
    def beside(name: str, mark: Mark | None, number: int) -> str | None:
        if mark is None:
            return None
        return f"{LOOKS}?{urlencode({name: str(mark), 'halaman': str(max(number, 1))})}"

    return Pager(
        found.number,
        beside("sebelum", found.previous, found.number - 1),
        beside("sesudah", found.next, found.number + 1),
    )


ROUTES = [Router("/", route_handlers=[looks], dependencies={"officer": Provide(current_officer)})]
