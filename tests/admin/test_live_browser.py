"""News in a real browser: announced by the stream, and asked for now and then where no stream gets through."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from lapor.admin import access, sessions
from lapor.complaints import desk
from tests.admin.cases import file
from tests.ground import World
from tests.intake.browser import phone

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
