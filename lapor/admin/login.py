"""Logging in, logging out and changing the password: one way in for the desk pages and the panel."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency, Provide
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect

from lapor import database, limits
from lapor.admin import access, passwords
from lapor.admin.access import Officer, current_officer, safe_path
from lapor.crypto import keyring
from lapor.locales import say, say_many
from lapor.pages import AnyRequest, page, settle_language
from lapor.settings import Settings

Form = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/masuk")
async def login_page(request: AnyRequest) -> Response[Any]:
    """The way in; whoever is in already goes on to their work."""
    wish = safe_path(request.query_params.get("lanjut"), "")
    officer = await access.officer_of(request.cookies.get(access.COOKIE))
    if officer:
        return Redirect(wish or officer.home, status_code=303)
    return _login_page(request, wish)


@post("/masuk")
async def log_in(request: AnyRequest, data: Form) -> Response[Any]:
    """Log in; the same answer for an unknown name and a wrong password."""
    settle_language(request)
    settings: Settings = request.app.state.settings
    username, password = str(data.get("username", "")).strip(), str(data.get("password", ""))
    wish = safe_path(str(data.get("lanjut", "")), "")
    lookup = keyring().lookup(username.lower(), "login")
    # Many names from one address are guessing too; a whole office behind one address is not.
    crowd = await limits.spend(
        request, "login", settings.login_attempts * 20, settings.login_lock_minutes * 60
    )
    if crowd:
        sentence = _too_many(crowd // 60 + 1)
        return _login_page(request, wish, username, sentence, 429, limits.retry_after(crowd))
    wait = await passwords.begin_attempt(lookup, settings.login_attempts, settings.login_lock_minutes)
    if wait:
        sentence = _too_many(wait)
        return _login_page(request, wish, username, sentence, 429, {"Retry-After": str(wait * 60)})
    person = await _person(username)
    if not await passwords.fits(password, person["password"] if person else None) or person is None:
        return _login_page(request, wish, username, say("Nama pengguna atau kata sandi tidak cocok."), 422)
    await passwords.forgive(lookup)
    await _stamp(person["id"])
    token = await access.open_session(person["id"], settings.session_hours)
    officer = await access.officer_of(token)
    home = officer.home if officer else access.LOGIN
    return _signed_in(access.PASSWORD if person["must_change_password"] else wish or home, token, settings)


@post("/keluar")
async def log_out(request: AnyRequest) -> Response[Any]:
    """End the session and forget the cookie."""
    if token := request.cookies.get(access.COOKIE):
        await access.close_session(token)
    gone = Redirect(access.LOGIN, status_code=303)
    gone.delete_cookie(access.COOKIE)
    return gone


@get("/sandi", dependencies={"officer": Provide(current_officer)})
async def password_page(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """The form for a new password."""
    return _password_page(request, officer, {})


@post("/sandi", dependencies={"officer": Provide(current_officer)})
async def change_password(
    request: AnyRequest, officer: NamedDependency[Officer], data: Form
) -> Response[Any]:
    """Change the password; every other session of this officer ends."""
    settle_language(request)
    settings: Settings = request.app.state.settings
    now, new, again = (str(data.get(name, "")) for name in ("current", "new", "again"))
    errors = _troubles(officer, new, again)
    if errors:
        return _password_page(request, officer, errors, 422)
    lookup = keyring().lookup(officer.username.lower(), "login")
    wait = await passwords.begin_attempt(lookup, settings.login_attempts, settings.login_lock_minutes)
    if wait:
        sentence = _too_many(wait)
        return _password_page(request, officer, {"current": sentence}, 429)
    person = await _person(officer.username)
    if not await passwords.fits(now, person["password"] if person else None):
        return _password_page(request, officer, {"current": say("Kata sandi sekarang tidak cocok.")}, 422)
    await passwords.forgive(lookup)
    await passwords.set_password(officer.id, new, must_change=False)
    token = await access.open_session(officer.id, settings.session_hours)
    return _signed_in(officer.home, token, settings)


def _too_many(minutes: int) -> str:
    sentence = say_many(
        "Terlalu banyak percobaan. Coba lagi {minutes} menit lagi.",
        "Terlalu banyak percobaan. Coba lagi {minutes} menit lagi.",
        minutes,
    )
    return sentence.format(minutes=minutes)


def _troubles(officer: Officer, new: str, again: str) -> dict[str, str]:
    trouble = passwords.trouble_with(new, officer.username)
    if trouble:
        return {"new": say(trouble)}
    return {} if new == again else {"again": say("Kata sandi baru yang kedua berbeda dari yang pertama.")}


async def _person(username: str) -> Any:
    async with database.transaction("gate"):
        return await database.fetchrow(
            "SELECT id, password, must_change_password FROM person WHERE username = $1 AND active",
            username[:100],
        )


async def _stamp(person: int) -> None:
    async with database.transaction("gate"):
        await database.execute(
            "UPDATE person SET last_login = lapor_now() AT TIME ZONE 'UTC' WHERE id = $1", person
        )


def _signed_in(where: str, token: str, settings: Settings) -> Response[Any]:
    cookie = Cookie(
        access.COOKIE,
        value=token,
        path="/",
        max_age=settings.session_hours * 3600,
        secure=settings.secure,
        httponly=True,
        samesite="lax",
    )
    return Redirect(where, status_code=303, cookies=[cookie], headers={"Cache-Control": "no-store"})


def _login_page(
    request: AnyRequest,
    wish: str,
    username: str = "",
    sentence: str = "",
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response[Any]:
    errors = {"username": sentence} if sentence else {}
    return page(
        request,
        "desk/login.html",
        status_code=status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        next=wish,
        typed={"username": username},
        errors=errors,
    )


def _password_page(
    request: AnyRequest, officer: Officer, errors: dict[str, str], status: int = 200
) -> Response[Any]:
    forced = officer.must_change_password
    return page(request, "desk/password.html", status_code=status, errors=errors, forced=forced)


ROUTES = [login_page, log_in, log_out, password_page, change_password]
