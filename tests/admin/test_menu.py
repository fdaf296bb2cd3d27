"""The menu of an officer: one line that opens on a small screen, a row on a wide one, without scripts."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from lapor.admin import access, sessions
from tests.ground import World
from tests.intake.browser import Phone, phone
from tests.visitor import Visitor


@pytest_asyncio.fixture
async def device(world: World) -> AsyncIterator[Phone]:
    """An officer's telephone or computer."""
    async with phone(world) as made:
        yield made


async def _arrive(world: World, device: Phone, page: Page, path: str) -> None:
    person = await world.officer("administrator")
    token = await sessions.open_session(person, hours=8)
    await page.context.add_cookies(
        [{"name": access.COOKIE, "value": token, "url": device.base_url, "httpOnly": True}]
    )
    await page.goto(path)


async def test_on_a_small_screen_it_is_one_line_that_opens_by_the_keyboard(
    world: World, device: Phone
) -> None:
    async with device.page(scripts=False) as page:
        await _arrive(world, device, page, "/kanal")
        menu = page.get_by_role("navigation", name="Menu utama")
        line = menu.locator("summary")
        await expect(line).to_have_text("Menu Kanal")
        box = await menu.bounding_box()
        assert box
        assert box["height"] < 60
        await expect(menu.get_by_role("link")).to_have_count(0)
        await line.focus()
        await page.keyboard.press("Enter")
        await expect(menu.get_by_role("link", name="Akun saya")).to_be_visible()
        await expect(menu.locator("[aria-current]:visible")).to_have_text("Kanal")


async def test_on_a_wide_screen_every_room_stands_in_a_row(world: World, device: Phone) -> None:
    async with device.page(width=1280) as page:
        await _arrive(world, device, page, "/kanal")
        menu = page.get_by_role("navigation", name="Menu utama")
        await expect(menu.locator("summary")).to_be_hidden()
        await expect(menu.get_by_role("link", name="Akun saya")).to_be_visible()
        await expect(menu.locator("[aria-current=page]:visible")).to_have_text("Kanal")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/meja?bagian=selesai", 'aria-current="page">Antrean saya'),
        ("/meja/aduan/0", 'aria-current="true">Antrean saya'),
    ],
)
async def test_the_room_is_said_on_every_page_of_it(site: Visitor, path: str, said: str) -> None:
    await site.as_role("liaison", "smg-dpu")
    assert said in (await site.get(path)).text
