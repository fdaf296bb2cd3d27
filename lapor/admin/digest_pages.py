"""The weekly letters of a region to read again, and the hour at which an office wants its daily digest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.response import Redirect

from lapor import database, uploads
from lapor.admin.access import current_officer, leaders_only
from lapor.admin.offices import LETTERS, Officer
from lapor.complaints import archive
from lapor.complaints.actor import Actor
from lapor.complaints.errors import NotFound
from lapor.locales import say
from lapor.pages import AnyRequest, page, settle_language

HOUR = f"{LETTERS}/jam"
# As the morning's letters come unless somebody chose otherwise.
USUAL = time(7, 30)
_LARGEST_ID = 2**63 - 1


@get(LETTERS, guards=[leaders_only])
async def letters(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """The archive, newest first, and the hours of one's own offices."""
    return await _page(request, officer, {}, {}, 200)


@post(HOUR, guards=[leaders_only])
async def choose(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """Choose the hour of the digest for an office of one's own."""
    settle_language(request)
    typed = await uploads.fields(request)
    try:
        at = time.fromisoformat(typed.get("at", "").strip()).replace(tzinfo=None, second=0, microsecond=0)
    except ValueError:
        return await _page(request, officer, typed, {"at": say("Tulis jamnya seperti 07:30.")}, 422)
    number = typed.get("office", "")
    office = int(number) if number.isdecimal() and len(number) < 19 else 0
    await archive.choose_hour(Actor.officer(officer.id), office, at)
    return Redirect(f"{LETTERS}?selesai=jam", status_code=303)


@get(HOUR, guards=[leaders_only])
async def back() -> Response[Any]:
    """The form's address, asked for as a page: where the form stands."""
    return Redirect(LETTERS, status_code=303)


@get(f"{LETTERS}/{{letter:int}}", guards=[leaders_only])
async def letter(letter: FromPath[int], officer: NamedDependency[Officer]) -> Response[bytes]:
    """A letter as it left, byte for byte."""
    if not 0 < letter <= _LARGEST_ID:
        raise NotFound
    async with database.transaction("reader", user_id=officer.id):
        name, body = await archive.letter(letter)
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(body, media_type="application/pdf", headers=headers)


async def _page(
    request: AnyRequest, officer: Officer, typed: Mapping[str, str], errors: Mapping[str, str], status: int
) -> Response[Any]:
    settle_language(request)
    async with database.transaction("reader", user_id=officer.id):
        found = await archive.letters()
        hours = await archive.digest_hours()
    return page(
        request,
        "letters/archive.html",
        status_code=status,
        letters=found,
        hours=hours,
        usual=USUAL,
        typed=typed,
        errors=errors,
        hour_path=HOUR,
        path=LETTERS,
        notice=say("Jam ringkasan sudah disimpan.") if request.query_params.get("selesai") == "jam" else "",
    )


ROUTES = [
    Router(
        "/",
        route_handlers=[letters, choose, back, letter],
        dependencies={"officer": Provide(current_officer)},
    )
]
