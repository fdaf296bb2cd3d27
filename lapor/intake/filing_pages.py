"""Filing: the form, what it says back, and the page with the ticket."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler

from lapor import limits, uploads
from lapor.complaints import desk, tickets
from lapor.filing_form import choices, sent_photos
from lapor.filing_form.checks import Checked, check
from lapor.filing_form.offered import offered
from lapor.filing_form.once import Opened, file_once, known, new_form
from lapor.intake import chosen_ways, residents
from lapor.intake.addresses import (
    PRIVATE,
    address,
    given_key,
    key_cookie,
    not_there,
    secret_link,
    ticket_of,
)
from lapor.intake.following_view import photos_at
from lapor.locales import say, say_many
from lapor.pages import AnyRequest, page, settle_language
from lapor.routing.directory import Registry
from lapor.settings import Settings


@dataclass(frozen=True)
class Back:
    """How the form comes back when nothing was filed."""

    status_code: int
    headers: dict[str, str] | None = None


@get("/lapor")
async def filing_form(request: AnyRequest) -> Response[Any]:
    """The empty form."""
    registry, sms = await choices.registry_now(), await chosen_ways.sms_is_sent()
    return form_page(request, registry, Checked({"form": new_form()}), sms=sms)


@post("/lapor", **sent_photos.LARGE)
async def send_filing(request: AnyRequest) -> Response[Any]:
    """File a complaint and go on to its ticket; whatever is wrong comes back beside its field."""
    settle_language(request)
    registry = await choices.registry_now()
    form = check(await uploads.fields(request), registry)
    form.photos = len(await uploads.chosen(request))
    form.typed["form"] = known(form.typed["form"])
    opened = await file_or_back(request, form)
    if isinstance(opened, Back):
        sms = await chosen_ways.sms_is_sent()
        return form_page(request, registry, form, opened.status_code, opened.headers, sms=sms)
    settings: Settings = request.app.state.settings
    refused = await sent_photos.keep(request, opened.ticket, opened.secret) if form.photos else []
    return _sent(opened, {"kontak": form.contact_kind, sent_photos.TOLD: sent_photos.told(refused)}, settings)


def _sent(opened: Opened, news: dict[str, str], settings: Settings) -> Response[Any]:
    where = address(opened.ticket, "terkirim?") + urlencode(
        {name: said for name, said in news.items() if said}
    )
    return Redirect(where, status_code=303, cookies=[key_cookie(settings, opened.ticket, opened.secret)])


@get("/laporan/{ticket:str}/terkirim")
async def filed_page(request: AnyRequest, ticket: FromPath[str]) -> Response[Any]:
    """What to keep: the ticket, the secret link, the receipt; for whoever holds the secret."""
    secret = given_key(request)
    own = await residents.own(ticket_of(ticket), secret)
    if own is None:
        raise not_there()
    response = own.clock("response") or own.main_clock
    return page(
        request,
        "residents/filed.html",
        headers=PRIVATE,
        ticket=tickets.show(own.row["ticket"]),
        secret_link=secret_link(request.app.state.settings, own.row["ticket"], secret),
        agency_name=own.row["agency"],
        agency_phone=own.row["agency_phone"],
        coordinating=own.row["status"] == "received",
        protected=own.row["protected"],
        emergency=own.row["emergency"],
        about_official=own.row["about_official"],
        contact_kind=request.query_params.get("kontak", ""),
        filed_at=own.row["filed_at"],
        due_at=response["due_at"],
        now=own.row["now"],
        zone=own.row["timezone"],
        receipt_hash=own.receipt,
        photos=own.photos,
        photos_at=photos_at(own.row["ticket"]),
        photo_news=sent_photos.news(request),
    )


async def file_or_back(request: AnyRequest, form: Checked, channel: str = "web") -> Opened | Back:
    """File what was checked, once for each form; what is wrong is written into the form."""
    if form.filing is None:
        return Back(422)
    settings: Settings = request.app.state.settings
    wait = await limits.spend(request, "filing", settings.filing_limit, limits.HOUR)
    if wait:
        form.errors[""] = _too_many(wait)
        return Back(429, limits.retry_after(wait))
    try:
        return await file_once(replace(form.filing, channel=channel), form.typed["form"], settings.secret_key)
    except desk.Refused as refusal:
        form.errors[refusal.field or ""] = say(refusal.message)
        return Back(422)


def _too_many(wait: int) -> str:
    """Return the sentence for an address that has filed too often, with the minutes to wait; `wait` in seconds."""
    minutes = -(-wait // 60)
    sentence = say_many(
        "Dari sambungan ini sudah banyak laporan masuk dalam satu jam. Tulisan Anda masih ada di sini; kirim lagi"
        " {minutes} menit lagi.",
        "Dari sambungan ini sudah banyak laporan masuk dalam satu jam. Tulisan Anda masih ada di sini; kirim lagi"
        " {minutes} menit lagi.",
        minutes,
    )
    return sentence.format(minutes=minutes)


def form_page(
    request: AnyRequest,
    registry: Registry,
    form: Checked,
    status_code: int = 200,
    headers: dict[str, str] | None = None,
    *,
    template: str = "residents/file.html",
    kiosk: bool = False,
    sms: bool = False,
) -> Response[Any]:
    """Return the form with what was typed and what is wrong with it; `sms` is an order to choose."""
    settle_language(request)
    return page(
        request,
        template,
        status_code=status_code,
        headers=headers,
        **offered(registry, form),
        kiosk=kiosk,
        sms_is_sent=sms,
    )


ROUTES: list[ControllerRouterHandler] = [filing_form, send_filing, filed_page]
