"""WhatsApp end to end: from the webhook to the complaint, and the answers back to the provider's interface."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from pywa.utils import webhook_updates_validator

from lapor import crypto
from lapor.complaints import desk, tickets
from lapor.complaints.desk import Actor, Filing
from lapor.complaints.draft import identity_context
from lapor.intake.channel_watch import watch_channels
from lapor.intake.channels.meta import signature
from lapor.intake.dialogues import end_silences
from lapor.intake.forgetting import forget_over
from lapor.intake.inbound import read_waiting
from lapor.intake.outbound import drain
from lapor.intake.outbox import look
from lapor.settings import Settings
from tests.ground import World
from tests.images import jpeg
from tests.intake.graph_api import NUMBER, GraphApi, open_graph_api
from tests.intake.line import Talking
from tests.intake.post_office import open_post_office
from tests.intake.whatsapp_says import (
    APP_SECRET,
    SRI,
    VERIFY_TOKEN,
    deliver,
    delivery,
    message,
    open_account,
    photo,
    pressed,
    signed,
    status,
    text,
)
from tests.visitor import Visitor


@pytest_asyncio.fixture
async def meta(simulated: World) -> AsyncIterator[GraphApi]:
    async with open_graph_api() as api:
        await open_account(simulated, api.url, template="kabar_laporan")
        yield api


@pytest.fixture
def line(meta: GraphApi, site: Visitor, settings: Settings) -> Line:
    return Line(meta, site, settings)


class Line(Talking[GraphApi]):
    """Somebody with a telephone, and everything between it and the complaint."""

    async def say(self, *messages: dict[str, Any] | str, statuses: Any = ()) -> list[str]:
        """Send messages in one delivery, let the worker work, and return what was answered."""
        before = len(self.api.sent)
        said = [text(one) if isinstance(one, str) else one for one in messages]
        answer = await deliver(self.site, *said, statuses=statuses)
        assert answer.status_code == 200
        await self.work()
        return self.api.texts()[before:]

    async def photos(self, purpose: str = "report") -> int:
        """How many photos and files are kept."""
        return int(await self.world.fetchval("SELECT count(*) FROM attachment WHERE purpose = $1", purpose))

    async def officer(self) -> Actor:
        """Somebody of the agency that is responsible."""
        return Actor.officer(await self.world.officer("liaison", await self.owner()))

    async def owner(self) -> str:
        """The code of that agency."""
        return str(
            await self.world.fetchval("SELECT a.code FROM complaint c JOIN agency a ON a.id = c.owner_agency")
        )

    async def filed(self) -> dict[str, Any]:
        """Somebody files with few words."""
        await self.say("Lampu jalan mati sudah seminggu di Tlogosari Kulon", "tidak ada", "1", "ya")
        return (await self.complaints())[-1]


async def test_four_questions_lead_to_a_complaint_and_its_ticket_comes_back(line: Line) -> None:
    first = await line.say("Assalamualaikum pak")
    assert len(first) == 1
    assert "kanal pengaduan" in first[0]
    received = await line.world.now()
    assert "Di mana" in (await line.say("Lampu jalan mati sudah seminggu"))[0]
    asked = await line.say(message("location", {"latitude": -6.98, "longitude": 110.42}))
    assert asked[0].startswith("Bagaimana laporan ini ditangani?")
    assert line.api.offered() == ["open", "anonymous", "confidential"]
    summary = await line.say(pressed("anonymous", "Anonim"))
    assert "Lampu jalan mati sudah seminggu" in summary[0]
    assert line.api.offered() == ["send", "change"]
    answered = await line.say(pressed("send", "Kirim"))
    complaint = (await line.complaints())[0]
    assert answered[0].startswith(f"{tickets.show(complaint['ticket'])}: laporan Anda sudah kami terima.")
    assert "/buka/" in answered[0]
    assert (complaint["channel"], complaint["anonymous"], complaint["text"]) == (
        "whatsapp",
        True,
        "Lampu jalan mati sudah seminggu",
    )
    # The greeting told nothing; what counts is the first message that did.
    assert complaint["filed_at"] >= received
    identity = (await line.world.fetch("SELECT * FROM identity"))[0]
    opened = crypto.keyring().decrypt(identity["external"], identity_context(complaint["id"], "external"))
    assert opened.decode() == f"whatsapp:{NUMBER}:{SRI}"
    assert identity["external_lookup"] is None


async def test_an_album_of_ten_is_one_complaint_with_ten_photos(line: Line) -> None:
    for number in range(10):
        line.api.media[f"foto{number}"] = jpeg(number)
    album = [
        photo(f"foto{number}", "Jalan rusak parah sudah sebulan" if number == 0 else "")
        for number in range(10)
    ]
    answers = await line.say(*album)
    assert len(answers) == 1
    await line.say("Tlogosari Kulon", "biasa")
    await line.say("ya")
    assert len(await line.complaints()) == 1
    assert await line.photos() == 10
    assert await line.world.fetchval("SELECT count(*) FROM event WHERE kind = 'photo_added'") == 10


async def test_fifty_deliveries_at_once_of_one_message_are_one(line: Line) -> None:
    body = json.dumps(delivery(text("Lampu jalan mati di Pedurungan", key="wamid.sama"))).encode()
    answers = await asyncio.gather(
        *(line.site.post("/hooks/whatsapp", content=body, headers=signed(body)) for _ in range(50))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert await line.world.fetchval("SELECT count(*) FROM inbound") == 1
    await asyncio.gather(*(read_waiting() for _ in range(5)))
    await line.world.advance(0.6)
    await line.work()
    assert len(await line.complaints()) == 1


async def test_two_hundred_people_in_a_burst_are_two_hundred_complaints_although_the_reader_dies(
    line: Line,
) -> None:
    said = [
        text(f"Sampah menumpuk di Pedurungan nomor {number}", sender=f"6281200{number:05}")
        for number in range(200)
    ]
    for start in range(0, 200, 20):
        assert (await deliver(line.site, *said[start : start + 20])).status_code == 200
    reading = asyncio.create_task(read_waiting(200))
    await asyncio.sleep(0.3)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    while await read_waiting():
        pass
    await line.world.advance(0.6)
    while await end_silences():
        pass
    texts = [row["text"] for row in await line.complaints()]
    assert sorted(texts) == sorted(f"Sampah menumpuk di Pedurungan nomor {number}" for number in range(200))


async def test_after_six_hours_without_a_worker_everything_is_read_and_answered_in_its_order(
    line: Line,
) -> None:
    told_at = await line.world.now()
    for words in ("Lampu jalan mati sudah seminggu", "Tlogosari Kulon", "tidak ada", "2", "kirim"):
        assert (await deliver(line.site, text(words))).status_code == 200
    await line.world.advance(6)
    await line.work()
    complaint = (await line.complaints())[0]
    assert (complaint["text"], complaint["address"], complaint["anonymous"]) == (
        "Lampu jalan mati sudah seminggu",
        "",
        True,
    )
    assert abs((complaint["filed_at"] - told_at).total_seconds()) < 60
    firsts = [said.split()[0] for said in line.api.texts()]
    assert [first for first in firsts if first.isalpha()] == ["Di", "Ada", "Bagaimana", "Ini"]
    assert f"{tickets.show(complaint['ticket'])}:" in firsts


async def test_half_an_hour_of_silence_files_what_is_there_and_says_so(line: Line) -> None:
    await line.say("halo")
    await line.world.advance(0.2)
    told_at = await line.world.now()
    await line.say("Pohon tumbang menutup jalan")
    await line.world.advance(0.4)
    assert await end_silences() == 0
    await line.world.advance(0.2)
    before = len(line.api.sent)
    await line.work()
    complaint = (await line.complaints())[0]
    assert abs((complaint["filed_at"] - told_at).total_seconds()) < 60
    said = " ".join(line.api.texts()[before:])
    assert "Karena tidak ada kabar dari Anda" in said
    assert tickets.show(complaint["ticket"]) in said


async def test_what_is_said_after_filing_joins_the_complaint(line: Line) -> None:
    complaint = await line.filed()
    line.api.media["bukti"] = jpeg(3)
    assert "tambahkan" in (await line.say("Sekarang malah dua lampu"))[0]
    assert "tambahkan" in (await line.say(photo("bukti")))[0]
    said = await line.world.fetch("SELECT kind, text FROM statement ORDER BY id")
    assert [tuple(row) for row in said] == [("reply", "Sekarang malah dua lampu"), ("reply", "(foto)")]
    assert await line.photos("reply") == 1
    # Days later a reply to one of our messages joins it, and so does its number.
    await line.world.advance(72)
    await forget_over()
    ours = line.api.sent[-1]["_id"]
    acknowledged = next(one for one in line.api.sent if complaint["ticket"][:5] in str(one))["_id"]
    assert ours != acknowledged
    await line.say(text("masih mati", context={"from": NUMBER, "id": acknowledged}))
    await line.say(f"Mengenai {tickets.show(complaint['ticket'])} tolong segera diperbaiki ya pak")
    assert len(await line.complaints()) == 1
    assert await line.world.fetchval("SELECT count(*) FROM statement") == 4


async def test_a_ticket_of_somebody_else_shows_its_status_only(line: Line) -> None:
    complaint = await line.filed()
    ticket = tickets.show(complaint["ticket"])
    stranger = text(f"Mengenai {ticket} ini laporan saya tolong ditutup saja", sender="628129990000")
    answer = (await line.say(stranger))[0]
    assert ticket in answer
    assert "Tidak ada yang kami ubah" in answer
    assert "Lampu" not in answer
    assert await line.world.fetchval("SELECT count(*) FROM statement") == 0
    assert (
        "tidak kami kenal"
        in (await line.say(text(f"cek {tickets.show(tickets.new_ticket())}", sender="628129990000")))[0]
    )
    assert ticket in (await line.say("status"))[0]
    assert "tidak menemukan" in (await line.say(text("status", sender="628129990000")))[0]


async def test_an_answer_goes_back_to_the_chat_and_a_question_is_answered_there(line: Line) -> None:
    complaint = await line.filed()
    officer = await line.officer()
    await desk.ask(officer, complaint["id"], text="Tiang nomor berapa?")
    await line.world.advance(0.1)
    before = len(line.api.sent)
    await line.work()
    assert "Tiang nomor berapa?" in line.api.texts()[before]
    await line.world.advance(1)
    await line.work()
    assert "tambahkan" in (await line.say("Tiang nomor 12 dekat masjid"))[0]
    assert (
        await line.world.fetchval("SELECT text FROM statement WHERE kind = 'reply'")
        == "Tiang nomor 12 dekat masjid"
    )


async def test_outside_the_window_the_approved_template_goes(line: Line) -> None:
    complaint = await line.filed()
    officer = await line.officer()
    await line.world.advance(30)
    await desk.answer(officer, complaint["id"], text="Sudah kami perbaiki kemarin.")
    await line.world.advance(0.1)
    before = len(line.api.sent)
    await line.work()
    letter = line.api.sent[before]
    assert letter["type"] == "template"
    assert letter["template"]["name"] == "kabar_laporan"
    assert tickets.show(complaint["ticket"]) in line.api.texts()[before]
    assert "perbaiki" not in json.dumps(letter)


async def test_outside_the_window_and_without_a_template_the_letter_goes_by_mail(line: Line) -> None:
    await line.world.execute("UPDATE channel_account SET settings = $1", json.dumps({"api": line.api.url}))
    await desk.file(
        Filing(
            type="complaint",
            text="Jalan berlubang",
            category="jalan-rusak",
            channel="whatsapp",
            external_id=f"whatsapp:{NUMBER}:{SRI}",
            email="sri@warga.example",
        ),
        role="worker",
    )
    async with open_post_office() as office:
        settings = replace(line.settings, smtp_url=office.url, mail_from="lapor@contoh.example")
        await drain(settings)
        assert office.mails == []
        await line.world.advance(0.1)
        await drain(settings)
        assert len(office.to("sri@warga.example")) == 1
    assert line.api.sent == []


async def test_what_failed_at_the_provider_takes_the_next_way(line: Line) -> None:
    complaint = await line.filed()
    officer = await line.officer()
    await desk.answer(officer, complaint["id"], text="Sudah kami perbaiki kemarin.")
    await line.world.advance(0.1)
    await line.work()
    ours = line.api.sent[-1]
    assert ours["type"] == "text"
    # The provider says later that its window had shut: the same letter goes once more, as the template.
    await line.say(statuses=[status(ours["_id"], "failed", code=131047)])
    await line.world.advance(0.1)
    await line.work()
    assert [one["type"] for one in line.api.sent[-2:]] == ["text", "template"]
    row = (await line.world.fetch("SELECT state, receipt FROM message WHERE kind = 'answered'"))[0]
    assert row["state"] == "sent"


async def test_a_confidential_complaint_is_answered_without_content(line: Line) -> None:
    await line.say("Petugas meminta uang di Kelurahan Pedurungan Tengah", "tidak ada", "rahasia", "ya")
    complaint = (await line.complaints())[0]
    assert complaint["confidential"]
    said = [text for text in line.api.texts() if tickets.show(complaint["ticket"]) in text]
    assert len(said) == 1
    assert "ada kabar tentang laporan Anda" in said[0]
    assert "uang" not in said[0]


async def test_receipts_are_noted_in_any_order_and_once(line: Line) -> None:
    complaint = await line.filed()
    ticket = tickets.show(complaint["ticket"])
    ours = next(one["_id"] for one in line.api.sent if ticket in str(one))
    await line.say(statuses=[status(ours, "read"), status(ours, "delivered"), status(ours, "sent")])
    row = (await line.world.fetch("SELECT receipt, state FROM message WHERE provider_reference = $1", ours))[
        0
    ]
    assert tuple(row) == ("read", "sent")
    await line.site.as_role("liaison", await line.owner())
    assert "sudah dibaca" in (await line.site.get(f"/meja/aduan/{complaint['id']}")).text
    await line.say(statuses=[status(ours, "read"), status("wamid.lain", "read")])
    assert await line.world.fetchval("SELECT count(*) FROM inbound WHERE state <> 'read'") == 0


async def test_a_message_whose_answer_was_lost_is_not_sent_twice_when_its_receipt_comes(line: Line) -> None:
    line.api.silent = True
    await line.say("halo")
    assert len(line.api.sent) == 1
    key = line.api.sent[0]["biz_opaque_callback_data"]
    line.api.silent = False
    await line.say(statuses=[status("wamid.terlambat", "delivered", key=key)])
    await line.world.advance(1)
    await line.work()
    assert len(line.api.sent) == 1
    row = (
        await line.world.fetch("SELECT state, provider_reference, receipt FROM message WHERE kind = 'chat'")
    )[0]
    assert tuple(row) == ("sent", "wamid.terlambat", "delivered")


async def test_a_limit_lets_the_account_rest_as_long_as_the_provider_asks(line: Line) -> None:
    line.api.refusals = [(429, 130429, {"Retry-After": "120"})]
    assert await line.say("halo") == []
    await line.say(text("halo", sender="628120001234"))
    assert line.api.sent == []
    paused = (
        await line.world.fetch("SELECT paused_until - lapor_now() AS left, failures FROM channel_account")
    )[0]
    assert 60 < paused["left"].total_seconds() <= 120
    assert paused["failures"] == 1
    await line.world.advance(0.1)
    await line.work()
    assert len(line.api.sent) == 2
    assert await line.world.fetchval("SELECT failures FROM channel_account") == 0


async def test_an_expired_token_raises_an_alarm_that_ends_when_something_leaves(line: Line) -> None:
    line.api.refusals = [(401, 190, {})]
    await line.say("halo")
    alarm = await line.world.fetchval(
        "SELECT sentence FROM alarm WHERE code = 'channel_broken' AND cleared_at IS NULL"
    )
    assert "token" in alarm
    await line.world.advance(0.3)
    await line.work()
    assert len(line.api.sent) == 1
    assert (
        await line.world.fetchval(
            "SELECT count(*) FROM alarm WHERE cleared_at IS NULL AND code = 'channel_broken'"
        )
        == 0
    )


async def test_a_photo_that_cannot_be_kept_costs_only_itself_and_its_sender_is_told(line: Line) -> None:
    line.api.media = {
        "aman": jpeg(1),
        "dalam": jpeg(2),
        "jauh": jpeg(3),
        "palsu": b"GIF89a...",
        "berat": b"\xff\xd8\xff" + b"x" * (11 * 1024 * 1024),
    }
    line.api.redirects["dalam"] = "http://127.0.0.1:1/rahasia"
    line.api.elsewhere["jauh"] = "https://10.0.0.1/foto"
    album = [
        photo(name, "Jalan rusak parah sudah sebulan" if name == "aman" else "") for name in line.api.media
    ]
    await line.say(*album)
    await line.say("Tlogosari Kulon", "biasa", "ya")
    assert len(await line.complaints()) == 1
    assert await line.photos() == 1
    rows = await line.world.fetch("SELECT reference, state FROM channel_media ORDER BY reference")
    assert {row["reference"]: row["state"] for row in rows} == {
        "aman": "kept",
        "dalam": "refused",
        "jauh": "refused",
        "palsu": "refused",
        "berat": "refused",
    }
    told = [said for said in line.api.texts() if "tidak dapat kami terima" in said]
    assert len(told) == 1


async def test_a_voice_message_is_kept_for_a_person_and_flagged(line: Line) -> None:
    line.api.media["suara"] = b"OggS" + b"\0" * 2000
    await line.say(message("audio", {"id": "suara", "mime_type": "audio/ogg; codecs=opus", "voice": True}))
    await line.say("Tlogosari Kulon", "tidak ada", "biasa")
    await line.say("ya")
    complaint = (await line.complaints())[0]
    assert complaint["text"] == "(pesan suara, belum didengarkan)"
    kept = (await line.world.fetch("SELECT id, media_type, filename FROM attachment"))[0]
    assert (kept["media_type"], kept["filename"]) == ("audio/ogg", "1-suara.ogg")
    await line.site.as_role("liaison", await line.owner())
    page = await line.site.get(f"/meja/aduan/{complaint['id']}")
    assert "1-suara.ogg" in page.text
    saved = await line.site.get(f"/meja/berkas/{kept['id']}")
    assert saved.content == line.api.media["suara"]
    assert saved.headers["content-type"] == "application/octet-stream"


async def test_somebody_without_a_telephone_number_is_known_and_answered_by_their_own_id(line: Line) -> None:
    said = text("halo")
    del said["from"]
    said["from_user_id"] = "ID.13491208655302741918"
    await line.say(said)
    assert line.api.sent[0]["recipient"] == "ID.13491208655302741918"
    assert "to" not in line.api.sent[0]


async def test_reactions_are_ignored_and_what_we_do_not_know_is_answered(line: Line) -> None:
    assert await line.say(message("reaction", {"message_id": "x", "emoji": "👍"})) == []
    assert "belum dapat kami baca" in (await line.say(message("order", {"catalog_id": "1"})))[0]
    assert await line.world.fetchval("SELECT count(*) FROM inbound WHERE state = 'read'") == 2


async def test_the_handshake_knows_our_word_only(line: Line) -> None:
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444"}
    answer = await line.site.get("/hooks/whatsapp", params={**asked, "hub.verify_token": VERIFY_TOKEN})
    assert (answer.status_code, answer.text) == (200, "1158201444")
    for wrong in ({"hub.verify_token": "salah"}, {}, {"hub.verify_token": VERIFY_TOKEN, "hub.mode": "other"}):
        assert (await line.site.get("/hooks/whatsapp", params={**asked, **wrong})).status_code == 403
    assert (await line.site.get("/hooks/partner", params=asked)).status_code == 403


@pytest.mark.parametrize("secret", ["salah", "", None])
async def test_what_nobody_we_know_has_signed_is_refused_and_counted(line: Line, secret: str | None) -> None:
    body = json.dumps(delivery(text("halo"))).encode()
    headers = {} if secret is None else signed(body, secret)
    assert (await line.site.post("/hooks/whatsapp", content=body, headers=headers)).status_code == 401
    assert await line.world.fetchval("SELECT count(*) FROM inbound") == 0
    assert await line.world.fetchval("SELECT refusals FROM channel_account") == 1
    changed = signed(body, APP_SECRET)
    assert (await line.site.post("/hooks/whatsapp", content=body + b" ", headers=changed)).status_code == 401
    await line.world.execute("UPDATE channel_account SET active = false")
    assert (await line.site.post("/hooks/whatsapp", content=body, headers=changed)).status_code == 401


@pytest.mark.parametrize("body", [b"{}", b"", json.dumps(delivery(text("lampu 💡 mati"))).encode()])
def test_our_signature_is_what_somebody_else_s_library_expects(body: bytes) -> None:
    assert webhook_updates_validator(APP_SECRET, body, signature(APP_SECRET, body))
    assert not webhook_updates_validator("lain", body, signature(APP_SECRET, body))


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"[]",
        b"{}",
        b'{"entry": 1}',
        b"[" * 100_000,
        b'{"entry": []}',
        b'{"entry": [1]}',
        b'{"entry": [{"id": "1", "changes": "x"}]}',
        b'{"entry": [{"changes": [{"field": "messages", "value": 5}]}]}',
        b'{"entry": [{"changes": [{"field": "messages", "value": {"messages": "x"}}]}]}',
    ],
)
async def test_what_is_genuine_but_unreadable_is_kept_and_flagged(line: Line, body: bytes) -> None:
    assert (await line.site.post("/hooks/whatsapp", content=body, headers=signed(body))).status_code == 200
    assert await read_waiting() == 1
    assert await line.world.fetchval("SELECT state FROM inbound") == "unreadable"


async def test_a_delivery_over_three_megabytes_is_refused(line: Line) -> None:
    body = json.dumps(delivery(text("x" * (3 * 1024 * 1024)))).encode()
    assert (await line.site.post("/hooks/whatsapp", content=body, headers=signed(body))).status_code == 413
    assert await line.world.fetchval("SELECT count(*) FROM inbound") == 0


async def test_who_talked_to_us_is_forgotten_after_two_days(line: Line) -> None:
    await line.say("halo")
    await line.world.advance(1)
    await line.work()
    assert await line.world.fetchval("SELECT count(*) FROM dialogue") == 1
    await line.world.advance(48)
    await line.work()
    assert await forget_over() == 1
    assert await line.world.fetchval("SELECT count(*) FROM dialogue") == 0
    assert await line.world.fetchval("SELECT count(*) FROM message WHERE said IS NOT NULL") == 0


async def test_a_channel_that_is_silent_for_longer_than_ever_raises_an_alarm_until_it_is_heard(
    line: Line,
) -> None:
    for number in range(20):
        await deliver(line.site, text("halo", sender=f"62812{number:07}"))
        await line.world.advance(1)
    assert await watch_channels() == 0
    await line.world.advance(4)
    assert await watch_channels() == 1
    sentence = await line.world.fetchval("SELECT sentence FROM alarm WHERE cleared_at IS NULL")
    assert "tidak menerima apa pun selama 5 jam" in sentence
    await deliver(line.site, text("halo"))
    assert await watch_channels() == 0
    assert await line.world.fetchval("SELECT count(*) FROM alarm WHERE cleared_at IS NULL") == 0


async def test_many_wrong_signatures_raise_an_alarm_that_ends_after_a_day_without(line: Line) -> None:
    for _ in range(12):
        await line.site.post("/hooks/whatsapp", content=b"{}", headers=signed(b"{}", "salah"))
        await line.world.advance(0.01)
    assert await watch_channels() == 1
    assert "tanda tangan yang salah" in await line.world.fetchval("SELECT sentence FROM alarm")
    await line.world.advance(25)
    assert await watch_channels() == 0
    assert await line.world.fetchval("SELECT refusals FROM channel_account") == 0


async def test_a_letter_that_may_have_left_twice_is_counted_and_stands_in_the_chain(line: Line) -> None:
    await line.filed()
    await line.world.execute(
        "UPDATE message SET state = 'sending', leased_until = lapor_now(), next_attempt_at = lapor_now()"
        " WHERE kind = 'acknowledgement'"
    )
    before = len(line.api.sent)
    await line.work()
    assert len(line.api.sent) == before + 1
    assert await line.world.fetchval("SELECT repeats FROM message WHERE kind = 'acknowledgement'") == 1
    assert await line.world.fetchval("SELECT count(*) FROM event WHERE kind = 'delivery_repeated'") == 1
    assert (await look()).repeated == 1


async def test_what_the_provider_will_never_take_of_a_conversation_is_let_go(line: Line) -> None:
    line.api.refusals = [(400, 131026, {})]
    assert await line.say("halo") == []
    assert await line.world.fetchval("SELECT state FROM message WHERE kind = 'chat'") == "cancelled"
