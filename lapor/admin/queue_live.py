"""The queue as it changes: how many wait in each tab, and how many complaints of the open tab changed since."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency

from lapor import database
from lapor.admin import live
from lapor.admin.access import COOKIE, desk_only, officer_of
from lapor.admin.lists import filters_of
from lapor.admin.live_changes import Changes, Topics
from lapor.admin.offices import LEADER_ROLES, Officer
from lapor.complaints.queries.filters import Filters
from lapor.complaints.queries.queue import counts, how_many_of
from lapor.complaints.queries.tabs import OURS, TABS
from lapor.pages import AnyRequest

STREAM = "/meja/arus"


@get(STREAM, guards=[desk_only])
async def queue_stream(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """The stream of a queue page, or its message of this moment: numbers only, by this officer's own sight."""
    tab = request.query_params.get("bagian", "")
    tab = tab if tab in TABS else OURS
    filters = replace(filters_of(request), untraced=True)

    async def tell(changes: Changes) -> live.Facts:
        return await _message(officer, tab, filters, changes)

    listening = live.Listening(
        await desk_topics(officer), tell, still_here(request, officer), live.since_of(request)
    )
    return await live.answer(request, listening)


async def _message(officer: Officer, tab: str, filters: Filters, changes: Changes) -> live.Facts:
    async with database.transaction("reader", user_id=officer.id):
        counted = await counts(tab, filters)
        changed = await how_many_of(changes.complaints, tab, filters) if changes.complaints else 0
    # The page counts the guarded lines that it shows and notes; beside its number this one would look like a change.
    total = None if filters.words.strip() else counted.total
    return {"tabs": dict(counted.tabs), "total": total, "changed": changed, "many": changes.many}


async def desk_topics(officer: Officer) -> Topics:
    """Return what an officer's work is about: the agencies they work for and the regions they read."""
    async with database.transaction("reader", user_id=officer.id):
        row = await database.fetchrow(
            "SELECT my_working_agencies() AS agencies, my_regions_as($1) AS regions",
            [*LEADER_ROLES, "coordinator"],
        )
    assert row is not None
    return frozenset(
        (
            *(f"agency:{agency}" for agency in row["agencies"]),
            *(f"region:{region}" for region in row["regions"]),
        )
    )


def still_here(request: AnyRequest, officer: Officer) -> live.Still:
    """Return the question whether this session goes on, with the same offices as when the stream began."""
    token = request.cookies.get(COOKIE)

    async def still() -> bool:
        found = await officer_of(token)
        return found is not None and found.id == officer.id and found.offices == officer.offices

    return still
