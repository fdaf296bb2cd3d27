"""The overview of whoever answers for an agency's complaints: load, what breaks next, hand-overs, what went wrong."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency

from lapor import database
from lapor.admin.access import requires
from lapor.admin.lists import lines_in_language
from lapor.admin.offices import QUEUE, Officer
from lapor.complaints.queries.choices import filter_choices
from lapor.complaints.queries.load import OVERSEERS, SPAN, overview
from lapor.pages import AnyRequest, page, settle_language

OVERVIEW = f"{QUEUE}/ikhtisar"
overseers_only = requires(*OVERSEERS)


@get(OVERVIEW, guards=[overseers_only])
async def liaison(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """Load per person, nearest breaches, transfers, disputes, broken promises, identical replies."""
    settle_language(request)
    async with database.transaction("reader", user_id=officer.id):
        choices = await filter_choices()
        found = await overview(request.app.state.settings.same_words_from)
    return page(
        request,
        "desk/liaison.html",
        found=found,
        lists_of={
            "nearest": lines_in_language(found.nearest, choices),
            "disputed": lines_in_language(found.disputed, choices),
            "broken": lines_in_language(found.broken, choices),
        },
        days=SPAN.days,
        now=found.at,
        zone=officer.timezone,
    )


ROUTES = [liaison]
