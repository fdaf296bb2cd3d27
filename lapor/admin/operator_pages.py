"""The counter and the call centre: the form for somebody who calls or comes, and what helps while they speak."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.response import Redirect

from lapor import database, uploads
from lapor.admin import slip_pages, slips
from lapor.admin.access import NotSignedIn, current_officer
from lapor.admin.offices import COUNTER, Officer
from lapor.admin.operator_form import MANNERS, take_down
from lapor.admin.slip_pages import operators_only
from lapor.complaints import desk
from lapor.complaints.desk import Actor, Earlier
from lapor.filing_form import choices, sent_photos
from lapor.filing_form.checks import Checked, phone_of, read
from lapor.filing_form.offered import offered
from lapor.filing_form.once import file_once, known, new_form
from lapor.locales import current, say
from lapor.pages import AnyRequest, page, settle_language
from lapor.routing.directory import Registry
from lapor.settings import Settings

# A page that asks by itself for one part says so, and gets nothing around it.
PART = "x-lapor-part"


@dataclass(frozen=True)
class Proposed:
    """What the caller's words speak of: categories as (code, name), places as (district, village, name)."""

    categories: Sequence[tuple[str, str]]
    places: Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class History:
    """What the caller reported before, or in a sentence why nothing is shown."""

    earlier: Sequence[Earlier] = ()
    why_not: str = ""


@dataclass(frozen=True)
class Shown:
    """What stands on the form's page besides what was typed."""

    proposed: Proposed | None = None
    history: History | None = None
    ended: bool = False
    status_code: int = 200


@get(COUNTER, guards=[operators_only])
async def empty_form(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """The form for the next one; how the last one came in is kept."""
    manner = request.query_params.get("cara", "")
    typed = {"form": new_form(), "manner": manner if manner in MANNERS else MANNERS[0]}
    return _form_page(request, await choices.registry_now(), Checked(typed), Shown())


@post(COUNTER, **sent_photos.LARGE)
async def file(request: AnyRequest) -> Response[Any]:
    """File what was taken down and go on to its slip; whatever is wrong comes back beside its field."""
    settle_language(request)
    registry = await choices.registry_now()
    officer = await _operator(request)
    if officer is None:
        return await _session_over(request, registry)
    data = await uploads.fields(request)
    async with database.transaction("reader", user_id=officer.id):
        at = await database.now()
    form = take_down(data, registry, officer.id, at, officer.timezone)
    form.photos = len(await uploads.chosen(request))
    form.typed["form"] = known(form.typed["form"])
    if form.filing is None:
        return _form_page(request, registry, form, Shown(status_code=422))
    settings: Settings = request.app.state.settings
    try:
        opened = await file_once(form.filing, form.typed["form"], settings.secret_key)
    except desk.Refused as refusal:
        form.errors[refusal.field or ""] = say(refusal.message)
        return _form_page(request, registry, form, Shown(status_code=422))
    refused = await sent_photos.keep(request, opened.ticket, opened.secret) if form.photos else []
    news = {"cara": form.typed["manner"], sent_photos.TOLD: sent_photos.told(refused)}
    where = f"{slips.path_of(opened.ticket)}/slip?{urlencode({name: said for name, said in news.items() if said})}"
    carried = slips.cookie(settings, officer.id, opened.ticket, opened.secret)
    return Redirect(where, status_code=303, cookies=[carried])


@post(f"{COUNTER}/saran", **sent_photos.LARGE)
async def propose(request: AnyRequest) -> Response[Any]:
    """Topics and places that the words so far speak of."""
    settle_language(request)
    registry = await choices.registry_now()
    if await _operator(request) is None:
        return await _session_over(request, registry)
    form = await _as_typed(request)
    proposed = proposals(registry, form.typed["text"])
    if PART in request.headers:
        return page(request, "operator/proposed.html", proposed=proposed)
    return _form_page(request, registry, form, Shown(proposed=proposed))


@post(f"{COUNTER}/riwayat", **sent_photos.LARGE)
async def look_at_history(request: AnyRequest) -> Response[Any]:
    """What the same number reported before; each look is recorded in what it shows."""
    settle_language(request)
    registry = await choices.registry_now()
    officer = await _operator(request)
    if officer is None:
        return await _session_over(request, registry)
    form = await _as_typed(request)
    history = await _history(officer, form)
    if PART in request.headers:
        return page(request, "operator/history.html", history=history)
    return _form_page(request, registry, form, Shown(history=history))


def proposals(registry: Registry, text: str) -> Proposed:
    """Return what a text speaks of, by the words of the registers."""
    english = current() == "en"
    found = [registry.categories[code] for code in registry.category_words.suggest(text)]
    # An emergency comes before anything else.
    named = sorted(found, key=lambda one: not one.emergency)
    guess = registry.place_names.find(text, registry.default_region)
    places = [place for code in guess.candidates[:3] if (place := _place(registry, code))]
    return Proposed(
        [(one.code, one.name_en if english and one.name_en else one.name) for one in named], places
    )


def _place(registry: Registry, code: str) -> tuple[str, str, str] | None:
    """District, village (or nothing) and name of a place; None for what is larger than a district."""
    region = registry.regions[code]
    called = {
        "district": say("Kecamatan {name}"),
        "village": say("Desa {name}"),
        "urban_village": say("Kelurahan {name}"),
    }.get(region.kind)
    if called is None:
        return None
    name = called.format(name=region.name)
    return (code, "", name) if region.kind == "district" else (registry.chain(code)[1], code, name)


async def _history(officer: Officer, form: Checked) -> History:
    if form.typed["privacy"] in ("anonymous", "confidential"):
        return History(why_not=say("Laporan anonim dan rahasia tidak digabungkan dengan riwayat."))
    phone = phone_of(form.typed["phone"])
    if not phone:
        return History(why_not=say("Ketik nomor telepon yang lengkap dahulu."))
    return History(await desk.look_at_caller(Actor.officer(officer.id), phone))


async def _as_typed(request: AnyRequest) -> Checked:
    """The form as it was sent, unchecked: somebody still writes in it."""
    data = await uploads.fields(request)
    form = Checked({**data, **read(data)}, photos=len(await uploads.chosen(request)))
    form.typed["form"] = known(form.typed["form"])
    return form


async def _operator(request: AnyRequest) -> Officer | None:
    """The operator who asks, None when the session has ended; raises for every other office.

    No guard stands before these forms: what was typed would be lost on the way to the log-in.
    """
    try:
        await operators_only(request, request.route_handler)
    except NotSignedIn:
        return None
    return await current_officer(request)


async def _session_over(request: AnyRequest, registry: Registry) -> Response[Any]:
    return _form_page(request, registry, await _as_typed(request), Shown(ended=True, status_code=403))


def _form_page(request: AnyRequest, registry: Registry, form: Checked, shown: Shown) -> Response[Any]:
    settle_language(request)
    return page(
        request,
        "operator/form.html",
        status_code=shown.status_code,
        headers={"Cache-Control": "no-store"},
        **offered(registry, form),
        proposed=shown.proposed,
        history=shown.history,
        ended=shown.ended,
    )


ROUTES = [
    Router(
        "/",
        route_handlers=[empty_form, file, propose, look_at_history, *slip_pages.HANDLERS],
        dependencies={"officer": Provide(current_officer)},
    )
]
