"""An officer of another agency in a real browser: finds nothing by address, search, export, live stream or panel."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Page, expect

from lapor.complaints import desk
from lapor.complaints.counting import count_all
from lapor.complaints.desk import Filed, Filing
from tests.ground import PASSWORD, World
from tests.intake.browser import Phone, phone

WORD = "trotoarnya"
TEXT = f"Lubang dalam di {WORD} depan pasar"
# What the page itself hears while something happens elsewhere, and then at its own desk.
LISTEN = """async () => {
  const heard = [];
  const stream = new EventSource("/meja/arus");
  stream.onmessage = (event) => heard.push(event.data);
  window.heard = heard;
  await new Promise((resolve) => { stream.onopen = resolve; });
}"""
ASK = """async (address) => {
  const answer = await fetch(address, { headers: { accept: "application/json" } });
  return [answer.status, await answer.text()];
}"""


@pytest_asyncio.fixture
async def browser(simulated: World) -> AsyncIterator[Phone]:
    async with phone(simulated) as made:
        yield made


async def _file(category: str = "jalan-rusak", text: str = TEXT) -> Filed:
    return await desk.file(
        Filing(type="complaint", text=text, category=category, name="Sri Rahayu", phone="081200009999")
    )


def _shows(text: str, filed: Filed) -> list[str]:
    grouped = f"{filed.ticket[:5]}-{filed.ticket[5:10]}"
    return [one for one in (WORD, filed.ticket, grouped, "Sri Rahayu", "81200009999") if one in text]


async def test_an_officer_of_another_agency_finds_nothing(browser: Phone, simulated: World) -> None:
    filed = await _file()
    await simulated.advance(50)
    await desk.sweep()
    await count_all()
    await simulated.officer("liaison", "smg-dlh", username="dinas.lain")
    await simulated.officer("liaison", "smg-dpu", username="dinas.sendiri")
    async with browser.page(width=1280) as page:
        await _log_in(page, "dinas.sendiri")
        assert await _found(page, filed) != {}, "its own desk finds it"
    async with browser.page(width=1280) as page:
        await _log_in(page, "dinas.lain")
        assert await _found(page, filed) == {}
        # What was looked for stays as a filter; the list of everything hears the most.
        await page.goto("/meja?hapus=1")
        await page.evaluate(LISTEN)
        await _file(text=f"Satu lagi di {WORD}")
        await desk.sweep()
        own = await _file("sampah", "Sampah menumpuk di lapangan")
        await expect(page.locator(".live-news")).to_be_visible(timeout=15_000)
        heard = " ".join(await page.evaluate("window.heard"))
        assert _shows(heard, filed) == []
        # One thing has happened here, not two.
        await expect(page.locator(".live-words")).to_contain_text("1")
        assert own.ticket


async def _found(page: Page, filed: Filed) -> dict[str, list[str]]:
    """Where the complaint shows: by its address, by search, in a file, in the panel and its API."""
    found = {}
    number = filed.complaint_id
    for address in (
        f"/meja/aduan/{number}",
        f"/meja/borongan?pilih={number}",
        "/meja",
        "/meja/selesai",
        "/meja/ikhtisar",
        f"/meja?cari={WORD.upper()}",
        "/pimpinan/eskalasi",
        f"/pimpinan/aduan/{number}",
        "/angka",
    ):
        await page.goto(address)
        found[address] = _shows(await page.content(), filed)
    await page.goto("/akun")
    for address in (
        "/angka/unduh.csv",
        "/meja/arus?sekali=1",
        "/admin/api/tables/pengaduan/?__page_size=100",
        f"/admin/api/tables/pengaduan/{number}/",
        f"/admin/api/tables/isi_pengaduan/?text={WORD}",
    ):
        found[address] = _shows((await page.evaluate(ASK, address))[1], filed)
    return {address: shown for address, shown in found.items() if shown}


async def _log_in(page: Page, username: str) -> None:
    await page.goto("/masuk")
    await page.get_by_label("Nama pengguna").fill(username)
    await page.get_by_label("Kata sandi", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Masuk", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
