"""A real browser at a real server: Chromium on a narrow phone, uvicorn on a port of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.at_a_port import at_a_port
from tests.ground import World

CHROMIUM = Path("/usr/bin/chromium")
NARROW = {"width": 360, "height": 740}
# Chromium answers some questions never when it has lost a page; a visit that takes so long says where it stands.
VISIT_SECONDS = 180
GOODBYE_SECONDS = 15


@dataclass
class Phone:
    """A browser on a phone, and everything that it complained about."""

    browser: Browser
    base_url: str
    complaints: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def page(self, *, scripts: bool = True, width: int = 360) -> AsyncIterator[Page]:
        """A page in a context of its own, without cookies."""
        context = await self.browser.new_context(
            base_url=self.base_url,
            viewport={**NARROW, "width": width},  # type: ignore[arg-type]
            locale="id-ID",
            java_script_enabled=scripts,
        )
        page = await context.new_page()
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        try:
            async with asyncio.timeout(VISIT_SECONDS):
                yield page
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(GOODBYE_SECONDS):
                    await context.close()


@asynccontextmanager
async def phone(world: World) -> AsyncIterator[Phone]:
    """The site on a port, and a browser at it."""
    _require_chromium()
    async with at_a_port(world) as settings, async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield Phone(browser, settings.base_url)
        finally:
            # A page that stays open would keep its stream, and the server would wait for it.
            with suppress(TimeoutError):
                async with asyncio.timeout(GOODBYE_SECONDS):
                    await browser.close()


def _require_chromium() -> None:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")


async def fits(page: Page) -> bool:
    """Whether nothing sticks out at the side."""
    wide: bool = await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    return wide
