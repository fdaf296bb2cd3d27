"""Changing one's own password: the first one that somebody else made, or any later one."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency, Provide

from lapor import database
from lapor.admin import devices, letting_in, login_events, offices, passwords
from lapor.admin.access import current_officer
from lapor.admin.login import Form
from lapor.admin.offices import Officer
from lapor.locales import say
from lapor.pages import AnyRequest, page, settle_language


@get(offices.PASSWORD, dependencies={"officer": Provide(current_officer)})
async def password_page(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """The form for a new password."""
    return _page(request, officer, {})


@post(offices.PASSWORD, dependencies={"officer": Provide(current_officer)})
async def change_password(
    request: AnyRequest, officer: NamedDependency[Officer], data: Form
) -> Response[Any]:
    """Change the password; every session of this officer ends, and this browser gets a new one."""
    settle_language(request)
    now, new, again = (str(data.get(name, "")) for name in ("current", "new", "again"))
    if errors := troubles(officer.username, new, again):
        return _page(request, officer, errors, 422)
    sentence, status = await wrong_password(request, officer, now)
    if sentence:
        return _page(request, officer, {"current": sentence}, status)
    await passwords.set_password(officer.id, new, must_change=False)
    await login_events.record(officer.id, "password_changed", devices.where_of(request))
    token = await letting_in.opened(request, officer.id, shared=officer.shared)
    return letting_in.handed_over(officer.home, token, request.app.state.settings, shared=officer.shared)


async def wrong_password(request: AnyRequest, officer: Officer, typed: str) -> tuple[str, int]:
    """Check the password of somebody who is in already; return what is wrong with it, and the status."""
    lookup = letting_in.of_password(officer.username)
    if minutes := await letting_in.guess(request, lookup):
        await letting_in.note_lock(request, officer.id)
        return letting_in.too_many(minutes), 429
    async with database.transaction("gate"):
        stored = await database.fetchval("SELECT password FROM person WHERE id = $1", officer.id)
    if not await passwords.fits(typed, stored):
        await login_events.record(officer.id, "wrong_password", devices.where_of(request))
        return say("Kata sandi sekarang tidak cocok."), 422
    await passwords.forgive(lookup)
    return "", 200


def troubles(username: str, new: str, again: str) -> dict[str, str]:
    """What is wrong with a new password, by the field in which it stands."""
    trouble = passwords.trouble_with(new, username)
    if trouble:
        return {"new": say(trouble)}
    return {} if new == again else {"again": say("Kata sandi baru yang kedua berbeda dari yang pertama.")}


def _page(request: AnyRequest, officer: Officer, errors: dict[str, str], status: int = 200) -> Response[Any]:
    forced = officer.must_change_password
    return page(request, "desk/password.html", status_code=status, errors=errors, forced=forced)


ROUTES = [password_page, change_password]
