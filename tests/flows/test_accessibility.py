"""Every page of ours in a real browser: nothing that axe-core objects to, light and dark, and no scrolling sideways."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from lapor.admin import access, sessions
from lapor.complaints import desk
from lapor.complaints.desk import Actor, Filing
from tests.ground import World
from tests.intake.browser import Phone, fits, phone

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}

# {complaint} is open and belongs to the road agency, {late} is past its deadline.
PAGES: dict[str, tuple[str, ...]] = {
    "": (
        "/",
        "/lapor",
        "/laporan",
        "/lacak",
        "/privasi",
        "/bukti",
        "/masuk",
        "/masuk/lupa",
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
    "coordinator": ("/meja/penelaahan",),
    "operator": ("/loket", "/loket?cara=letter"),
    "head_of_region": ("/pimpinan/eskalasi", "/pimpinan/aduan/{late}", "/pimpinan/instruksi"),
    "sekda": ("/pimpinan/arbiter",),
    "administrator": (
        "/kanal",
        "/kanal/baru/whatsapp",
        "/kanal/baru/email",
        "/kanal/baru/social",
        "/kiriman",
        "/kiriman/dibiarkan",
    ),
}
AGENCIES = {
    "liaison": "smg-dpu",
    "operator": "smg-diskominfo",
    "head_of_region": "smg-walikota",
    "sekda": "smg-setda",
}


@pytest_asyncio.fixture
async def browser(simulated: World) -> AsyncIterator[Phone]:
    """A browser at a site where one complaint is past its deadline and one is not."""
    async with phone(simulated) as made:
        yield made


async def _filed(world: World) -> dict[str, int]:
    late = await desk.file(
        Filing(type="complaint", text="Jalan berlubang di depan pasar", category="jalan-rusak")
    )
    await world.advance(60)
    await desk.sweep()
    fresh = await desk.file(Filing(type="complaint", text="Aspal mengelupas", category="jalan-rusak"))
    staff = Actor.officer(await world.officer("staff", "smg-dpu"))
    await desk.note(staff, fresh.complaint_id, text="Sudah ditinjau")
    return {"complaint": fresh.complaint_id, "late": late.complaint_id}


@pytest.mark.parametrize("role", PAGES, ids=lambda role: role or "resident")
async def test_nobody_is_shut_out_of_a_page(browser: Phone, simulated: World, role: str) -> None:
    numbers = await _filed(simulated)
    troubles: list[str] = []
    async with browser.page(width=1280) as page:
        if role:
            person = await simulated.officer(role, AGENCIES.get(role))
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
