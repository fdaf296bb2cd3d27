"""Telegram end to end: from the webhook to the complaint, and the answers back to the Bot API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from telegram import InlineKeyboardMarkup, Update
from telegram.constants import FileSizeLimit, MessageLimit

from lapor import crypto
from lapor.channel_accounts import Account
from lapor.commands import Failed
from lapor.commands.telegram_webhook import tell
from lapor.complaints import desk, tickets
from lapor.complaints.desk import Actor
from lapor.complaints.draft import identity_context
from lapor.intake.channels.telegram import Telegram
from lapor.intake.channels.telegram_api import LONGEST_TEXT, split
from lapor.intake.inbound import read_waiting
from lapor.intake.outbound import drain
from lapor.settings import Settings
from tests.ground import World
from tests.images import jpeg
from tests.intake.bot_api import BOT, TOKEN, BotApi
from tests.intake.line import Talking
from tests.intake.local_api import opened
from tests.intake.telegram_says import SECRET, SRI, deliver, open_account, photo, pressed, update
from tests.visitor import Visitor

STICKER = {"file_id": "x", "file_unique_id": "y"}


@pytest_asyncio.fixture
async def bot(simulated: World) -> AsyncIterator[BotApi]:
    async with opened(BotApi()) as api:
        await open_account(simulated, api.url)
        yield api


@pytest.fixture
def line(bot: BotApi, site: Visitor, settings: Settings) -> Line:
    return Line(bot, site, settings)


class Line(Talking[BotApi]):
    """Somebody with Telegram, and everything between it and the complaint."""

    async def say(self, *updates: dict[str, Any] | str) -> list[str]:
        """Send updates, let the worker work, and return what was answered."""
        before = len(self.api.sent)
        for one in updates:
            given = update(text=one) if isinstance(one, str) else one
            assert (await deliver(self.site, given)).status_code == 200
        await self.work()
        return self.api.texts()[before:]

    async def replies(self) -> list[str]:
        """What reporters have added, in order."""
        rows = await self.world.fetch("SELECT text FROM statement WHERE kind = 'reply' ORDER BY id")
        return [str(row["text"]) for row in rows]

    async def filed(self) -> dict[str, Any]:
        """Somebody files with few words."""
        await self.say("Lampu jalan mati sudah seminggu di Tlogosari Kulon", pressed("skip"), pressed("open"))
        await self.say(pressed("send"))
        return (await self.complaints())[-1]


async def test_buttons_and_a_venue_lead_to_a_complaint_and_its_ticket_comes_back(line: Line) -> None:
    assert "kanal pengaduan" in (await line.say("/start"))[0]
    assert "Di mana" in (await line.say("Lampu jalan mati sudah seminggu"))[0]
    place = {"latitude": -6.98, "longitude": 110.42}
    venue = {"location": place, "title": "Masjid Baiturrahman", "address": "Tlogosari Kulon"}
    asked = await line.say(update(venue=venue, location=place))
    assert asked[0].startswith("Bagaimana laporan ini ditangani?")
    assert line.api.offered() == ["open", "anonymous", "confidential"]
    assert "Lampu jalan mati sudah seminggu" in (await line.say(pressed("open")))[0]
    answered = await line.say(pressed("send"))
    complaint = (await line.complaints())[0]
    assert answered[0].startswith(f"{tickets.show(complaint['ticket'])}: laporan Anda sudah kami terima.")
    assert complaint["channel"] == "telegram"
    assert complaint["address"] == "Masjid Baiturrahman, Tlogosari Kulon"
    assert float(complaint["latitude"]) == pytest.approx(-6.98)
    identity = (await line.world.fetch("SELECT * FROM identity"))[0]
    known = crypto.keyring().decrypt(identity["external"], identity_context(complaint["id"], "external"))
    assert known.decode() == f"telegram:{BOT}:{SRI}"
    assert identity["phone"] is None
    assert all(one["link_preview_options"] == {"is_disabled": True} for one in line.api.sent)


async def test_an_album_is_one_complaint_with_its_photos_in_the_largest_size(line: Line) -> None:
    for number in range(10):
        line.api.files[f"foto{number}"] = jpeg(number)
    album = [
        photo(f"foto{number}", "Jalan rusak parah sudah sebulan" if number == 0 else "", media_group_id="777")
        for number in range(10)
    ]
    assert len(await line.say(*album)) == 1
    await line.say("Tlogosari Kulon", pressed("open"))
    await line.say(pressed("send"))
    assert len(await line.complaints()) == 1
    assert await line.world.fetchval("SELECT count(*) FROM attachment WHERE purpose = 'report'") == 10


async def test_an_album_that_is_added_later_is_one_addition_with_one_answer(line: Line) -> None:
    await line.filed()
    for number in range(4):
        line.api.files[f"nanti{number}"] = jpeg(number)
    album = [
        photo(f"nanti{number}", "Masih gelap" if number == 0 else "", media_group_id="888")
        for number in range(4)
    ]
    answers = await line.say(*album)
    assert len(answers) == 1
    assert "Sudah kami tambahkan" in answers[0]
    assert await line.replies() == ["Masih gelap"]
    assert await line.world.fetchval("SELECT count(DISTINCT statement) FROM attachment") == 1
    assert await line.world.fetchval("SELECT count(*) FROM attachment") == 4


async def test_an_edited_message_is_an_addition_and_never_begins_or_answers_anything(line: Line) -> None:
    asked = await line.say("Lampu jalan mati sudah seminggu")
    assert await line.say(update(edited=True, text="Lampu jalan mati sejak Senin")) == asked
    await line.say("Tlogosari Kulon", pressed("skip"), pressed("open"))
    await line.say(pressed("send"))
    complaint = (await line.complaints())[0]
    assert complaint["text"] == "Lampu jalan mati sudah seminggu\nLampu jalan mati sejak Senin"
    assert complaint["address"] == "Tlogosari Kulon"
    await line.say(update(edited=True, text="Sekarang dua lampu mati"))
    assert await line.replies() == ["Sekarang dua lampu mati"]
    await line.world.advance(1)
    await line.work()
    assert "Untuk menambah laporan" in (await line.say(update(edited=True, text="Tiga lampu mati")))[0]
    moving = {"latitude": -6.9, "longitude": 110.4, "live_period": 900}
    assert await line.say(update(edited=True, location=moving)) == []
    assert len(await line.complaints()) == 1


async def test_a_reply_to_a_message_of_ours_joins_its_complaint(line: Line) -> None:
    await line.filed()
    ours = next(one for one in line.api.sent if "laporan Anda sudah kami terima" in one["text"])
    await line.world.advance(3)
    await line.work()
    quoted = {
        "message_id": ours["message_id"],
        "chat": {"id": SRI, "type": "private"},
        "text": ours["text"],
    }
    assert (
        "Sudah kami tambahkan"
        in (await line.say(update(text="Sampai malam ini masih mati", reply_to_message=quoted)))[0]
    )
    assert await line.replies() == ["Sampai malam ini masih mati"]
    assert str(SRI) not in str(await line.world.fetch("SELECT provider_reference FROM message"))


async def test_a_pressed_button_is_confirmed_in_the_answer_to_the_delivery(line: Line) -> None:
    button = pressed("skip")
    answer = await deliver(line.site, button)
    assert answer.json() == {
        "method": "answerCallbackQuery",
        "callback_query_id": button["callback_query"]["id"],
    }
    assert (await deliver(line.site, update(text="halo"))).json()["received"] is True


async def test_what_is_said_in_groups_or_by_bots_is_not_for_us(line: Line) -> None:
    group = update(text="Lampu mati di Tlogosari", kind="supergroup")
    robot = update(text="Lampu mati di Tlogosari")
    robot["message"]["from"]["is_bot"] = True
    left = {"update_id": 5, "my_chat_member": {"chat": {"id": SRI, "type": "private"}}}
    assert await line.say(group, robot, left, update(sticker=STICKER)) == []
    assert await line.world.fetchval("SELECT count(*) FROM inbound WHERE state = 'read'") == 4


async def test_a_sticker_is_answered_once_where_a_question_stands(line: Line) -> None:
    await line.say("Lampu jalan mati sudah seminggu")
    assert await line.say(update(sticker=STICKER)) == ["Stiker belum dapat kami baca."]
    assert await line.say(update(sticker=STICKER)) == []


async def test_a_contact_joins_what_is_told(line: Line) -> None:
    contact = {"phone_number": "+6281234567890", "first_name": "Bu", "last_name": "Sri", "user_id": 5}
    asked = await line.say("Lampu jalan mati sudah seminggu")
    assert await line.say(update(contact=contact)) == asked
    await line.say("Tlogosari Kulon", pressed("skip"), pressed("open"))
    await line.say(pressed("send"), update(contact=contact))
    (complaint,) = await line.complaints()
    assert complaint["text"] == "Lampu jalan mati sudah seminggu\nKontak: Bu Sri, +6281234567890"
    assert await line.replies() == ["Kontak: Bu Sri, +6281234567890"]


async def test_a_voice_message_is_kept_for_a_person(line: Line) -> None:
    answer = await line.say(
        update(voice={"file_id": "suara1", "file_unique_id": "v", "duration": 9, "mime_type": "audio/ogg"})
    )
    assert "Di mana" in answer[0]
    assert await line.world.fetchval("SELECT kind FROM channel_media") == "voice"


async def test_a_file_over_twenty_megabytes_costs_only_itself(line: Line) -> None:
    line.api.files["besar"] = b"x" * (20 * 1024 * 1024 + 1)
    await line.say(photo("besar", "Jalan rusak parah di Tlogosari Kulon"), pressed("open"), pressed("send"))
    await line.work()
    assert len(await line.complaints()) == 1
    assert await line.world.fetchval("SELECT state FROM channel_media") == "refused"
    assert any("tidak dapat kami terima" in text for text in line.api.texts())


@pytest.mark.parametrize("secret", ["salah", "", None])
async def test_a_wrong_missing_or_unset_secret_token_is_refused(line: Line, secret: str | None) -> None:
    assert (await deliver(line.site, update(text="halo"), secret)).status_code == 401
    assert await line.world.fetchval("SELECT count(*) FROM inbound") == 0
    assert await line.world.fetchval("SELECT refusals FROM channel_account") == 1
    await line.world.execute("UPDATE channel_account SET active = false")
    assert (await deliver(line.site, update(text="halo"))).status_code == 401


@pytest.mark.parametrize("body", [b"not json", b"[]", b"{}"])
async def test_what_is_genuine_but_unreadable_is_kept_and_flagged(line: Line, body: bytes) -> None:
    assert (await deliver(line.site, body)).status_code == 200
    await read_waiting()
    assert await line.world.fetchval("SELECT state FROM inbound") == "unreadable"


async def test_the_same_update_twice_is_read_once(line: Line) -> None:
    same = update(text="Lampu jalan mati sudah seminggu")
    assert len(await line.say(same, same)) == 1
    assert await line.world.fetchval("SELECT count(*) FROM inbound") == 1


async def test_whoever_has_stopped_the_bot_is_not_tried_again_there(line: Line) -> None:
    complaint = await line.filed()
    officer = Actor.officer(
        await line.world.officer(
            "liaison",
            str(
                await line.world.fetchval(
                    "SELECT a.code FROM complaint c JOIN agency a ON a.id = c.owner_agency"
                )
            ),
        )
    )
    await desk.answer(officer, complaint["id"], text="Lampu sudah kami ganti kemarin sore.")
    line.api.refusals = [(403, {})]
    await line.world.advance(0.1)
    await line.work()
    row = (await line.world.fetch("SELECT * FROM message WHERE kind = 'answered' AND office IS NULL"))[0]
    assert "403" in row["trouble"]


async def test_too_many_messages_let_the_account_rest_as_long_as_telegram_asks(line: Line) -> None:
    line.api.refusals = [(429, {"retry_after": 17})]
    before = await line.world.now()
    assert await line.say("halo") == []
    until = await line.world.fetchval("SELECT paused_until FROM channel_account")
    assert 16 <= (until - before).total_seconds() <= 20
    await line.world.advance(0.05)
    await line.work()
    assert len(line.api.sent) == 1


async def test_a_token_that_is_nobody_s_raises_an_alarm(line: Line) -> None:
    line.api.refusals = [(401, {})]
    await line.say("halo")
    assert "401" in await line.world.fetchval("SELECT sentence FROM alarm WHERE cleared_at IS NULL")


async def test_setting_the_webhook_tells_telegram_our_address_and_secret(
    bot: BotApi, capsys: pytest.CaptureFixture[str]
) -> None:
    account = Account(1, "telegram", BOT, {"token": TOKEN, "secret_token": SECRET}, {"api": bot.url})
    await tell(account, "https://lapor.contoh.go.id")
    assert bot.webhook["url"] == "https://lapor.contoh.go.id/hooks/telegram"
    assert bot.webhook["secret_token"] == SECRET
    assert set(bot.webhook["allowed_updates"]) <= set(Update.ALL_TYPES)
    assert "waiting  2" in capsys.readouterr().out
    with pytest.raises(Failed, match="HTTPS only"):
        await tell(account, "http://127.0.0.1:8080")
    lost = replace(account, secrets={"token": "1:x", "secret_token": SECRET})
    with pytest.raises(Failed, match="401"):
        await tell(lost, "https://lapor.contoh.go.id")


async def test_an_administrator_connects_a_bot_and_tries_it(
    simulated: World, site: Visitor, settings: Settings
) -> None:
    async with opened(BotApi()) as api:
        await site.as_role("administrator")
        fields = {"title": "Bot Pemkot", "name": BOT, "token": TOKEN, "secret_token": SECRET, "api": api.url}
        refused = await site.send_form("/kanal/baru/telegram", {**fields, "secret_token": "terlalu pendek"})
        assert refused.status_code == 422
        assert TOKEN not in refused.text
        answer = await site.send_form("/kanal/baru/telegram", {**fields, "active": "ya"})
        assert answer.status_code == 303, answer.text
        number = await simulated.fetchval("SELECT max(id) FROM channel_account")
        page = f"/kanal/akun/{number}"
        assert SECRET not in (await site.get(page)).text
        assert (await site.send_form(f"{page}/uji", {"to": str(SRI)}, page=page)).status_code == 303
        await drain(settings)
        assert "pesan uji" in api.texts()[0]


def test_long_texts_are_parted_where_people_pause_and_lose_nothing() -> None:
    paragraphs = "\n\n".join(f"Bagian {number} " + "kata " * 300 for number in range(8))
    pieces = list(split(paragraphs))
    assert all(len(piece.encode("utf-16-le")) // 2 <= LONGEST_TEXT for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(paragraphs.split())
    assert all(piece.startswith("Bagian") for piece in pieces)
    faces = "😀" * 5000
    assert "".join(split(faces)) == faces
    assert all(len(piece.encode("utf-16-le")) // 2 <= LONGEST_TEXT for piece in split(faces))


def test_somebody_else_s_library_reads_the_same_and_knows_the_same_limits(line: Line) -> None:
    given = photo("foto1", "Jalan rusak")
    theirs = Update.de_json(given, None)
    assert theirs is not None
    assert theirs.message is not None
    largest = max(theirs.message.photo, key=lambda size: size.width * size.height)
    payload = b'{"bot": "%s", "update": %s}' % (BOT.encode(), theirs.to_json().encode())
    said = Telegram().parse(payload)
    assert said is not None
    assert said.media[0].reference == largest.file_id  # type: ignore[union-attr]
    assert said.heard.text == theirs.message.caption  # type: ignore[union-attr]
    assert LONGEST_TEXT == MessageLimit.MAX_TEXT_LENGTH
    assert FileSizeLimit.FILESIZE_DOWNLOAD == 20_000_000


async def test_the_keyboard_is_one_that_somebody_else_s_library_knows(line: Line) -> None:
    await line.say("Lampu jalan mati di Tlogosari Kulon")
    keyboard = InlineKeyboardMarkup.de_json(line.api.sent[-1]["reply_markup"], None)
    assert keyboard is not None
    assert [button.callback_data for row in keyboard.inline_keyboard for button in row] == ["skip"]
