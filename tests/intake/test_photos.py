"""Photos of residents and of officers, over HTTP: sent, refused in words, shown to those who may see them."""

from __future__ import annotations

import io
import re
from typing import Any

import httpx
import pytest
from PIL import Image

from lapor import uploads
from lapor.complaints import desk, pictures
from tests.ground import World
from tests.images import MAKER, bomb, from_phone, heic, jpeg
from tests.intake.resident import FORM, ROAD, Filed, plain
from tests.visitor import TOKEN, Visitor

File = tuple[str, bytes, str]
SHOWN = re.compile(r'<img src="(/[^"?]+foto/\d+)\?ukuran=kecil"')
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def photo(seed: int, name: str = "IMG_0001.jpg") -> File:
    return name, from_phone(seed, size=(1200, 900)), "image/jpeg"


async def send(site: Visitor, files: list[File], **fields: str) -> httpx.Response:
    """Fill in the form, choose photos and send it, as a browser without scripts does."""
    opened = await site.get("/lapor")
    assert 'enctype="multipart/form-data"' in opened.text
    hidden = {"_csrf_token": _hidden(TOKEN, opened), "form": _hidden(FORM, opened)}
    return await site.post("/lapor", data={**hidden, **ROAD, **fields}, files=_chosen(files))


async def file(site: Visitor, files: list[File], **fields: str) -> Filed:
    sent = await send(site, files, **fields)
    assert sent.status_code == 303, plain(sent.text)
    page = await site.get(sent.headers["location"])
    return Filed(site, site.world, sent.headers["location"].partition("/terkirim")[0], page.text)


async def post(site: Visitor, page: str, below: str, files: list[File], **fields: str) -> httpx.Response:
    token = _hidden(TOKEN, await site.get(page))
    return await site.post(f"{page}/{below}", data={"_csrf_token": token, **fields}, files=_chosen(files))


def _chosen(files: list[File]) -> list[tuple[str, Any]]:
    # A browser sends an empty part where nothing was chosen.
    return [("photos", one) for one in files] or [("photos", ("", b"", "application/octet-stream"))]


def _hidden(pattern: re.Pattern[str], page: httpx.Response) -> str:
    found = pattern.search(page.text)
    assert found, plain(page.text)[:300]
    return found.group(1)


async def _stored(world: World) -> int:
    count: int = await world.fetchval("SELECT count(*) FROM attachment")
    return count


# --- with the report ---------------------------------------------------------------------------------------


async def test_photos_come_with_the_report_and_are_shown_to_their_reporter(
    site: Visitor, world: World
) -> None:
    filed = await file(site, [photo(1), photo(2)])
    assert "tidak tersimpan" not in filed.page
    assert len(SHOWN.findall(filed.page)) == 2
    addresses = SHOWN.findall((await site.get(filed.address)).text)
    assert len(addresses) == 2
    for where in addresses:
        answer = await site.get(where)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert Image.open(io.BytesIO(answer.content)).size == (1200, 900)
        assert MAKER.encode() not in answer.content
        assert b"Exif" not in answer.content
        small = await site.get(where, params={"ukuran": "kecil"})
        assert Image.open(io.BytesIO(small.content)).size == (320, 240)
    assert await world.fetchval("SELECT status FROM complaint") == "routed"


async def test_without_a_photo_nothing_changes(site: Visitor, world: World) -> None:
    filed = await file(site, [])
    assert "foto=" not in filed.address
    assert await _stored(world) == 0


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("kosong.jpg", b"", "berkasnya kosong"),
        ("foto.jpg", b"<!doctype html><script>alert(1)</script>", "bukan foto JPEG"),
        ("foto.svg", SVG, "bukan foto JPEG"),
        ("IMG_1.heic", heic(), "formatnya HEIC"),
        ("bom.png", bomb(), "terlalu besar untuk dibuka"),
        ("rusak.jpg", jpeg(1)[:900], "rusak"),
        ("berat.jpg", b"\xff\xd8\xff" + bytes(pictures.MOST_BYTES), "lebih dari 10 MB"),
    ],
)
async def test_a_complaint_is_never_lost_because_of_its_photo(
    site: Visitor, world: World, name: str, content: bytes, reason: str
) -> None:
    filed = await file(site, [photo(1), (name, content, "image/jpeg")])
    assert "Laporan Anda sudah kami terima" in filed.page
    assert "Foto ke-2 tidak dapat dipakai:" in plain(filed.page)
    assert reason in plain(filed.page)
    assert await world.fetchval("SELECT count(*) FROM complaint") == 1
    assert await _stored(world) == 1, "the good photo is kept"


async def test_of_six_photos_five_are_kept(site: Visitor, world: World) -> None:
    filed = await file(site, [photo(seed) for seed in range(6)])
    assert "Foto ke-6 tidak dapat dipakai: paling banyak 5 foto sekaligus." in plain(filed.page)
    assert await _stored(world) == 5


async def test_trouble_with_keeping_a_photo_leaves_the_complaint(site: Visitor, world: World) -> None:
    await world.execute("REVOKE INSERT ON attachment FROM lapor_desk")
    filed = await file(site, [photo(1)])
    assert "Laporan Anda sudah kami terima" in filed.page
    assert "ada gangguan di pihak kami" in plain(filed.page)


async def test_a_form_with_photos_sent_twice_files_once(site: Visitor, world: World) -> None:
    opened = await site.get("/lapor")
    hidden = {"_csrf_token": _hidden(TOKEN, opened), "form": _hidden(FORM, opened)}
    for _ in range(2):
        sent = await site.post("/lapor", data={**hidden, **ROAD}, files=_chosen([photo(1), photo(2)]))
        assert sent.status_code == 303
    assert await world.fetchval("SELECT count(*) FROM complaint") == 1
    assert await _stored(world) == 2


async def test_a_form_that_comes_back_asks_for_the_photos_again(site: Visitor, world: World) -> None:
    sent = await send(site, [photo(1)], text="")
    assert sent.status_code == 422
    assert "Pilih lagi fotonya" in sent.text
    assert ROAD["address"] in sent.text
    assert await _stored(world) == 0
    assert "Pilih lagi fotonya" not in (await send(site, [], text="")).text


async def test_a_form_that_is_too_heavy_is_told_where_its_words_are(site: Visitor, world: World) -> None:
    heavy = ("besar.jpg", bytes(uploads.MOST_BODY), "image/jpeg")
    sent = await send(site, [heavy])
    assert sent.status_code == 413
    assert "tulisan Anda masih ada di sana" in plain(sent.text)
    assert await world.fetchval("SELECT count(*) FROM complaint") == 0


async def test_every_other_form_keeps_its_limit(site: Visitor) -> None:
    filed = await file(site, [])
    sent = await post(
        site, filed.address, "persetujuan", [("besar.jpg", bytes(4 * 1024 * 1024), "image/jpeg")]
    )
    assert sent.status_code == 413


@pytest.mark.parametrize(
    "news", ["1-x", "x", "1-heic.1-heic.1-heic", "1-heic" * 99, "<b>1-heic</b>", "0-heic"]
)
async def test_an_address_with_other_news_says_nothing_else(site: Visitor, news: str) -> None:
    filed = await file(site, [])
    page = await site.get(filed.address, params={"foto": news})
    assert page.status_code == 200
    assert "<b>1-heic" not in page.text


# --- who sees them -----------------------------------------------------------------------------------------


async def test_nobody_else_finds_a_photo(site: Visitor) -> None:
    filed = await file(site, [photo(1)])
    other_complaint = await file(site, [photo(2)])
    where = SHOWN.findall(filed.page)[0]
    number = where.rsplit("/", 1)[1]
    stranger = site.another()
    for path in (where, f"{other_complaint.address}/foto/{number}", f"{filed.address}/foto/0"):
        assert (await stranger.get(path)).status_code == 404
    assert (await site.get(f"{other_complaint.address}/foto/{number}")).status_code == 404
    assert (await site.get(f"{filed.address}/foto/99999999999999999999")).status_code == 404
    assert (await stranger.get(f"/meja/foto/{number}")).status_code == 303, "to the log-in"


async def test_the_published_view_has_no_photo(site: Visitor, world: World) -> None:
    filed = await file(site, [photo(1)], privacy="anonymous")
    await desk.publish(await filed.officer(), await filed.id(), text="Jalan berlubang.")
    page = await site.another().get(filed.address)
    assert "Jalan berlubang." in page.text
    assert "foto/" not in page.text
    assert (await site.another().get(SHOWN.findall(filed.page)[0])).status_code == 404


async def test_the_desk_shows_the_photos_to_those_who_may_read(site: Visitor) -> None:
    filed = await file(site, [photo(1)], privacy="confidential")
    desk_page = f"/meja/aduan/{await filed.id()}"
    officer = await site.another().as_role("liaison", await filed.owner())
    where = SHOWN.findall((await officer.get(desk_page)).text)
    assert len(where) == 1
    answer = await officer.get(where[0])
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == "private, no-store"
    head = await site.another().as_role("head_of_region", "smg-walikota")
    assert (await head.get(where[0])).status_code == 200
    stranger = await site.another().as_role("staff", "smg-dlh")
    assert (await stranger.get(where[0])).status_code == 404
    assert (await stranger.get("/meja/foto/999999")).status_code == 404


# --- with a reply ------------------------------------------------------------------------------------------


async def test_a_reply_brings_photos(site: Visitor, world: World) -> None:
    filed = await file(site, [])
    sent = await post(
        site, filed.address, "balasan", [photo(1), ("b.heic", heic(), "image/heic")], text="Ini fotonya."
    )
    assert sent.status_code == 303
    page = await site.get(sent.headers["location"])
    assert "Keterangan Anda sudah kami sampaikan" in page.text
    assert "Foto ke-2 tidak dapat dipakai: formatnya HEIC" in plain(page.text)
    assert len(SHOWN.findall(page.text)) == 1
    officer = await site.another().as_role("liaison", await filed.owner())
    assert len(SHOWN.findall((await officer.get(f"/meja/aduan/{await filed.id()}")).text)) == 1


async def test_a_photo_alone_is_a_reply(site: Visitor, world: World) -> None:
    filed = await file(site, [])
    assert (await post(site, filed.address, "balasan", [photo(1)])).status_code == 303
    assert await world.fetchval("SELECT text FROM statement") == "Foto terlampir."
    nothing = await post(site, filed.address, "balasan", [("a.svg", SVG, "image/svg+xml")])
    assert nothing.status_code == 422
    assert "Foto ke-1 tidak dapat dipakai: ini bukan foto JPEG" in plain(nothing.text)
    assert (await post(site, filed.address, "balasan", [])).status_code == 422


async def test_a_reply_tapped_twice_stands_there_once(site: Visitor, world: World) -> None:
    filed = await file(site, [])
    for _ in range(2):
        assert (await post(site, filed.address, "balasan", [photo(1)], text="Masih sama.")).status_code == 303
    assert await world.fetchval("SELECT count(*) FROM statement") == 1
    assert await _stored(world) == 1


# --- proof -------------------------------------------------------------------------------------------------


async def _claims(site: Visitor, filed: Filed, files: list[File]) -> httpx.Response:
    officer = await site.another().as_role("liaison", await filed.owner())
    page = f"/meja/aduan/{await filed.id()}"
    return await post(officer, page, "penyelesaian", files, text="Sudah kami tambal.")


async def test_work_is_proved_with_photos(site: Visitor) -> None:
    filed = await file(site, [photo(1)])
    await filed.answered()
    assert (await _claims(site, filed, [photo(2)])).status_code == 303
    checker = await site.another().as_role("checker", await filed.owner())
    page = f"/meja/aduan/{await filed.id()}"
    waiting = await checker.get(page)
    assert len(set(SHOWN.findall(waiting.text))) == 2
    assert "Foto mirip" not in waiting.text
    assert len(SHOWN.findall((await site.get(filed.address)).text)) == 1, (
        "the reporter waits for the second person"
    )
    assert (await post(checker, page, "persetujuan", [])).status_code == 303
    shown = SHOWN.findall((await site.get(filed.address)).text)
    assert len(shown) == 2
    assert (await site.get(shown[1])).status_code == 200


async def test_the_reporters_own_photo_is_refused_as_proof(site: Visitor) -> None:
    filed = await file(site, [photo(1)])
    await filed.answered()
    refused = await _claims(site, filed, [photo(1)])
    assert refused.status_code == 422
    assert "Foto ke-1 sama dengan foto dari pelapor" in plain(refused.text)
    assert "Sudah kami tambal." in refused.text


async def test_a_proof_that_looks_like_another_is_pointed_out(site: Visitor) -> None:
    first, second = await file(site, []), await file(site, [])
    for filed in (first, second):
        await filed.answered()
    await _claims(site, first, [photo(3)])
    smaller = ("lagi.jpg", jpeg(3, (640, 480), quality=50), "image/jpeg")
    assert (await _claims(site, second, [smaller])).status_code == 303
    checker = await site.another().as_role("checker", await second.owner())
    words = plain((await checker.get(f"/meja/aduan/{await second.id()}")).text)
    ticket = first.address.removeprefix("/laporan/")
    assert f"Foto ke-1 mirip foto bukti laporan {ticket}" in words


async def test_an_unusable_proof_brings_the_form_back(site: Visitor, world: World) -> None:
    filed = await file(site, [])
    await filed.answered()
    refused = await _claims(site, filed, [photo(1), ("b.heic", heic(), "image/heic")])
    assert refused.status_code == 422
    assert "Foto ke-2 tidak dapat dipakai: formatnya HEIC" in plain(refused.text)
    assert "Sudah kami tambal." in refused.text
    assert await _stored(world) == 0


# --- rating ------------------------------------------------------------------------------------------------


async def test_the_reporter_rates_and_the_officers_read_it(site: Visitor, world: World) -> None:
    filed = await file(site, [])
    assert "Seberapa puas Anda?" not in (await site.get(filed.address)).text
    await filed.answered()
    await filed.completed()
    assert "Seberapa puas Anda?" in (await site.get(filed.address)).text
    empty = await filed.say("penilaian", text="Bagus.")
    assert empty.status_code == 422
    assert "Pilih nilai dari 1 sampai 5." in plain(empty.text)
    assert "Bagus." in empty.text
    sent = await filed.say("penilaian", stars="4", text="Cepat, tetapi tambalannya kasar.")
    page = plain((await site.get(sent.headers["location"])).text)
    assert "Terima kasih atas penilaian Anda." in page
    assert "Anda memberi nilai 4 dari 5" in page
    assert "Seberapa puas Anda?" not in page
    assert "Masalahnya belum selesai" in page, "reopening stays"
    officer = await site.another().as_role("liaison", await filed.owner())
    read = plain((await officer.get(f"/meja/aduan/{await filed.id()}")).text)
    assert "Pelapor memberi nilai 4 dari 5" in read
    assert "tambalannya kasar" in read


@pytest.mark.parametrize("stars", ["0", "6", "²", "4.5", "satu", ""])
async def test_a_rating_that_is_none_is_refused_in_words(site: Visitor, world: World, stars: str) -> None:
    filed = await file(site, [])
    await filed.answered()
    await filed.completed()
    assert (await filed.say("penilaian", stars=stars)).status_code == 422
    assert await world.fetchval("SELECT count(*) FROM rating") == 0


async def test_a_stranger_rates_nothing(site: Visitor, world: World) -> None:
    filed = await file(site, [])
    other = site.another()
    sent = await other.send_form(f"{filed.address}/penilaian", {"stars": "1"}, page="/lapor")
    assert sent.status_code == 404
