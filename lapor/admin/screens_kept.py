"""Keeping the screens: who made which, when each was last seen, a new code, and closing one for good."""

from __future__ import annotations

from typing import Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.response import Redirect

from lapor import database
from lapor.admin import device_tokens
from lapor.admin.access import current_officer, requires
from lapor.admin.desk_forms import read_form
from lapor.admin.desk_view import missing
from lapor.admin.leader_office import region_of
from lapor.admin.offices import SCREEN_MAKERS, SCREENS, Officer
from lapor.admin.screen_pages import OPENING
from lapor.complaints.errors import NotFound, Refused
from lapor.locales import say
from lapor.pages import AnyRequest, page, settle_language
from lapor.settings import Settings

makers_only = requires(*SCREEN_MAKERS)


@get(SCREENS, guards=[makers_only])
async def kept(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """The screens of the region, those in use first."""
    settle_language(request)
    return await _list(request, officer)


@post(SCREENS, guards=[makers_only], status_code=200)
async def make(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """Make a screen and show its code, this once."""
    settle_language(request)
    form = await read_form(request, officer, 0)
    name = form.typed.get("name", "")
    try:
        screen, code = await device_tokens.make(officer.id, region_of(officer, SCREEN_MAKERS), name)
    except Refused as refusal:
        return await _list(request, officer, errors={refusal.field or "": refusal.message}, typed=name)
    return await _list(request, officer, fresh=screen, code=code)


@post(f"{SCREENS}/{{screen:int}}/kode", guards=[makers_only], status_code=200)
async def renew(
    request: AnyRequest, screen: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """Show a new code for a screen, this once."""
    settle_language(request)
    try:
        code = await device_tokens.renew_code(officer.id, screen)
    except NotFound as error:
        raise missing() from error
    return await _list(request, officer, fresh=screen, code=code)


@post(f"{SCREENS}/{{screen:int}}/cabut", guards=[makers_only])
async def revoke(
    request: AnyRequest, screen: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """Close a screen for good."""
    settle_language(request)
    try:
        await device_tokens.revoke(officer.id, screen)
    except NotFound as error:
        raise missing() from error
    return Redirect(f"{SCREENS}?selesai=dicabut", status_code=303)


@get([f"{SCREENS}/{{screen:int}}/{act}" for act in ("kode", "cabut")], guards=[makers_only])
async def back(screen: FromPath[int]) -> Response[Any]:
    """A form's address, asked for as a page."""
    return Redirect(f"{SCREENS}#layar-{screen}", status_code=303)


async def _list(
    request: AnyRequest,
    officer: Officer,
    *,
    fresh: int = 0,
    code: str = "",
    errors: dict[str, str] | None = None,
    typed: str = "",
) -> Response[Any]:
    settings: Settings = request.app.state.settings
    async with database.transaction("reader", user_id=officer.id):
        found = await device_tokens.screens()
        now = await database.now()
    grouped = device_tokens.in_groups(code)
    address = f"{settings.base_url}{OPENING}"
    return page(
        request,
        "screen/kept.html",
        status_code=422 if errors else 200,
        screens=found,
        fresh=next((screen for screen in found if screen.id == fresh), None),
        code=grouped,
        address=address,
        link=f"{address}#{grouped}",
        minutes=int(device_tokens.CODE_VALID.total_seconds() // 60),
        errors=errors or {},
        typed=typed,
        now=now,
        notice=say("Layar sudah dicabut.") if request.query_params.get("selesai") == "dicabut" else "",
    )


ROUTES = [
    Router(
        "/",
        route_handlers=[kept, make, renew, revoke, back],
        dependencies={"officer": Provide(current_officer)},
    )
]
