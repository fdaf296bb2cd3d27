"""The escalation list as it changes: the one number, and how many complaints changed since the page was opened."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency

from lapor import database
from lapor.admin import live
from lapor.admin.access import leaders_only
from lapor.admin.live_changes import Changes
from lapor.admin.offices import LEADER_ROLES, Officer
from lapor.admin.queue_live import still_here
from lapor.complaints.queries.filters import Filters
from lapor.complaints.queries.overdue import overdue
from lapor.complaints.queries.paging import Wish
from lapor.pages import AnyRequest

STREAM = "/pimpinan/arus"


@get(STREAM, guards=[leaders_only])
async def escalation_stream(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """The stream of the escalation list, or its message of this moment: numbers only, by this officer's own sight."""

    async def tell(changes: Changes) -> live.Facts:
        async with database.transaction("reader", user_id=officer.id):
            found = await overdue(Filters(), Wish(), size=1)
            seen = await database.fetchval(
                "SELECT count(*) FROM complaint WHERE id = ANY ($1)", sorted(changes.complaints)
            )
        return {"waiting": found.waiting, "total": found.total, "changed": seen, "many": changes.many}

    regions = {office.region for office in officer.offices if office.role in LEADER_ROLES}
    topics = frozenset(f"region:{region}" for region in regions)
    listening = live.Listening(topics, tell, still_here(request, officer), live.since_of(request))
    return await live.answer(request, listening)


ROUTES = [escalation_stream]
