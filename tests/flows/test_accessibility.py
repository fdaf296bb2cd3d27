"""Every page of ours in a real browser: nothing that axe-core objects to, light and dark, and no scrolling sideways."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from lapor.admin import access, device_tokens, sessions
from lapor.app import _litestar
from lapor.complaints import desk
from lapor.complaints.counting import count_all
from lapor.complaints.desk import Actor, Filing
from lapor.settings import Settings
from tests.ground import World
from tests.intake.browser import Phone, fits, phone

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}

# {complaint} is open and belongs to the road agency, {late} is past its deadline, {city} is a region below a governor.
PAGES: dict[str, tuple[str, ...]] = {
    "": (
        "/",
        "/lapor",
        "/laporan",
        "/laporan/{ticket}",
        "/laporan/{ticket}/buka/{secret}",
        "/lacak",
        "/privasi",
        "/bukti",
        "/angka-publik",
        "/masuk",
        "/masuk/lupa",
        "/layar/pasang",
        "/kiosk",
        "/tidak-ada",
    ),
    "liaison": (
        "/meja",
        "/meja/ditawarkan",
        "/meja/pemeriksa",
        "/meja/selesai",
        "/meja/instruksi",
        "/meja/aduan/{complaint}",
        "/meja/aduan/{late}",
        "/pemberitahuan",
        "/sandi",
        "/akun",
        "/akun/autentikator",
    ),
    "agency_head": (
        "/meja/ikhtisar",
        "/meja/borongan?pilih={complaint}&pilih={late}",
        "/meja/borongan?untuk=jawaban&pilih={complaint}&pilih={late}",
        "/angka?menurut=petugas",
        "/angka/penutupan",
    ),
    "coordinator": (
        "/meja/penelaahan",
        "/meja/kebijakan",
        "/meja/daftar",
        "/meja/daftar/kategori/unggah",
        "/meja/daftar/riwayat",
        "/angka",
        "/angka/andai",
    ),
    "operator": ("/loket", "/loket?cara=letter"),
    "head_of_region": (
        "/pimpinan/eskalasi",
        "/pimpinan/aduan/{late}",
        "/pimpinan/instruksi",
        "/pimpinan/instruksi/baru?laporan={late}",
        "/pimpinan/penjelasan",
        "/pimpinan/surat",
    ),
    "sekda": ("/pimpinan/arbiter",),
    "governor": ("/pimpinan/daerah", "/pimpinan/daerah/{city}/penjelasan"),
    "inspector": ("/inspektorat", "/inspektorat/jejak", "/inspektorat/kiriman", "/inspektorat/permintaan"),
    "administrator": (
        "/pimpinan/layar",
        "/kanal",
        "/kanal/baru/whatsapp",
        "/kanal/baru/email",
        "/kanal/baru/social",
        "/kiriman",
        "/kiriman/dibiarkan",
        "/kiriman/disisihkan",
    ),
}
# Who has a role under a name of its own here: the head of the region above.
OFFICES = {"governor": ("head_of_region", "jtg-gubernur")}
AGENCIES = {
    "liaison": "smg-dpu",
    "agency_head": "smg-dpu",
    "operator": "smg-diskominfo",
    "head_of_region": "smg-walikota",
    "sekda": "smg-setda",
    "inspector": "smg-inspektorat",
}
# Pages that are looked at below, or in a test of their own.
LOOKED_AT_ELSEWHERE = {
    "/layar": "the screen, below",
    "/layar/isi": "a part of the screen",
    "/loket/{ticket:str}/slip": "below",
    "/masuk/kode": "tests/admin/test_login_browser.py",
    "/laporan/{ticket:str}/terkirim": "once, right after filing: tests/intake",
    "/kiosk/selesai": "once, right after filing: tests/intake",
    "/masuk/sandi-baru/{token:str}": "the fields of /sandi",
    "/meja/daftar/berkas/{number:int}": "the list of a proposal",
    "/meja/daftar/usulan/{number:int}": "tests/admin/test_panel_browser.py",
    "/kanal/akun/{account:int}": "the form of /kanal/baru",
    "/pimpinan/daftar/{token:str}": "the list of escalations, without words",
}
# Addresses that are no page: files, pictures, streams, machines, and forms asked for as pages, which lead back.
NO_PAGE = (
    *("/health", "/ready", "/metrics", "/static/{path:path}", "/hooks/{channel:str}", "/akun/sesi"),
    *("/meja/arus", "/pimpinan/arus", "/meja/foto/{photo:int}", "/meja/berkas/{document:int}"),
    *("/angka/unduh.csv", "/angka/unduh.xlsx", "/angka-publik/unduh.csv", "/angka-publik/unduh.xlsx"),
    *("/meja/daftar/{slug:str}/unduh", "/pimpinan/surat/{letter:int}", "/pimpinan/surat/jam"),
    *("/laporan/{ticket:str}/berkas/{document:int}", "/laporan/{ticket:str}/foto/{photo:int}"),
    *("/pimpinan/layar/{screen:int}/cabut", "/pimpinan/layar/{screen:int}/kode"),
    *("/pimpinan/instruksi/pratinjau", "/pimpinan/penjelasan/{explanation:int}/jawaban"),
    *("/inspektorat/permintaan/{reveal:int}/identitas", "/inspektorat/permintaan/{reveal:int}/putusan"),
    *(f"/kiriman/{{delivery:int}}/{act}" for act in ("aduan", "bukan", "isi", "kembalikan")),
    *(f"/pimpinan/aduan/{{complaint:int}}/putusan-{of}" for of in ("alih-tangan", "bantahan")),
)
FORM_OF_A_COMPLAINT = "/meja/aduan/{complaint:int}/"


@pytest_asyncio.fixture
async def browser(simulated: World) -> AsyncIterator[Phone]:
    """A browser at a site where one complaint is past its deadline and one is not."""
    async with phone(simulated) as made:
        yield made


async def _filed(world: World) -> dict[str, Any]:
    late = await desk.file(
        Filing(type="complaint", text="Jalan berlubang di depan pasar", category="jalan-rusak")
    )
    await world.advance(60)
    await desk.sweep()
    fresh = await desk.file(Filing(type="complaint", text="Aspal mengelupas", category="jalan-rusak"))
    staff = Actor.officer(await world.officer("staff", "smg-dpu"))
    await desk.note(staff, fresh.complaint_id, text="Sudah ditinjau")
    await count_all()
    city = await world.fetchval("SELECT region FROM agency WHERE code = 'smg-walikota'")
    named = {"ticket": fresh.ticket, "secret": fresh.secret, "city": city}
    return {"complaint": fresh.complaint_id, "late": late.complaint_id, **named}


def test_every_page_is_looked_at(settings: Settings) -> None:
    looked_at = [path.partition("?")[0] for pages in PAGES.values() for path in pages]
    elsewhere = {*LOOKED_AT_ELSEWHERE, *NO_PAGE}
    missing = [
        route.path
        for route in _litestar(settings).routes
        if "GET" in getattr(route, "methods", ())
        and route.path not in elsewhere
        and not route.path.startswith(FORM_OF_A_COMPLAINT)
        and not any(re.fullmatch(re.sub(r"\{.+?\}", "[^/]+", route.path), path) for path in looked_at)
    ]
    assert missing == []


@pytest.mark.parametrize("role", PAGES, ids=lambda role: role or "resident")
async def test_nobody_is_shut_out_of_a_page(browser: Phone, simulated: World, role: str) -> None:
    numbers = await _filed(simulated)
    troubles: list[str] = []
    async with browser.page(width=1280) as page:
        if role:
            person = await simulated.officer(*OFFICES.get(role, (role, AGENCIES.get(role))))
            token = await sessions.open_session(person, hours=8)
            await page.context.add_cookies(
                [{"name": access.COOKIE, "value": token, "url": browser.base_url, "httpOnly": True}]
            )
        for path in PAGES[role]:
            troubles += await _look(page, path.format(**numbers))
    assert troubles == []


async def test_nobody_is_shut_out_of_the_questions_of_a_category(browser: Phone) -> None:
    async with browser.page() as page:
        await page.goto("/lapor")
        await page.get_by_label("Tentang apa?").select_option("air-bersih")
        troubles = await _here(page, "/lapor, asked")
        await page.get_by_role("button", name="Kirim laporan").click()
        await page.get_by_role("alert").first.wait_for()
        troubles += await _here(page, "/lapor, unanswered")
    assert troubles == []


async def test_nobody_is_shut_out_of_the_counter_s_slip_and_its_hand_over(
    browser: Phone, simulated: World
) -> None:
    async with browser.page(width=1280) as page:
        person = await simulated.officer("operator", "smg-diskominfo")
        token = await sessions.open_session(person, hours=8)
        await page.context.add_cookies(
            [{"name": access.COOKIE, "value": token, "url": browser.base_url, "httpOnly": True}]
        )
        await page.goto("/loket")
        await page.get_by_label("Kata-kata penelepon").fill("Rumah terbakar di kelurahan Kedungmundu")
        await page.locator("#saran [data-fill]").first.wait_for()
        troubles = await _here(page, "/loket, proposed")
        await page.get_by_label("Telepon pelapor").fill("12")
        await page.get_by_role("button", name="Simpan dan buat bukti").click()
        await page.get_by_role("alert").first.wait_for()
        troubles += await _here(page, "/loket, wrong")
        await page.get_by_label("Telepon pelapor").fill("")
        await page.get_by_label("Tentang apa?").select_option("kebakaran")
        await page.get_by_role("button", name="Simpan dan buat bukti").click()
        await page.locator(".slip").wait_for()
        troubles += await _here(page, "/loket/slip")
    assert troubles == []


async def test_nobody_is_shut_out_of_the_screen_on_the_wall(browser: Phone, simulated: World) -> None:
    await _filed(simulated)
    maker = await simulated.officer("leadership_staff", "smg-walikota")
    region = await simulated.fetchval("SELECT region FROM agency WHERE code = 'smg-walikota'")
    _, code = await device_tokens.make(maker, region, "Ruang kendali")
    async with browser.page(width=1280) as page:
        await page.goto(f"/layar/pasang#{code}")
        await page.locator("#figures").wait_for()
        troubles = await _here(page, "/layar")
    assert troubles == []


async def _look(page: Page, path: str) -> list[str]:
    """Look at one page in both schemes and both widths; return what is wrong with it."""
    troubles = []
    answer = await page.goto(path)
    assert answer is not None
    if answer.status != (404 if path == "/tidak-ada" else 200):
        troubles.append(f"{path}: {answer.status}")
    return troubles + await _here(page, path)


async def _here(page: Page, path: str) -> list[str]:
    troubles = []
    for scheme in ("light", "dark"):
        # Colours that change little by little would be looked at half way.
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        for width in (1280, 360):
            await page.set_viewport_size({"width": width, "height": 800})
            if not await fits(page):
                troubles.append(f"{path}: wider than {width}")
            found = await Axe().run(page, options={**RULES, "resultTypes": ["violations"]})
            troubles += [
                f"{path} {scheme} {width}: {one['id']} {one['nodes'][0]['html'][:120]} {one['nodes'][0]['failureSummary'][:200]}"
                for one in found.response["violations"]
            ]
    return troubles
