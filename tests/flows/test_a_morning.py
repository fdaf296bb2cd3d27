"""An officer's morning in a real browser, from the log-in to the last complaint, with the keyboard where it has keys."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Page, expect

from lapor.complaints import desk
from lapor.complaints.desk import Filing
from tests.admin.second_step import Telephone, forget_steps
from tests.ground import PASSWORD, World
from tests.images import from_phone
from tests.intake.browser import Phone, phone

TEXTS = (
    "Jalan berlubang di depan pasar",
    "Aspal mengelupas di tikungan",
    "Selokan jalan tersumbat batu",
    "Jalan ambles dekat jembatan",
    "Papan nama jalan roboh",
    "Bahu jalan longsor",
)


@pytest_asyncio.fixture
async def browser(simulated: World) -> AsyncIterator[Phone]:
    """A browser at a site that asks for the second step."""
    strict = replace(simulated, settings=replace(simulated.settings, two_factor="required"))
    async with phone(strict) as made:
        yield made
    assert made.complaints == [], "the browser had nothing to complain about"


async def _file(world: World) -> dict[str, int]:
    """Six complaints of the road agency, an hour apart."""
    filed = {}
    for text in TEXTS:
        made = await desk.file(Filing(type="complaint", text=text, category="jalan-rusak"))
        filed[text] = made.complaint_id
        await world.advance(1)
    await desk.sweep()
    return filed


async def _log_in(page: Page, username: str) -> None:
    await page.goto("/masuk")
    await page.get_by_label("Nama pengguna").fill(username)
    await page.get_by_label("Kata sandi", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Masuk", exact=True).click()


async def _with_authenticator(page: Page, world: World, username: str) -> None:
    """Log in, set an authenticator up, log out, and come in again with its code."""
    await _log_in(page, username)
    await page.goto("/akun/autentikator")
    await page.get_by_text("Tidak bisa memindai?").click()
    telephone = Telephone(world, await page.locator(".secret code").inner_text())
    await page.get_by_label("Kode enam angka").fill(await telephone.code())
    await page.get_by_label("Kata sandi sekarang").fill(PASSWORD)
    await page.get_by_role("button", name="Pasang").click()
    await expect(page.locator(".recovery code")).to_have_count(10)
    await page.get_by_role("button", name="Keluar").click()
    await forget_steps(world)
    await _log_in(page, username)
    await expect(page.get_by_role("heading", name="Kode autentikator")).to_be_visible()
    await page.get_by_label("Kode enam angka").fill(await telephone.code())
    await page.get_by_role("button", name="Lanjut").click()


async def _open(page: Page, text: str) -> None:
    """Walk down the queue with the keyboard until this complaint has the focus, and open it."""
    await page.goto("/meja")
    link = page.locator(".main-cell > a", has_text=text)
    await expect(link).to_be_visible()
    for _ in range(len(TEXTS) + 1):
        await page.keyboard.press("j")
        if await link.evaluate("(one) => one === document.activeElement"):
            break
    await expect(link).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator(".said", has_text=text).first).to_be_visible()


async def _say(page: Page, key: str, field: str, text: str) -> None:
    """Open a form by its key and type into its first field."""
    area = page.get_by_label(field, exact=True)
    if not await area.is_visible() or not await area.evaluate("(one) => one === document.activeElement"):
        await page.keyboard.press(key)
    await expect(area).to_be_visible()
    await area.focus()
    await page.keyboard.type(text)


async def test_an_officer_does_a_morning_s_work(browser: Phone, simulated: World, tmp_path: Path) -> None:
    filed = await _file(simulated)
    await simulated.officer("liaison", "smg-dpu", username="penghubung.pagi")
    checker = await simulated.officer("checker", "smg-dpu", username="pemeriksa.pagi")
    assert checker
    proof = tmp_path / "bukti.jpg"
    proof.write_bytes(from_phone(7))
    async with browser.page(width=1280) as page:
        await _with_authenticator(page, simulated, "penghubung.pagi")
        await expect(page.get_by_role("heading", name="Antrean saya")).to_be_visible()
        # The nearest deadline stands first.
        await expect(page.locator(".main-cell > a").first).to_have_text(TEXTS[0])

        for text in TEXTS[:3]:
            await _open(page, text)
            await _say(page, "a", "Jawaban untuk pelapor", f"Sudah kami periksa: {text}.")
            await page.get_by_role("button", name="Kirim jawaban").press("Enter")
            await expect(page.get_by_text("Jawaban Anda sudah dikirim kepada pelapor.")).to_be_visible()

        # The third was the wrong text: taken back within the twenty seconds, then said rightly.
        await page.keyboard.press("z")
        await expect(page.get_by_text("ditarik kembali").first).to_be_visible()
        assert await _met(simulated, filed[TEXTS[2]]) is False
        await _say(page, "a", "Jawaban untuk pelapor", "Batu sudah diangkat pagi ini.")
        await page.get_by_role("button", name="Kirim jawaban").press("Enter")
        await expect(page.get_by_text("Jawaban Anda sudah dikirim kepada pelapor.")).to_be_visible()
        assert [await _met(simulated, filed[text]) for text in TEXTS[:3]] == [True, True, True]

        await _open(page, TEXTS[3])
        await _say(page, "s", "Jawaban sementara", "Alat berat datang lusa.")
        promised = (await simulated.now() + timedelta(days=3)).date().isoformat()
        await page.get_by_label("Jawaban tuntas paling lambat tanggal").fill(promised)
        await page.get_by_role("button", name="Kirim dan janjikan").click()
        await expect(page.get_by_text("janji Anda sudah dikirim")).to_be_visible()

        await _open(page, TEXTS[4])
        await page.get_by_text("Serahkan ke instansi lain").click()
        await page.get_by_label("Instansi tujuan").select_option(label="Dinas Perhubungan Kota Semarang")
        await page.get_by_label("Mengapa ke sana?").fill("Rambu adalah urusan perhubungan.")
        await page.get_by_role("button", name="Tawarkan").click()
        await expect(page.get_by_text("Laporan sudah ditawarkan.")).to_be_visible()

        await _open(page, TEXTS[0])
        await page.keyboard.press("p")
        await page.get_by_label("Apa yang sudah dikerjakan?").fill("Lubang sudah ditambal.")
        await page.locator("#penyelesaian input[type=file]").set_input_files(proof)
        await page.get_by_role("button", name="Ajukan ke pemeriksa").click()
        await expect(page.get_by_text("Penyelesaian sudah diajukan dan menunggu pemeriksa.")).to_be_visible()

    async with browser.page(width=1280) as page:
        await _log_in(page, "pemeriksa.pagi")
        await page.goto("/meja/pemeriksa")
        await page.locator(".main-cell > a", has_text=TEXTS[0]).click()
        await expect(page.locator(".waiting img")).to_have_count(1)
        await page.get_by_role("button", name="Setujui").click()
        await expect(page.get_by_text("Pengajuan sudah Anda setujui")).to_be_visible()
    assert await simulated.fetchval("SELECT status FROM complaint WHERE id = $1", filed[TEXTS[0]]) == "done"


async def _met(world: World, complaint: int) -> bool:
    met: bool = await world.fetchval(
        "SELECT met_at IS NOT NULL FROM clock WHERE complaint = $1 AND kind = 'response'", complaint
    )
    return met


async def test_two_officers_answer_at_once_and_the_second_is_shown_the_first(
    browser: Phone, simulated: World
) -> None:
    filed = await _file(simulated)
    for name in ("satu", "dua"):
        await simulated.officer("liaison", "smg-dpu", username=name)
    address = f"/meja/aduan/{filed[TEXTS[0]]}"
    async with browser.page(width=1280) as first, browser.page(width=1280) as second:
        for page, name in ((first, "satu"), (second, "dua")):
            await _log_in(page, name)
            await page.goto(address)
            await page.get_by_label("Jawaban untuk pelapor", exact=True).fill(f"Jawaban dari {name}")
        await first.get_by_role("button", name="Kirim jawaban").click()
        await expect(first.get_by_text("Jawaban Anda sudah dikirim kepada pelapor.")).to_be_visible()
        await second.get_by_role("button", name="Kirim jawaban").click()
        await expect(second.get_by_text("Laporan ini baru saja diubah oleh orang lain.")).to_be_visible()
        await expect(second.locator(".timeline")).to_contain_text("Jawaban dari satu")
        # Nothing that was typed is lost.
        assert "Jawaban dari dua" in await second.content()
    said = await simulated.fetch("SELECT text FROM statement WHERE kind = 'final'")
    assert [row["text"] for row in said] == ["Jawaban dari satu"]
    browser.complaints[:] = [one for one in browser.complaints if "409" not in one]
