"""Every role on every address: nobody is shown a complaint that the design does not show them.

The complaints and viewers are those of `tests/complaints/test_row_security.py`; here they come through the front
door: pages, search, forms and the panel's API. A new address has to be placed in ADDRESSES before this passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from lapor.admin.panel_shown import SHOWN
from lapor.app import _litestar
from lapor.complaints import desk
from lapor.complaints.desk import Filed, Filing
from lapor.settings import Settings
from tests.complaints.test_row_security import FILINGS, NOTHING, SEEN, VIEWERS, WORDS
from tests.ground import World
from tests.visitor import Visitor

EVERYBODY, OFFICERS, DESK, OPERATORS, LEADERS, INSPECTORS, PARTNERS, SECRET = (
    "everybody",
    "officers",
    "desk",
    "operators",
    "leaders",
    "inspectors",
    "partners",
    "secret",
)
ADMINISTRATORS = "administrators"
WATCHERS = "administrators and coordinators"

ADDRESSES: dict[str, str] = {
    "/": EVERYBODY,
    "/static/{path:path}": EVERYBODY,
    "/health": EVERYBODY,
    "/ready": EVERYBODY,
    "/metrics": EVERYBODY,
    "/laporan": EVERYBODY,
    "/lacak": EVERYBODY,
    "/bukti": EVERYBODY,
    "/privasi": EVERYBODY,
    "/lapor": EVERYBODY,
    "/kiosk": EVERYBODY,
    # Once, by the cookie of the filing just made, which nobody here has.
    "/kiosk/selesai": EVERYBODY,
    "/masuk": EVERYBODY,
    "/masuk/kode": EVERYBODY,
    "/masuk/lupa": EVERYBODY,
    "/masuk/sandi-baru/{token:str}": EVERYBODY,
    "/keluar": EVERYBODY,
    # By a device's own token, which nobody here has.
    "/layar": EVERYBODY,
    "/layar/isi": EVERYBODY,
    "/layar/pasang": EVERYBODY,
    "/laporan/{ticket:str}": EVERYBODY,
    "/laporan/{ticket:str}/terkirim": SECRET,
    "/laporan/{ticket:str}/buka/{secret:str}": SECRET,
    "/laporan/{ticket:str}/balasan": SECRET,
    "/laporan/{ticket:str}/bantahan": SECRET,
    "/laporan/{ticket:str}/pembukaan-kembali": SECRET,
    "/laporan/{ticket:str}/persetujuan": SECRET,
    "/laporan/{ticket:str}/tutup": SECRET,
    "/laporan/{ticket:str}/penilaian": SECRET,
    "/laporan/{ticket:str}/jalan-kabar": SECRET,
    "/laporan/{ticket:str}/foto/{photo:int}": SECRET,
    "/laporan/{ticket:str}/berkas/{document:int}": SECRET,
    "/laporan/{ticket:str}/bukti": SECRET,
    "/hooks/{channel:str}": PARTNERS,
    "/hooks/email": PARTNERS,
    "/angka-publik": EVERYBODY,
    "/angka-publik/unduh.csv": EVERYBODY,
    "/angka-publik/unduh.xlsx": EVERYBODY,
    "/sandi": OFFICERS,
    "/akun": OFFICERS,
    "/akun/sesi": OFFICERS,
    "/akun/sesi/tutup": OFFICERS,
    "/akun/sesi/{session:int}/tutup": OFFICERS,
    "/akun/autentikator": OFFICERS,
    "/akun/autentikator/lepas": OFFICERS,
    "/akun/autentikator/cadangan": OFFICERS,
    "/pemberitahuan": OFFICERS,
}
# Whole rooms behind one guard each; what a page in them shows is compared complaint by complaint below.
ROOMS = {
    "/kanal": ADMINISTRATORS,
    "/kiriman": WATCHERS,
    "/angka": OFFICERS,
    "/meja": DESK,
    "/loket": OPERATORS,
    "/pimpinan": LEADERS,
    "/inspektorat": INSPECTORS,
}

WORD = {kind: "zq" + "".join(letter for letter in kind if letter.isalpha()) for kind in FILINGS}
LEADING = {
    "inspectorate",
    "sekda",
    "head of region",
    "deputy head of region",
    "staff of the leadership",
    "head of the region above",
    "inspectorate of the region above",
}


@dataclass
class Town:
    """One complaint of every kind, and one officer of every office."""

    filed: dict[str, Filed]
    people: dict[str, int]

    def leaks(self, viewer: str, text: str) -> list[str]:
        """What of it a text shows although this viewer may not see it."""
        found = []
        for kind, filed in self.filed.items():
            seen = SEEN[kind].get(viewer, NOTHING)
            if seen != WORDS and WORD[kind] in text:
                found.append(f"words of {kind}")
            shown = filed.ticket in text or f"{filed.ticket[:5]}-{filed.ticket[5:10]}" in text
            if seen == NOTHING and shown:
                found.append(f"ticket of {kind}")
        return found


async def _town(world: World) -> Town:
    await world.simulate()
    filed = {}
    for kind, given in FILINGS.items():
        filing: dict[str, Any] = {
            "type": "complaint",
            "category": "jalan-rusak",
            "text": f"Lubang {WORD[kind]} di jalan",
            "name": "Sri Rahayu Rahasia",
            "phone": "+6281200009999",
            "email": "sri.rahasia@contoh.example",
            **given,
        }
        filed[kind] = await desk.file(Filing(**filing))
    await world.advance(49)
    await desk.sweep()
    people = {name: await world.officer(*office) for name, office in VIEWERS.items()}
    return Town(filed, people)


def _addresses(settings: Settings, method: str) -> list[str]:
    return sorted(
        route.path for route in _litestar(settings).routes if method in getattr(route, "methods", ())
    )


def _room(path: str) -> str | None:
    return next(
        (room for start, room in ROOMS.items() if path == start or path.startswith(f"{start}/")), None
    )


def _filled(path: str, filed: Filed) -> str:
    for name, value in {
        "{ticket:str}": filed.ticket,
        "{secret:str}": "x" * 27,
        "{channel:str}": "partner" if path.startswith("/hooks/") else "whatsapp",
        "{path:path}": "lapor.css",
        "{token:str}": "x" * 27,
    }.items():
        path = path.replace(name, value)
    return (
        path
        if "{" not in path
        else path[: path.index("{")] + str(filed.complaint_id) + path[path.index("}") + 1 :]
    )


def test_every_address_is_placed(settings: Settings) -> None:
    paths = {route.path for route in _litestar(settings).routes}
    assert sorted(path for path in paths if path not in ADDRESSES and _room(path) is None) == []


async def test_no_page_shows_a_complaint_to_somebody_who_may_not_see_it(
    site: Visitor, settings: Settings
) -> None:
    town = await _town(site.world)
    pages = _addresses(settings, "GET")
    wrong: list[str] = []
    for viewer, person in {**town.people, "nobody": None}.items():
        await site.as_public()
        if person is not None:
            await site.as_person(person)
        asked = {_filled(path, filed) for path in pages for filed in town.filed.values()}
        asked |= {
            # In capitals, so that the page's own search field is not taken for a find.
            f"{start}?cari={word.upper()}"
            for start in ("/meja", "/pimpinan/eskalasi")
            for word in WORD.values()
        }
        for address in sorted(asked):
            answer = await site.get(address)
            # No worker runs here, so the site is not ready; every other answer is an answer.
            assert answer.status_code < 500 or address == "/ready", (
                f"{viewer} · {address}: {answer.status_code}"
            )
            # Who asks for a ticket by its number has it already; what a bare ticket shows has tests of its own.
            named = address.startswith(("/laporan/", "/loket/"))
            text = answer.text.replace(address.split("/")[2], "") if named else answer.text
            leaked = (
                town.leaks(viewer, text)
                if not named
                else [leak for leak in town.leaks(viewer, text) if leak.startswith("words")]
            )
            if leaked or "Rahayu Rahasia" in text or "81200009999" in text:
                wrong.append(f"{viewer} · {address}: {leaked or 'identity'}")
    assert wrong == []


@pytest.mark.parametrize(
    "viewer", ["nobody", "staff of another agency", "agency admin of the responsible agency"]
)
async def test_no_form_works_for_a_stranger(site: Visitor, settings: Settings, viewer: str) -> None:
    town = await _town(site.world)
    if viewer != "nobody":
        await site.as_person(town.people[viewer])
    count = "SELECT (SELECT count(*) FROM event) + (SELECT count(*) FROM statement) + (SELECT count(*) FROM approval)"
    before = await site.world.fetchval(count)
    opened = await site.get("/lapor")
    token = opened.text.split('name="_csrf_token" value="')[1].split('"')[0]
    fields = {
        "_csrf_token": token,
        "text": "x",
        "reason": "x",
        "agency": "1",
        "to_agency": "1",
        "reason_code": "unclear",
        "outside_body": "1",
        "stars": "1",
    }
    for path in _addresses(settings, "POST"):
        if ADDRESSES.get(path) in (EVERYBODY, PARTNERS, OFFICERS):
            continue
        for filed in town.filed.values():
            answer = await site.post(_filled(path, filed), data=fields)
            assert answer.status_code in (302, 303, 400, 403, 404, 405, 422), f"{path}: {answer.status_code}"
            if answer.status_code in (302, 303) and ADDRESSES.get(path) != SECRET:
                assert "/masuk" in answer.headers["location"], path
    assert await site.world.fetchval(count) == before


async def test_the_panel_s_api_lists_counts_and_finds_only_what_each_may_see(site: Visitor) -> None:
    town = await _town(site.world)
    wrong: list[str] = []
    for viewer, person in town.people.items():
        await site.as_public()
        await site.as_person(person)
        for shown in SHOWN:
            for question in ("?__page_size=100", "ids/", "count/"):
                answer = await site.panel("GET", f"/tables/{shown.slug}/{question}")
                assert answer.status_code < 500, f"{viewer} · {shown.slug}{question}"
                leaked = town.leaks(viewer, answer.text)
                if leaked or "Rahayu Rahasia" in answer.text or "pbkdf2" in answer.text:
                    wrong.append(f"{viewer} · {shown.slug}{question}: {leaked}")
        visible = sum(1 for kind in SEEN if viewer in SEEN[kind])
        counted = await site.panel("GET", "/tables/pengaduan/count/")
        if counted.status_code == 200:
            assert counted.json()["count"] == visible, viewer
        for kind, filed in town.filed.items():
            one = await site.panel("GET", f"/tables/pengaduan/{filed.complaint_id}/")
            words = await site.panel("GET", f"/tables/isi_pengaduan/?text={WORD[kind]}")
            if viewer not in SEEN[kind]:
                assert one.status_code in (403, 404), f"{viewer} · {kind}"
            if SEEN[kind].get(viewer) != WORDS:
                assert WORD[kind] not in words.text
    assert wrong == []


async def test_leaders_pages_are_closed_to_agencies_and_the_desk_to_outsiders(site: Visitor) -> None:
    town = await _town(site.world)
    for viewer, person in town.people.items():
        await site.as_public()
        await site.as_person(person)
        answer = await site.get("/pimpinan/eskalasi")
        assert (answer.status_code == 200) == (viewer in LEADING), viewer
    await site.as_public()
    for address in ("/meja", "/pimpinan/eskalasi", "/admin/"):
        answer = await site.get(address)
        assert answer.status_code in (302, 303)
        assert "/masuk" in answer.headers["location"]
