"""Messenger and Instagram end to end: messages, comments and mentions in, answers back by the Send API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from pywa.utils import webhook_updates_validator

from lapor import crypto
from lapor.complaints import desk, tickets
from lapor.complaints.desk import Actor
from lapor.complaints.draft import identity_context
from lapor.intake.channels.messenger_api import LONGEST_TEXT, split
from lapor.intake.inbound import read_waiting
from lapor.intake.outbound import drain
from lapor.settings import Settings
from tests.ground import World
from tests.images import jpeg
from tests.intake.line import Talking
from tests.intake.local_api import opened
from tests.intake.meta_says import (
    APP_SECRET,
    PAGE,
    SRI,
    TOKEN,
    VERIFY_TOKEN,
    SendApi,
    comment,
    deliver,
    delivery,
    message,
    open_account,
    photo,
    pressed,
    signed,
)
from tests.visitor import Visitor

LAMP = "Lampu jalan mati sudah seminggu di Tlogosari Kulon"


@pytest_asyncio.fixture
async def meta(simulated: World) -> AsyncIterator[SendApi]:
    async with opened(SendApi()) as api:
        await open_account(simulated, api.url)
        yield api


@pytest.fixture
def line(meta: SendApi, site: Visitor, settings: Settings) -> Line:
    return Line(meta, site, settings)


class Line(Talking[SendApi]):
    """Somebody with Messenger, and everything between it and the complaint."""

    async def say(self, *events: dict[str, Any] | str, changes: Any = (), kind: str = "page") -> list[str]:
        """Deliver, let the worker work, and return what was answered."""
        before = len(self.api.sent)
        said = [message(one) if isinstance(one, str) else one for one in events]
        assert (await deliver(self.site, delivery(*said, changes=changes, kind=kind))).status_code == 200
        await self.work()
        return self.api.texts()[before:]

    async def filed(self) -> dict[str, Any]:
        """Somebody files with few words."""
        for said in (LAMP, "tidak ada", "biasa", "ya"):
            await self.say(said)
        return (await self.complaints())[-1]

    async def clocks(self) -> list[tuple[Any, ...]]:
        """Every clock as it stands."""
        rows = await self.world.fetch("SELECT id, due_at, met_at, paused_at, next_at FROM clock ORDER BY id")
        return [tuple(row) for row in rows]

    async def states(self) -> list[tuple[str, str | None]]:
        """What became of the deliveries."""
        rows = await self.world.fetch("SELECT state, trouble FROM inbound ORDER BY id")
        return [(row["state"], row["trouble"]) for row in rows]


async def test_a_conversation_leads_to_a_complaint_and_its_ticket_comes_back(line: Line) -> None:
    assert "kanal pengaduan" in (await line.say("Assalamualaikum"))[0]
    assert "Di mana" in (await line.say("Lampu jalan mati sudah seminggu"))[0]
    line.api.media["m_foto1"] = jpeg(1)
    await line.say("Tlogosari Kulon")
    await line.say(photo("m_foto1"))
    assert line.api.offered() == ["open", "anonymous", "confidential"]
    await line.say(pressed("anonymous", "Anonim"))
    assert line.api.offered() == ["send", "change"]
    answered = await line.say(pressed("send", "Kirim"))
    complaint = (await line.complaints())[0]
    assert answered[0].startswith(f"{tickets.show(complaint['ticket'])}: laporan Anda sudah kami terima.")
    assert (complaint["channel"], complaint["anonymous"]) == ("social", True)
    assert await line.world.fetchval("SELECT count(*) FROM attachment") == 1
    identity = (await line.world.fetch("SELECT * FROM identity"))[0]
    opened = crypto.keyring().decrypt(identity["external"], identity_context(complaint["id"], "external"))
    assert opened.decode() == f"social:{PAGE}:{SRI}"


async def test_fifty_deliveries_at_once_of_one_message_are_one(line: Line) -> None:
    body = delivery(message(LAMP, mid="m_sama"))
    answers = await asyncio.gather(*(deliver(line.site, body) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert await line.world.fetchval("SELECT count(*) FROM inbound") == 1


async def test_what_we_said_ourselves_is_dropped(line: Line) -> None:
    echo = message({"text": LAMP, "is_echo": True, "app_id": 1}, sender=PAGE, to=SRI)
    assert await line.say(echo, changes=[comment(LAMP, author=PAGE)]) == []
    assert await line.world.fetchval("SELECT count(*) FROM inbound") == 0


async def test_an_answer_goes_back_within_the_window_and_not_after_it(line: Line) -> None:
    complaint = await line.filed()
    owner = await line.world.fetchval("SELECT a.code FROM complaint c JOIN agency a ON a.id = c.owner_agency")
    officer = Actor.officer(await line.world.officer("liaison", owner))
    await desk.answer(officer, complaint["id"], text="Besok kami perbaiki.")
    await line.world.advance(0.1)
    before = len(line.api.sent)
    await line.work()
    assert any("Besok kami perbaiki." in said for said in line.api.texts()[before:])
    await line.world.advance(30)
    before = len(line.api.sent)
    await desk.answer(officer, complaint["id"], text="Sudah menyala lagi.")
    await line.world.advance(0.1)
    await line.work()
    assert len(line.api.sent) == before
    rows = await line.world.fetch("SELECT trouble FROM message WHERE kind = 'answered' ORDER BY id")
    assert "24 jam" in rows[-1]["trouble"]
    assert await line.world.fetchval("SELECT failures FROM channel_account") == 0


async def test_a_message_that_names_its_ticket_joins_it_and_moves_no_clock(line: Line) -> None:
    complaint = await line.filed()
    clocks = await line.clocks()
    await line.say(f"Mengenai {tickets.show(complaint['ticket'])} tiangnya nomor dua belas ya pak")
    assert len(await line.complaints()) == 1
    assert await line.world.fetchval("SELECT count(*) FROM statement WHERE kind = 'reply'") == 1
    assert await line.clocks() == clocks


async def test_a_comment_that_tells_something_is_a_complaint_without_letters(line: Line) -> None:
    assert await line.say(changes=[comment(f"Pak wali, {LAMP.lower()}")]) == []
    complaint = (await line.complaints())[0]
    assert complaint["channel"] == "social"
    assert complaint["village"] is not None
    assert "lampu jalan mati" in complaint["text"]
    assert await line.states() == [("read", "komentar")]
    assert await line.world.fetchval("SELECT count(*) FROM message WHERE state = 'sent'") == 0


async def test_a_comment_that_names_a_ticket_is_noted_there_and_moves_no_clock(line: Line) -> None:
    complaint = await line.filed()
    clocks = await line.clocks()
    await line.say(
        changes=[comment(f"{tickets.show(complaint['ticket'])} kok belum juga diperbaiki?", author="99")]
    )
    assert len(await line.complaints()) == 1
    notes = await line.world.fetch("SELECT kind, text, to_reporter FROM statement")
    assert [(one["kind"], one["to_reporter"]) for one in notes] == [("note", False)]
    assert "belum juga diperbaiki" in notes[0]["text"]
    assert await line.clocks() == clocks
    owner = await line.world.fetchval("SELECT a.code FROM complaint c JOIN agency a ON a.id = c.owner_agency")
    await line.site.as_role("liaison", owner)
    page = (await line.site.get(f"/meja/aduan/{complaint['id']}")).text
    assert "belum juga diperbaiki" in page
    assert "Sistem mencatat komentar di media sosial" in page


@pytest.mark.parametrize(
    ("change", "state"),
    [
        # A person may find more in it.
        (comment("mantap pak"), "left"),
        (comment("hapus saja komentar saya ini", verb="remove"), "read"),
        ({"field": "feed", "value": {"item": "like", "verb": "add", "from": {"id": "1"}}}, "read"),
    ],
)
async def test_what_tells_nothing_is_kept_and_files_nothing(
    line: Line, change: dict[str, Any], state: str
) -> None:
    assert await line.say(changes=[change]) == []
    assert await line.complaints() == []
    assert [found for found, _ in await line.states()] == [state]


async def test_a_comment_on_instagram_is_a_complaint_and_a_mention_without_words_is_flagged(
    line: Line,
) -> None:
    told = {"id": "179", "from": {"id": "55", "username": "sri.contoh"}, "text": LAMP, "media": {"id": "1"}}
    mention = {"field": "mentions", "value": {"media_id": "178", "comment_id": "177"}}
    await line.say(changes=[{"field": "comments", "value": told}, mention], kind="instagram")
    assert len(await line.complaints()) == 1
    assert sorted(state for state, _ in await line.states()) == ["read", "unreadable"]


async def test_with_instagram_s_own_login_a_comment_stands_in_the_entry_itself(line: Line) -> None:
    told = {"id": "179", "from": {"id": "55", "username": "sri.contoh"}, "text": LAMP, "media": {"id": "1"}}
    entry = {"id": PAGE, "time": 1795305600, "field": "comments", "value": told}
    body = json.dumps({"object": "instagram", "entry": [entry]}).encode()
    assert (await deliver(line.site, body)).status_code == 200
    await line.work()
    assert [row["text"] for row in await line.complaints()] == [LAMP]
    assert await line.states() == [("read", "komentar")]


async def test_receipts_are_noted(line: Line) -> None:
    await line.filed()
    mid = line.api.sent[-1]["_id"]
    await line.say(
        {"sender": {"id": SRI}, "recipient": {"id": PAGE}, "delivery": {"mids": [mid], "watermark": 1}}
    )
    receipt = await line.world.fetchval("SELECT receipt FROM message WHERE provider_reference = $1", mid)
    assert receipt == "delivered"


async def test_a_limit_lets_the_account_rest_as_long_as_meta_asks(line: Line) -> None:
    line.api.refusals = [(429, 613, 0, {"Retry-After": "120"})]
    assert await line.say("halo") == []
    paused = await line.world.fetchval("SELECT paused_until - lapor_now() FROM channel_account")
    assert 60 < paused.total_seconds() <= 120
    await line.world.advance(0.1)
    await line.work()
    assert len(line.api.sent) == 1


async def test_an_expired_token_raises_an_alarm(line: Line) -> None:
    line.api.refusals = [(401, 190, 0, {})]
    await line.say("halo")
    alarms = await line.world.fetch("SELECT code FROM alarm WHERE cleared_at IS NULL")
    assert "channel_broken" in {row["code"] for row in alarms}


@pytest.mark.parametrize(("code", "more"), [(10, 2018278), (551, 0), (100, 2018001)])
async def test_what_meta_will_never_take_of_a_conversation_is_let_go(
    line: Line, code: int, more: int
) -> None:
    line.api.refusals = [(400, code, more, {})]
    assert await line.say("halo") == []
    assert await line.world.fetchval("SELECT state FROM message WHERE kind = 'chat'") == "cancelled"
    assert await line.world.fetchval("SELECT count(*) FROM alarm WHERE code = 'channel_broken'") == 0


async def test_a_photo_that_leads_into_our_own_network_is_refused(line: Line) -> None:
    line.api.media["m_jahat"] = jpeg(1)
    line.api.elsewhere["m_jahat"] = "https://10.0.0.1/rahasia"
    await line.say(LAMP)
    await line.say(photo("m_jahat"))
    for said in ("biasa", "ya"):
        await line.say(said)
    assert len(await line.complaints()) == 1
    assert await line.world.fetchval("SELECT state FROM channel_media") == "refused"


async def test_the_handshake_knows_our_word_only(line: Line) -> None:
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444"}
    answer = await line.site.get("/hooks/social", params={**asked, "hub.verify_token": VERIFY_TOKEN})
    assert (answer.status_code, answer.text) == (200, "1158201444")
    wrong = await line.site.get("/hooks/social", params={**asked, "hub.verify_token": "salah"})
    assert wrong.status_code == 403


@pytest.mark.parametrize("secret", ["salah", "", None])
async def test_what_nobody_we_know_has_signed_is_refused(line: Line, secret: str | None) -> None:
    body = delivery(message(LAMP))
    headers = {} if secret is None else signed(body, secret)
    assert (await line.site.post("/hooks/social", content=body, headers=headers)).status_code == 401
    assert await line.world.fetchval("SELECT count(*) FROM inbound") == 0


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"[]",
        b"{}",
        b'{"entry": 1}',
        b'{"entry": []}',
        b'{"entry": [1]}',
        b'{"entry": [{"id": "1", "time": 2}]}',
        b'{"entry": [{"id": "1", "changes": "x"}]}',
    ],
)
async def test_what_is_genuine_but_unreadable_is_kept_and_flagged(line: Line, body: bytes) -> None:
    assert (await deliver(line.site, body)).status_code == 200
    await read_waiting()
    assert [state for state, _ in await line.states()] == ["unreadable"]


@pytest.mark.parametrize(
    "odd",
    [
        {"message": {"mid": 5, "text": ["x"]}},
        {"sender": 5, "message": {"mid": "m_x"}},
        {"message": {"mid": "m" * 400, "attachments": [{"type": "image"}]}},
        {"delivery": {"mids": [1, None, {}]}},
        {"reaction": {"mid": "m_1", "emoji": "👍"}},
    ],
)
async def test_odd_events_never_break_the_reader(line: Line, odd: dict[str, Any]) -> None:
    assert (await deliver(line.site, delivery({"sender": {"id": SRI}, **odd}))).status_code == 200
    await line.work()
    assert {state for state, _ in await line.states()} <= {"read", "unreadable"}


def test_our_signature_is_what_somebody_else_s_library_expects() -> None:
    body = delivery(message("lampu 💡 mati"))
    assert webhook_updates_validator("kunci", body, signed(body, "kunci")["x-hub-signature-256"])


def test_a_long_text_is_parted_without_losing_a_letter() -> None:
    text = "\n\n".join("Kami sudah memeriksa lampu itu 💡 kemarin." * 7 for _ in range(9)) + "x" * 2500
    pieces = list(split(text))
    assert all(0 < len(piece.encode()) <= LONGEST_TEXT for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


async def test_an_administrator_switches_an_account_on_and_tries_it(
    site: Visitor, simulated: World, settings: Settings
) -> None:
    async with opened(SendApi()) as api:
        await site.as_role("administrator")
        secrets = {"access_token": TOKEN, "app_secret": APP_SECRET, "verify_token": VERIFY_TOKEN}
        given = {"title": "Halaman Pemkot", "name": PAGE, **secrets, "api": api.url, "active": "ya"}
        assert (await site.send_form("/kanal/baru/social", given)).status_code == 303
        number = await simulated.fetchval("SELECT id FROM channel_account")
        page = await site.get(f"/kanal/akun/{number}")
        assert "/hooks/social" in page.text
        assert not any(secret in page.text for secret in secrets.values())
        assert (await deliver(site, delivery(message("halo")))).status_code == 200
        await read_waiting()
        await drain(settings)
        before = len(api.sent)
        path = f"/kanal/akun/{number}"
        assert (await site.send_form(f"{path}/uji", {"to": SRI}, page=path)).status_code == 303
        await drain(settings)
        assert len(api.sent) == before + 1
