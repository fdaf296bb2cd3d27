"""One's own account: how one logs in, where one is logged in, what happened to the log-in."""

from __future__ import annotations

from typing import Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.response import Redirect

from lapor.admin import access, devices, login_events, sessions, two_factor
from lapor.admin.access import current_officer
from lapor.admin.offices import ACCOUNT, CODE_ROLES, SESSION, Officer
from lapor.locales import say
from lapor.pages import AnyRequest, page, settle_language

NOTES = {
    "sesi": "Sesi itu sudah diakhiri.",
    "semua": "Semua sesi lain sudah diakhiri.",
}


@get(ACCOUNT)
async def account(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """Password, authenticator, sessions and the last events."""
    settle_language(request)
    note = NOTES.get(request.query_params.get("selesai", ""))
    return page(
        request,
        "desk/account.html",
        officer=officer,
        state=await two_factor.state(officer.id),
        advised=bool(officer.roles & CODE_ROLES),
        sessions=await sessions.sessions_of(officer.id),
        events=await login_events.latest(officer.id),
        device=devices.in_words,
        told=login_events.in_words,
        grave=login_events.GRAVE,
        zone=officer.timezone,
        notice=say(note) if note else "",
    )


@post(f"{SESSION}/{{session:int}}/tutup")
async def close_one(
    request: AnyRequest, officer: NamedDependency[Officer], session: FromPath[int]
) -> Response[Any]:
    """End one session of one's own; another's number does nothing."""
    # Beyond what the column holds there is no session.
    if session < 2**31:
        await sessions.close_one(officer.id, session, devices.where_of(request))
    return Redirect(f"{ACCOUNT}?selesai=sesi", status_code=303)


@post(f"{SESSION}/tutup")
async def close_others(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """End every session but this one."""
    await sessions.close_others(officer.id, officer.session, devices.where_of(request))
    return Redirect(f"{ACCOUNT}?selesai=semua", status_code=303)


@get(SESSION)
async def how_long(request: AnyRequest, officer: NamedDependency[Officer]) -> dict[str, int]:
    """How many seconds this session goes on without use; the question is no use."""
    return {"seconds": await sessions.left(request.cookies.get(access.COOKIE, ""))}


@post(SESSION, status_code=200)
async def stay(request: AnyRequest, officer: NamedDependency[Officer]) -> dict[str, int]:
    """Somebody is writing: the session goes on."""
    return {"seconds": await sessions.use(request.cookies.get(access.COOKIE, ""))}


ROUTES = [
    Router(
        "/",
        route_handlers=[account, close_one, close_others, how_long, stay],
        dependencies={"officer": Provide(current_officer)},
    )
]
