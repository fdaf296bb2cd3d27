"""The command-centre screen: full screen, by a device's own token, numbers that can be read from across a room."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Response, Router, get, post
from litestar.datastructures import Cookie
from litestar.exceptions import PermissionDeniedException
from litestar.response import Redirect

from lapor import crypto, limits
from lapor.admin import maps
from lapor.admin.device_tokens import Device, device_of, open_screen
from lapor.complaints.queries.screen import on_screen
from lapor.locales import say
from lapor.pages import AnyRequest, page, settle_language
from lapor.settings import Settings

SCREEN = "/layar"
OPENING = "/layar/pasang"
COOKIE = "lapor_layar"
# The longest that browsers keep a cookie; every full load of the page begins it anew.
_KEPT_SECONDS = 400 * 24 * 3600
# The page is loaded whole once a night, when nobody looks.
_RELOAD_AT = (3, 30)
_UNLISTED = {"X-Robots-Tag": "noindex, nofollow", "Cache-Control": "no-store"}


@get(SCREEN)
async def screen(request: AnyRequest) -> Response[Any]:
    """The whole page; a device without a token is asked for its code."""
    settle_language(request)
    token = request.cookies.get(COOKIE)
    device = await device_of(token)
    if device is None or token is None:
        return Redirect(OPENING, status_code=303)
    answer = page(
        request,
        "screen/screen.html",
        headers=_UNLISTED,
        reload_seconds=_seconds_until_night(device),
        **await _figures(device, token),
    )
    answer.cookies.append(_cookie(request, token))
    return answer


@get(f"{SCREEN}/isi")
async def inside(request: AnyRequest) -> Response[Any]:
    """What changes on the page; 403 once the screen was revoked."""
    settle_language(request)
    token = request.cookies.get(COOKIE)
    device = await device_of(token)
    if device is None or token is None:
        raise PermissionDeniedException(
            headers=dict(_UNLISTED), extra={"sentence": say("Layar ini belum dipasang, atau sudah dicabut.")}
        )
    return page(request, "screen/figures.html", headers=_UNLISTED, **await _figures(device, token))


async def _figures(device: Device, token: str) -> dict[str, Any]:
    shown = await on_screen(crypto.secret_hash(token), device.region_id, device.now)
    # A map with holes would hide what lies in them: without every outline there are tiles.
    known = {tile.code: tile.outline for tile in shown.tiles if tile.outline}
    drawing = maps.drawn(known) if len(known) == len(shown.tiles) else None
    return {"device": device, "shown": shown, "map": drawing, "now": device.now, "zone": device.zone}


def _seconds_until_night(device: Device) -> int:
    local = device.now.astimezone(ZoneInfo(device.zone))
    hour, minute = _RELOAD_AT
    night = datetime.combine(local.date(), datetime.min.time(), local.tzinfo).replace(
        hour=hour, minute=minute
    )
    if night <= local:
        night += timedelta(days=1)
    return round((night - local).total_seconds())


@get(OPENING)
async def opening(request: AnyRequest) -> Response[Any]:
    """Where a device is given its code; an address with the code behind its # fills it in by itself."""
    settle_language(request)
    return page(request, "screen/open.html", headers=_UNLISTED, wrong="", typed="")


@post(OPENING)
async def give(request: AnyRequest) -> Response[Any]:
    """Take a code and give the device its token."""
    settle_language(request)
    settings: Settings = request.app.state.settings
    wait = await limits.spend(request, "screen_code", settings.lookup_limit, limits.MINUTE)
    fields = await request.form()
    typed = str(fields.get("code", ""))[:40]
    if wait:
        sentence = say("Terlalu banyak percobaan dari sambungan ini. Coba lagi sebentar lagi.")
        return _again(request, typed, sentence, 429, limits.retry_after(wait))
    token = await open_screen(typed)
    if token is None:
        return _again(
            request, typed, say("Kode ini tidak berlaku lagi, atau salah ketik. Minta kode baru."), 422
        )
    answer: Response[Any] = Redirect(SCREEN, status_code=303)
    answer.cookies.append(_cookie(request, token))
    return answer


def _again(
    request: AnyRequest, typed: str, wrong: str, status: int, headers: dict[str, Any] | None = None
) -> Response[Any]:
    sent = {**_UNLISTED, **(headers or {})}
    return page(request, "screen/open.html", status_code=status, headers=sent, wrong=wrong, typed=typed)


def _cookie(request: AnyRequest, token: str) -> Cookie:
    """A cookie of its own, no session: it is sent to the screen's addresses only."""
    return Cookie(
        COOKIE,
        value=token,
        path=SCREEN,
        max_age=_KEPT_SECONDS,
        secure=request.app.state.settings.secure,
        httponly=True,
        samesite="strict",
    )


ROUTES = [Router("/", route_handlers=[screen, inside, opening, give])]
