"""Following a complaint with its ticket, with its secret link, and speaking again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from lapor.complaints import desk, tickets
from lapor.complaints.desk import Actor
from lapor.intake import following_pages
from lapor.words import localtime
from tests.ground import World
from tests.intake.resident import LAMP, ROAD, Filed, file, limited, plain
from tests.visitor import Visitor

UNKNOWN = "/laporan/" + tickets.show("00000000000")


async def _page(filed: Filed) -> str:
    return plain((await filed.site.get(filed.address)).text)


async def test_the_bare_ticket_shows_status_agency_and_times_only(site: Visitor) -> None:
    filed = await file(site, {**ROAD, "name": "Sri Lestari"})
    answer = await site.another().get(filed.address)
    words = plain(answer.text)
    assert answer.status_code == 200
    assert "Diteruskan ke instansi" in words
    assert "Dinas Pekerjaan Umum Kota Semarang" in words
    assert "Dijawab paling lambat" in words
    for hidden in (ROAD["text"], "Kedungmundu", "Sambiroto", "Sri Lestari", filed.receipt, "Giliran Anda"):
        assert hidden not in words
    assert "noindex" in answer.headers["x-robots-tag"]


async def test_of_a_confidential_complaint_the_ticket_shows_status_and_deadline_only(site: Visitor) -> None:
    for fields in (
        {**ROAD, "privacy": "confidential"},
        {**ROAD, "category": "kekerasan"},
        {**ROAD, "about_official": "yes", "reported_agency": "smg-dpu"},
    ):
        filed = await file(site, fields)
        words = plain((await site.another().get(filed.address)).text)
        assert "Diteruskan ke instansi" in words
        assert "sisa 1 hari 23 jam" in words
        for hidden in ("Dinas", "Inspektorat", "Ditangani oleh", "Diterima ", ROAD["text"], "Rahasia"):
            assert hidden not in words


async def test_an_unknown_ticket_a_wrong_secret_and_a_hidden_complaint_look_alike(site: Visitor) -> None:
    hidden = await file(site, {**ROAD, "privacy": "confidential"})
    open_ = await file(site, ROAD)
    other = site.another()
    pages = [
        await other.get(UNKNOWN),
        await other.get("/laporan/BUKAN-NOMOR-X"),
        await other.get(f"{UNKNOWN}/buka/salah"),
        await other.get(f"{hidden.address}/buka/salah"),
        await other.get(f"{open_.address}/buka/salah"),
        await other.get(open_.address + "/buka/" + hidden.link.rsplit("/", 1)[1]),
        await other.get(f"{hidden.address}/terkirim"),
        await other.get(f"{UNKNOWN}/terkirim"),
    ]
    for page in pages:
        assert page.status_code == 404
        assert page.headers["x-robots-tag"] == pages[0].headers["x-robots-tag"]
        assert _without_address(page.text, str(page.url.path)) == _without_address(pages[0].text, UNKNOWN)
        assert "set-cookie" not in page.headers or "lapor_kunci" not in page.headers["set-cookie"]


def _without_address(page: str, path: str) -> str:
    return page.replace(path, "")


@pytest.mark.parametrize("below", ["balasan", "bantahan", "pembukaan-kembali", "persetujuan"])
async def test_nobody_speaks_for_the_reporter_without_the_secret(
    site: Visitor, world: World, below: str
) -> None:
    filed = await file(site, ROAD)
    other = site.another()
    for address in (filed.address, UNKNOWN):
        sent = await other.send_form(
            f"{address}/{below}", {"text": "Palsu", "reason": "Palsu"}, page="/lapor"
        )
        assert sent.status_code == 404
    other.cookies.set("lapor_kunci", "tebakan")
    sent = await other.send_form(
        f"{filed.address}/{below}", {"text": "Palsu", "reason": "Palsu"}, page="/lapor"
    )
    assert sent.status_code == 404
    assert await world.fetchval("SELECT count(*) FROM statement") == 0


async def test_a_form_of_the_reporter_without_its_token_is_refused(site: Visitor, world: World) -> None:
    filed = await file(site, ROAD)
    assert (await site.post(f"{filed.address}/balasan", data={"text": "Halo"})).status_code == 403
    assert await world.fetchval("SELECT count(*) FROM statement") == 0


async def test_the_secret_link_opens_everything_in_another_browser(site: Visitor) -> None:
    filed = await file(site, {**ROAD, "privacy": "confidential"})
    other = site.another()
    opened = await other.get(filed.link)
    assert opened.status_code == 303
    assert opened.headers["location"] == filed.address, "the secret does not stay in the address"
    cookie = opened.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert f"Path={filed.address};" in cookie
    assert "samesite=lax" in cookie.lower()
    page = await other.get(filed.address)
    words = plain(page.text)
    for shown in (
        ROAD["text"],
        "Kelurahan Kedungmundu, Kecamatan Tembalang",
        "Sambiroto",
        filed.receipt,
        "Rahasia",
    ):
        assert shown in words
    assert page.headers["cache-control"] == "no-store"


async def test_the_secret_of_one_complaint_opens_no_other(site: Visitor) -> None:
    first, second = await file(site, ROAD), await file(site, LAMP)
    other = site.another()
    other.cookies.set("lapor_kunci", first.link.rsplit("/", 1)[1], path="/")
    words = plain((await other.get(second.address)).text)
    assert "Giliran Anda" not in words
    assert LAMP["address"] not in words


async def test_a_borrowed_phone_forgets_the_complaint(site: Visitor) -> None:
    filed = await file(site, ROAD)
    assert (await filed.say("tutup")).status_code == 303
    words = await _page(filed)
    assert ROAD["text"] not in words
    assert "Giliran Anda" not in words
    assert (await site.get(filed.link)).status_code == 303


async def test_a_ticket_is_read_in_any_spelling(site: Visitor) -> None:
    filed = await file(site, ROAD)
    other = site.another()
    for spelling in (filed.ticket, filed.ticket.lower(), " ".join(filed.ticket)):
        answer = await other.get("/lacak", params={"ticket": spelling})
        assert answer.status_code == 303
        assert answer.headers["location"] == filed.address
    answer = await other.get(f"/laporan/{filed.ticket.lower()}")
    assert answer.headers["location"] == filed.address
    bare_link = filed.link.replace(filed.address, f"/laporan/{filed.ticket}")
    assert (await other.get(bare_link)).headers["location"] == filed.address


@pytest.mark.parametrize("typed", ["", "ABC", "AAAAA-AAAAA-B", "🙂", "x" * 500])
async def test_a_mistyped_ticket_is_told_beside_the_field(site: Visitor, typed: str) -> None:
    answer = await site.get("/lacak", params={"ticket": typed})
    assert answer.status_code == 422
    assert 'id="f-ticket-wrong"' in answer.text


async def test_the_story_says_who_did_what_and_when(site: Visitor) -> None:
    filed = await file(site, ROAD)
    await desk.ask(await filed.officer(), await filed.id(), text="Di dekat rumah nomor berapa?")
    await desk.note(await filed.officer(), await filed.id(), text="Catatan untuk kami sendiri.")
    await filed.answered("Lubang kami tambal hari Senin.")
    words = await _page(filed)
    story = [
        "Anda mengirim laporan",
        "Sistem meneruskan laporan kepada Dinas Pekerjaan Umum Kota Semarang",
        "Dinas Pekerjaan Umum Kota Semarang bertanya kepada Anda",
        "Di dekat rumah nomor berapa?",
        "Dinas Pekerjaan Umum Kota Semarang menjawab",
        "Lubang kami tambal hari Senin.",
    ]
    places = [words.index(sentence) for sentence in story]
    assert places == sorted(places)
    assert "Catatan untuk kami sendiri." not in words
    assert "petugas-" not in words, "the reporter meets the agency, not a person"


async def test_a_promise_is_shown_with_its_date(site: Visitor, world: World) -> None:
    filed = await file(site, ROAD)
    promised = await world.now() + timedelta(days=3)
    await desk.answer_interim(
        await filed.officer(), await filed.id(), text="Kami ukur dahulu.", promised_for=promised
    )
    words = await _page(filed)
    assert "memberi jawaban sementara" in words
    assert "Jawaban akhir dijanjikan paling lambat" in words
    assert "sisa 2 hari 23 jam" in words


async def test_a_reply_reaches_the_agency_and_moves_no_clock(site: Visitor, world: World) -> None:
    filed = await file(site, ROAD)
    before = await world.fetch("SELECT id, due_at, met_at, next_at FROM clock ORDER BY id")
    sent = await filed.say("balasan", text="Di depan rumah nomor 12.")
    assert sent.status_code == 303
    told = plain((await site.get(sent.headers["location"])).text)
    assert "Keterangan Anda sudah kami sampaikan" in told
    assert "Anda menambahkan keterangan" in told
    assert "Di depan rumah nomor 12." in told
    assert await world.fetch("SELECT id, due_at, met_at, next_at FROM clock ORDER BY id") == before


@pytest.mark.parametrize(("below", "field"), [("balasan", "text"), ("bantahan", "reason")])
async def test_an_empty_form_of_the_reporter_is_told_beside_its_field(
    site: Visitor, below: str, field: str
) -> None:
    filed = await file(site, ROAD)
    await filed.answered()
    sent = await filed.say(below, **{field: "   "})
    assert sent.status_code == 422
    assert f'id="f-{field}-wrong"' in sent.text
    assert "Tulis isinya dahulu." in plain(sent.text)


async def test_a_reply_that_is_too_long_comes_back_whole(site: Visitor) -> None:
    filed = await file(site, ROAD)
    sent = await filed.say("balasan", text="x" * 5_001)
    assert sent.status_code == 422
    assert "x" * 5_001 in sent.text


async def test_a_dispute_opens_a_response_clock_of_half_the_length(site: Visitor) -> None:
    filed = await file(site, ROAD)
    assert "Ini bukan jawaban" not in await _page(filed)
    await filed.answered()
    assert "Ini bukan jawaban" in await _page(filed)
    sent = await filed.say("bantahan", reason="Tidak disebut kapan ditambal.")
    assert sent.status_code == 303
    clock = await filed.clock("response", cycle=2)
    assert clock["due_at"] - clock["started_at"] == timedelta(hours=24)
    assert clock["met_at"] is None
    words = await _page(filed)
    assert "Anda menyatakan bahwa itu bukan jawaban" in words
    assert "Tidak disebut kapan ditambal." in words
    assert "sisa 23 jam" in words
    assert "Ombudsman" not in words


async def test_a_dispute_without_an_answer_is_refused_in_words(site: Visitor) -> None:
    filed = await file(site, ROAD)
    sent = await filed.say("bantahan", reason="Belum ada kabar.")
    assert sent.status_code == 422
    assert "berstatus “Diteruskan ke instansi”" in plain(sent.text)


async def test_a_second_dispute_shows_the_way_to_the_ombudsman(site: Visitor) -> None:
    filed = await file(site, ROAD)
    for _ in range(2):
        await filed.answered()
        assert (await filed.say("bantahan", reason="Masih bukan jawaban.")).status_code == 303
    assert "Ombudsman" in await _page(filed)


async def test_the_reporter_agrees_and_the_complaint_is_closed(site: Visitor) -> None:
    filed = await file(site, ROAD)
    await filed.answered()
    await filed.completed()
    words = await _page(filed)
    assert "Ditutup sendiri" in words
    assert "memastikan pekerjaan selesai" in words
    assert "Lampu sudah menyala." in words
    assert (await filed.say("persetujuan")).status_code == 303
    assert await filed.column("status") == "closed"
    assert (await filed.clock("reporter_window"))["met_at"] is not None
    assert "Ombudsman" in await _page(filed)


async def test_reopening_starts_a_new_cycle_of_clocks(site: Visitor) -> None:
    filed = await file(site, ROAD)
    await filed.answered()
    await filed.completed()
    await filed.say("persetujuan")
    assert (await filed.say("pembukaan-kembali", reason="Lubangnya muncul lagi.")).status_code == 303
    assert await filed.column("status") == "in_progress"
    clock = await filed.clock("response", cycle=2)
    assert clock["due_at"] - clock["started_at"] == timedelta(hours=48)
    assert (await filed.clock("completion", cycle=2))["met_at"] is None
    words = await _page(filed)
    assert "Anda membuka kembali laporan" in words
    assert "Lubangnya muncul lagi." in words


async def test_reopening_twice_is_refused_in_words(site: Visitor) -> None:
    filed = await file(site, ROAD)
    await filed.answered()
    await filed.completed()
    await filed.say("pembukaan-kembali", reason="Belum selesai.")
    again = await filed.say("pembukaan-kembali", reason="Belum selesai.")
    assert again.status_code == 422
    assert await filed.column("cycle") == 2


async def test_a_rejection_is_told_with_its_reason(site: Visitor) -> None:
    filed = await file(site, ROAD)
    await desk.request_rejection(
        await filed.officer(),
        await filed.id(),
        reason_code="unclear",
        text="Tempatnya tidak dapat kami temukan.",
    )
    assert "Tempatnya tidak dapat kami temukan." not in await _page(filed)
    await desk.confirm(await filed.officer("checker"), await filed.id())
    words = await _page(filed)
    assert "menyatakan laporan tidak dapat ditindaklanjuti" in words
    assert "Tempatnya tidak dapat kami temukan." in words
    assert "Ombudsman" in words


async def test_an_escalation_is_told_as_the_systems_act(site: Visitor, simulated: World) -> None:
    filed = await file(site, ROAD)
    await simulated.advance(49)
    await desk.sweep()
    words = await _page(filed)
    assert "Tenggat jawaban lewat. Sistem menyampaikan laporan ini kepada Wali Kota Semarang" in words
    assert "lewat 1 jam" in words


async def test_a_published_complaint_is_shown_to_everybody_masked(site: Visitor) -> None:
    filed = await file(site, {**ROAD, "name": "Sri Lestari"})
    await filed.answered("Kami tambal, hubungi 081234567890.")
    await desk.publish(await filed.officer(), await filed.id(), text="Jalan berlubang di tikungan.")
    other = site.another()
    words = plain((await other.get(filed.address)).text)
    assert "Jalan berlubang di tikungan." in words
    assert "Kami tambal" in words
    for hidden in ("081234567890", "Sri Lestari", "Sambiroto", ROAD["text"], filed.receipt, "Giliran Anda"):
        assert hidden not in words
    for path in ("/", "/laporan"):
        assert "Jalan berlubang di tikungan." in (await other.get(path)).text


async def test_a_question_that_publishes_by_itself_stands_in_the_list(site: Visitor) -> None:
    filed = await file(site, {**LAMP, "text": "Lampu <b>mati</b>, telepon 081234567890."})
    page = await site.another().get("/laporan")
    assert filed.address in page.text
    assert "081234567890" not in page.text
    assert "&lt;b&gt;mati" in page.text


async def test_the_list_is_filtered_and_turned_page_by_page(site: Visitor) -> None:
    for number in range(23):
        await file(
            site, {**LAMP, "text": f"Lampu nomor {number:02} mati.", "village": "", "district": "33.74.10"}
        )
    await file(site, {**LAMP, "text": "Lampu di Genuk mati.", "village": "", "district": "33.74.05"})
    other = site.another()
    first = await other.get("/laporan", params={"kecamatan": "33.74.10"})
    assert "Genuk mati" not in first.text
    assert first.text.index("nomor 22") < first.text.index("nomor 21")
    assert "nomor 02" not in first.text
    following = first.text.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = await other.get(following)
    assert "nomor 02" in second.text
    assert "nomor 03" not in second.text
    assert "Genuk mati" not in second.text
    back = second.text.split('rel="prev" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "nomor 22" in (await other.get(back)).text
    assert "Tidak ada yang cocok" in (await other.get("/laporan", params={"kategori": "hewan-liar"})).text


@pytest.mark.parametrize(
    "query",
    [
        "kategori=x&kecamatan=y",
        "sesudah=x",
        "sesudah=2026-01-01~1",
        "halaman=-1",
        "halaman=99999999999",
        "halaman=²",
    ],
)
async def test_a_broken_address_of_the_list_is_no_crash(site: Visitor, query: str) -> None:
    assert (await site.get(f"/laporan?{query}")).status_code == 200


async def test_anybody_with_ticket_and_receipt_can_check_it(site: Visitor) -> None:
    filed = await file(site, {**ROAD, "privacy": "confidential"})
    asked = {"ticket": filed.address.removeprefix("/laporan/"), "receipt": filed.receipt.upper() + " "}
    answer = await site.another().get("/bukti", params=asked)
    assert answer.status_code == 200
    assert "Laporan dengan nomor dan bukti ini tercatat pada" in plain(answer.text)
    assert "noindex" in answer.headers["x-robots-tag"]


async def test_an_unknown_ticket_and_a_wrong_receipt_look_alike(site: Visitor) -> None:
    filed, other = await file(site, ROAD), await file(site, LAMP)
    unknown = UNKNOWN.removeprefix("/laporan/")
    pages = []
    for ticket, receipt in (
        (filed.ticket, "0" * 64),
        (filed.ticket, other.receipt),
        (unknown, filed.receipt),
    ):
        page = await site.another().get("/bukti", params={"ticket": ticket, "receipt": receipt})
        assert page.status_code == 200
        assert "Tidak cocok" in page.text
        pages.append(plain(page.text))
    assert len(set(pages)) == 1


async def test_receipts_are_not_tried_out_in_numbers(world: World) -> None:
    async with limited(world, lookup_limit=2) as site:
        filed = await file(site, ROAD)
        asked = {"ticket": filed.ticket, "receipt": "0" * 64}
        other = site.another()
        assert [(await other.get("/bukti", params=asked)).status_code for _ in range(3)] == [200, 200, 429]


async def test_the_published_story_says_who_answered_and_when(site: Visitor, simulated: World) -> None:
    filed = await file(site, ROAD)
    await filed.answered("Kami tambal hari Senin.")
    await simulated.advance(50)
    await desk.publish(await filed.officer(), await filed.id(), text="Jalan berlubang.")
    page = (await site.another().get(filed.address)).text
    said = await simulated.fetchval("SELECT made_at FROM statement")
    assert "Dinas Pekerjaan Umum Kota Semarang menjawab" in plain(page)
    assert localtime(said, "Asia/Jakarta") in plain(page)


async def test_the_published_story_names_the_agency_that_answered_then(site: Visitor, world: World) -> None:
    filed = await file(site, ROAD)
    await filed.answered("Kami tambal hari Senin.")
    parks = await world.fetchval("SELECT id FROM agency WHERE code = 'smg-dlh'")
    await desk.offer_transfer(await filed.officer(), await filed.id(), to_agency=parks, reason="Akar pohon.")
    await desk.take_transfer(Actor.officer(await world.officer("liaison", "smg-dlh")), await filed.id())
    await filed.answered("Akarnya kami potong.")
    await desk.publish(await filed.officer(), await filed.id(), text="Jalan berlubang.")
    words = plain((await site.another().get(filed.address)).text)
    assert "Dinas Pekerjaan Umum Kota Semarang menjawab" in words
    assert "Dinas Lingkungan Hidup Kota Semarang menjawab" in words


async def test_a_mistyped_receipt_is_told_beside_its_field(site: Visitor) -> None:
    answer = await site.get("/bukti", params={"ticket": "x", "receipt": "y"})
    assert answer.status_code == 422
    assert 'id="f-ticket-wrong"' in answer.text
    assert 'id="f-receipt-wrong"' in answer.text


async def test_looking_up_too_often_has_to_wait(world: World) -> None:
    async with limited(world, lookup_limit=3) as site:
        filed = await file(site, ROAD)
        other = site.another()
        for _ in range(3):
            assert (await other.get(UNKNOWN)).status_code == 404
        refused = await other.get(filed.address)
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 60
        assert "Terlalu sering" in plain(refused.text)
        assert (await site.get(filed.address)).status_code == 200, "whoever holds the secret is not held up"


async def test_looking_up_goes_on_without_redis(world: World) -> None:
    away = replace(world, settings=replace(world.settings, redis_url="redis://127.0.0.1:1/0"))
    async with limited(away, lookup_limit=1) as site:
        assert (await site.get(UNKNOWN)).status_code == 404
        assert (await site.get(UNKNOWN)).status_code == 429


@pytest.mark.parametrize(
    ("below", "field", "form"),
    [("balasan", "text", "balas"), ("bantahan", "reason", "bukan-jawaban"), ("penilaian", "text", "nilai")],
)
async def test_whoever_speaks_too_often_waits_and_loses_nothing_of_what_was_typed(
    site: Visitor, monkeypatch: pytest.MonkeyPatch, below: str, field: str, form: str
) -> None:
    monkeypatch.setattr(following_pages, "SPEAKING_LIMIT", 1)
    filed = await file(site, ROAD)
    await filed.answered()
    if below == "penilaian":
        await filed.completed()
    assert (await filed.say("balasan", text="Terima kasih.")).status_code == 303
    refused = await filed.say(below, stars="2", **{field: "Lubangnya <masih> dalam sekali."})
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 3600
    assert refused.headers["cache-control"] == "no-store"
    words = plain(refused.text)
    assert "Tulisan Anda masih ada di sini" in words
    assert "Lubangnya <masih> dalam sekali." in words
    assert f'id="{form}" open>' in refused.text


@pytest.mark.parametrize("path", ["/", "/lapor", "/laporan", "/lacak", "/bukti", "/privasi"])
async def test_every_public_page_is_whole_in_both_languages(site: Visitor, path: str) -> None:
    for language in ("id", "en"):
        page = await site.get(path, params={"bahasa": language})
        assert page.status_code == 200
        assert "</html>" in page.text
