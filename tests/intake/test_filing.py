"""Filing through the form, as a browser without scripts does it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from lapor import uploads
from lapor.complaints import desk
from tests.ground import World
from tests.intake.resident import FORM, LAMP, ROAD, file, limited, plain, send
from tests.visitor import TOKEN, Visitor


async def _count(world: World) -> int:
    found: int = await world.fetchval("SELECT count(*) FROM complaint")
    return found


async def test_a_resident_files_and_learns_who_has_it_until_when(site: Visitor, world: World) -> None:
    filed = await file(site, LAMP)
    words = plain(filed.page)
    assert "Dinas Perumahan dan Kawasan Permukiman Kota Semarang sudah menerima laporan Anda" in words
    assert "sisa 1 hari 23 jam" in words
    assert "WIB" in words
    response = await filed.clock("response")
    assert response["due_at"] - response["started_at"] == timedelta(hours=48)
    assert await filed.column("status") == "routed"
    assert await filed.column("channel") == "web"


async def test_the_ticket_on_the_page_is_the_complaints(site: Visitor) -> None:
    filed = await file(site, LAMP)
    parts = filed.address.removeprefix("/laporan/").split("-")
    assert "".join(parts) == filed.ticket
    assert f"<span>{parts[0]}-</span><span>{parts[1]}-</span><span>{parts[2]}</span>" in filed.page


async def test_only_the_story_is_required(site: Visitor) -> None:
    filed = await file(site, {"text": "Bagaimana cara mengurus kartu keluarga yang hilang?"})
    assert await filed.column("type") == "complaint"
    assert await filed.column("category") is None


async def test_what_no_rule_can_place_goes_to_the_coordinating_agency(site: Visitor) -> None:
    filed = await file(site, {"text": "Ada yang ingin saya sampaikan."})
    assert await filed.owner() == "smg-diskominfo"
    assert "membacanya dahulu, lalu meneruskannya" in plain(filed.page)
    assert await filed.clock("triage")


async def test_a_village_alone_brings_its_district(site: Visitor, world: World) -> None:
    filed = await file(site, {**LAMP, "district": ""})
    assert (
        await world.fetchval(
            "SELECT r.code FROM complaint c JOIN region r ON r.id = c.district WHERE c.ticket = $1",
            filed.ticket,
        )
        == "33.74.10"
    )


async def test_the_contact_is_kept_encrypted_in_its_normal_form(site: Visitor, world: World) -> None:
    filed = await file(
        site,
        {
            **LAMP,
            "contact_kind": "phone",
            "phone": "0812 0000-1234",
            "email": "lama@contoh.id",
            "name": "Sri",
        },
    )
    contact = await desk.look_at_contact(await filed.officer(), await filed.id())
    assert (contact.name, contact.phone) == ("Sri", "+6281200001234")
    assert contact.email == "", "what was typed before another way was chosen is not kept"
    row = (await world.fetch("SELECT * FROM identity WHERE complaint = $1", await filed.id()))[0]
    assert b"81200001234" not in row["phone"]
    assert "Petugas dapat menghubungi Anda" in filed.page


async def test_an_e_mail_address_is_promised_the_answer(site: Visitor) -> None:
    filed = await file(site, {**LAMP, "contact_kind": "email", "email": "Sri@Contoh.id"})
    assert "Jawaban juga kami kirim ke surel Anda" in filed.page


async def test_a_contact_counts_even_when_nobody_chose_its_kind(site: Visitor, world: World) -> None:
    filed = await file(site, {**LAMP, "contact_kind": "", "phone": "081200001234"})
    assert await world.fetchval("SELECT phone FROM identity WHERE complaint = $1", await filed.id())


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("text", "  ", "Ceritakan apa yang terjadi."),
        ("text", "a" * 10_001, "Cerita ini 10.001 huruf, paling banyak 10.000."),
        ("type", "petisi", "Pilih jenis laporan."),
        ("category", "tidak-ada", "Pilih topik dari daftar, atau pilih “Tidak tahu”."),
        ("district", "33.74", "Pilih tempat dari daftar."),
        ("district", "99.99.99", "Pilih tempat dari daftar."),
        ("village", "33.74.01.1001", "Kelurahan atau desa ini tidak berada di kecamatan yang Anda pilih."),
        ("address", "x" * 301, "Terlalu panjang. Paling banyak 300 huruf."),
        ("contact_kind", "merpati", "Pilih salah satu."),
        ("privacy", "gelap", "Pilih salah satu."),
        ("about_official", "mungkin", "Pilih salah satu."),
        ("reported_agency", "tidak-ada", "Pilih kantor dari daftar."),
    ],
)
async def test_a_wrong_field_is_told_beside_it_and_nothing_is_lost(
    site: Visitor, world: World, field: str, value: str, sentence: str
) -> None:
    sent = await send(site, {**LAMP, field: value})
    assert sent.status_code == 422
    words = plain(sent.text)
    assert words.count(sentence) == 2, "in the summary and beside the field"
    assert f'id="f-{field}-wrong"' in sent.text
    if field != "address":
        assert "Jalan Sambiroto, depan masjid" in sent.text
    assert value.strip() in sent.text if field in ("text", "address") else True
    assert '<option value="lampu-jalan" selected' in sent.text or field == "category"
    assert await _count(world) == 0


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("phone", "phone", ""),
        ("phone", "phone", "12345"),
        ("phone", "phone", "bukan nomor"),
        ("email", "email", ""),
        ("email", "email", "sri@contoh"),
        ("email", "email", "sri"),
    ],
)
async def test_a_contact_that_does_not_work_is_told(site: Visitor, kind: str, field: str, value: str) -> None:
    sent = await send(site, {**LAMP, "contact_kind": kind, field: value})
    assert sent.status_code == 422
    assert f'id="f-{field}-wrong"' in sent.text


async def test_all_errors_are_told_at_once(site: Visitor) -> None:
    sent = await send(site, {**LAMP, "text": "", "category": "x", "contact_kind": "phone", "phone": "1"})
    assert "Ada 3 bagian yang perlu diperbaiki" in plain(sent.text)


async def test_ten_thousand_characters_are_accepted(site: Visitor, world: World) -> None:
    filed = await file(site, {**LAMP, "text": "baris\r\n" * 1665 + "akhir"})
    kept = await world.fetchval("SELECT text FROM content WHERE complaint = $1", await filed.id())
    assert len(kept) == 1665 * 6 + 5
    assert "\r" not in kept


async def test_unprintable_characters_do_no_harm(site: Visitor, world: World) -> None:
    filed = await file(site, {**LAMP, "text": "Lampu\x00 mati\x08 total \U0001f4a1", "name": "Sri\x00"})
    kept = await world.fetchval("SELECT text FROM content WHERE complaint = $1", await filed.id())
    assert kept == "Lampu mati total \U0001f4a1"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"text=%ff%fe%00&_csrf_token=TOKEN", "application/x-www-form-urlencoded"),
        (b"text=%ED%A0%80&_csrf_token=TOKEN", "application/x-www-form-urlencoded"),
        (b"text=a&text=b&category=x&category=y&_csrf_token=TOKEN", "application/x-www-form-urlencoded"),
        (b"_csrf_token=TOKEN", "application/x-www-form-urlencoded"),
        (b'{"text": "a"}', "application/json"),
        (b"\x00\x01", "application/octet-stream"),
        (b"--x--", "multipart/form-data; boundary=x"),
        (
            b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n\xff\xfe\r\n--x--',
            "multipart/form-data; boundary=x",
        ),
        (
            b'--x\r\nContent-Disposition: form-data; name="photos"; filename="a"\r\n\r\na',
            "multipart/form-data; boundary=x",
        ),
        (b"a", "multipart/form-data"),
    ],
)
async def test_a_broken_request_is_never_a_crash(site: Visitor, body: bytes, kind: str) -> None:
    opened = await site.get("/lapor")
    token = TOKEN.search(opened.text)
    assert token
    headers = {"content-type": kind, "x-lapor-csrf": token.group(1)}
    sent = await site.post("/lapor", content=body.replace(b"TOKEN", token.group(1).encode()), headers=headers)
    assert sent.status_code in (303, 400, 415, 422)


async def test_an_oversized_request_is_refused_as_too_large(site: Visitor) -> None:
    sent = await send(site, {**LAMP, "text": "a" * (uploads.MOST_BODY + 1)})
    assert sent.status_code == 413
    assert "Kirimannya terlalu besar" in plain(sent.text)


async def test_a_form_without_its_token_is_refused(site: Visitor, world: World) -> None:
    assert (await site.post("/lapor", data=LAMP)).status_code == 403
    assert await _count(world) == 0


async def test_a_machine_that_fills_the_trap_files_nothing(site: Visitor, world: World) -> None:
    sent = await send(site, {**LAMP, "website": "https://jahat.example"})
    assert sent.status_code == 422
    assert "kirim sekali lagi" in plain(sent.text)
    assert "jahat.example" not in sent.text
    assert await _count(world) == 0


async def test_what_was_typed_is_never_read_as_markup(site: Visitor) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
    refused = await send(
        site, {**LAMP, "text": "", "address": evil, "name": evil, "phone": evil[:40], "form": evil}
    )
    filed = await file(site, {**ROAD, "text": evil, "address": evil})
    for page in (refused.text, filed.page, (await site.get(filed.address)).text):
        assert "<script>alert" not in page
        assert "<img src=x" not in page


async def test_a_double_tap_files_one_complaint(site: Visitor, world: World) -> None:
    opened = await site.get("/lapor")
    token, form = TOKEN.search(opened.text), FORM.search(opened.text)
    assert token
    assert form
    fields = {**LAMP, "_csrf_token": token.group(1), "form": form.group(1)}
    sent = await asyncio.gather(*(site.post("/lapor", data=fields) for _ in range(8)))
    assert {answer.status_code for answer in sent} == {303}
    assert len({answer.headers["location"] for answer in sent}) == 1
    assert len({answer.headers["set-cookie"] for answer in sent}) == 1
    assert await _count(world) == 1
    assert await world.fetchval("SELECT count(*) FROM message") == 1


async def test_a_form_sent_again_after_a_lost_connection_finds_its_complaint(
    site: Visitor, world: World
) -> None:
    opened = await site.get("/lapor")
    token, form = TOKEN.search(opened.text), FORM.search(opened.text)
    assert token
    assert form
    fields = {**LAMP, "_csrf_token": token.group(1), "form": form.group(1)}
    await site.post("/lapor", data=fields)
    again = await site.post("/lapor", data=fields)
    page = await site.get(again.headers["location"])
    assert "Laporan Anda sudah kami terima" in plain(page.text)
    assert await _count(world) == 1


async def test_the_same_form_with_other_words_is_another_complaint(site: Visitor, world: World) -> None:
    opened = await site.get("/lapor")
    token, form = TOKEN.search(opened.text), FORM.search(opened.text)
    assert token
    assert form
    hidden = {"_csrf_token": token.group(1), "form": form.group(1)}
    await site.post("/lapor", data={**LAMP, **hidden})
    await site.post("/lapor", data={**LAMP, **hidden, "text": "Sekarang lampu yang di seberang juga mati."})
    assert await _count(world) == 2


async def test_the_database_holds_no_secret_that_it_could_use(site: Visitor, world: World) -> None:
    filed = await file(site, LAMP)
    secret = filed.link.rsplit("/", 1)[1]
    for table in ("complaint", "inbound", "identity", "event", "message"):
        for row in await world.fetch(f"SELECT * FROM {table}"):
            assert secret not in str(dict(row))
            assert secret.encode() not in b"".join(value for value in row if isinstance(value, bytes))


async def test_an_anonymous_reporter_is_shown_nowhere(site: Visitor, world: World) -> None:
    filed = await file(
        site,
        {
            **ROAD,
            "privacy": "anonymous",
            "name": "Sri Lestari",
            "contact_kind": "phone",
            "phone": "081200001234",
        },
    )
    assert await filed.column("anonymous")
    for page in (
        filed.page,
        (await site.get(filed.address)).text,
        (await site.another().get(filed.address)).text,
    ):
        assert "Sri Lestari" not in page
        assert "81200001234" not in page
    shown = await world.fetch("SELECT * FROM content WHERE complaint = $1", await filed.id())
    assert "Sambiroto" not in str(dict(shown[0])), "an exact place is part of who somebody is"
    assert await world.fetchval("SELECT phone_lookup FROM identity") is None


async def test_a_confidential_complaint_stands_in_no_public_page(site: Visitor, world: World) -> None:
    filed = await file(site, {**LAMP, "privacy": "confidential", "text": "Kalimat yang sangat rahasia."})
    other = site.another()
    for path in ("/", "/laporan", filed.address):
        assert "sangat rahasia" not in (await other.get(path)).text
    assert await world.fetchval("SELECT count(*) FROM publication") == 0


async def test_the_reported_office_does_not_receive_it(site: Visitor) -> None:
    accused = {**ROAD, "about_official": "yes", "reported_agency": "smg-dpu"}
    filed = await file(site, accused)
    assert await filed.owner() == "smg-inspektorat"
    assert "Pihak yang Anda laporkan tidak menerima" in plain(filed.page)
    village = {**ROAD, "about_official": "yes", "reported_agency": "smg-kel-kedungmundu"}
    assert await (await file(site, village)).owner() == "smg-kec-tembalang"


async def test_an_office_chosen_against_a_no_is_asked_about(site: Visitor, world: World) -> None:
    sent = await send(site, {**ROAD, "about_official": "no", "reported_agency": "smg-dpu"})
    assert sent.status_code == 422
    assert 'id="f-about_official-wrong"' in sent.text
    assert '<option value="smg-dpu" selected' in sent.text
    assert await _count(world) == 0


async def test_a_chosen_office_counts_even_when_nobody_ticked_yes(site: Visitor) -> None:
    filed = await file(site, {**ROAD, "about_official": "", "reported_agency": "smg-dpu"})
    assert await filed.owner() == "smg-inspektorat"


async def test_an_emergency_shows_the_numbers_before_everything_else(site: Visitor) -> None:
    form = await site.get("/lapor")
    assert form.text.index('href="tel:112"') < form.text.index('name="text"')
    filed = await file(site, {**ROAD, "category": "kebakaran", "text": "Asap tebal dari gudang."})
    assert filed.page.index('href="tel:112"') < filed.page.index("Laporan Anda sudah kami terima")
    assert await filed.clock("emergency")


async def test_a_national_id_number_is_not_kept(site: Visitor, world: World) -> None:
    filed = await file(site, {**LAMP, "text": "KTP saya 3374101234560001 hilang."})
    assert "3374101234560001" not in await world.fetchval(
        "SELECT text FROM content WHERE complaint = $1", await filed.id()
    )


async def test_the_page_with_the_secret_is_kept_and_found_by_nobody(site: Visitor) -> None:
    filed = await file(site, LAMP)
    page = await site.get(f"{filed.address}/terkirim")
    assert page.headers["cache-control"] == "no-store"
    assert "noindex" in page.headers["x-robots-tag"]
    assert (await site.another().get(f"{filed.address}/terkirim")).status_code == 404


async def test_too_many_filings_wait_and_lose_nothing(world: World) -> None:
    async with limited(world, filing_limit=2) as site:
        for number in range(2):
            assert (await send(site, {**LAMP, "text": f"Lampu nomor {number} mati."})).status_code == 303
        refused = await send(site, {**LAMP, "text": "Lampu ketiga juga mati."})
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 3600
        assert "Lampu ketiga juga mati." in refused.text
    assert await _count(world) == 2


async def test_a_form_that_comes_back_costs_nothing_of_the_limit(world: World) -> None:
    async with limited(world, filing_limit=1) as site:
        for _ in range(3):
            assert (await send(site, {**LAMP, "text": ""})).status_code == 422
        assert (await send(site, LAMP)).status_code == 303


async def test_without_redis_each_process_counts_for_itself(world: World) -> None:
    away = replace(world.settings, redis_url="redis://127.0.0.1:1/0")
    async with limited(replace(world, settings=away), filing_limit=1) as site:
        assert (await send(site, LAMP)).status_code == 303
        assert (await send(site, ROAD)).status_code == 429


async def test_the_first_page_weighs_little_on_the_wire(site: Visitor) -> None:
    for path in ("/", "/lapor"):
        page = await site.get(path, headers={"accept-encoding": "gzip"})
        assets = set(re.findall(r'"(/static/[^"]+)"', page.text))
        assert len(assets) == 3, "style, script, icon"
        sent = [page] + [await site.get(asset, headers={"accept-encoding": "gzip"}) for asset in assets]
        weight = sum(int(answer.headers["content-length"]) for answer in sent)
        assert weight <= 60_000, f"{path} weighs {weight} bytes"
