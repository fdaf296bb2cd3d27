"""Logging in with a telephone's code, and the end of an unused session, in a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from tests.admin.second_step import Telephone, forget_steps
from tests.ground import PASSWORD, World
from tests.intake.browser import Phone, fits, phone

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest_asyncio.fixture
async def browser(simulated: World) -> AsyncIterator[Phone]:
    """A browser at the site, and somebody who answers for complaints."""
    await simulated.officer("liaison", username="penghubung")
    async with phone(simulated) as made:
        yield made


async def _log_in(page: Page, *, shared: bool = False) -> None:
    await page.goto("/masuk")
    await page.get_by_label("Nama pengguna").fill("penghubung")
    await page.get_by_label("Kata sandi").fill(PASSWORD)
    if shared:
        await page.get_by_label("Ini komputer bersama").check()
    await page.get_by_role("button", name="Masuk").click()


async def _sound(page: Page) -> list[str]:
    """What is wrong with the page that is open."""
    found = await Axe().run(page, options=RULES)
    wrong = [f"{page.url}: {violation['id']}" for violation in found.response["violations"]]
    return wrong if await fits(page) else [*wrong, f"{page.url} sticks out"]


async def test_an_authenticator_is_set_up_and_asked_for_from_the_keyboard(
    browser: Phone, simulated: World
) -> None:
    troubles: list[str] = []
    async with browser.page() as page:
        await _log_in(page)
        await page.goto("/akun")
        troubles += await _sound(page)
        await page.get_by_role("link", name="Pasang sekarang").press("Enter")
        await expect(page.get_by_role("img", name="Kode QR")).to_be_visible()
        await page.get_by_text("Tidak bisa memindai?").press("Enter")
        telephone = Telephone(simulated, await page.locator(".secret code").inner_text())
        troubles += await _sound(page)
        await page.get_by_label("Kata sandi sekarang").fill(PASSWORD)
        await page.get_by_label("Kode enam angka").fill(await telephone.code())
        await page.keyboard.press("Enter")
        await expect(page.locator(".recovery li")).to_have_count(10)
        troubles += await _sound(page)
        code = await page.locator(".recovery li").first.inner_text()
        await page.get_by_role("link", name="Sudah saya simpan").press("Enter")
        await expect(page.get_by_role("heading", name="Antrean saya")).to_be_visible()
    for typed in (await telephone.code(), code):
        await forget_steps(simulated)
        async with browser.page() as page:
            await _log_in(page)
            await expect(page.get_by_role("heading", name="Kode autentikator")).to_be_visible()
            troubles += await _sound(page)
            if typed == code:
                await page.get_by_text("Ponsel tidak ada?").press("Enter")
                await page.get_by_label("Kode cadangan", exact=True).fill(typed)
            else:
                await page.get_by_label("Kode enam angka").fill(typed)
            await page.keyboard.press("Enter")
            await expect(page.get_by_role("button", name="Keluar")).to_be_visible()
            troubles += await _sound(page)
    assert troubles == []
    assert browser.complaints == []


async def test_a_shared_computer_asks_before_the_end_and_then_clears_the_screen(
    browser: Phone, simulated: World
) -> None:
    async with browser.page() as page:
        await page.clock.install()
        await _log_in(page, shared=True)
        await page.goto("/pemberitahuan")
        await _pass(page, simulated, 14)
        asking = page.get_by_role("dialog", name="Masih di sini?")
        await expect(asking).to_be_visible()
        assert await _sound(page) == []
        await asking.get_by_role("button", name="Tetap masuk").press("Enter")
        await expect(asking).to_be_hidden()
        await _pass(page, simulated, 12)
        await expect(asking).to_be_hidden()
        await _pass(page, simulated, 4)
        await expect(page.get_by_text("Sesi Anda sudah berakhir")).to_be_visible()
        assert "/masuk?kabar=habis" in page.url
        await _log_in_again(page)
        await expect(page.get_by_role("heading", name="Pemberitahuan")).to_be_visible()


async def test_on_ones_own_computer_what_was_typed_stays_until_one_is_in_again(
    browser: Phone, simulated: World
) -> None:
    async with browser.page() as page:
        await page.clock.install()
        await _log_in(page)
        await page.goto("/pemberitahuan")
        await page.get_by_label("Jangan ganggu mulai pukul").fill("21:00")
        await page.get_by_label("sampai pukul").fill("05:00")
        await _pass(page, simulated, 8 * 60 + 1)
        over = page.get_by_role("dialog", name="Masih di sini?")
        await expect(over.get_by_text("masih ada di halaman ini")).to_be_visible()
        async with page.context.expect_page() as opened:
            await over.get_by_role("link", name="Masuk di tab baru").click()
        await _log_in(await opened.value)
        await over.get_by_role("button", name="Kembali ke halaman").click()
        await page.get_by_role("button", name="Simpan").click()
        await expect(page.get_by_text("Pilihan Anda sudah disimpan.")).to_be_visible()


async def _log_in_again(page: Page) -> None:
    await page.get_by_label("Nama pengguna").fill("penghubung")
    await page.get_by_label("Kata sandi").fill(PASSWORD)
    await page.get_by_role("button", name="Masuk").click()


async def _pass(page: Page, world: World, minutes: int) -> None:
    """Let so many minutes pass for the database and for the page."""
    await world.advance(minutes / 60)
    await page.clock.fast_forward(minutes * 60_000)
