"""The panel in a real browser: what its own program cannot be told by tests over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Page, expect

from lapor.admin.access import COOKIE
from lapor.admin.sessions import open_session
from lapor.complaints import desk
from lapor.complaints.desk import Filing
from tests.admin.test_login_browser import _pass
from tests.ground import World
from tests.intake.browser import Phone, fits, phone


@pytest_asyncio.fixture
async def office(world: World) -> AsyncIterator[Phone]:
    """A browser at the site, with one complaint filed."""
    await desk.file(
        Filing(
            type="complaint", category="jalan-rusak", text="Jalan berlubang di depan pasar.", address="Pasar"
        )
    )
    async with phone(world) as made:
        yield made


async def _log_in(page: Page, office: Phone, world: World) -> None:
    person = await world.officer("administrator", "smg-diskominfo")
    token = await open_session(person, hours=8)
    await page.context.add_cookies([{"name": COOKIE, "value": token, "url": office.base_url}])


async def test_a_grave_change_leads_from_the_panel_to_the_page_that_asks(office: Phone, world: World) -> None:
    agency = await world.fetchval("SELECT id FROM agency WHERE code = 'smg-dpu'")
    async with office.page(width=1280) as page:
        await _log_in(page, office, world)
        await page.goto(f"/admin/#/instansi/{agency}/")
        active = page.locator('select[name="active"]')
        await expect(active.locator("option")).to_contain_text(["Ya", "Tidak"])
        await active.select_option("false")
        await page.locator('[data-uitest="save_button"]').first.click()
        await expect(page.get_by_role("heading", name="Pastikan perubahan ini")).to_be_visible()
        await expect(page.get_by_text("1 laporan yang belum selesai")).to_be_visible()
        await page.get_by_role("button", name="Ya, simpan perubahan").click()
        await expect(page.get_by_text("Perubahan tersimpan.")).to_be_visible()
        await page.set_viewport_size({"width": 360, "height": 740})
        assert await fits(page)
    assert not await world.fetchval("SELECT active FROM agency WHERE id = $1", agency)


async def test_a_row_is_taken_away_from_the_panel_after_it_was_asked(office: Phone, world: World) -> None:
    number = await world.fetchval("SELECT min(id) FROM emergency_number")
    async with office.page(width=1280) as page:
        await _log_in(page, office, world)
        page.on("dialog", lambda dialog: dialog.accept())
        await page.goto(f"/admin/#/nomor_darurat/{number}/")
        await page.locator("a:has(svg[data-icon^='ellipsis'])").first.click()
        await page.locator('[data-uitest="delete_row_button"]').click()
        await expect(page.get_by_role("heading", name="Hapus baris ini?")).to_be_visible()
        await page.get_by_role("button", name="Ya, hapus").click()
        await expect(page.get_by_text("Baris dihapus.")).to_be_visible()
    assert await world.fetchval("SELECT count(*) FROM emergency_number WHERE id = $1", number) == 0


async def test_a_panel_left_alone_on_a_shared_computer_asks_and_then_ends(
    office: Phone, world: World
) -> None:
    await world.simulate()
    person = await world.officer("administrator", "smg-diskominfo")
    token = await open_session(person, hours=8, shared_minutes=15)
    async with office.page(width=1280) as page:
        await page.clock.install()
        await page.context.add_cookies([{"name": COOKIE, "value": token, "url": office.base_url}])
        await page.goto("/admin/#/instansi/")
        await expect(page.get_by_text("Dinas Pekerjaan Umum").first).to_be_visible()
        await _pass(page, world, 14)
        asking = page.get_by_role("dialog", name="Masih di sini?")
        await expect(asking).to_be_visible()
        await asking.get_by_role("button", name="Tetap masuk").click()
        await expect(asking).to_be_hidden()
        await _pass(page, world, 12)
        await expect(asking).to_be_hidden()
        await _pass(page, world, 4)
        await expect(page.get_by_text("Sesi Anda sudah berakhir")).to_be_visible()
        assert "/masuk?kabar=habis" in page.url
