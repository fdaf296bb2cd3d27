"""Setting an authenticator up, taking it away, and recovery codes, which are shown once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.response import Redirect

from lapor import qr
from lapor.admin import devices, letting_in, login_events, passwords, sessions, two_factor
from lapor.admin.access import current_officer
from lapor.admin.login import Form
from lapor.admin.offices import AUTHENTICATOR, CODE_ROLES, Officer
from lapor.admin.password_pages import wrong_password
from lapor.locales import say
from lapor.pages import AnyRequest, page, settle_language
from lapor.settings import Settings

NOTES = {"dilepas": "Autentikator sudah dilepas."}


@get(AUTHENTICATOR)
async def authenticator(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """The way to set one up, or what is set up."""
    settle_language(request)
    if officer.authenticator:
        return await _managing(request, officer, {})
    return await _setting_up(request, officer, {})


@post(AUTHENTICATOR)
async def set_up(request: AnyRequest, officer: NamedDependency[Officer], data: Form) -> Response[Any]:
    """Take the password and the first code; every other session ends, since it came in without one."""
    settle_language(request)
    if officer.authenticator:
        return Redirect(AUTHENTICATOR, status_code=303)
    # Whoever sits down at an open session could otherwise lock its owner out for good.
    sentence, status = await wrong_password(request, officer, str(data.get("current", "")))
    if sentence:
        return await _setting_up(request, officer, {"current": sentence}, status)
    lookup = letting_in.of_code(officer.id)
    if minutes := await letting_in.guess(request, lookup):
        return await _setting_up(request, officer, {"code": letting_in.too_many(minutes)}, 429)
    codes = await two_factor.confirm(officer.id, officer.session, str(data.get("code", "")))
    if codes is None:
        sentence = say("Kode ini tidak cocok. Pastikan jam ponsel Anda otomatis, lalu ketik kode yang baru.")
        return await _setting_up(request, officer, {"code": sentence}, 422)
    await passwords.forgive(lookup)
    await login_events.record(officer.id, "factor_set", devices.where_of(request))
    await sessions.close_sessions_of(officer.id)
    request.scope["lapor.viewer"] = replace(officer, authenticator=True, confined=False)  # type: ignore[typeddict-unknown-key]
    answer = _codes_page(request, officer, codes)
    token = await letting_in.opened(request, officer.id, shared=officer.shared)
    answer.cookies.append(letting_in.cookie(token, request.app.state.settings, shared=officer.shared))
    return answer


@post(f"{AUTHENTICATOR}/lepas")
async def take_away(request: AnyRequest, officer: NamedDependency[Officer], data: Form) -> Response[Any]:
    """Take the authenticator away, for a new telephone or for good, with password and code."""
    settle_language(request)
    errors, status = await _unproved(request, officer, data)
    if errors:
        return await _managing(request, officer, errors, status, wish="lepas")
    await two_factor.remove(officer.id)
    await login_events.record(officer.id, "factor_removed", devices.where_of(request))
    return Redirect(f"{AUTHENTICATOR}?selesai=dilepas", status_code=303)


@post(f"{AUTHENTICATOR}/cadangan")
async def renew_codes(request: AnyRequest, officer: NamedDependency[Officer], data: Form) -> Response[Any]:
    """Make ten new recovery codes; the old ones open nothing any more."""
    settle_language(request)
    errors, status = await _unproved(request, officer, data)
    if errors:
        return await _managing(request, officer, errors, status, wish="cadangan")
    codes = await two_factor.new_recovery_codes(officer.id)
    await login_events.record(officer.id, "recovery_renewed", devices.where_of(request))
    return _codes_page(request, officer, codes)


async def _unproved(request: AnyRequest, officer: Officer, data: Form) -> tuple[dict[str, str], int]:
    """What is wrong with password and code; whoever sits down at an open session has neither."""
    sentence, status = await wrong_password(request, officer, str(data.get("current", "")))
    if sentence:
        return {"current": sentence}, status
    lookup = letting_in.of_code(officer.id)
    if minutes := await letting_in.guess(request, lookup):
        await letting_in.note_lock(request, officer.id)
        return {"code": letting_in.too_many(minutes)}, 429
    kind = await two_factor.check(officer.id, str(data.get("code", "")))
    if not kind:
        await login_events.record(officer.id, "wrong_code", devices.where_of(request))
        return {"code": say("Kode ini tidak cocok atau sudah dipakai.")}, 422
    await passwords.forgive(lookup)
    if kind == "recovery":
        await login_events.record(officer.id, "recovery_used", devices.where_of(request))
    return {}, 200


async def _setting_up(
    request: AnyRequest, officer: Officer, errors: dict[str, str], status: int = 200
) -> Response[Any]:
    secret = await two_factor.offered(officer.id, officer.session)
    note = NOTES.get(request.query_params.get("selesai", ""))
    return page(
        request,
        "desk/authenticator_new.html",
        status_code=status,
        secret=two_factor.grouped(secret),
        picture=qr.picture(two_factor.address(secret, officer.username)),
        address=two_factor.address(secret, officer.username),
        forced=_forced(request, officer),
        notice=say(note) if note else "",
        errors=errors,
    )


async def _managing(
    request: AnyRequest, officer: Officer, errors: dict[str, str], status: int = 200, wish: str = ""
) -> Response[Any]:
    return page(
        request,
        "desk/authenticator.html",
        status_code=status,
        state=await two_factor.state(officer.id),
        zone=officer.timezone,
        forced=_forced(request, officer),
        wish=wish,
        errors=errors,
    )


def _codes_page(request: AnyRequest, officer: Officer, codes: list[str]) -> Response[Any]:
    headers = {"Cache-Control": "no-store"}
    return page(request, "desk/recovery_codes.html", headers=headers, codes=codes, home=officer.home)


def _forced(request: AnyRequest, officer: Officer) -> bool:
    settings: Settings = request.app.state.settings
    return settings.two_factor == "required" and bool(officer.roles & CODE_ROLES)


ROUTES = [
    Router(
        "/",
        route_handlers=[authenticator, set_up, take_away, renew_codes],
        dependencies={"officer": Provide(current_officer)},
    )
]
