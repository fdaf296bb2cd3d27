"""The officer's desk: the queue and one complaint. What is done there stands in desk_acts.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect

from lapor import database
from lapor.admin import (
    bulk_pages,
    desk_acts,
    desk_instructions,
    kept_filters,
    liaison_pages,
    presence,
    queue_live,
)
from lapor.admin.access import current_officer, desk_only
from lapor.admin.desk_tabs import FIRST, path_of, tabs
from lapor.admin.desk_view import Shown, complaint_page, read
from lapor.admin.lists import (
    address,
    categories_in_language,
    filters_of,
    lines_in_language,
    pager,
    wish_of,
)
from lapor.admin.offices import Officer
from lapor.complaints.queries.choices import Choices, filter_choices
from lapor.complaints.queries.claims import claims_of
from lapor.complaints.queries.filters import Filters, looked_up
from lapor.complaints.queries.load import OVERSEERS
from lapor.complaints.queries.paging import COUNT_LIMIT, Wish
from lapor.complaints.queries.queue import counts, queue
from lapor.complaints.queries.tabs import APPROVALS, BULK_TABS, TAB_STATUSES, TABS, UNROUTED
from lapor.complaints.states import LABELS
from lapor.locales import say
from lapor.pages import AnyRequest, page, settle_language


@get("/meja", guards=[desk_only])
async def my_queue(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """What is mine and open, nearest deadline first."""
    return await _list(request, officer, FIRST)


@get("/meja/{tab:str}", guards=[desk_only])
async def other_tab(
    request: AnyRequest, tab: FromPath[str], officer: NamedDependency[Officer]
) -> Response[Any]:
    """What was offered to us, waits for a second person, has to be routed, or is finished."""
    if tab not in TABS or tab == FIRST or (tab == UNROUTED and "coordinator" not in officer.roles):
        raise NotFoundException()
    return await _list(request, officer, tab)


async def _list(request: AnyRequest, officer: Officer, tab: str) -> Response[Any]:
    settle_language(request)
    filters, wish = filters_of(request), wish_of(request)
    path = path_of(tab)
    if not kept_filters.named(request) and wish == Wish():
        remembered = kept_filters.kept(request, officer, tab)
        if remembered != Filters():
            return Redirect(address(path, remembered, dict(request.query_params)), status_code=303)
    async with database.transaction("reader", user_id=officer.id):
        choices = await filter_choices([office.region for office in officer.offices])
        sought = await looked_up(filters)
        found = await queue(tab, sought, wish)
        counted = await counts(tab, replace(sought, untraced=True))
        claims = await claims_of([item.id for item in found.items]) if tab == APPROVALS else {}
        now = await database.now()
    # Of guarded complaints that hold the words only those are counted that are shown, and noted.
    total = max(counted.total, len(found.items))
    shown = page(
        request,
        "desk/queue.html",
        tab=tab,
        tabs=tabs(officer, tab, counted),
        filters=_filter_fields(tab, filters, choices),
        filtered=filters != Filters(),
        path=path,
        clear=f"{path}?{kept_filters.CLEAR}=1",
        stream=address(queue_live.STREAM, filters, {"bagian": tab}),
        ticks=tab in BULK_TABS,
        oversees=bool(officer.roles & set(OVERSEERS)),
        claims=claims,
        items=lines_in_language(found.items, choices),
        pager=pager(path, filters, found),
        total=total,
        many=total > COUNT_LIMIT,
        limit=COUNT_LIMIT,
        now=now,
        notice=desk_acts.done(request.query_params.get("selesai", "")),
    )
    kept_filters.keep(request, shown, officer, tab, filters)
    return shown


def _filter_fields(tab: str, filters: Filters, choices: Choices) -> Sequence[dict[str, Any]]:
    fields: list[dict[str, Any]] = [
        {"name": "cari", "label": say("Cari kata atau nomor"), "value": filters.words},
        {
            "name": "kategori",
            "label": say("Kategori"),
            "value": filters.category,
            "options": categories_in_language(choices),
        },
        {
            "name": "kecamatan",
            "label": say("Kecamatan"),
            "value": filters.district,
            "options": choices.districts,
        },
    ]
    if TAB_STATUSES[tab]:
        options = [(status, say(LABELS[status])) for status in TAB_STATUSES[tab]]
        fields.append({"name": "status", "label": say("Status"), "value": filters.status, "options": options})
    return fields


@get("/meja/aduan/{complaint:int}", guards=[desk_only])
async def one(
    request: AnyRequest, complaint: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """One complaint on one screen."""
    settle_language(request)
    notice = desk_acts.done(request.query_params.get("selesai", ""))
    view = await read(officer, complaint)
    others = await presence.others(request, officer, complaint)
    return complaint_page(request, view, Shown(notice=notice, others=others))


ROUTES = [
    Router(
        "/",
        route_handlers=[
            my_queue,
            other_tab,
            one,
            queue_live.queue_stream,
            *bulk_pages.ROUTES,
            *liaison_pages.ROUTES,
            *desk_acts.ROUTES,
            *desk_instructions.ROUTES,
        ],
        dependencies={"officer": Provide(current_officer)},
    )
]
