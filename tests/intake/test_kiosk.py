"""The kiosk: files like the form, shows its slip once, and keeps nothing of whoever was there."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest_asyncio
from playwright.async_api import expect

from lapor.complaints import tickets
from tests.ground import World
from tests.intake.browser import Phone, phone
from tests.intake.resident import FORM, LAMP
from tests.visitor import TOKEN, Visitor


async def _send(site: Visitor, fields: dict[str, str]) -> httpx.Response:
    opened = await site.get("/kiosk")
    form, token = FORM.search(opened.text), TOKEN.search(opened.text)
    assert form
    assert token
    return await site.post("/kiosk", data={**fields, "form": form.group(1), "_csrf_token": token.group(1)})


async def test_a_kiosk_files_by_its_own_channel_and_shows_the_slip_once(site: Visitor, world: World) -> None:
    sent = await _send(site, LAMP)
    assert sent.headers["location"] == "/kiosk/selesai"
    ticket = await world.fetchval("SELECT ticket FROM complaint WHERE channel = 'kiosk'")
    slip = await site.get("/kiosk/selesai")
    assert tickets.show(ticket) in slip.text
    assert f"/laporan/{tickets.show(ticket)}/buka/" in slip.text
    assert slip.headers["cache-control"] == "no-store"
    again = await site.get("/kiosk/selesai")
    assert (again.status_code, again.headers["location"]) == (303, "/kiosk")
    assert not [name for name in site.cookies if name not in ("lapor_csrf", "lapor_bahasa")]


async def test_a_kiosk_remembers_nothing_that_was_typed(site: Visitor, world: World) -> None:
    wrong = await _send(site, {**LAMP, "text": "", "name": "Sri Rahayu"})
    assert wrong.status_code == 422
    assert 'value="Sri Rahayu"' in wrong.text
    assert wrong.headers["cache-control"] == "no-store"
    for remembered in ("tel", "email", "name"):
        assert f'autocomplete="{remembered}"' not in wrong.text
    fresh = await site.get("/kiosk")
    assert "Sri Rahayu" not in fresh.text
    assert fresh.headers["cache-control"] == "no-store"


@pytest_asyncio.fixture
async def device(world: World) -> AsyncIterator[Phone]:
    """A screen in a hall."""
    async with phone(world) as made:
        yield made


async def test_a_screen_that_is_left_alone_asks_and_then_empties_itself(device: Phone) -> None:
    async with device.page(width=1280) as page:
        await page.clock.install()
        await page.goto("/kiosk")
        await page.clock.run_for(200_000)
        await expect(page.locator("#still-here")).to_be_hidden()
        await page.get_by_label("Apa yang terjadi?").fill("Tetangga saya membakar sampah")
        await page.clock.run_for(72_000)
        await expect(page.locator("#still-here")).to_be_visible()
        await page.get_by_role("button", name="Lanjutkan").click()
        await expect(page.locator("#still-here")).to_be_hidden()
        await page.clock.run_for(72_000)
        await expect(page.locator("#still-here")).to_be_visible()
        await page.clock.run_for(25_000)
        await page.wait_for_url("**/kiosk*")
        await expect(page.get_by_label("Apa yang terjadi?")).to_have_value("")


async def test_nobody_goes_back_to_what_somebody_typed_or_filed_before(device: Phone, world: World) -> None:
    async with device.page(width=1280) as page:
        await page.goto("/kiosk")
        await page.locator("#f-name").fill("Sri Rahayu")
        await page.get_by_role("button", name="Kirim laporan").click()
        await page.get_by_role("alert").first.wait_for()
        await page.get_by_label("Apa yang terjadi?").fill("Lampu jalan mati")
        await page.get_by_role("button", name="Kirim laporan").click()
        await page.get_by_role("link", name="Selesai, kosongkan layar").click()
        await page.get_by_label("Apa yang terjadi?").wait_for()
        for _ in range(4):
            await page.go_back()
            assert "Sri Rahayu" not in await page.content()
            assert await page.locator(".slip").count() == 0
            if page.url.startswith("http"):
                await expect(page.locator("#f-name")).to_have_value("")
