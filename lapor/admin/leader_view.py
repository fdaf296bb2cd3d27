"""One complaint as the leadership reads it; the arbiter finds the forms of their decision beside it."""

from __future__ import annotations

from typing import Any

from litestar import Response

from lapor import database
from lapor.admin.desk_view import Returned, read
from lapor.admin.offices import INSTRUCTORS, Officer
from lapor.admin.story import tell
from lapor.complaints.approving import REJECTION_REASONS
from lapor.complaints.arbiter import ARBITERS
from lapor.complaints.queries.complaint import OneComplaint
from lapor.complaints.queries.holders import holders_of
from lapor.pages import AnyRequest, page


async def complaint_page(
    request: AnyRequest, officer: Officer, complaint: int, returned: Returned | None = None
) -> Response[Any]:
    """The page; `returned` is a decision that came back."""
    view = await read(officer, complaint)
    one = view.one
    owner = one.row["owner_agency"]
    async with database.transaction("reader", user_id=officer.id):
        holder = (await holders_of([owner])).get(owner)
    conflict = bool(returned and returned.conflict)
    return page(
        request,
        "leaders/complaint.html",
        status_code=(409 if conflict else 422) if returned else 200,
        one=one,
        now=one.at,
        zone=one.row["zone"],
        holder=holder,
        story=tell(one, request.app.state.settings.same_words_from),
        reason_words=REJECTION_REASONS,
        causes=one.before_arbiter if officer.roles & set(ARBITERS) else frozenset(),
        instructs=bool(officer.roles & INSTRUCTORS) and _escalated(one),
        agencies=[(str(one.row["owner_agency"]), one.row["agency_name"]), *view.agencies],
        failed=returned.act if returned else "",
        conflict=conflict,
        errors=returned.errors if returned else {},
        typed=returned.typed if returned else {},
    )


def _escalated(one: OneComplaint) -> bool:
    overdue = any(clock.due_at < one.at and clock.kind != "reporter_window" for clock in one.running)
    return overdue or any(happened.kind == "rung_escalate" for happened in one.story)
