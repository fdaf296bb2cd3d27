"""News in a real browser: announced by the stream, and asked for now and then where no stream gets through."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from lapor.admin import access, sessions
from lapor.complaints import desk
from tests.admin.cases import file
from tests.ground import World
from tests.intake.browser import phone

# Every stream that the page opens is remembered, and that it has heard something.
COUNTED = """
  window.streams = [];
  const Real = window.EventSource;
  window.EventSource = class extends Real {
    constructor(address) {
      super(address);
      window.streams.push(this);
      this.addEventListener("message", () => { document.documentElement.dataset.heard = "yes"; });
    }
  };
"""
OPEN = "window.streams.filter((one) => one.readyState !== 2).length"
# The page is put into the background, or back, as a browser does it.
LOOK = """(hidden) => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
WITHOUT_STREAM = "delete window.EventSource"
LISTS = {
    "/meja": ("liaison", "smg-dpu", ".live-news", "/meja/arus"),
    "/pimpinan/eskalasi": ("head_of_region", "smg-walikota", "#news", "/pimpinan/arus"),
}


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "asked"])
@pytest.mark.parametrize("path", LISTS)
async def test_what_changed_announces_itself(simulated: World, path: str, stream: bool) -> None:
    role, agency, news, told_at = LISTS[path]
    person = await simulated.officer(role, agency)
    await file()
    await simulated.advance(47.5)
    async with phone(simulated) as made, made.page(width=1280) as page:
        token = await sessions.open_session(person, hours=8)
        await page.context.add_cookies([{"name": access.COOKIE, "value": token, "url": made.base_url}])
        if not stream:
            await page.add_init_script(WITHOUT_STREAM)
            await page.clock.install()
            await page.goto(path)
            async with page.expect_response(f"**{told_at}?**"):
                await page.clock.run_for(31_000)
        else:
            async with page.expect_request(f"**{told_at}**"):
                await page.goto(path)
        await expect(page.locator(news)).to_be_hidden()
        # One more in the queue, and one that is late.
        await file()
        await simulated.advance(1)
        await desk.sweep()
        if not stream:
            async with page.expect_response(f"**{told_at}?**"):
                await page.clock.run_for(31_000)
        await expect(page.locator(news)).to_be_visible(timeout=15_000)
        # Whoever only hears it is told as well.
        assert await page.locator(
            f"[role=status]:has({news}), [aria-live]:has({news}), {news}[role=status]"
        ).count()
    assert made.complaints == []


@pytest.mark.parametrize("path", LISTS)
async def test_a_page_that_is_put_away_keeps_no_connection_and_hears_afterwards_what_it_missed(
    simulated: World, path: str
) -> None:
    role, agency, news, told_at = LISTS[path]
    person = await simulated.officer(role, agency)
    await file()
    await simulated.advance(47.5)
    async with phone(simulated) as made, made.page(width=1280) as page:
        token = await sessions.open_session(person, hours=8)
        await page.context.add_cookies([{"name": access.COOKIE, "value": token, "url": made.base_url}])
        await page.add_init_script(COUNTED)
        await page.goto(path)
        await expect(page.locator("html[data-heard]")).to_have_count(1)
        assert await page.evaluate(OPEN) == 1
        await page.evaluate(LOOK, True)
        assert await page.evaluate(OPEN) == 0
        await file()
        await simulated.advance(1)
        await desk.sweep()
        async with page.expect_request(f"**{told_at}?*sejak=*"):
            await page.evaluate(LOOK, False)
        await expect(page.locator(news)).to_be_visible(timeout=15_000)
        assert await page.evaluate(OPEN) == 1
    assert made.complaints == []
