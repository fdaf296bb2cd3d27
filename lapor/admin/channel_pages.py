"""The page "Kanal": which accounts at providers there are, their secrets, switching on and off, a trial message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect

from lapor import uploads
from lapor.admin import channels_kept
from lapor.admin.access import current_officer, requires
from lapor.admin.channel_forms import FORMS
from lapor.admin.offices import CHANNELS, Officer
from lapor.complaints.errors import NotFound, Refused
from lapor.locales import say
from lapor.pages import AnyRequest, page, settle_language
from lapor.settings import Settings

NEW = f"{CHANNELS}/baru/{{channel:str}}"
ACCOUNT = f"{CHANNELS}/akun/{{account:int}}"
_LARGEST_ID = 2**63 - 1

administrators_only = requires("administrator")


@get(CHANNELS, guards=[administrators_only])
async def overview(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """Every account with whether it hears and speaks."""
    settle_language(request)
    return page(
        request,
        "desk/channels.html",
        accounts=await channels_kept.accounts(officer.id),
        forms=list(FORMS.values()),
        zone=officer.timezone,
        notice=_done(request.query_params.get("selesai", "")),
    )


@get(NEW, guards=[administrators_only])
async def blank(request: AnyRequest, channel: FromPath[str]) -> Response[Any]:
    """The form of a new account."""
    return _new(request, channel, {}, {}, 200)


@post(NEW, guards=[administrators_only])
async def make(
    request: AnyRequest, channel: FromPath[str], officer: NamedDependency[Officer]
) -> Response[Any]:
    """Keep a new account."""
    settle_language(request)
    typed = await uploads.fields(request)
    if channel not in FORMS:
        raise NotFoundException()
    try:
        await channels_kept.open_account(officer.id, FORMS[channel], typed)
    except Refused as refusal:
        return _new(request, channel, typed, {refusal.field or "": refusal.message}, 422)
    return Redirect(f"{CHANNELS}?selesai=disimpan", status_code=303)


@get(ACCOUNT, guards=[administrators_only])
async def one(
    request: AnyRequest, account: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """One account with its form."""
    settle_language(request)
    notice = _done(request.query_params.get("selesai", ""))
    return await _shown(request, officer, account, notice=notice)


@post(ACCOUNT, guards=[administrators_only])
async def change(
    request: AnyRequest, account: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """Change an account."""
    settle_language(request)
    typed = await uploads.fields(request)
    try:
        await channels_kept.change_account(officer.id, _known(account), typed)
    except NotFound:
        raise
    except Refused as refusal:
        errors = {refusal.field or "": refusal.message}
        return await _shown(request, officer, account, typed=typed, errors=errors, status=422)
    return Redirect(f"{CHANNELS}/akun/{account}?selesai=disimpan", status_code=303)


@post(f"{ACCOUNT}/uji", guards=[administrators_only])
async def trial(
    request: AnyRequest, account: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """Send a trial message."""
    settle_language(request)
    typed = await uploads.fields(request)
    try:
        await channels_kept.try_account(officer.id, _known(account), typed.get("to", ""))
    except NotFound:
        raise
    except Refused as refusal:
        errors = {refusal.field or "": refusal.message}
        return await _shown(request, officer, account, tried=typed.get("to", ""), errors=errors, status=422)
    return Redirect(f"{CHANNELS}/akun/{account}?selesai=diuji", status_code=303)


def _new(
    request: AnyRequest,
    channel: str,
    typed: Mapping[str, str],
    errors: Mapping[str, str],
    status: int,
) -> Response[Any]:
    settle_language(request)
    if channel not in FORMS:
        raise NotFoundException()
    form = FORMS[channel]
    return page(
        request,
        "desk/channel.html",
        status_code=status,
        form=form,
        kept=None,
        trial=None,
        typed=_without_secrets(form.channel, typed),
        errors=errors,
        tried="",
        notice="",
        hook=_hook(request, channel),
    )


async def _shown(
    request: AnyRequest,
    officer: Officer,
    account: int,
    *,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    tried: str = "",
    notice: str = "",
    status: int = 200,
) -> Response[Any]:
    settle_language(request)
    kept, trial = await channels_kept.account(officer.id, _known(account))
    known = {"title": kept.title, "active": "ya" if kept.active else "", **kept.settings}
    return page(
        request,
        "desk/channel.html",
        status_code=status,
        form=kept.form,
        kept=kept,
        trial=trial,
        typed=known if typed is None else _without_secrets(kept.channel, typed),
        errors=errors or {},
        tried=tried,
        notice=notice,
        zone=officer.timezone,
        hook=_hook(request, kept.channel),
    )


def _without_secrets(channel: str, typed: Mapping[str, str]) -> dict[str, str]:
    """What was typed, but for what is never shown again."""
    hidden = {field.name for field in FORMS[channel].fields if field.secret}
    return {name: value for name, value in typed.items() if name not in hidden}


def _hook(request: AnyRequest, channel: str) -> str:
    settings: Settings = request.app.state.settings
    return f"{settings.base_url}/hooks/{channel}"


def _known(account: int) -> int:
    if not 0 < account <= _LARGEST_ID:
        raise NotFound
    return account


def _done(act: str) -> str:
    sentences = {
        "disimpan": say("Kanal sudah disimpan."),
        "diuji": say("Pesan uji sedang dikirim. Muat ulang halaman ini sebentar lagi."),
    }
    return sentences.get(act, "")


ROUTES = [
    Router(
        "/",
        route_handlers=[overview, blank, make, one, change, trial],
        dependencies={"officer": Provide(current_officer)},
    )
]
