"""The region above: the regencies and cities below side by side, and what is asked of them; the answers of those asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from lapor import database
from lapor.admin.access import leaders_only, requires
from lapor.admin.desk_forms import read_form
from lapor.admin.desk_view import missing
from lapor.admin.leader_office import leader_office
from lapor.admin.offices import EXPLANATIONS, REGIONS_BELOW, Officer
from lapor.complaints import desk
from lapor.complaints.desk import NotFound, Refused
from lapor.complaints.explaining import ANSWERING_ROLES, asking_office
from lapor.complaints.instructing import GIVING_ROLES
from lapor.complaints.queries.explanations import Below, regions_below, requests
from lapor.locales import say
from lapor.pages import AnyRequest, page, settle_language

_DAYS = timedelta(days=5)
askers_only = requires(*GIVING_ROLES)
answerers_only = requires(*ANSWERING_ROLES)


@get(REGIONS_BELOW, guards=[leaders_only])
async def below(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """The regions below side by side: how many, how late, what they publish; never what a complaint says."""
    settle_language(request)
    async with database.transaction("reader", user_id=officer.id):
        where = await leader_office(officer)
        found = await regions_below()
        now = await database.now()
    return page(
        request,
        "leaders/regions.html",
        where=where,
        regions=found,
        overdue=sum(region.overdue for region in found),
        asks=bool(officer.roles & set(GIVING_ROLES)),
        now=now,
        zone=officer.timezone,
    )


@get(f"{REGIONS_BELOW}/{{region:int}}/penjelasan", guards=[askers_only])
async def write(
    request: AnyRequest, region: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """The form of a request."""
    settle_language(request)
    return await _form(request, officer, region)


@post(f"{REGIONS_BELOW}/{{region:int}}/penjelasan", guards=[askers_only])
async def ask(request: AnyRequest, region: FromPath[int], officer: NamedDependency[Officer]) -> Response[Any]:
    """Ask the head of a region below."""
    settle_language(request)
    form = await read_form(request, officer, 0)
    try:
        await desk.ask_explanation(form.actor, region=region, text=form.text, due_at=form.promise("due_at"))
    except NotFound as error:
        raise missing() from error
    except Refused as refusal:
        return await _form(request, officer, region, form.typed, refusal)
    return Redirect(f"{EXPLANATIONS}?selesai=diminta", status_code=303)


async def _form(
    request: AnyRequest,
    officer: Officer,
    region: int,
    typed: Mapping[str, str] | None = None,
    refusal: Refused | None = None,
) -> Response[Any]:
    async with database.transaction("reader", user_id=officer.id):
        found: Below | None = next((one for one in await regions_below() if one.id == region), None)
        parent = await database.fetchval("SELECT parent FROM region WHERE id = $1", region)
        giving = await asking_office(parent) if found else None
        now = await database.now()
    if found is None:
        raise missing()
    due = (now.astimezone(ZoneInfo(officer.timezone)) + _DAYS).date().isoformat()
    return page(
        request,
        "leaders/ask.html",
        status_code=422 if refusal else 200,
        asked=found,
        giving=giving,
        typed=typed or {"text": "", "due_at": due},
        errors={refusal.field or "": refusal.message} if refusal else {},
        now=now,
        zone=officer.timezone,
    )


@get(EXPLANATIONS, guards=[leaders_only])
async def explanations(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """What our region asked and was asked, what waits first."""
    settle_language(request)
    return await _list(request, officer)


@post(f"{EXPLANATIONS}/{{explanation:int}}/jawaban", guards=[answerers_only])
async def explain(
    request: AnyRequest, explanation: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """Answer a request."""
    settle_language(request)
    form = await read_form(request, officer, 0)
    try:
        await desk.explain(form.actor, explanation, text=form.text)
    except NotFound as error:
        raise missing() from error
    except Refused as refusal:
        return await _list(request, officer, failed=explanation, refusal=refusal, typed=form.text)
    return Redirect(f"{EXPLANATIONS}?selesai=dijawab", status_code=303)


async def _list(
    request: AnyRequest, officer: Officer, *, failed: int = 0, refusal: Refused | None = None, typed: str = ""
) -> Response[Any]:
    async with database.transaction("reader", user_id=officer.id):
        where = await leader_office(officer)
        found = await requests()
        now = await database.now()
    done = request.query_params.get("selesai", "")
    return page(
        request,
        "leaders/explanations.html",
        status_code=422 if refusal else 200,
        where=where,
        requests=found,
        failed=failed,
        errors={refusal.field or "": refusal.message} if refusal else {},
        typed=typed,
        now=now,
        notice=_done(done),
    )


def _done(what: str) -> str:
    if what == "diminta":
        return say("Permintaan penjelasan sudah dikirim.")
    return say("Penjelasan sudah disampaikan.") if what == "dijawab" else ""


@get(f"{EXPLANATIONS}/{{explanation:int}}/jawaban", guards=[answerers_only])
async def back(explanation: FromPath[int]) -> Response[Any]:
    """The address of an answer asked for as a page, after a reload or in another language."""
    return Redirect(f"{EXPLANATIONS}#penjelasan-{explanation}", status_code=303)


ROUTES = [below, write, ask, explanations, explain, back]
