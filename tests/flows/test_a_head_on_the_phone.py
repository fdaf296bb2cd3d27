"""The head of region between two meetings: from the notice on the phone to the instruction; and the screen on the wall."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest_asyncio
from playwright.async_api import Page, expect

from lapor.complaints import desk
from lapor.complaints.actor import Actor
from lapor.complaints.desk import Filing
from lapor.intake.outbound import drain
from tests.ground import PASSWORD, World
from tests.intake.browser import Phone, fits, phone
from tests.intake.post_office import open_post_office

CITY = "smg-walikota"
HEAD = "walikota@contoh.example"
SECRET_WORDS = "Petugas meminta uang di loket"
ROUNDS = 360
ROUND_SECONDS = 10


@pytest_asyncio.fixture
async def browser(simulated: World) -> AsyncIterator[Phone]:
    async with phone(simulated) as made:
        yield made
    assert made.complaints == [], "the browser had nothing to complain about"


async def _late(world: World, count: int) -> list[int]:
    filed = [
        await desk.file(Filing(type="complaint", text=f"Jalan berlubang nomor {n}", category="jalan-rusak"))
        for n in range(count)
    ]
    hidden = await desk.file(
        Filing(type="complaint", text=SECRET_WORDS, category="jalan-rusak", confidential=True)
    )
    await world.advance(50)
    await desk.sweep()
    return [one.complaint_id for one in (*filed, hidden)]


async def _log_in(page: Page, username: str) -> None:
    await page.get_by_label("Nama pengguna").fill(username)
    await page.get_by_label("Kata sandi", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Masuk", exact=True).click()


async def test_a_head_goes_from_the_notice_to_an_instruction(browser: Phone, simulated: World) -> None:
    head = await simulated.officer("head_of_region", CITY, username="walikota")
    await simulated.execute("UPDATE person SET email = $2 WHERE id = $1", head, HEAD)
    liaison = Actor.officer(await simulated.officer("liaison", "smg-dpu"))
    # At noon nobody rests.
    await simulated.execute(
        "UPDATE deployment SET clock_offset_seconds = round(extract(epoch FROM"
        " date_trunc('day', now()) + interval '1 day 3 hours' - now()))"
    )
    complaints = await _late(simulated, 3)
    async with open_post_office() as post:
        mailing = replace(
            simulated.settings, smtp_url=post.url, mail_from="lapor@contoh.example", base_url=browser.base_url
        )
        while (await drain(mailing)).total:
            pass
        letters = post.to(HEAD)
    links = {found for letter in letters for found in re.findall(r"\S+/pimpinan/daftar/\S+", letter.body)}
    assert links
    assert not any(SECRET_WORDS in letter.body for letter in letters)
    async with browser.page(width=360) as page:
        await page.goto(urlsplit(links.pop()).path)
        await expect(page.locator("tbody tr")).not_to_have_count(0)
        assert await fits(page)
        shown = await page.content()
        assert SECRET_WORDS not in shown
        assert "Jalan berlubang" not in shown
        await page.get_by_role("link", name="Masuk untuk melihat semuanya").click()
        await _log_in(page, "walikota")
        await expect(page.locator(".front")).to_contain_text("4")
        assert await fits(page)
        await page.get_by_label("Pilih laporan").first.check()
        await page.get_by_role("button", name="Buat instruksi").click()
        await page.get_by_label("Isi instruksi").fill("Tambal dalam tiga hari dan laporkan.")
        due = (await simulated.now() + timedelta(days=3)).date().isoformat()
        await page.get_by_label("Dilaksanakan paling lambat tanggal").fill(due)
        assert await fits(page)
        await page.get_by_role("button", name="Lihat dulu sebelum dikirim").click()
        await page.get_by_role("button", name="Kirim instruksi").click()
        await expect(page.get_by_text("Tambal dalam tiga hari dan laporkan.")).to_be_visible()
        assert await fits(page)
        given = await simulated.fetchval("SELECT id FROM instruction")
        await desk.carry_out(liaison, given, text="Sudah ditambal kemarin.")
        await page.goto("/pimpinan/instruksi")
        await expect(page.get_by_text("Sudah ditambal kemarin.")).to_be_visible()
    assert complaints


async def test_the_screen_on_the_wall_shows_an_hour_of_events_and_grows_by_nothing(
    browser: Phone, simulated: World
) -> None:
    await simulated.officer("leadership_staff", CITY, username="staf.pimpinan")
    staff = Actor.officer(await simulated.officer("liaison", "smg-dpu"))
    late = await _late(simulated, 2)
    async with browser.page(width=1280) as page:
        await page.goto("/masuk")
        await _log_in(page, "staf.pimpinan")
        await page.goto("/pimpinan/layar")
        await page.get_by_label("Nama").first.fill("Ruang kendali")
        await page.locator("main form button[type=submit]").first.click()
        code = await page.locator(".ticket").first.inner_text()
    async with browser.page(width=1920) as page:
        await page.clock.install()
        await page.goto(f"/layar/pasang#{code}")
        await expect(page.locator("#figures")).to_be_visible()
        watching = await page.context.new_cdp_session(page)
        await watching.send("Performance.enable")
        before = await _nodes(page, watching)
        for number in range(ROUNDS):
            if number % 30 == 0:
                await _something_happens(simulated, staff, late, number // 30)
            await page.evaluate("document.querySelector('#figures > *').dataset.seen = 'yes'")
            async with page.expect_response("**/layar/isi") as renewed:
                await page.clock.run_for(ROUND_SECONDS * 1000)
            assert (await renewed.value).status == 200
            # What arrived has taken the place of what was there, and the next round is under way.
            await expect(page.locator("#figures > [data-seen]")).to_have_count(0)
            await simulated.advance(ROUND_SECONDS / 3600)
        after = await _nodes(page, watching)
        await expect(page.locator("#cut")).to_be_hidden()
        shown = await page.content()
    # As many parts as before, give or take the lines of a list that has become longer.
    assert after < before + 200, (before, after)
    assert SECRET_WORDS not in shown
    assert "Jalan berlubang" not in shown


async def _nodes(page: Page, watching: object) -> float:
    """How many nodes the browser keeps, those that no page shows any more included."""
    await watching.send("HeapProfiler.collectGarbage")  # type: ignore[attr-defined]
    found = await watching.send("Performance.getMetrics")  # type: ignore[attr-defined]
    return next(one["value"] for one in found["metrics"] if one["name"] == "Nodes")


async def _something_happens(world: World, staff: Actor, late: list[int], number: int) -> None:
    await desk.file(Filing(type="complaint", text=f"Lampu mati nomor {number}", category="jalan-rusak"))
    if number < len(late):
        await desk.answer(staff, late[number], text="Sudah kami tangani.")
    await desk.sweep()
