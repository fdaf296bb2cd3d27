"""An operator with three people one after the other and a keyboard; the mouse is not touched."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Page, expect

from lapor.admin import access, sessions
from lapor.complaints import desk, tickets
from lapor.complaints.desk import Filing
from tests.ground import World
from tests.intake.browser import Phone, fits, phone

NUMBER = "+6281200001234"


@pytest_asyncio.fixture
async def counter(simulated: World) -> AsyncIterator[Phone]:
    """A browser at the counter."""
    async with phone(simulated) as made:
        yield made
    # A form that comes back is what it says; nothing else is wrong.
    wrong = [said for said in made.complaints if "422" not in said]
    assert wrong == [], "the browser had nothing to complain about"


async def _log_in(page: Page, browser: Phone, world: World) -> int:
    person = await world.officer("operator", "smg-diskominfo")
    token = await sessions.open_session(person, hours=8)
    await page.context.add_cookies(
        [{"name": access.COOKIE, "value": token, "url": browser.base_url, "httpOnly": True}]
    )
    return person


async def _tab_to(page: Page, selector: str) -> None:
    """Press Tab until the field has the focus."""
    for _ in range(60):
        if await page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {selector}")


async def _count_prints(page: Page) -> None:
    await page.add_init_script("window.printed = 0; window.print = () => { window.printed += 1; };")


async def _take_a_call(page: Page, earlier: str) -> None:
    """The words first, the topic and the place as they are proposed, the number and its history; then the slip."""
    await page.keyboard.type("Lampu jalan mati di kelurahan Kedungmundu sejak tiga hari")
    await page.locator("#saran [data-fill]").first.wait_for()
    await _tab_to(page, '#saran [data-fill="f-category"]')
    await page.keyboard.press("Enter")
    await expect(page.locator("#f-category")).to_have_value("lampu-jalan")
    await page.locator("#f-text").focus()
    await _tab_to(page, '#saran [data-fill="f-district"]')
    await page.keyboard.press("Enter")
    await expect(page.locator("#f-village")).to_have_value("33.74.10.1009")
    await _tab_to(page, "#f-phone")
    await page.keyboard.type("0812 0000 1234")
    await page.keyboard.press("Tab")
    await expect(page.locator("#riwayat")).to_contain_text(earlier)
    await page.keyboard.type("Ibu Sri")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("heading", name="Laporan sudah tercatat")).to_be_visible()
    await page.keyboard.press("p")
    assert await page.evaluate("window.printed") == 1
    await page.emulate_media(media="print")
    for hidden in (".head", ".next", ".keys", ".foot"):
        await expect(page.locator(hidden).first).to_be_hidden()
    await expect(page.locator(".slip-qr svg")).to_be_visible()
    await page.emulate_media(media="screen")


async def _take_somebody_unknown(page: Page) -> None:
    """Whoever wants to stay unknown: the number is written down, and nothing is looked up."""
    await page.keyboard.press("n")
    await page.wait_for_url("**/loket?cara=phone")
    await page.keyboard.type("Petugas parkir menagih dua kali lipat")
    await _tab_to(page, '[name="privacy"]')
    await page.keyboard.press("ArrowDown")
    await _tab_to(page, "#f-phone")
    await page.keyboard.type("0812 0000 1234")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("heading", name="Laporan sudah tercatat")).to_be_visible()


async def _take_an_emergency(page: Page) -> None:
    """The hand-over comes before the slip, and the key for the next one after it."""
    await page.keyboard.press("n")
    await page.wait_for_url("**/loket?cara=phone")
    await page.keyboard.type("Rumah terbakar di sebelah pasar")
    await page.locator("#saran [data-fill]").first.wait_for()
    await _tab_to(page, '#saran [data-value="kebakaran"]')
    await page.keyboard.press("Enter")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("heading", name="serahkan kepada piket sekarang")).to_be_visible()
    await _tab_to(page, "#f-to")
    await page.keyboard.type("Piket Damkar, Pak Contoh")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Dua mobil berangkat")
    await _tab_to(page, ".hand-over button")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Sudah diserahkan kepada piket.")).to_be_visible()
    await page.keyboard.press("n")
    await page.wait_for_url("**/loket?cara=phone")


async def test_an_operator_files_three_reports_by_keyboard_and_prints_a_slip(
    counter: Phone, simulated: World
) -> None:
    earlier = await desk.file(
        Filing(type="complaint", text="Lubang di jalan", category="jalan-rusak", phone=NUMBER)
    )
    async with counter.page(width=1280) as page:
        await _log_in(page, counter, simulated)
        await _count_prints(page)
        await page.goto("/loket")
        await _take_a_call(page, tickets.show(earlier.ticket))
        await _take_somebody_unknown(page)
        await _take_an_emergency(page)
    filed = await simulated.fetch("SELECT channel, anonymous, emergency FROM complaint ORDER BY id OFFSET 1")
    assert [tuple(row) for row in filed] == [
        ("phone", False, False),
        ("phone", True, False),
        ("phone", False, True),
    ]
    looks = await simulated.fetch("SELECT complaint FROM event WHERE kind = 'history_seen'")
    assert [row["complaint"] for row in looks] == [earlier.complaint_id]


async def test_the_counter_works_on_a_narrow_screen_without_a_script(
    counter: Phone, simulated: World
) -> None:
    async with counter.page(scripts=False) as page:
        await _log_in(page, counter, simulated)
        await page.goto("/loket")
        assert await fits(page)
        await page.get_by_label("Kata-kata penelepon").fill("Lampu jalan mati di kelurahan Kedungmundu")
        await page.get_by_role("button", name="Sarankan topik dan tempat").click()
        await expect(page.get_by_text("Mungkin yang dimaksud:")).to_be_visible()
        assert await fits(page)
        await page.get_by_label("Tentang apa?").select_option("lampu-jalan")
        await page.get_by_role("radio", name="Surat").check()
        await page.get_by_label("Tanggal pada surat").fill("2999-01-01")
        await page.get_by_role("button", name="Simpan dan buat bukti").click()
        await expect(page.locator("#f-written-wrong")).to_be_visible()
        await expect(page.get_by_label("Kata-kata penelepon")).to_have_value(
            "Lampu jalan mati di kelurahan Kedungmundu"
        )
        await page.get_by_label("Tanggal pada surat").fill("")
        await page.get_by_role("button", name="Simpan dan buat bukti").click()
        await expect(page.get_by_role("heading", name="Laporan sudah tercatat")).to_be_visible()
        assert await fits(page)
