"""Months that are closed and those about to be: seals, objections, decisions about them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from lapor import database
from lapor.admin.access import officers_only, requires
from lapor.admin.desk_view import missing
from lapor.admin.figures_asked import month_name
from lapor.admin.offices import Officer
from lapor.complaints.actor import Actor
from lapor.complaints.closing_months import closes_at
from lapor.complaints.errors import NotFound, Refused
from lapor.complaints.objecting import decide_objection, object_to, objections
from lapor.complaints.queries.figures.months import closed_months, months_to_close
from lapor.locales import say
from lapor.pages import AnyRequest, page, settle_language

CLOSING: Final = "/angka/penutupan"
OBJECTIONS: Final = "/angka/keberatan"
_OBJECTORS: Final = ("agency_head", "liaison")
objectors_only = requires(*_OBJECTORS)
deciders_only = requires("coordinator", "administrator")

_SEEN: Final = """
SELECT coalesce(array_agg(DISTINCT region), '{}') FROM (
  SELECT unnest(figure_regions()) AS region UNION ALL SELECT a.region FROM agency a WHERE a.id = ANY (my_agencies())
) seen"""


@get(CLOSING, guards=[officers_only])
async def closing(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """Which months stand for ever, which close when, and what was objected to."""
    settle_language(request)
    return await _page(request, officer)


@post(OBJECTIONS, guards=[objectors_only])
async def make(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """Object to a month in the name of one's agency."""
    settle_language(request)
    typed = await _typed(request, "month", "reference", "text")
    try:
        month = _month(typed["month"])
        await object_to(Actor.officer(officer.id), month, reference=typed["reference"], text=typed["text"])
    except Refused as refusal:
        return await _page(request, officer, typed, {refusal.field or "": refusal.message})
    return Redirect(f"{CLOSING}?selesai=keberatan", status_code=303)


@post(f"{OBJECTIONS}/{{objection:int}}/putusan", guards=[deciders_only])
async def decide(
    request: AnyRequest, objection: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """Accept or refuse an objection."""
    settle_language(request)
    typed = {**await _typed(request, "outcome", "answer"), "objection": str(objection)}
    try:
        await decide_objection(
            Actor.officer(officer.id), objection, outcome=typed["outcome"], answer=typed["answer"]
        )
    except NotFound as error:
        raise missing() from error
    except Refused as refusal:
        return await _page(request, officer, typed, {refusal.field or "": refusal.message})
    return Redirect(f"{CLOSING}?selesai=putusan", status_code=303)


async def _typed(request: AnyRequest, *names: str) -> dict[str, str]:
    fields = await request.form()
    return {name: str(fields.get(name, "")).replace("\x00", "") for name in names}


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise Refused(say("Pilih bulan dari daftar."), "month") from None


async def _page(
    request: AnyRequest,
    officer: Officer,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response[Any]:
    days = request.app.state.settings.closing_days
    own = officer.offices[0].region
    async with database.transaction("reader", user_id=officer.id):
        regions: list[int] = await database.fetchval(_SEEN)
        closed = await closed_months(regions)
        open_ = await months_to_close(own)
        objected = await objections()
    notices = {
        "keberatan": say("Keberatan Anda sudah dicatat."),
        "putusan": say("Putusan Anda sudah dicatat."),
    }
    return page(
        request,
        "figures/closing.html",
        status_code=422 if errors else 200,
        closed=[{"month": month_name(one.month), "one": one} for one in closed],
        open=[
            {"month": month_name(month), "at": closes_at(month, days, officer.timezone)} for month in open_
        ],
        choices=[(f"{month:%Y-%m}", month_name(month)) for month in open_],
        objections=[{"month": month_name(one.month), "one": one} for one in objected],
        objects=bool(officer.roles & set(_OBJECTORS)),
        several=len(regions) > 1,
        days=days,
        zone=officer.timezone,
        typed=typed or {},
        errors=errors or {},
        notice=notices.get(request.query_params.get("selesai", ""), ""),
    )


ROUTES = [closing, make, decide]
