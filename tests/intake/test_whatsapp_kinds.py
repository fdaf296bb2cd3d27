"""Every kind of message that WhatsApp knows: what counts as words, what a person opens, what is answered all the same."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from lapor import crypto
from lapor.complaints.masking import mask
from lapor.intake.inbound import payload_context
from lapor.settings import Settings
from tests.ground import World
from tests.images import jpeg
from tests.intake.graph_api import GraphApi, open_graph_api
from tests.intake.line import Talking
from tests.intake.whatsapp_says import deliver, message, open_account, signed, text
from tests.visitor import Visitor

TOLD = "Lampu jalan mati sudah seminggu di Tlogosari Kulon"
FILM = b"\0\0\0\x20ftypisom" + b"\0" * 500
PAPER = b"%PDF-1.7\n" + b"x" * 500


class Line(Talking[GraphApi]):
    """Somebody who sends whatever a telephone can send."""

    async def say(self, *said: dict[str, Any]) -> list[str]:
        """Deliver one after the other, let the worker work, and return what was answered."""
        before = len(self.api.sent)
        for one in said:
            assert (await deliver(self.site, one)).status_code == 200
            await self.work()
        return self.api.texts()[before:]

    async def kept(self) -> list[tuple[str, str]]:
        """What stands beside the complaint, as purpose and type."""
        rows = await self.world.fetch("SELECT purpose, media_type FROM attachment ORDER BY media_type")
        return [(row["purpose"], row["media_type"]) for row in rows]

    async def states(self) -> list[str]:
        """What became of the deliveries."""
        return [row["state"] for row in await self.world.fetch("SELECT state FROM inbound ORDER BY id")]


@pytest_asyncio.fixture
async def line(simulated: World, site: Visitor, settings: Settings) -> AsyncIterator[Line]:
    async with open_graph_api() as api:
        await open_account(simulated, api.url)
        yield Line(api, site, settings)


def _row(code: str, title: str) -> dict[str, Any]:
    """A row of a list of ours that was chosen."""
    chosen = {"id": code, "title": title, "description": ""}
    return message("interactive", {"type": "list_reply", "list_reply": chosen})


async def test_a_row_of_a_list_is_chosen_as_a_button_is_pressed(line: Line) -> None:
    await line.say(text(TOLD), _row("skip", "Tanpa foto"), _row("anonymous", "Anonim"))
    assert line.api.offered() == ["send", "change"]
    await line.say(_row("send", "Kirim"))
    (complaint,) = await line.complaints()
    assert (complaint["text"], complaint["anonymous"]) == (TOLD, True)


async def test_a_button_of_a_template_says_what_stands_on_it(line: Line) -> None:
    answered = await line.say(message("button", {"text": "Bantuan", "payload": "apa saja"}))
    assert answered == await line.say(text("bantuan"))


async def test_films_and_papers_are_kept_for_a_person_and_a_photo_sent_as_a_file_is_a_photo(
    line: Line,
) -> None:
    line.api.media = {"film": FILM, "surat": PAPER, "tajam": jpeg(4)}
    film = {"id": "film", "mime_type": "video/mp4", "sha256": "x", "caption": TOLD}
    paper = {"id": "surat", "mime_type": "application/pdf", "sha256": "x", "filename": "../surat warga.pdf"}
    sharp = {"id": "tajam", "mime_type": "image/jpeg", "sha256": "x", "filename": "IMG_0001.jpg"}
    await line.say(message("video", film), message("document", sharp))
    await line.say(text("biasa"), text("ya"))
    await line.say(message("document", paper))
    (complaint,) = await line.complaints()
    assert complaint["text"] == TOLD
    assert await line.kept() == [
        ("reply", "application/pdf"),
        ("report", "image/jpeg"),
        ("report", "video/mp4"),
    ]


@pytest.mark.parametrize(
    ("kind", "content", "more"),
    [
        (
            "contacts",
            [{"name": {"formatted_name": " "}, "phones": "tidak ada", "org": {"company": "RT 03"}}, "Pak RT"],
            {},
        ),
        (
            "unsupported",
            {"type": "poll_creation"},
            {"errors": [{"code": 131051, "title": "Message type unknown"}]},
        ),
        ("location", {"latitude": "utara", "longitude": 1000}, {}),
        ("interactive", {"type": "nfm_reply", "nfm_reply": {"name": "flow", "response_json": "{}"}}, {}),
        ("masa_depan", {"apa": ["saja"]}, {}),
    ],
)
async def test_what_holds_no_words_is_kept_and_answered_with_what_we_understand(
    line: Line, kind: str, content: Any, more: dict[str, Any]
) -> None:
    (answer,) = await line.say(message(kind, content, **more))
    assert "belum dapat kami baca" in answer
    assert await line.states() == ["read"]
    assert await line.complaints() == []


@pytest.mark.parametrize("kind", ["reaction", "sticker", "system", "edit", "revoke"])
async def test_what_tells_nothing_is_kept_and_answered_by_nobody(line: Line, kind: str) -> None:
    assert await line.say(message(kind, {"id": "1", "body": "x", "emoji": "x"})) == []
    assert await line.states() == ["read"]


CARD = {
    "name": {"formatted_name": "Bu Sri", "first_name": "Bu"},
    "phones": [{"phone": "0812 3456 7890", "type": "CELL", "wa_id": "6281234567890"}],
}
LINE = "Kontak: Bu Sri, 0812 3456 7890"


async def test_a_contact_joins_what_is_told_answers_nothing_and_is_hidden_from_the_public(line: Line) -> None:
    asked = await line.say(text("Jalan berlubang dalam di tikungan sejak seminggu"))
    assert await line.say(message("contacts", [CARD])) == asked
    await line.say(text("Tlogosari Kulon"), text("tidak"), text("biasa"), text("ya"))
    (complaint,) = await line.complaints()
    assert complaint["text"] == f"Jalan berlubang dalam di tikungan sejak seminggu\n{LINE}"
    assert complaint["address"] == "Tlogosari Kulon"
    assert "Sri" not in mask(complaint["text"])
    assert "3456" not in mask(complaint["text"])
    (answer,) = await line.say(message("contacts", [CARD, {"name": {"formatted_name": "Pak RT"}}]))
    assert "Sudah kami tambahkan" in answer
    replies = await line.world.fetch("SELECT text FROM statement WHERE kind = 'reply'")
    assert [row["text"] for row in replies] == [f"{LINE}\nKontak: Pak RT"]


async def test_a_contact_alone_is_no_complaint(line: Line) -> None:
    (answer,) = await line.say(message("contacts", [CARD]))
    assert "Ceritakan apa yang terjadi" in answer
    await line.world.advance(1)
    await line.work()
    assert await line.complaints() == []
    await line.say(message("contacts", [CARD]), text(TOLD), text("tidak"), text("biasa"), text("ya"))
    assert [one["text"] for one in await line.complaints()] == [f"{LINE}\n{TOLD}"]


async def test_a_sticker_is_answered_once_where_a_question_stands(line: Line) -> None:
    sticker = {"id": "1", "mime_type": "image/webp", "animated": False}
    assert await line.say(message("sticker", sticker)) == []
    await line.say(text("Lampu jalan mati sudah seminggu"))
    assert await line.say(message("sticker", sticker)) == ["Stiker belum dapat kami baca."]
    assert await line.say(message("sticker", sticker)) == []
    await line.say(text("Tlogosari Kulon"), text("tidak"), text("biasa"), text("ya"))
    assert await line.say(message("sticker", sticker)) == []
    (complaint,) = await line.complaints()
    assert complaint["text"] == "Lampu jalan mati sudah seminggu"


async def test_what_is_written_anew_is_an_addition(line: Line) -> None:
    def anew(kind: str, content: dict[str, str]) -> dict[str, Any]:
        told = {"type": kind, kind: content, "context": {"id": "x"}}
        return message("edit", {"original_message_id": "wamid.1", "message": told})

    asked = await line.say(text("Lampu jalan mati sudah seminggu"))
    assert await line.say(anew("text", {"body": "Lampu jalan mati sejak Senin"})) == asked
    await line.say(text("Tlogosari Kulon"), text("tidak"), text("biasa"), text("ya"))
    (complaint,) = await line.complaints()
    assert complaint["text"] == "Lampu jalan mati sudah seminggu\nLampu jalan mati sejak Senin"
    assert "Sudah kami tambahkan" in (await line.say(anew("image", {"id": "1", "caption": "Masih mati"})))[0]


async def test_a_place_that_is_shared_brings_its_name(line: Line) -> None:
    pin = {"latitude": -6.98, "longitude": 110.42, "name": "Masjid Baiturrahman", "address": "Simpang Lima"}
    await line.say(text("Lampu jalan mati sudah seminggu"), message("location", pin), text("tidak ada"))
    await line.say(text("biasa"), text("ya"))
    (complaint,) = await line.complaints()
    assert complaint["address"] == "Masjid Baiturrahman, Simpang Lima"
    assert float(complaint["latitude"]) == pytest.approx(-6.98)


@pytest.mark.parametrize("code", [131037, 131045, 133010, 200, 210])
async def test_a_number_that_may_not_speak_raises_an_alarm_and_loses_nothing(line: Line, code: int) -> None:
    line.api.refusals = [(400, code, {})]
    assert await line.say(text("halo")) == []
    alarms = [
        row["code"] for row in await line.world.fetch("SELECT code FROM alarm WHERE cleared_at IS NULL")
    ]
    assert "channel_broken" in alarms
    await line.world.advance(0.2)
    await line.work()
    assert len(line.api.sent) == 1


async def test_what_meta_tells_about_the_number_is_kept_as_it_is(line: Line) -> None:
    value = {"event": "REJECTED", "message_template_name": "kabar_laporan", "reason": "INVALID_FORMAT"}
    change = {"field": "message_template_status_update", "value": value}
    body = json.dumps({"entry": [{"id": "1", "changes": [change]}]}).encode()
    assert (await line.site.post("/hooks/whatsapp", content=body, headers=signed(body))).status_code == 200
    row = (await line.world.fetch("SELECT channel, external_id, payload FROM inbound"))[0]
    kept = crypto.keyring().decrypt(row["payload"], payload_context(row["channel"], row["external_id"]))
    assert b"INVALID_FORMAT" in kept
    await line.work()
    assert await line.states() == ["read"]
