"""The screen in a real browser: it opens by itself, renews itself for hours without growing, and says when it is cut off."""

from __future__ import annotations

import asyncio

from playwright.async_api import Page

from lapor.admin import sessions
from lapor.complaints import desk
from tests.admin.cases import file
from tests.ground import World
from tests.intake.browser import Phone, fits, phone

INSIDE = "**/layar/isi"
SIZE = "document.getElementsByTagName('*').length"


async def made(site: Phone, person: int) -> str:
    """The link of a new screen, as its keeper copies it."""
    token = await sessions.open_session(person, hours=8)
    async with site.page(width=1280) as page:
        await page.context.add_cookies([{"name": "id", "value": token, "url": site.base_url}])
        await page.goto("/pimpinan/layar")
        await page.fill("#f-name", "Ruang kendali")
        await page.click("main form button")
        return await page.input_value("#screen-link")


async def turn(page: Page) -> None:
    """Let ten seconds of the screen's own time pass, and whatever it asks for arrive."""
    await page.clock.run_for(10_100)
    await asyncio.sleep(0.15)


async def test_the_screen_lives_for_long_and_says_when_it_is_cut_off(simulated: World) -> None:
    keeper = await simulated.officer("leadership_staff", "smg-walikota")
    for _ in range(3):
        await file()
    await simulated.advance(49)
    await desk.sweep()
    async with phone(simulated) as site, site.page(width=1920) as page:
        link = await made(site, keeper)
        await page.set_viewport_size({"width": 1920, "height": 1080})
        await page.clock.install()
        await page.goto(link)
        await page.wait_for_url("**/layar")
        assert await page.text_content(".overdue b") == "3"
        assert await fits(page)
        assert await page.evaluate("document.documentElement.scrollHeight <= window.innerHeight")
        before = await page.evaluate(SIZE)
        for _ in range(25):
            await turn(page)
        assert await page.evaluate(SIZE) == before

        await file()
        await simulated.advance(49)
        await turn(page)
        assert await page.text_content(".overdue b") == "4"

        await page.route(INSIDE, lambda route: route.abort())
        for _ in range(3):
            await turn(page)
        assert await page.is_visible("#cut")
        assert "Terputus sejak" in (await page.text_content("#cut") or "")
        assert await page.text_content(".overdue b") == "4"
        await page.unroute(INSIDE)
        for _ in range(2):
            await turn(page)
        assert not await page.is_visible("#cut")

        await simulated.execute("UPDATE screen SET revoked_at = lapor_now()")
        await turn(page)
        await page.wait_for_url("**/layar/pasang")
        # Aborted requests and the refusal of a revoked screen are all that the browser may have noted.
        assert [said for said in site.complaints if "ERR_FAILED" not in said and "403" not in said] == []
