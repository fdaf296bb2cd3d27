"""How an officer wants to be told: over which channels, and when not to be disturbed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Annotated, Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect

from lapor import database
from lapor.admin.access import current_officer, officers_only
from lapor.admin.offices import NOTICES, Officer
from lapor.locales import say
from lapor.pages import AnyRequest, page, settle_language
from lapor.settings import Settings

Form = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.URL_ENCODED)]

_READ = "SELECT email, notice_channels, quiet_from, quiet_until FROM person WHERE id = $1"
_WRITE = "UPDATE person SET notice_channels = $2, quiet_from = $3, quiet_until = $4 WHERE id = $1"


@get(NOTICES, guards=[officers_only])
async def my_notices(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """What is chosen now."""
    settle_language(request)
    async with database.transaction("gate"):
        row = await database.fetchrow(_READ, officer.id)
    assert row is not None
    typed = {
        "channels": list(row["notice_channels"] or ()),
        "quiet_from": _shown(row["quiet_from"]),
        "quiet_until": _shown(row["quiet_until"]),
    }
    return _page(request, typed, {}, address=row["email"])


@post(NOTICES, guards=[officers_only])
async def choose(request: AnyRequest, officer: NamedDependency[Officer], data: Form) -> Response[Any]:
    """Choose; an hour alone says nothing, and no channel means mail."""
    settle_language(request)
    chosen = data.get("channels") or []
    chosen = [chosen] if isinstance(chosen, str) else list(chosen)
    typed = {
        "channels": [name for name in _channels(request) if name in chosen],
        "quiet_from": str(data.get("quiet_from", "")).strip(),
        "quiet_until": str(data.get("quiet_until", "")).strip(),
    }
    hours, errors = _hours(typed)
    if errors:
        return _page(request, typed, errors, status=422)
    async with database.transaction("gate"):
        await database.execute(_WRITE, officer.id, typed["channels"], *hours)
    return Redirect(f"{NOTICES}?selesai=disimpan", status_code=303)


def _shown(hour: time | None) -> str:
    return f"{hour:%H:%M}" if hour else ""


def _hours(typed: Mapping[str, Any]) -> tuple[tuple[time | None, time | None], dict[str, str]]:
    read: dict[str, time | None] = {}
    errors = {}
    for name in ("quiet_from", "quiet_until"):
        try:
            read[name] = time.fromisoformat(typed[name]).replace(tzinfo=None) if typed[name] else None
        except ValueError:
            errors[name] = say("Tulis jamnya seperti 21:00.")
    if not errors and (read["quiet_from"] is None) != (read["quiet_until"] is None):
        missing = "quiet_from" if read["quiet_from"] is None else "quiet_until"
        errors[missing] = say("Isi kedua jamnya, atau kosongkan keduanya.")
    return (read.get("quiet_from"), read.get("quiet_until")), errors


def _channels(request: AnyRequest) -> dict[str, str]:
    """The channels of this installation, with their names."""
    settings: Settings = request.app.state.settings
    named = {"email": say("Surel"), "console": say("Catatan sistem")}
    there = {"email": bool(settings.smtp_url), "console": settings.console_channel}
    return {name: text for name, text in named.items() if there[name]}


def _page(
    request: AnyRequest,
    typed: Mapping[str, Any],
    errors: Mapping[str, str],
    *,
    address: str = "",
    status: int = 200,
) -> Response[Any]:
    return page(
        request,
        "desk/notices.html",
        status_code=status,
        channels=[{"value": name, "text": text} for name, text in _channels(request).items()],
        address=address or "",
        typed=typed,
        errors=errors,
        notice=say("Pilihan Anda sudah disimpan.")
        if request.query_params.get("selesai") == "disimpan"
        else "",
    )


ROUTES = [
    Router("/", route_handlers=[my_notices, choose], dependencies={"officer": Provide(current_officer)})
]
