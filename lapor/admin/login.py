"""Logging in, in one step or two, and logging out: one way in for the desk pages and the panel."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect

from lapor import database, limits
from lapor.admin import access, devices, letting_in, login_events, offices, passwords, sessions, two_factor
from lapor.admin.access import safe_path
from lapor.admin.letting_in import CODE, too_many
from lapor.admin.sessions import Half
from lapor.locales import say
from lapor.pages import AnyRequest, page, settle_language
from lapor.settings import Settings

Form = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.URL_ENCODED)]

NOTES = ("habis", "sandi")


@get("/masuk")
async def login_page(request: AnyRequest) -> Response[Any]:
    """The way in; whoever is in already goes on to their work."""
    wish = safe_path(request.query_params.get("lanjut"), "")
    officer = await access.officer_of(request.cookies.get(access.COOKIE))
    if officer:
        return Redirect(wish or officer.home, status_code=303)
    return _login_page(request, {"lanjut": wish})


@post("/masuk")
async def log_in(request: AnyRequest, data: Form) -> Response[Any]:
    """Check name and password; the same answer for an unknown name and a wrong password."""
    settle_language(request)
    typed = {name: str(data.get(name, "")).strip() for name in ("username", "lanjut", "shared")}
    typed["lanjut"] = safe_path(typed["lanjut"], "")
    username, password = typed["username"], str(data.get("password", ""))
    if wait := await letting_in.crowded(request):
        return _login_page(request, typed, too_many(wait // 60 + 1), 429, limits.retry_after(wait))
    person = await _person(username)
    number = person["id"] if person else None
    lookup = letting_in.of_password(username)
    if minutes := await letting_in.guess(request, lookup):
        await letting_in.note_lock(request, number)
        return _login_page(request, typed, too_many(minutes), 429, limits.retry_after(minutes * 60))
    if not await passwords.fits(password, person["password"] if person else None) or person is None:
        await login_events.record(number, "wrong_password", devices.where_of(request))
        return _login_page(request, typed, say("Nama pengguna atau kata sandi tidak cocok."), 422)
    await passwords.forgive(lookup)
    return await letting_in.after_password(
        request,
        person["id"],
        typed["lanjut"],
        shared=bool(typed["shared"]),
        must_change=person["must_change_password"],
    )


@get(CODE)
async def code_page(request: AnyRequest) -> Response[Any]:
    """Where the code of the authenticator is asked for, after the password."""
    half = await sessions.half_of(request.cookies.get(access.COOKIE))
    wish = safe_path(request.query_params.get("lanjut"), "")
    return _code_page(request, wish) if half else Redirect(offices.LOGIN, status_code=303)


@post(CODE)
async def give_code(request: AnyRequest, data: Form) -> Response[Any]:
    """Take the code, or a recovery code, and let in; guesses are counted apart from those at the password."""
    settle_language(request)
    token = request.cookies.get(access.COOKIE)
    half = await sessions.half_of(token)
    wish = safe_path(str(data.get("lanjut", "")), "")
    if half is None or token is None:
        return Redirect(offices.LOGIN, status_code=303)
    if wait := await letting_in.crowded(request):
        return _code_page(request, wish, too_many(wait // 60 + 1), 429, limits.retry_after(wait))
    lookup = letting_in.of_code(half.person)
    if minutes := await letting_in.guess(request, lookup):
        await letting_in.note_lock(request, half.person)
        return _code_page(request, wish, too_many(minutes), 429, limits.retry_after(minutes * 60))
    kind = await two_factor.check(half.person, str(data.get("cadangan") or data.get("code", "")))
    if not kind:
        await login_events.record(half.person, "wrong_code", devices.where_of(request))
        sentence = say("Kode ini tidak cocok atau sudah dipakai. Tunggu kode berikutnya, lalu coba lagi.")
        return _code_page(request, wish, sentence, 422)
    await passwords.forgive(lookup)
    return await _arrived(request, half, token, wish, kind)


async def _arrived(request: AnyRequest, half: Half, token: str, wish: str, kind: str) -> Response[Any]:
    if kind == "recovery":
        await login_events.record(half.person, "recovery_used", devices.where_of(request))
        # Few codes left, or the authenticator is gone: that page says what to do.
        wish = offices.AUTHENTICATOR
    await sessions.close_session(token)
    return await letting_in.let_in(request, half.person, wish, shared=half.shared)


@post("/keluar")
async def log_out(request: AnyRequest) -> Response[Any]:
    """End the session and forget the cookie."""
    token = request.cookies.get(access.COOKIE)
    if token:
        officer = await access.officer_of(token)
        await sessions.close_session(token)
        if officer:
            await login_events.record(officer.id, "logged_out", devices.where_of(request))
    gone = Redirect(offices.LOGIN, status_code=303)
    gone.delete_cookie(access.COOKIE)
    return gone


async def _person(username: str) -> Any:
    async with database.transaction("gate"):
        return await database.fetchrow(
            "SELECT id, password, must_change_password FROM person WHERE username = $1 AND active",
            username[:100],
        )


def _login_page(
    request: AnyRequest,
    typed: dict[str, str],
    sentence: str = "",
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response[Any]:
    settings: Settings = request.app.state.settings
    note = request.query_params.get("kabar", "")
    return page(
        request,
        "desk/login.html",
        status_code=status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        next=typed["lanjut"],
        typed=typed,
        errors={"username": sentence} if sentence else {},
        note=note if note in NOTES else "",
        minutes=settings.shared_session_minutes,
    )


def _code_page(
    request: AnyRequest,
    wish: str,
    sentence: str = "",
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response[Any]:
    return page(
        request,
        "desk/login_code.html",
        status_code=status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        next=wish,
        errors={"code": sentence} if sentence else {},
    )


ROUTES = [login_page, log_in, code_page, give_code, log_out]
