"""SMS end to end: by a local gateway and by Twilio, from the webhook to the complaint and back."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
import pytest_asyncio
from twilio.request_validator import RequestValidator

from lapor import channel_accounts, crypto
from lapor.complaints import desk, tickets
from lapor.complaints.desk import Actor
from lapor.complaints.draft import identity_context
from lapor.complaints.filing import Filing, file
from lapor.intake import sms_words
from lapor.intake.channels.sms import number
from lapor.intake.channels.twilio import signature
from lapor.intake.outbound import drain
from lapor.settings import Settings
from tests.ground import World
from tests.intake.line import Talking
from tests.intake.local_api import opened
from tests.intake.post_office import open_post_office
from tests.intake.sms_api import AUTH_TOKEN, SEND_TOKEN, SID, SmsServer
from tests.intake.switched_on import switched_on
from tests.visitor import Visitor

OURS = "62811000111"
SRI = "+62 812-0000-9999"
TOKEN = "token-masuk-uji"
BAN = "Lampu jalan mati sudah seminggu di Tlogosari Kulon"
_numbers = itertools.count(1)


@pytest_asyncio.fixture
async def server(simulated: World) -> AsyncIterator[SmsServer]:
    async with opened(SmsServer()) as api:
        yield api


@pytest.fixture
def line(server: SmsServer, site: Visitor, settings: Settings) -> Line:
    return Line(server, site, settings)


class Line(Talking[SmsServer]):
    """Somebody with a plain telephone, and everything between it and the complaint."""

    async def gateway(self, **more: str) -> None:
        """Switch on a number at a local gateway."""
        names = "from=pengirim text=pesan id=nomor ref=rujukan part=bagian parts=jumlah"
        settings = {
            "provider": "",
            "fields": names,
            "api": f"{self.api.url}/kirim",
            "send_header": "X-Kunci",
            "send_fields": "to=tujuan text=isi id=nomor",
            # Nobody here waits for a second to pass.
            "per_second": "0",
            **more,
        }
        await self._open({"webhook_token": TOKEN, "send_token": SEND_TOKEN}, settings)

    async def twilio(self) -> None:
        """Switch on a number at Twilio."""
        settings = {"provider": "twilio", "account_sid": SID, "api": self.api.url}
        await self._open({"auth_token": AUTH_TOKEN}, settings)

    async def _open(self, secrets: dict[str, str], settings: dict[str, str]) -> None:
        await switched_on(self.world, "sms", OURS, secrets, settings)

    async def deliver(self, text: str, *, sender: str = SRI, token: str | None = TOKEN, **more: Any) -> int:
        """Deliver an SMS as the gateway does, and return the status."""
        given = {"pengirim": sender, "pesan": text, "nomor": f"g{next(_numbers)}", **more}
        headers = {"x-token": token} if token is not None else {}
        return (await self.site.post("/hooks/sms", json=given, headers=headers)).status_code

    async def say(self, *texts: str, **more: Any) -> list[str]:
        """Deliver SMS, let the worker work, and return what was answered."""
        before = len(self.api.sent)
        for text in texts:
            assert await self.deliver(text, **more) == 200
        await self.work()
        return self.api.texts()[before:]

    async def officer(self) -> Actor:
        """Somebody of the agency that is responsible."""
        owner = await self.world.fetchval(
            "SELECT a.code FROM complaint c JOIN agency a ON a.id = c.owner_agency ORDER BY c.id"
        )
        return Actor.officer(await self.world.officer("liaison", str(owner)))


async def test_one_message_with_a_place_is_a_complaint_and_the_ticket_comes_back_first(line: Line) -> None:
    await line.gateway()
    answers = await line.say("Lampu jalan mati sudah seminggu di Tlogosari Kulon")
    complaint = (await line.complaints())[0]
    assert complaint["channel"] == "sms"
    assert len(answers) == 1
    assert answers[0].startswith(f"{tickets.show(complaint['ticket'])}: laporan Anda sudah kami terima.")
    assert sms_words.plain(answers[0])
    assert len(sms_words.parted(answers[0])) <= sms_words.MOST_PARTS
    assert "/buka/" in answers[0]
    assert line.api.sent[0]["to"] == "6281200009999"
    identity = (await line.world.fetch("SELECT * FROM identity"))[0]
    known = crypto.keyring().decrypt(identity["external"], identity_context(complaint["id"], "external"))
    assert known.decode() == f"sms:{OURS}:6281200009999"


async def test_at_most_one_thing_is_asked(line: Line) -> None:
    await line.gateway()
    assert "Di mana" in (await line.say("Pohon tumbang menutup jalan"))[0]
    answers = await line.say("depan pasar Peterongan")
    complaint = (await line.complaints())[0]
    assert (complaint["text"], complaint["address"]) == (
        "Pohon tumbang menutup jalan",
        "depan pasar Peterongan",
    )
    assert "laporan Anda sudah kami terima" in answers[0]
    assert "Ceritakan" in (await line.say("halo", sender="081377776666"))[0]
    answers = await line.say("Sampah menumpuk sejak Lebaran", sender="081377776666")
    assert "laporan Anda sudah kami terima" in answers[0]
    assert len(await line.complaints()) == 2


async def test_an_unanswered_question_does_not_keep_a_complaint_waiting(line: Line) -> None:
    await line.gateway()
    await line.say("Pohon tumbang menutup jalan")
    await line.world.advance(0.6)
    await line.work()
    assert [row["text"] for row in await line.complaints()] == ["Pohon tumbang menutup jalan"]


async def test_anonymous_is_a_word_before_the_message(line: Line) -> None:
    await line.gateway()
    await line.say("ANONIM: Lampu jalan mati sudah seminggu di Tlogosari Kulon")
    complaint = (await line.complaints())[0]
    assert complaint["anonymous"] is True
    assert complaint["text"].startswith("Lampu")


async def test_what_is_written_afterwards_joins_the_complaint(line: Line) -> None:
    await line.gateway()
    await line.say("Lampu jalan mati sudah seminggu di Tlogosari Kulon")
    assert "Sudah kami tambahkan" in (await line.say("Sekarang dua lampu mati"))[0]
    assert len(await line.complaints()) == 1
    assert "Tenggat" in (await line.say("status"))[0]
    assert (
        await line.world.fetchval("SELECT text FROM statement WHERE kind = 'reply'")
        == "Sekarang dua lampu mati"
    )


async def test_an_answer_comes_back_by_sms_with_its_ticket_and_its_link(line: Line) -> None:
    await line.gateway()
    await line.say("Lampu jalan mati sudah seminggu di Tlogosari Kulon")
    complaint = (await line.complaints())[0]
    said = "Lampu sudah kami ganti kemarin sore, dan kabelnya diperiksa. " * 20
    await desk.answer(await line.officer(), complaint["id"], text=said)
    await line.world.advance(0.1)
    await line.work()
    text = line.api.texts()[-1]
    assert text.startswith(tickets.show(complaint["ticket"]))
    assert "Lampu sudah kami ganti" in text
    assert text.splitlines()[-1].startswith("http")
    assert len(sms_words.parted(text)) == sms_words.MOST_PARTS


async def test_a_gateway_that_cannot_join_gets_parts_that_are_messages_of_their_own(line: Line) -> None:
    await line.gateway(long="split")
    answers = await line.say("Lampu jalan mati sudah seminggu di Tlogosari Kulon")
    assert len(answers) > 1
    assert all(sms_words.cost(answer) <= 160 for answer in answers)
    assert answers[1].startswith(f"2/{len(answers)} ")


async def test_parts_that_come_one_by_one_are_read_together_whatever_their_order(line: Line) -> None:
    await line.gateway()
    words = ["Lampu jalan mati sudah ", "seminggu di Tlogosari ", "Kulon dekat masjid"]
    for part in (2, 1, 3):
        await line.deliver(words[part - 1], rujukan="77", bagian=part, jumlah=3)
    await line.work()
    assert [row["text"] for row in await line.complaints()] == ["".join(words)]
    assert await line.world.fetchval("SELECT count(*) FROM inbound WHERE state = 'read'") == 3
    assert await line.world.fetchval("SELECT count(*) FROM statement") == 0


async def test_a_part_that_comes_later_wakes_the_first(line: Line) -> None:
    await line.gateway()
    await line.deliver("Lampu jalan mati sudah seminggu ", rujukan="5", bagian=1, jumlah=2)
    await line.work()
    assert await line.complaints() == []
    await line.deliver("di Tlogosari Kulon", rujukan="5", bagian=2, jumlah=2)
    await line.work()
    assert [row["text"] for row in await line.complaints()] == [
        "Lampu jalan mati sudah seminggu di Tlogosari Kulon"
    ]


async def test_a_part_that_never_comes_does_not_lose_the_others(line: Line) -> None:
    await line.gateway()
    await line.deliver("Lampu jalan mati sudah seminggu di Tlogosari Kulon ", rujukan="9", bagian=1, jumlah=2)
    await line.work()
    for _ in range(3):
        await line.world.advance(0.05)
        await line.work()
    assert len(await line.complaints()) == 1
    await line.deliver("dekat masjid raya", rujukan="9", bagian=2, jumlah=2)
    await line.work()
    assert await line.world.fetchval("SELECT text FROM statement WHERE kind = 'reply'") == "dekat masjid raya"


async def test_whoever_sends_stop_gets_nothing_more_until_they_begin_again(line: Line) -> None:
    await line.gateway()
    await line.say("Lampu jalan mati sudah seminggu di Tlogosari Kulon")
    assert "kirim MULAI" in (await line.say("BERHENTI"))[0]
    assert await line.say("Stop") == []
    complaint = (await line.complaints())[0]
    await desk.answer(await line.officer(), complaint["id"], text="Lampu sudah kami ganti kemarin sore.")
    await line.world.advance(0.1)
    before = len(line.api.sent)
    await line.work()
    assert len(line.api.sent) == before
    row = (await line.world.fetch("SELECT * FROM message WHERE kind = 'answered' AND office IS NULL"))[0]
    assert "meminta tidak dikirimi" in row["trouble"]
    assert (row["state"], row["attempts"]) == ("cancelled", 1)
    assert SRI[-4:] not in str(await line.world.fetch("SELECT * FROM channel_stop"))
    assert "kami kirim lagi" in (await line.say("MULAI"))[0]
    assert len(await line.say("status")) == 1


async def test_who_wrote_stop_and_gave_an_address_is_answered_by_mail_at_once(line: Line) -> None:
    await line.gateway()
    await line.say("BERHENTI")
    before = len(line.api.sent)
    sri = Filing(
        "complaint", BAN, channel="sms", external_id=f"sms:{OURS}:{number(SRI)}", email="sri@warga.example"
    )
    await file(sri, role="worker")
    async with open_post_office() as office:
        await drain(replace(line.settings, smtp_url=office.url, mail_from="lapor@contoh.example"))
        assert len(office.to("sri@warga.example")) == 1
    assert len(line.api.sent) == before
    row = (await line.world.fetch("SELECT * FROM message WHERE kind = 'acknowledgement'"))[0]
    assert (row["state"], row["channel"], row["attempts"], row["trouble"]) == ("sent", "email", 1, None)


async def test_whom_twilio_knows_to_have_written_stop_is_not_tried_again(line: Line) -> None:
    await line.twilio()
    sri = Filing("complaint", BAN, channel="sms", external_id=f"sms:{OURS}:{number(SRI)}")
    await file(sri, role="worker")
    line.api.refusals.append((400, 21610))
    await line.work()
    row = (await line.world.fetch("SELECT * FROM message WHERE kind = 'acknowledgement'"))[0]
    assert (row["state"], row["attempts"]) == ("cancelled", 1)
    assert "meminta tidak dikirimi" in row["trouble"]


async def test_machines_that_sell_are_not_answered(line: Line) -> None:
    await line.gateway()
    assert await line.say("Promo slot gacor bonus deposit klik bit.ly/x", sender="081234500000") == []
    assert await line.say("Kode OTP Anda 123456", sender="BANKKITA") == []
    assert await line.say("Paket data murah", sender="3355") == []
    assert await line.complaints() == []


@pytest.mark.parametrize("token", ["salah", "", None])
async def test_a_wrong_missing_or_unset_token_is_refused(line: Line, token: str | None) -> None:
    await line.gateway()
    assert await line.deliver("Lampu mati", token=token) == 401
    await line.world.execute(
        "UPDATE channel_account SET secrets = $1", channel_accounts.sealed("sms", OURS, {"webhook_token": ""})
    )
    assert await line.deliver("Lampu mati", token=token) == 401
    assert await line.world.fetchval("SELECT count(*) FROM inbound") == 0


async def test_a_form_and_a_list_are_understood_and_what_is_neither_is_flagged(line: Line) -> None:
    await line.gateway()
    headers = {"x-token": TOKEN}
    sent = {"pengirim": SRI, "pesan": "Pohon tumbang di Tlogosari Kulon", "nomor": "f1"}
    assert (await line.site.post("/hooks/sms", data=sent, headers=headers)).status_code == 200
    several = [
        {"pengirim": f"08130000000{one}", "pesan": "Air mati di Tlogosari Kulon", "nomor": f"l{one}"}
        for one in range(3)
    ]
    assert (await line.site.post("/hooks/sms", json=several, headers=headers)).status_code == 200
    await line.work()
    assert len(await line.complaints()) == 4
    assert (await line.site.post("/hooks/sms", content=b"{x", headers=headers)).status_code == 200
    await line.work()
    assert await line.world.fetchval("SELECT count(*) FROM inbound WHERE state = 'unreadable'") == 1


async def _twilio(line: Line, url: str = "", token: str = AUTH_TOKEN, **fields: str) -> tuple[int, str]:
    given = {"AccountSid": SID, "To": f"+{OURS}", **fields}
    address = url or f"{line.settings.base_url}/hooks/sms"
    headers = {
        "x-twilio-signature": RequestValidator(token).compute_signature(address, given),
        "content-type": "application/x-www-form-urlencoded",
    }
    answer = await line.site.post("/hooks/sms", content=urlencode(given), headers=headers)
    return answer.status_code, answer.text


async def test_twilio_delivers_signed_is_answered_in_its_way_and_tells_what_became_of_it(line: Line) -> None:
    await line.twilio()
    told = "Lampu jalan mati & gelap di Tlogosari Kulon +2 hari"
    status, answer = await _twilio(line, From="+6281200009999", Body=told, MessageSid="SM1", NumMedia="0")
    assert (status, answer.endswith("<Response/>")) == (200, True)
    await line.work()
    assert [row["text"] for row in await line.complaints()] == [told]
    assert line.api.sent[0]["to"] == "+6281200009999"
    reference = await line.world.fetchval(
        "SELECT provider_reference FROM message WHERE kind = 'acknowledgement'"
    )
    status, _ = await _twilio(
        line, From=f"+{OURS}", To="+6281200009999", MessageSid=reference, MessageStatus="delivered"
    )
    assert status == 200
    await line.work()
    assert (
        await line.world.fetchval("SELECT receipt FROM message WHERE kind = 'acknowledgement'") == "delivered"
    )


async def test_twilio_s_signature_over_another_address_or_by_another_token_is_refused(line: Line) -> None:
    await line.twilio()
    sent = {"From": "+6281200009999", "Body": "Lampu mati", "MessageSid": "SM2"}
    assert (await _twilio(line, "https://lain.example/hooks/sms", **sent))[0] == 401
    assert (await _twilio(line, token="lain", **sent))[0] == 401
    assert await line.world.fetchval("SELECT count(*) FROM inbound") == 0


@pytest.mark.parametrize(
    ("refusal", "outcome"),
    [
        ((400, 21610), "cancelled"),
        ((400, 21211), "cancelled"),
        ((429, 20429), "waiting"),
        ((401, 20003), "waiting"),
    ],
)
async def test_twilio_s_errors_lead_to_what_they_mean(
    line: Line, refusal: tuple[int, int], outcome: str
) -> None:
    await line.twilio()
    line.api.refusals = [refusal]
    await _twilio(line, From="+6281200009999", Body="halo", MessageSid="SM3")
    await line.work()
    assert await line.world.fetchval("SELECT state FROM message WHERE kind = 'chat'") == outcome
    rests = await line.world.fetchval("SELECT paused_until IS NOT NULL FROM channel_account")
    assert rests is (outcome == "waiting")


async def test_an_administrator_connects_a_gateway_and_tries_it(line: Line) -> None:
    await line.site.as_role("administrator")
    fields = {
        "title": "SMS Pemkot",
        "name": "+62 811-000-111",
        "provider": "",
        "webhook_token": TOKEN,
        "api": f"{line.api.url}/kirim",
        "send_token": SEND_TOKEN,
        "send_header": "X-Kunci",
        "send_fields": "to=tujuan text=isi id=nomor",
        "send_as": "",
        "long": "",
    }
    wrong = await line.site.send_form("/kanal/baru/sms", {**fields, "send_fields": "tujuan, isi"})
    assert wrong.status_code == 422
    unset = await line.site.send_form("/kanal/baru/sms", {**fields, "webhook_token": "", "active": "ya"})
    assert unset.status_code == 422
    answer = await line.site.send_form("/kanal/baru/sms", {**fields, "active": "ya"})
    assert answer.status_code == 303, answer.text
    page = f"/kanal/akun/{await line.world.fetchval('SELECT max(id) FROM channel_account')}"
    assert (await line.site.send_form(f"{page}/uji", {"to": "628120000"}, page=page)).status_code == 303
    await line.work()
    assert line.api.bodies[0]["tujuan"] == "628120000"
    assert line.api.bodies[0]["from"] == OURS
    assert line.api.bodies[0]["key"].startswith("channel_trial:")


@pytest.mark.parametrize(
    "fields",
    [{}, {"Body": "lampu 💡 mati", "From": "+62812"}, {"b": "2", "a": "1", "B": "x", "Kosong": ""}],
)
def test_our_signature_is_what_somebody_else_s_library_computes(fields: dict[str, str]) -> None:
    url = "https://lapor.contoh.go.id/hooks/sms?akun=1"
    ours = signature(AUTH_TOKEN, url, list(fields.items()))
    assert RequestValidator(AUTH_TOKEN).validate(url, fields, ours)


def test_numbers_are_known_in_one_form() -> None:
    assert {number(typed) for typed in ("0812 3456-7890", "+6281234567890", "6281234567890")} == {
        "6281234567890"
    }
    assert number("BANKKITA") == ""


def test_characters_outside_the_alphabet_of_gsm_halve_what_fits() -> None:
    assert sms_words.parted("a" * 160) == ["a" * 160]
    assert [len(part) for part in sms_words.parted("a" * 161)] == [153, 8]
    assert [len(part) for part in sms_words.parted("ꦲ" * 71)] == [67, 4]
    assert sms_words.cost("[€]") == 6
    assert sms_words.fitted("“Halo” – tanda…\n\n baru") == '"Halo" - tanda...\nbaru'
    long = "AB: jawaban.\n" + "kata " * 400 + "\nTautan: https://lapor.contoh.go.id/laporan/X/buka/rahasia"
    short = sms_words.fitted(long)
    assert short.endswith("...\nhttps://lapor.contoh.go.id/laporan/X/buka/rahasia")
    assert len(sms_words.parted(short)) == sms_words.MOST_PARTS
