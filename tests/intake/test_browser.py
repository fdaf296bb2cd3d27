"""A resident with a cheap phone: files, keeps the ticket, follows, answers back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from lapor.complaints import desk, tickets
from lapor.complaints.desk import Actor
from tests.ground import World
from tests.images import from_phone
from tests.intake.browser import Phone, fits, phone


@pytest_asyncio.fixture
async def resident(world: World) -> AsyncIterator[Phone]:
    """A browser on a phone."""
    async with phone(world) as made:
        yield made
    assert made.complaints == [], "the browser had nothing to complain about"


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
async def test_a_resident_files_on_a_narrow_phone_and_follows(
    resident: Phone, world: World, scripts: bool
) -> None:
    async with resident.page(scripts=scripts) as page:
        await page.goto("/")
        await page.get_by_role("link", name="Kirim laporan").last.click()
        await page.get_by_label("Tentang apa?").select_option("jalan-rusak")
        await page.get_by_label("Apa yang terjadi?").fill("Jalan berlubang dalam di tikungan.")
        await page.get_by_label("Kecamatan").select_option("33.74.10")
        await page.get_by_label("Kelurahan atau desa").select_option("33.74.10.1009")
        await page.get_by_role("button", name="Kirim laporan").click()
        await expect(page.get_by_role("heading", name="Laporan Anda sudah kami terima")).to_be_visible()
        ticket = await world.fetchval("SELECT ticket FROM complaint")
        await expect(page.locator(".ticket")).to_have_text(tickets.show(ticket))
        await page.get_by_role("link", name="Buka laporan saya").click()
        assert page.url.endswith(f"/laporan/{tickets.show(ticket)}")
        await expect(page.get_by_text("Jalan berlubang dalam di tikungan.")).to_be_visible()

        complaint = await world.fetchval("SELECT id FROM complaint")
        officer = Actor.officer(await world.officer("liaison", "smg-dpu"))
        await desk.answer(officer, complaint, text="Kami tambal hari Senin.")
        await page.reload()
        await expect(page.get_by_text("Kami tambal hari Senin.")).to_be_visible()
        await page.get_by_text("Ini bukan jawaban").click()
        await page.get_by_label("Apa yang belum terjawab?").fill("Senin yang mana?")
        await page.get_by_role("button", name="Minta jawaban baru").click()
        await expect(page.get_by_text("Kami minta instansi menjawab lagi.")).to_be_visible()
        await expect(page.get_by_text("Senin yang mana?")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
async def test_a_resident_sends_photos_from_a_phone(
    resident: Phone, world: World, tmp_path: Path, scripts: bool
) -> None:
    for number in (1, 2):
        (tmp_path / f"{number}.jpg").write_bytes(from_phone(number, orientation=6, size=(2400, 1800)))
    (tmp_path / "3.jpg").write_bytes(b"<html>")
    async with resident.page(scripts=scripts) as page:
        await page.goto("/lapor")
        await page.get_by_label("Apa yang terjadi?").fill("Jalan berlubang dalam di tikungan.")
        await page.get_by_label("Foto").set_input_files([tmp_path / f"{number}.jpg" for number in (1, 2, 3)])
        if scripts:
            names = "Array.from(document.querySelector('#f-photos').files, (file) => file.name)"
            await _until(page, names, ["foto.jpg", "foto.jpg", "3.jpg"])
        await page.get_by_role("button", name="Kirim laporan").click()
        await expect(page.get_by_text("Foto ke-3 tidak dapat dipakai")).to_be_visible()
        await expect(page.locator(".photos img")).to_have_count(2)
        assert await fits(page)
        await page.get_by_role("link", name="Buka laporan saya").click()
        shown = page.locator(".photos img").first
        await expect(shown).to_be_visible()
        # The phone held its camera sideways, and said so; the photo stands upright now.
        image = "document.querySelector('.photos img')"
        await _until(page, f"[{image}.naturalWidth, {image}.naturalHeight]", [240, 320])
        assert await fits(page)
        await page.get_by_text("Tambah keterangan atau balas").click()
        await page.locator("#f-photos").set_input_files(tmp_path / "1.jpg")
        await page.get_by_role("button", name="Kirim balasan").click()
        await expect(page.get_by_text("Keterangan Anda sudah kami sampaikan")).to_be_visible()
        await expect(page.locator(".timeline .photos img")).to_have_count(1)
    assert await world.fetchval("SELECT array_agg(DISTINCT width) FROM attachment") == [1200]


async def _until(page: Page, expression: str, wanted: object) -> None:
    """Wait until the page has this value; the site's policy lets no page evaluate strings by itself."""
    for _ in range(100):
        found = await page.evaluate(expression)
        if found == wanted:
            return
        await asyncio.sleep(0.1)
    assert found == wanted


async def test_an_error_is_shown_beside_its_field_and_read_out_first(resident: Phone) -> None:
    async with resident.page() as page:
        await page.goto("/lapor")
        await page.get_by_label("Alamat atau patokan").fill("Depan masjid")
        await page.get_by_role("button", name="Kirim laporan").click()
        await expect(page.get_by_role("alert").first).to_be_focused()
        await expect(page.get_by_label("Apa yang terjadi?")).to_have_attribute("aria-invalid", "true")
        await expect(page.get_by_label("Alamat atau patokan")).to_have_value("Depan masjid")
        assert await fits(page)
    # A page that says "422" is an error to Chromium, which is what it is.
    resident.complaints[:] = [said for said in resident.complaints if "422" not in said]


async def test_after_a_district_only_its_villages_are_offered(resident: Phone) -> None:
    async with resident.page() as page:
        await page.goto("/lapor")
        await page.get_by_label("Kecamatan").select_option("33.74.01")
        assert await page.locator("#f-village optgroup").count() == 1
        await expect(page.locator("#f-village option", has_text="Kauman")).to_have_count(1)


async def test_an_emergency_brings_the_numbers_up_at_once(resident: Phone) -> None:
    async with resident.page() as page:
        await page.goto("/lapor")
        urgent = page.get_by_text("Ini keadaan darurat. Telepon sekarang")
        await expect(urgent).to_be_hidden()
        await page.get_by_label("Tentang apa?").select_option("kebakaran")
        await expect(urgent).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/lapor", "/laporan", "/lacak", "/bukti", "/privasi"])
async def test_no_page_is_wider_than_a_narrow_phone(resident: Phone, path: str) -> None:
    async with resident.page() as page:
        await page.goto(path)
        assert await fits(page)


async def test_questions_follow_the_chosen_category(resident: Phone, world: World) -> None:
    async with resident.page() as page:
        await page.goto("/lapor")
        pole = page.get_by_label("Nomor tiang, bila ada")
        await expect(pole).to_be_hidden()
        await page.get_by_label("Tentang apa?").select_option("lampu-jalan")
        await expect(pole).to_be_visible()
        await page.get_by_label("Tentang apa?").focus()
        await page.keyboard.press("Tab")
        await expect(pole).to_be_focused()
        await pole.fill("B-12")
        await page.get_by_label("Berapa lampu yang mati?").select_option("Satu")
        assert await fits(page)
        await page.get_by_label("Tentang apa?").select_option("jalan-rusak")
        await expect(pole).to_be_hidden()
        await page.get_by_role("group", name="Ada yang terluka?").get_by_label("Tidak", exact=True).check()
        await page.get_by_label("Apa yang terjadi?").fill("Jalan berlubang dalam di tikungan.")
        await page.get_by_role("button", name="Kirim laporan").click()
        await expect(page.get_by_role("heading", name="Laporan Anda sudah kami terima")).to_be_visible()
        assert await world.fetchval("SELECT text FROM content") == (
            "Jalan berlubang dalam di tikungan.\n\nAda yang terluka? → Tidak"
        )


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
async def test_a_required_question_is_asked_when_the_form_was_sent_without_its_answer(
    resident: Phone, world: World, scripts: bool
) -> None:
    async with resident.page(scripts=scripts) as page:
        await page.goto("/lapor")
        await page.get_by_label("Tentang apa?").select_option("air-bersih")
        await page.get_by_label("Apa yang terjadi?").fill("Air leding bermasalah sejak pagi.")
        await page.get_by_role("button", name="Kirim laporan").click()
        await expect(page.get_by_role("alert").first).to_contain_text("Jawab dulu: Bagaimana keadaan airnya?")
        await expect(page.get_by_label("Apa yang terjadi?")).to_have_value(
            "Air leding bermasalah sejak pagi."
        )
        await page.get_by_role("link", name="Jawab dulu: Bagaimana keadaan airnya?").click()
        kind = page.get_by_label("Bagaimana keadaan airnya?")
        await expect(kind).to_be_focused()
        await expect(kind).to_have_attribute("aria-invalid", "true")
        assert await fits(page)
        await kind.select_option("Pipa bocor")
        await page.get_by_role("button", name="Kirim laporan").click()
        await expect(page.get_by_role("heading", name="Laporan Anda sudah kami terima")).to_be_visible()
        await page.get_by_role("link", name="Buka laporan saya").click()
        await expect(page.get_by_text("Bagaimana keadaan airnya? → Pipa bocor")).to_be_visible()
    resident.complaints[:] = [said for said in resident.complaints if "422" not in said]
