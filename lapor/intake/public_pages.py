"""Pages for everybody: the first one, published complaints, looking up a ticket, checking a receipt, personal data."""

from __future__ import annotations

import re
from typing import Any, cast
from urllib.parse import urlencode

from litestar import Response, get
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler

from lapor import database
from lapor.complaints import tickets
from lapor.complaints.queries.paging import Mark, Page, Wish
from lapor.filing_form.checks import tidy
from lapor.intake import residents
from lapor.intake.addresses import UNLISTED, address, count_look_up
from lapor.locales import current, say
from lapor.pages import AnyRequest, page, settle_language
from lapor.registers import moment
from lapor.routing.directory import REGISTRY, Registry
from lapor.site import Site

RECENT = 5
_RECEIPT = re.compile(r"[0-9a-f]{64}\Z")


@get("/")
async def home(request: AnyRequest) -> Response[Any]:
    """The way in, the emergency numbers, what was published last."""
    settle_language(request)
    stories = await residents.published(size=RECENT)
    return page(request, "residents/home.html", recent=_items(stories), now=stories.now, zone=_zone(request))


@get("/laporan")
async def published_list(request: AnyRequest) -> Response[Any]:
    """Published complaints, newest first, of one district or topic if asked for."""
    settle_language(request)
    registry = await _registry()
    asked = {name: tidy(request.query_params.get(name)) for name in ("kategori", "kecamatan")}
    category = registry.categories.get(asked["kategori"])
    district = registry.regions.get(asked["kecamatan"])
    stories = await residents.published(
        _wish(request), category=category.id if category else None, district=district.id if district else None
    )
    return page(
        request,
        "residents/published.html",
        items=_items(stories),
        filters=_filters(registry, asked),
        pager=_pager(stories.page, {name: value for name, value in asked.items() if value}),
        now=stories.now,
        zone=_zone(request),
    )


@get("/lacak")
async def track(request: AnyRequest) -> Response[Any]:
    """The field for a ticket; a good one leads on to its complaint."""
    settle_language(request)
    typed = tidy(request.query_params.get("ticket"))
    errors = _ticket_error(typed) if "ticket" in request.query_params else {}
    if typed and not errors:
        return Redirect(address(tickets.parse(typed)), status_code=303, headers=dict(UNLISTED))
    return page(
        request,
        "residents/track.html",
        status_code=422 if errors else 200,
        typed={"ticket": typed[:40]},
        errors=errors,
    )


@get("/bukti")
async def receipt(request: AnyRequest) -> Response[Any]:
    """What a receipt proves, and the form that checks one; an unknown ticket and a wrong code look alike."""
    settle_language(request)
    typed = {name: tidy(request.query_params.get(name)) for name in ("ticket", "receipt")}
    typed["receipt"] = "".join(typed["receipt"].split()).lower()
    errors: dict[str, str] = {}
    result = None
    if "ticket" in request.query_params or "receipt" in request.query_params:
        errors = _ticket_error(typed["ticket"])
        if not _RECEIPT.match(typed["receipt"]):
            errors["receipt"] = say(
                "Kode bukti terdiri dari 64 angka dan huruf a sampai f. Salin seluruhnya."
            )
        if not errors:
            await count_look_up(request)
            at = await residents.receipt_recorded(
                tickets.parse(typed["ticket"]), bytes.fromhex(typed["receipt"])
            )
            result = {"at": at}
    return page(
        request,
        "residents/verify.html",
        status_code=422 if errors else 200,
        headers=UNLISTED,
        typed={name: value[:100] for name, value in typed.items()},
        errors=errors,
        result=result,
        zone=_zone(request),
    )


@get("/privasi")
async def privacy(request: AnyRequest) -> Response[Any]:
    """What is kept of whom, and who may see it."""
    settle_language(request)
    return page(request, "residents/privacy.html", coordinator=await _coordinator())


def _ticket_error(typed: str) -> dict[str, str]:
    if not typed:
        return {"ticket": say("Tulis nomor laporan Anda.")}
    try:
        tickets.parse(typed)
    except ValueError:
        return {
            "ticket": say(
                "Nomor ini tidak lengkap atau ada yang salah ketik. Nomor laporan terdiri dari 11 huruf dan angka."
            )
        }
    return {}


def _items(stories: residents.Stories) -> list[dict[str, Any]]:
    english = current() == "en"
    return [
        {
            **dict(row),
            "ticket": tickets.show(row["ticket"]),
            "category_name": (row["category_en"] if english else "")
            or row["category_name"]
            or say("Laporan warga"),
            "place_name": say("Kecamatan {name}").format(name=row["place_name"]) if row["place_name"] else "",
            "excerpt": _excerpt(row["text"]),
        }
        for row in stories.page.items
    ]


def _excerpt(text: str) -> str:
    """The beginning of a text, ended at a word."""
    if len(text) <= residents.EXCERPT:
        return text
    return text[: residents.EXCERPT].rsplit(maxsplit=1)[0].rstrip(".,;:") + " …"


def _filters(registry: Registry, asked: dict[str, str]) -> list[dict[str, Any]]:
    english = current() == "en"
    categories = [
        (one.code, (one.name_en if english else "") or one.name)
        for one in registry.categories.values()
        if one.active and not one.protected and one.publish != "never"
    ]
    districts = [(one.code, one.name) for one in registry.regions.values() if one.kind == "district"]
    return [
        {"name": "kategori", "label": say("Tentang"), "value": asked["kategori"], "options": categories},
        {"name": "kecamatan", "label": say("Kecamatan"), "value": asked["kecamatan"], "options": districts},
    ]


def _wish(request: AnyRequest) -> Wish:
    asked = request.query_params
    number = asked.get("halaman", "")
    return Wish(
        after=Mark.read(asked.get("sesudah", "")),
        before=Mark.read(asked.get("sebelum", "")),
        number=int(number) if number.isascii() and number.isdecimal() and len(number) < 6 else 1,
    )


def _pager(shown: Page[Any], kept: dict[str, str]) -> dict[str, Any]:
    def beside(name: str, mark: Mark | None, number: int) -> str | None:
        if mark is None:
            return None
        return "/laporan?" + urlencode({**kept, name: str(mark), "halaman": number})

    return {
        "page": shown.number,
        "pages": 0,
        "previous": beside("sebelum", shown.previous, max(shown.number - 1, 1)),
        "next": beside("sesudah", shown.next, shown.number + 1),
    }


def _zone(request: AnyRequest) -> str:
    site = cast(Site, request.scope.get("lapor.site") or Site())
    return site.timezone


async def _registry() -> Registry:
    async with database.transaction("public"):
        return await REGISTRY.get((await moment()).version)


async def _coordinator() -> dict[str, str] | None:
    async with database.transaction("public"):
        registry = await REGISTRY.get((await moment()).version)
        try:
            agency = registry.coordinating(registry.default_region)
        except LookupError:
            return None
        email = await database.fetchval("SELECT email FROM agency WHERE id = $1", agency.id)
    return {"name": agency.name, "email": email, "phone": agency.phone}


ROUTES: list[ControllerRouterHandler] = [home, published_list, track, receipt, privacy]
