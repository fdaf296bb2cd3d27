"""After a complaint was taken down: the hand-over of an emergency first, then the slip to print."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler

from lapor import qr, uploads
from lapor.admin import slips
from lapor.admin.access import NotSignedIn, current_officer, requires
from lapor.admin.desk_view import missing
from lapor.admin.offices import COUNTER, LOGIN, OPERATOR_ROLES, Officer
from lapor.admin.operator_form import MANNERS
from lapor.complaints import desk, tickets
from lapor.complaints.desk import Actor, Refused
from lapor.complaints.queries.slip import Slip, slip
from lapor.crypto import secret_hash
from lapor.filing_form import sent_photos
from lapor.filing_form.links import secret_link
from lapor.pages import AnyRequest, page, settle_language

operators_only = requires(*OPERATOR_ROLES)


@get(f"{COUNTER}/{{ticket:str}}/slip", guards=[operators_only])
async def slip_page(
    request: AnyRequest, ticket: FromPath[str], officer: NamedDependency[Officer]
) -> Response[Any]:
    """The slip, for the operator who took the complaint down, as long as their browser has its secret."""
    return _page(request, *await _opened(request, officer, ticket))


@post(f"{COUNTER}/{{ticket:str}}/serah-terima")
async def hand_over(request: AnyRequest, ticket: FromPath[str]) -> Response[Any]:
    """Record to whom on duty the emergency was handed over."""
    settle_language(request)
    try:
        await operators_only(request, request.route_handler)
    except NotSignedIn as error:
        raise NotSignedIn(f"{LOGIN}?lanjut={COUNTER}/{quote(ticket[:13])}/slip") from error
    officer = await current_officer(request)
    found, secret = await _opened(request, officer, ticket)
    typed = await uploads.fields(request)
    try:
        await desk.hand_over(
            Actor.operator(officer.id, secret_hash(secret)),
            found.id,
            to=typed.get("to", ""),
            text=typed.get("text", ""),
        )
    except Refused as refusal:
        errors = {refusal.field or "": refusal.message}
        return _page(request, found, secret, typed=typed, errors=errors, status_code=422)
    manner = typed.get("cara", "")
    return Redirect(
        f"{slips.path_of(found.ticket)}/slip?cara={manner if manner in MANNERS else MANNERS[0]}",
        status_code=303,
    )


async def _opened(request: AnyRequest, officer: Officer, typed: str) -> tuple[Slip, str]:
    """The slip and its secret; raises like any complaint that is not there."""
    try:
        ticket = tickets.parse(typed)
    except ValueError:
        raise missing() from None
    secret = slips.given_secret(request, officer.id, ticket)
    found = await slip(ticket, secret) if secret else None
    if found is None:
        raise missing()
    return found, secret


def _page(
    request: AnyRequest,
    found: Slip,
    secret: str,
    *,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    status_code: int = 200,
) -> Response[Any]:
    settle_language(request)
    link = secret_link(request.app.state.settings, found.ticket, secret)
    manner = request.query_params.get("cara", (typed or {}).get("cara", ""))
    return page(
        request,
        "operator/slip.html",
        status_code=status_code,
        slip=found,
        ticket=tickets.show(found.ticket),
        link=link,
        picture=qr.picture(link),
        photo_news=sent_photos.news(request),
        manner=manner if manner in MANNERS else MANNERS[0],
        typed=typed or {},
        errors=errors or {},
    )


HANDLERS: list[ControllerRouterHandler] = [slip_page, hand_over]
