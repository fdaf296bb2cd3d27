"""The residents' form on a device that many use: it files by the channel `kiosk` and keeps nothing of whoever was there."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler

from lapor import qr, uploads
from lapor.complaints import tickets
from lapor.complaints.queries.slip import slip
from lapor.filing_form import choices
from lapor.filing_form.checks import Checked, check
from lapor.filing_form.links import secret_link
from lapor.filing_form.once import known, new_form
from lapor.intake.addresses import PRIVATE
from lapor.intake.filing_pages import Back, file_or_back, form_page
from lapor.pages import AnyRequest, page, settle_language
from lapor.settings import Settings

KIOSK: Final = "/kiosk"
DONE: Final = f"{KIOSK}/selesai"
COOKIE: Final = "lapor_kiosk"
_TEMPLATE: Final = "residents/kiosk.html"
# The way from the form to the slip takes no longer.
_SECONDS: Final = 60


@get(KIOSK)
async def kiosk_form(request: AnyRequest) -> Response[Any]:
    """The empty form."""
    return _page(request, Checked({"form": new_form()}), await choices.registry_now())


@post(KIOSK)
async def file_at_kiosk(request: AnyRequest) -> Response[Any]:
    """File and go on to the slip; whatever is wrong comes back beside its field."""
    settle_language(request)
    registry = await choices.registry_now()
    form = check(await uploads.fields(request), registry)
    form.typed["form"] = known(form.typed["form"])
    opened = await file_or_back(request, form, "kiosk")
    if isinstance(opened, Back):
        return _page(request, form, registry, opened.status_code, opened.headers)
    settings: Settings = request.app.state.settings
    carried = _cookie(settings, f"{opened.ticket}.{opened.secret}", _SECONDS)
    return Redirect(DONE, status_code=303, cookies=[carried])


@get(DONE)
async def kiosk_slip(request: AnyRequest) -> Response[Any]:
    """The slip, once: the browser forgets its secret with this answer."""
    settle_language(request)
    ticket, _, secret = request.cookies.get(COOKIE, "").partition(".")
    found = await slip(ticket, secret) if secret else None
    if found is None:
        return Redirect(KIOSK, status_code=303)
    settings: Settings = request.app.state.settings
    link = secret_link(settings, found.ticket, secret)
    shown = page(
        request,
        "residents/kiosk_done.html",
        headers=PRIVATE,
        slip=found,
        ticket=tickets.show(found.ticket),
        link=link,
        picture=qr.picture(link),
        kiosk=True,
    )
    shown.cookies.append(_cookie(settings, "", 0))
    return shown


def _page(
    request: AnyRequest,
    form: Checked,
    registry: Any,
    status_code: int = 200,
    headers: dict[str, str] | None = None,
) -> Response[Any]:
    return form_page(
        request, registry, form, status_code, {**PRIVATE, **(headers or {})}, template=_TEMPLATE, kiosk=True
    )


def _cookie(settings: Settings, value: str, seconds: int) -> Cookie:
    return Cookie(
        COOKIE,
        value=value,
        path=DONE,
        max_age=seconds,
        httponly=True,
        samesite="strict",
        secure=settings.secure,
    )


ROUTES: list[ControllerRouterHandler] = [kiosk_form, file_at_kiosk, kiosk_slip]
