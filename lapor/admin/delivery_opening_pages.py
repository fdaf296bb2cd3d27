"""Deliveries that led to nothing: their lists, one of them opened, made a complaint, set aside, taken back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from lapor import crypto, uploads
from lapor.admin import deliveries_kept, delivery_acts
from lapor.admin.access import requires
from lapor.admin.lists import Pager, wish_of
from lapor.admin.offices import DELIVERIES, WATCHING_ROLES, Officer
from lapor.complaints.desk import Filing
from lapor.complaints.errors import NotFound, Refused
from lapor.complaints.queries.paging import Mark, Page
from lapor.filing_form import asked, choices
from lapor.filing_form.checks import Checked, check, tidy
from lapor.filing_form.delivered import Opens
from lapor.locales import say
from lapor.pages import AnyRequest, page, settle_language
from lapor.routing.directory import Registry
from lapor.settings import Settings

DELIVERY = f"{DELIVERIES}/{{delivery:int}}"
LEFT = f"{DELIVERIES}/dibiarkan"
ASIDE = f"{DELIVERIES}/disisihkan"
LARGEST_ID = 2**63 - 1
# From which list a form was sent, and where that list stands.
_LISTS: Final[Mapping[str, str]] = {"dibiarkan": LEFT, "disisihkan": ASIDE}

watchers_only = requires(*WATCHING_ROLES)


@get(LEFT, guards=[watchers_only])
async def left(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """Greetings, adverts, mails without words: what led to nothing and may still be somebody's words."""
    return await _list(request, officer, "left", LEFT)


@get(ASIDE, guards=[watchers_only])
async def aside(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """What a person found to be no complaint."""
    return await _list(request, officer, "aside", ASIDE)


@post(f"{DELIVERY}/isi", guards=[watchers_only], status_code=200)
async def look(
    request: AnyRequest, delivery: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """What was sent and by whom; the look is recorded. Below it stands the form that makes it a complaint."""
    settle_language(request)
    came_from = _came_from(await uploads.fields(request))
    try:
        found = await delivery_acts.look(officer.id, known(delivery), _opens(request))
    except crypto.Undecipherable:
        return Redirect(_told(came_from, "kunci"), status_code=303)
    if found is None:
        return Redirect(_told(came_from, "sudah"), status_code=303)
    sealed, opened = found
    typed = {**_begun(opened.filing), "text": "" if opened.raw else opened.filing.text}
    shown: dict[str, Any] = {
        "opened": opened,
        "channel": deliveries_kept.channel_name(sealed.channel),
        "received_at": sealed.received_at,
    }
    return await _form(request, officer, delivery, Checked(typed), came_from, **shown)


@post(f"{DELIVERY}/aduan", guards=[watchers_only])
async def file(
    request: AnyRequest, delivery: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """Make it a complaint, once; whatever is wrong comes back beside its field."""
    settle_language(request)
    data = await uploads.fields(request)
    came_from = _came_from(data)
    form = _read(data, await choices.registry_now())
    if form.filing is None:
        return await _form(request, officer, delivery, form, came_from, status_code=422)
    try:
        filed = await delivery_acts.file(officer.id, known(delivery), form.filing, _opens(request))
    except NotFound:
        raise
    except Refused as refusal:
        form.errors[refusal.field or ""] = say(refusal.message)
        return await _form(request, officer, delivery, form, came_from, status_code=422)
    except crypto.Undecipherable:
        return Redirect(_told(came_from, "kunci"), status_code=303)
    act = "aduan" if filed else "sudah"
    return Redirect(_told(came_from, act, delivery), status_code=303)


@post(f"{DELIVERY}/bukan", guards=[watchers_only])
async def set_aside(
    request: AnyRequest, delivery: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """Set a delivery aside that is no complaint."""
    came_from = _came_from(await uploads.fields(request))
    done = await delivery_acts.set_aside(officer.id, known(delivery))
    return Redirect(_told(came_from, "bukan" if done else "sudah", delivery), status_code=303)


@post(f"{DELIVERY}/kembalikan", guards=[watchers_only])
async def take_back(
    request: AnyRequest, delivery: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """Undo setting aside: it stands again where it was."""
    came_from = _came_from(await uploads.fields(request))
    done = await delivery_acts.take_back(officer.id, known(delivery))
    return Redirect(_told(came_from, "kembali" if done else "sudah"), status_code=303)


@get([f"{DELIVERY}/{act}" for act in ("isi", "aduan", "bukan", "kembalikan")], guards=[watchers_only])
async def back(delivery: FromPath[int]) -> Response[Any]:
    """A form's address, asked for as a page: where the lists stand."""
    return Redirect(DELIVERIES, status_code=303)


def known(number: int) -> int:
    """Return a number that a row can have; raises NotFound."""
    if not 0 < number <= LARGEST_ID:
        raise NotFound
    return number


async def news(request: AnyRequest, officer: Officer) -> dict[str, Any]:
    """Return what a list tells about the act that led to it: a sentence, what can be undone, the new complaint."""
    act = request.query_params.get("selesai", "")
    typed = request.query_params.get("kiriman", "")
    delivery = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else 0
    made = await deliveries_kept.became(officer.id, delivery) if act == "aduan" and delivery else None
    sentences = {
        "aduan": say(
            "Kiriman ini sudah menjadi aduan. Tanda terimanya dikirim kepada pengirim lewat kanal yang sama."
        ),
        "bukan": say("Kiriman disisihkan sebagai bukan aduan."),
        "kembali": say("Kiriman dikembalikan ke daftar semula."),
        "sudah": say("Kiriman ini sudah tidak menunggu: mungkin rekan Anda sudah mengurusnya."),
        "kunci": say("Isi kiriman ini tidak dapat dibuka: kunci enkripsinya tidak ada lagi."),
    }
    return {
        "notice": sentences.get(act, ""),
        "kind": "care" if act in ("sudah", "kunci") else "good",
        "undo": delivery if act == "bukan" else 0,
        "made": made,
    }


async def _list(
    request: AnyRequest, officer: Officer, state: Literal["left", "aside"], path: str
) -> Response[Any]:
    settle_language(request)
    settings: Settings = request.app.state.settings
    days = settings.retain_inbound_days
    found = await deliveries_kept.resting(officer.id, state, wish_of(request), days=days)
    return page(
        request,
        "desk/deliveries_left.html",
        found=found.items,
        aside=state == "aside",
        days=days,
        pager=_pager(path, found),
        zone=officer.timezone,
        came_from=path.rpartition("/")[2],
        **await news(request, officer),
    )


def _pager(path: str, found: Page[object]) -> Pager:
    def beside(name: str, mark: Mark | None, number: int) -> str | None:
        if mark is None:
            return None
        return f"{path}?{urlencode({name: str(mark), 'halaman': str(max(number, 1))})}"

    return Pager(
        found.number,
        beside("sebelum", found.previous, found.number - 1),
        beside("sesudah", found.next, found.number + 1),
    )


def _read(data: Mapping[str, Any], registry: Registry) -> Checked:
    """What was typed; its type is that of the topic, and nobody types a contact: it is that of the sender."""
    category = registry.categories.get(tidy(data.get("category")))
    given = {**data, "contact_kind": "none", "website": "", "type": category.type if category else ""}
    return check(given, registry, must_answer=False)


def _begun(filing: Filing) -> dict[str, str]:
    """The form as the words of the delivery fill it: whoever asks in them to be hidden is."""
    hidden = "confidential" if filing.confidential else "anonymous" if filing.anonymous else "open"
    return {"privacy": hidden, "about_official": "yes" if filing.about_official else "no"}


async def _form(
    request: AnyRequest,
    officer: Officer,
    delivery: int,
    form: Checked,
    came_from: str,
    *,
    status_code: int = 200,
    **shown: Any,
) -> Response[Any]:
    registry = await choices.registry_now()
    return page(
        request,
        "desk/delivery_opened.html",
        status_code=status_code,
        delivery=delivery,
        typed=form.typed,
        errors=form.errors,
        categories=choices.categories(registry),
        asked=asked.groups(registry, form.typed.get("category", "")),
        regions=choices.areas(registry),
        agencies=[agency for agency in registry.agencies.values() if agency.active],
        zone=officer.timezone,
        came_from=came_from,
        back=_LISTS.get(came_from, DELIVERIES),
        **{"opened": None, **shown},
    )


def _opens(request: AnyRequest) -> Opens:
    """What opens a delivery: its channels are another room's, so that whoever puts the site together names it."""
    opens: Opens = request.app.state.opens_delivery
    return opens


def _came_from(typed: Mapping[str, str]) -> str:
    found = typed.get("dari", "")
    return found if found in _LISTS else ""


def _told(came_from: str, act: str, delivery: int = 0) -> str:
    more = {"kiriman": str(delivery)} if delivery else {}
    return f"{_LISTS.get(came_from, DELIVERIES)}?{urlencode({'selesai': act, **more})}"


HANDLERS = [left, aside, look, file, set_aside, take_back, back]
