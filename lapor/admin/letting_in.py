"""The last steps of a log-in: counting guesses, opening the session, handing over the cookie."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import Response
from litestar.datastructures import Cookie
from litestar.response import Redirect

from lapor import database, limits
from lapor.admin import access, devices, login_events, offices, passwords, sessions, two_factor
from lapor.crypto import keyring
from lapor.locales import say_many
from lapor.pages import AnyRequest
from lapor.settings import Settings

CODE = "/masuk/kode"


async def crowded(request: AnyRequest) -> int:
    """Count one guess of this address and return the seconds to wait, 0 when there are guesses left.

    Many names from one address are guessing too; a whole office behind one address is not.
    """
    settings: Settings = request.app.state.settings
    return await limits.spend(
        request, "login", settings.login_attempts * 20, settings.login_lock_minutes * 60
    )


async def guess(request: AnyRequest, lookup: str) -> int:
    """Count one guess at what stands behind `lookup` and return the minutes that it is locked, mostly 0."""
    settings: Settings = request.app.state.settings
    return await passwords.begin_attempt(lookup, settings.login_attempts, settings.login_lock_minutes)


def of_password(username: str) -> str:
    """Under what guesses at a password are counted."""
    return keyring().lookup(username.lower(), "login")


def of_code(person: int) -> str:
    """Under what guesses at a code are counted: apart, and whatever session they come from."""
    return keyring().lookup(str(person), "login_code")


async def note_lock(request: AnyRequest, person: int | None) -> None:
    """Note that somebody is locked out, once for each lock."""
    settings: Settings = request.app.state.settings
    where = devices.where_of(request)
    await login_events.record(person, "locked", where, once_in_minutes=settings.login_lock_minutes)


def too_many(minutes: int) -> str:
    """The sentence for whoever has guessed too often."""
    sentence = say_many(
        "Terlalu banyak percobaan. Coba lagi {minutes} menit lagi.",
        "Terlalu banyak percobaan. Coba lagi {minutes} menit lagi.",
        minutes,
    )
    return sentence.format(minutes=minutes)


async def after_password(
    request: AnyRequest, person: int, wish: str, *, shared: bool, must_change: bool
) -> Response[Any]:
    """Go on after a right password: to the code where there is an authenticator, else in."""
    if token := request.cookies.get(access.COOKIE):
        await sessions.close_session(token)
    if (await two_factor.state(person)).since is None:
        return await let_in(request, person, offices.PASSWORD if must_change else wish, shared=shared)
    token = await sessions.open_half(person, shared=shared, where=devices.where_of(request))
    where = f"{CODE}?lanjut={quote(wish)}" if wish else CODE
    return handed_over(where, token, request.app.state.settings, shared=True)


async def let_in(request: AnyRequest, person: int, wish: str, *, shared: bool) -> Response[Any]:
    """Open the session and go on to `wish`, or to where this person's work is."""
    await _stamp(person)
    token = await opened(request, person, shared=shared)
    await login_events.record(person, "logged_in", devices.where_of(request))
    officer = await access.officer_of(token)
    home = officer.home if officer else offices.LOGIN
    return handed_over(wish or home, token, request.app.state.settings, shared=shared)


async def opened(request: AnyRequest, person: int, *, shared: bool) -> str:
    """Open a session as the settings have it and return its token."""
    settings: Settings = request.app.state.settings
    return await sessions.open_session(
        person,
        settings.session_hours,
        days=settings.session_days,
        shared_minutes=settings.shared_session_minutes if shared else 0,
        where=devices.where_of(request),
    )


async def _stamp(person: int) -> None:
    async with database.transaction("gate"):
        await database.execute(
            "UPDATE person SET last_login = lapor_now() AT TIME ZONE 'UTC' WHERE id = $1", person
        )


def handed_over(where: str, token: str, settings: Settings, *, shared: bool) -> Response[Any]:
    """Send the browser on with its new token."""
    return Redirect(
        where,
        status_code=303,
        cookies=[cookie(token, settings, shared=shared)],
        headers={"Cache-Control": "no-store"},
    )


def cookie(token: str, settings: Settings, *, shared: bool) -> Cookie:
    """The cookie of a session; on a shared computer it is gone when the browser is closed."""
    return Cookie(
        access.COOKIE,
        value=token,
        path="/",
        max_age=None if shared else settings.session_days * 86_400,
        secure=settings.secure,
        httponly=True,
        samesite="lax",
    )
