"""The inspectorate's page: who filed (asked by one, decided by another, shown once) and who read what is guarded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.response import Redirect

from lapor import database, uploads
from lapor.admin.access import current_officer, requires
from lapor.admin.lists import Pager, wish_of
from lapor.admin.offices import INSPECTORATE, Officer
from lapor.complaints import desk, tickets
from lapor.complaints.desk import Actor, NotFound, Refused
from lapor.complaints.inspectors import CHANGES, changes, waits_until
from lapor.complaints.queries.paging import Mark, Page
from lapor.complaints.queries.reveals import reveals
from lapor.complaints.reading_traces import Trace, TraceFilters, traces
from lapor.locales import say
from lapor.pages import AnyRequest, page, settle_language
from lapor.settings import Settings

TRACES = f"{INSPECTORATE}/jejak"
REQUESTS = f"{INSPECTORATE}/permintaan"
_LARGEST_ID = 2**63 - 1
_LONGEST = 120

inspectors_only = requires("inspector")


@dataclass(frozen=True)
class _Returned:
    """A form that came back: which one (`ask`, or the number of a request), why, and what was typed."""

    form: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


@get(INSPECTORATE, guards=[inspectors_only])
async def overview(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """What waits for a second person, what may be opened, what became of the others, and the form of a request."""
    typed = {"ticket": request.query_params.get("nomor", "")[:40]}
    return await _page(request, officer, _Returned(form="ask" if typed["ticket"] else "", typed=typed))


@post(REQUESTS, guards=[inspectors_only])
async def ask(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """Ask to see who filed."""
    typed = await uploads.fields(request)
    try:
        complaint = await _complaint(officer, typed.get("ticket", ""))
        await desk.ask_reveal(
            Actor.officer(officer.id), complaint, reason=typed.get("reason", ""), waiting=_waiting(request)
        )
    except NotFound:
        unknown = say("Nomor ini tidak dikenal, atau laporannya tidak dibuka untuk jabatan Anda.")
        return await _page(request, officer, _Returned("ask", {"ticket": unknown}, typed, 422))
    except Refused as refusal:
        errors = {refusal.field or "": refusal.message}
        return await _page(request, officer, _Returned("ask", errors, typed, 422))
    return Redirect(f"{INSPECTORATE}?selesai=diminta", status_code=303)


@post(f"{REQUESTS}/{{reveal:int}}/putusan", guards=[inspectors_only])
async def decide(
    request: AnyRequest, reveal: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """The second person's yes or no."""
    typed = await uploads.fields(request)
    decided = typed.get("decision", "")
    try:
        if decided not in ("ya", "tidak"):
            raise Refused(say("Pilih keputusan Anda."), "decision")
        await desk.decide_reveal(
            Actor.officer(officer.id),
            _known(reveal),
            granted=decided == "ya",
            reason=typed.get("reason", ""),
            waiting=_waiting(request),
        )
    except NotFound:
        raise
    except Refused as refusal:
        errors = {refusal.field or "": refusal.message}
        return await _page(request, officer, _Returned(str(reveal), errors, typed, 422))
    done = "diizinkan" if decided == "ya" else "ditolak"
    return Redirect(f"{INSPECTORATE}?selesai={done}", status_code=303)


@post(f"{REQUESTS}/{{reveal:int}}/identitas", guards=[inspectors_only], status_code=200)
async def identity(
    request: AnyRequest, reveal: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """Who filed: shown on this answer, and never again."""
    settle_language(request)
    try:
        found = await desk.open_reveal(Actor.officer(officer.id), _known(reveal), waiting=_waiting(request))
    except NotFound:
        raise
    except Refused as refusal:
        return await _page(request, officer, _Returned(str(reveal), {"": refusal.message}, {}, 409))
    return page(request, "inspectorate/identity.html", found=found, back=INSPECTORATE)


@get(
    [REQUESTS, *(f"{REQUESTS}/{{reveal:int}}/{act}" for act in ("putusan", "identitas"))],
    guards=[inspectors_only],
)
async def back() -> Response[Any]:
    """A form's address, asked for as a page: where the form stands."""
    return Redirect(INSPECTORATE, status_code=303)


@get(TRACES, guards=[inspectors_only])
async def readings(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """Who had the words of which guarded complaint on screen, newest first."""
    settle_language(request)
    typed = {
        name: request.query_params.get(name, "").strip()[:_LONGEST].replace("\x00", "") for name in _FILTERS
    }
    async with database.transaction("reader", user_id=officer.id):
        found = await traces(_trace_filters(typed, officer.timezone), wish_of(request))
    return page(
        request,
        "inspectorate/traces.html",
        traces=found.items,
        filters=_filter_fields(typed),
        filtered=any(typed.values()),
        manners=_manners(),
        pager=_pager(typed, found),
        path=TRACES,
        overview=INSPECTORATE,
    )


async def _page(request: AnyRequest, officer: Officer, returned: _Returned) -> Response[Any]:
    settle_language(request)
    async with database.transaction("reader", user_id=officer.id):
        found = await reveals()
        changed = await changes()
        until = await waits_until(officer.id, await database.now(), _waiting(request))
    return page(
        request,
        "inspectorate/overview.html",
        status_code=returned.status,
        waiting=[one for one in found if one.state == "waiting"],
        granted=[one for one in found if one.state == "granted" and one.mine],
        past=[one for one in found if one.state != "waiting" and not (one.state == "granted" and one.mine)],
        form=returned.form,
        errors=returned.errors,
        typed=returned.typed,
        states=_states(),
        changes=changed,
        changed={kind: say(words) for kind, words in CHANGES.items()},
        waits_until=until,
        zone=officer.timezone,
        notice=_done(request.query_params.get("selesai", "")),
        traces_path=TRACES,
        requests_path=REQUESTS,
    )


def _waiting(request: AnyRequest) -> timedelta:
    settings: Settings = request.app.state.settings
    return timedelta(hours=settings.reveal_wait_hours)


async def _complaint(officer: Officer, typed: str) -> int:
    try:
        ticket = tickets.parse(typed)
    except ValueError as error:
        raise Refused(say("Tulis nomor laporan seperti ABCDE-FGHJK-X."), "ticket") from error
    async with database.transaction("reader", user_id=officer.id):
        found: int | None = await database.fetchval("SELECT id FROM complaint WHERE ticket = $1", ticket)
    if found is None:
        raise NotFound
    return found


def _known(reveal: int) -> int:
    if not 0 < reveal <= _LARGEST_ID:
        raise NotFound
    return reveal


def _done(act: str) -> str:
    sentences = {
        "diminta": say("Permintaan Anda menunggu pemeriksa kedua."),
        "diizinkan": say(
            "Izin sudah dicatat. Pemeriksa yang meminta dapat membukanya satu kali dalam 24 jam."
        ),
        "ditolak": say("Penolakan sudah dicatat."),
    }
    return sentences.get(act, "")


def _states() -> Mapping[str, str]:
    return {
        "waiting": say("Menunggu pemeriksa kedua"),
        "granted": say("Diizinkan, belum dibuka"),
        "expired": say("Diizinkan, tidak dibuka dalam 24 jam"),
        "used": say("Identitas sudah dilihat"),
        "refused": say("Ditolak"),
    }


_FILTERS = ("nomor", "petugas", "cara", "dari", "sampai")


def _manners() -> Mapping[str, str]:
    return {
        "opened": say("membuka laporan"),
        "listed": say("melihat awal isinya dalam daftar"),
        "photo": say("membuka foto atau berkasnya"),
        "panel": say("membaca di panel data"),
    }


def _trace_filters(typed: Mapping[str, str], zone: str) -> TraceFilters:
    until = _day(typed["sampai"], zone)
    return TraceFilters(
        ticket=typed["nomor"],
        person=typed["petugas"],
        manner=typed["cara"],
        since=_day(typed["dari"], zone),
        until=until + timedelta(days=1) if until else None,
    )


def _day(typed: str, zone: str) -> datetime | None:
    """The beginning of a day; None when none was given that can be read."""
    try:
        return datetime.combine(date.fromisoformat(typed), time(), ZoneInfo(zone)) if typed else None
    except ValueError:
        return None


def _filter_fields(typed: Mapping[str, str]) -> list[dict[str, Any]]:
    labels = {
        "nomor": say("Nomor laporan"),
        "petugas": say("Nama petugas"),
        "cara": say("Cara"),
        "dari": say("Sejak tanggal"),
        "sampai": say("Sampai tanggal"),
    }
    fields: list[dict[str, Any]] = [
        {"name": name, "label": labels[name], "value": typed[name]} for name in _FILTERS
    ]
    fields[2]["options"] = list(_manners().items())
    for one in fields[3:]:
        one["kind"] = "date"
    return fields


def _pager(typed: Mapping[str, str], found: Page[Trace]) -> Pager:
    def beside(name: str, mark: Mark | None, number: int) -> str | None:
        if mark is None:
            return None
        kept = {key: value for key, value in typed.items() if value}
        return f"{TRACES}?{urlencode({**kept, name: str(mark), 'halaman': str(max(number, 1))})}"

    return Pager(
        found.number,
        beside("sebelum", found.previous, found.number - 1),
        beside("sesudah", found.next, found.number + 1),
    )


ROUTES = [
    Router(
        "/",
        route_handlers=[overview, ask, decide, identity, back, readings],
        dependencies={"officer": Provide(current_officer)},
    )
]
