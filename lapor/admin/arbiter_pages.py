"""What waits for the arbiter, and the decisions: whose a complaint is, whether an answer was one."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from lapor import database
from lapor.admin.access import requires
from lapor.admin.desk_forms import Form, read_form
from lapor.admin.desk_view import Returned, missing
from lapor.admin.leader_view import complaint_page
from lapor.admin.offices import ARBITER, Officer
from lapor.complaints import desk
from lapor.complaints.arbiter import ARBITERS
from lapor.complaints.desk import Conflict, NotFound, Refused
from lapor.complaints.queries.before_arbiter import LIMIT, before_arbiter
from lapor.locales import say
from lapor.pages import AnyRequest, page, settle_language

TRANSFER = "putusan-alih-tangan"
DISPUTE = "putusan-bantahan"
arbiters_only = requires(*ARBITERS)


@get(ARBITER, guards=[arbiters_only])
async def waiting(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """What waits for a decision, longest first."""
    settle_language(request)
    async with database.transaction("reader", user_id=officer.id):
        found = await before_arbiter()
        now = await database.now()
    return page(
        request,
        "leaders/arbiter.html",
        quarrels=found,
        many=len(found) == LIMIT,
        now=now,
        notice=say("Keputusan Anda sudah dicatat dan disampaikan.")
        if request.query_params.get("selesai") == "diputuskan"
        else "",
    )


@post(f"/pimpinan/aduan/{{complaint:int}}/{TRANSFER}", guards=[arbiters_only])
async def rule_transfer(
    request: AnyRequest, complaint: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """Decide which agency is responsible."""
    settle_language(request)
    form = await read_form(request, officer, complaint)
    try:
        await desk.rule_transfer(
            form.actor, complaint, agency=form.number("agency"), reason=form.reason, version=form.version
        )
    except NotFound as error:
        raise missing() from error
    except Refused as refusal:
        return await _again(request, form, TRANSFER, refusal)
    return Redirect(f"{ARBITER}?selesai=diputuskan", status_code=303)


@post(f"/pimpinan/aduan/{{complaint:int}}/{DISPUTE}", guards=[arbiters_only])
async def rule_dispute(
    request: AnyRequest, complaint: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """Decide whether the disputed answer was one."""
    settle_language(request)
    form = await read_form(request, officer, complaint)
    decided = form.typed.get("upheld", "")
    try:
        if decided not in ("ya", "tidak"):
            raise Refused(say("Pilih keputusan Anda."), "upheld")
        await desk.rule_dispute(
            form.actor, complaint, upheld=decided == "ya", reason=form.reason, version=form.version
        )
    except NotFound as error:
        raise missing() from error
    except Refused as refusal:
        return await _again(request, form, DISPUTE, refusal)
    return Redirect(f"{ARBITER}?selesai=diputuskan", status_code=303)


@get(
    [f"/pimpinan/aduan/{{complaint:int}}/{act}" for act in (TRANSFER, DISPUTE)],
    guards=[arbiters_only],
)
async def back(complaint: FromPath[int]) -> Response[Any]:
    """A form's address, asked for as a page: the complaint it is about."""
    return Redirect(f"/pimpinan/aduan/{complaint}", status_code=303)


async def _again(request: AnyRequest, form: Form, act: str, refusal: Refused) -> Response[Any]:
    conflict = isinstance(refusal, Conflict)
    returned = Returned(act, {refusal.field or "": refusal.message}, form.typed, conflict)
    return await complaint_page(request, form.officer, form.complaint, returned)


ROUTES = [waiting, rule_transfer, rule_dispute, back]
