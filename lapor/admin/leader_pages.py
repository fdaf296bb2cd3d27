"""The escalation list of the head of region and of those who act for them, and a complaint as they read it."""

from __future__ import annotations

from typing import Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.response import Redirect

from lapor import database
from lapor.admin import arbiter_pages, governor_pages, instruction_pages, leader_live
from lapor.admin.access import current_officer, leaders_only
from lapor.admin.desk_view import missing
from lapor.admin.escalation_view import filter_fields, level_word, only_of, pager_of, parts, trend
from lapor.admin.leader_office import leader_office
from lapor.admin.leader_view import complaint_page
from lapor.admin.lists import filters_of, lines_in_language, wish_of
from lapor.admin.offices import ESCALATIONS, INSTRUCTORS, Officer
from lapor.complaints import desk
from lapor.complaints.desk import Actor, NotFound, Refused
from lapor.complaints.queries.choices import filter_choices
from lapor.complaints.queries.filters import Filters
from lapor.complaints.queries.holders import holders_of
from lapor.complaints.queries.instructions import instructions_standing
from lapor.complaints.queries.late_days import late_days
from lapor.complaints.queries.overdue import MOST_SAYING, Only, overdue
from lapor.complaints.reading_traces import note_listed
from lapor.locales import say
from lapor.pages import AnyRequest, page, settle_language

_OLDEST = 3


@get(ESCALATIONS, guards=[leaders_only])
async def escalations(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """What passed its deadline: one number, the three oldest, then the list."""
    settle_language(request)
    filters, only, wish = filters_of(request), only_of(request), wish_of(request)
    narrowed = filters != Filters() or only != Only()
    # Only who opens the front page wants the whole picture.
    whole = wish.mark is None and not narrowed
    async with database.transaction("reader", user_id=officer.id):
        where = await leader_office(officer)
        choices = await filter_choices([office.region for office in officer.offices])
        found = await overdue(filters, wish, only=only)
        await note_listed(found.page.items)
        holders = await holders_of(line.agency_id for line in found.page.items)
        standing = await instructions_standing()
        days = await late_days(officer.timezone) if whole else []
    lines = lines_in_language(found.page.items, choices)
    # What was answered meanwhile is no headline.
    oldest = [line for line in lines if line.met_at is None][:_OLDEST] if wish.mark is None else []
    return page(
        request,
        "leaders/escalations.html",
        where=where,
        found=found,
        narrowed=narrowed,
        many=bool(filters.words) and found.filtered > MOST_SAYING,
        limit=MOST_SAYING,
        oldest=oldest,
        lines=[line for line in lines if line not in oldest],
        filters=filter_fields(filters, only, choices),
        path=ESCALATIONS,
        stream=leader_live.STREAM,
        instructs=bool(officer.roles & INSTRUCTORS),
        holders=holders,
        standing=standing,
        parts=parts(found.groups, choices) if whole else [],
        trend=trend(days) if whole else None,
        level_word=level_word,
        pager=pager_of(filters, only, found.page),
        now=found.at,
        zone=officer.timezone,
        notice=say("Sudah ditandai dilihat.") if request.query_params.get("selesai") == "dilihat" else "",
    )


@get("/pimpinan/aduan/{complaint:int}", guards=[leaders_only])
async def one(
    request: AnyRequest, complaint: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """One complaint, to be read."""
    settle_language(request)
    return await complaint_page(request, officer, complaint)


@post("/pimpinan/aduan/{complaint:int}/dilihat", guards=[leaders_only])
async def see(
    request: AnyRequest, complaint: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """Take what was answered late off the list, as seen."""
    settle_language(request)
    try:
        await desk.see_escalation(Actor.officer(officer.id), complaint)
    except (NotFound, Refused) as error:
        raise missing() from error
    return Redirect(f"{ESCALATIONS}?selesai=dilihat", status_code=303)


ROUTES = [
    Router(
        "/",
        route_handlers=[
            escalations,
            one,
            see,
            *instruction_pages.ROUTES,
            *arbiter_pages.ROUTES,
            *governor_pages.ROUTES,
            *leader_live.ROUTES,
        ],
        dependencies={"officer": Provide(current_officer)},
    )
]
