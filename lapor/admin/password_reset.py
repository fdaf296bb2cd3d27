"""A forgotten password: a link by mail, or from an administrator, that sets a new one, once and not for long."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect

from lapor import crypto, database, limits
from lapor.admin import access, devices, letting_in, login_events, offices, passwords
from lapor.admin.login import Form
from lapor.admin.password_pages import troubles
from lapor.locales import say
from lapor.pages import AnyRequest, page, settle_language
from lapor.settings import Settings

FORGOTTEN = "/masuk/lupa"
NEW = "/masuk/sandi-baru"
MINUTES = 60

_UNLISTED = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}

# One statement for a known and an unknown name, so that neither its words nor its time tell them apart.
_ASK = f"""
WITH known AS (
  SELECT p.id FROM person p
  WHERE p.active AND p.email LIKE '%@%' AND (p.username = $1::text OR lower(p.email) = lower($1::text))
    AND NOT EXISTS (SELECT FROM password_reset r
      WHERE r.person = p.id AND r.made_at > lapor_now() - interval '15 minutes')
    AND (SELECT count(*) FROM password_reset r
      WHERE r.person = p.id AND r.made_at > lapor_now() - interval '1 day') < 5
  ORDER BY p.username = $1::text DESC LIMIT 1
), made AS (
  INSERT INTO password_reset (person, made_at, expires_at)
  SELECT id, lapor_now(), lapor_now() + interval '{MINUTES} minutes' FROM known RETURNING id, person
), letter AS (
  INSERT INTO message (dedupe_key, kind, person, state, attempts, next_attempt_at, created_at)
  SELECT 'password_reset:' || id, 'password_reset', person, 'waiting', 0, lapor_now(), lapor_now() FROM made
)
SELECT person FROM made"""

_WHOSE = """
SELECT p.id, p.username FROM password_reset r JOIN person p ON p.id = r.person AND p.active
WHERE r.token_hash = $1 AND r.expires_at > lapor_now()"""


@get(FORGOTTEN)
async def forgotten(request: AnyRequest) -> Response[Any]:
    """Where somebody says who they are."""
    return _forgotten_page(request)


@post(FORGOTTEN)
async def ask(request: AnyRequest, data: Form) -> Response[Any]:
    """Send a link to whoever this is; the answer is the same when it is nobody."""
    settle_language(request)
    settings: Settings = request.app.state.settings
    typed = str(data.get("username", "")).strip()[:255]
    if not typed or "\0" in typed:
        sentence = say("Isi nama pengguna atau surel Anda.")
        return _forgotten_page(request, {"username": sentence}, 422)
    wait = await limits.spend(request, "reset", settings.login_attempts * 4, limits.HOUR)
    if wait:
        sentence = letting_in.too_many(wait // 60 + 1)
        return _forgotten_page(request, {"username": sentence}, 429, limits.retry_after(wait))
    if settings.smtp_url:
        async with database.transaction("gate"):
            await database.execute(
                "DELETE FROM password_reset WHERE made_at < lapor_now() - interval '2 days'"
            )
            person = await database.fetchval(_ASK, typed)
            await login_events.record(person, "reset_asked", devices.where_of(request))
        await request.app.state.nudger.nudge("drain")
    return page(request, "desk/forgotten_sent.html", headers=_UNLISTED, minutes=MINUTES)


@get(f"{NEW}/{{token:str}}")
async def new_password_page(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """The form behind a link."""
    await _whose(request, token)
    return _new_page(request, {})


@post(f"{NEW}/{{token:str}}")
async def set_new_password(request: AnyRequest, token: FromPath[str], data: Form) -> Response[Any]:
    """Set the password, end every session and lock, and lead to the log-in, where the code is asked for as ever."""
    settle_language(request)
    person, username = await _whose(request, token)
    new, again = str(data.get("new", "")), str(data.get("again", ""))
    if errors := troubles(username, new, again):
        return _new_page(request, errors, 422)
    async with database.transaction("gate"):
        taken = await database.fetchval(
            "DELETE FROM password_reset WHERE token_hash = $1 AND expires_at > lapor_now() RETURNING person",
            crypto.secret_hash(token),
        )
        if taken is None:
            raise _over()
        await passwords.set_password(person, new, must_change=False)
        await login_events.record(person, "reset_used", devices.where_of(request))
    await passwords.forgive(letting_in.of_password(username))
    gone = Redirect(f"{offices.LOGIN}?kabar=sandi", status_code=303)
    gone.delete_cookie(access.COOKIE)
    return gone


async def _whose(request: AnyRequest, token: str) -> tuple[int, str]:
    """Whose link this is; raises NotFoundException alike for one that is unknown, used or over."""
    settle_language(request)
    if await letting_in.crowded(request) or len(token) > 100:
        raise _over()
    async with database.transaction("gate"):
        row = await database.fetchrow(_WHOSE, crypto.secret_hash(token))
    if row is None:
        raise _over()
    return row["id"], row["username"]


def _over() -> NotFoundException:
    sentence = say("Tautan ini sudah tidak berlaku. Minta tautan baru dari halaman masuk.")
    return NotFoundException(headers=dict(_UNLISTED), extra={"sentence": sentence})


def _forgotten_page(
    request: AnyRequest,
    errors: dict[str, str] | None = None,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response[Any]:
    settings: Settings = request.app.state.settings
    return page(
        request,
        "desk/forgotten.html",
        status_code=status,
        headers={**_UNLISTED, **(headers or {})},
        by_mail=bool(settings.smtp_url),
        errors=errors or {},
    )


def _new_page(request: AnyRequest, errors: dict[str, str], status: int = 200) -> Response[Any]:
    where = request.url.path
    return page(
        request, "desk/new_password.html", status_code=status, headers=_UNLISTED, errors=errors, where=where
    )


ROUTES = [forgotten, ask, new_password_page, set_new_password]
