"""A delivery opened for a person says what was sent and by whom, on every channel; and its complaint is answered there."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from lapor.complaints.tickets import show
from lapor.database import transaction
from lapor.filing_form.delivered import Opened, Sealed
from lapor.intake import opening
from lapor.intake.channels.interface import Part
from lapor.intake.inbound import read_waiting
from lapor.intake.mail_parsing import message_id_of
from lapor.intake.outbound import drain
from lapor.intake.storing import store
from tests.ground import World
from tests.intake import meta_says, telegram_says, whatsapp_says
from tests.intake.graph_api import NUMBER, GraphApi, open_graph_api
from tests.intake.letters_in import OURS, SRI, mail, switch_on
from tests.intake.post_office import open_post_office
from tests.intake.whatsapp_says import message, photo, text
from tests.visitor import Visitor

LEFT = "/kiriman/dibiarkan"
WORDS = "Lampu jalan mati di depan pasar."


async def _stored(world: World) -> Opened:
    """The only delivery, as whoever opens it has it."""
    (row,) = await world.fetch(
        "SELECT id, channel, account, external_id AS key, received_at, payload FROM inbound"
    )
    return opening.opened(Sealed(**dict(row)))


@pytest_asyncio.fixture
async def meta(simulated: World) -> AsyncIterator[GraphApi]:
    async with open_graph_api() as api:
        await whatsapp_says.open_account(simulated, api.url)
        yield api


@pytest.mark.parametrize(
    ("sent", "words", "files"),
    [
        (text(WORDS), WORDS, ()),
        (photo("foto1", WORDS), WORDS, ("foto",)),
        (
            message("audio", {"mime_type": "audio/ogg", "id": "suara1"}),
            "(pesan suara, belum didengarkan)",
            ("pesan suara",),
        ),
    ],
)
async def test_a_message_on_whatsapp(
    site: Visitor, simulated: World, meta: GraphApi, sent: dict[str, Any], words: str, files: tuple[str, ...]
) -> None:
    assert (await whatsapp_says.deliver(site, sent)).status_code == 200
    opened = await _stored(simulated)
    assert (opened.filing.text, opened.files, opened.raw) == (words, files, False)
    assert opened.filing.external_id == f"whatsapp:{NUMBER}:{whatsapp_says.SRI}"
    assert opened.filing.phone == f"+{whatsapp_says.SRI}"


async def test_a_message_on_telegram(site: Visitor, simulated: World) -> None:
    await telegram_says.open_account(simulated, "http://127.0.0.1:1")
    assert (await telegram_says.deliver(site, telegram_says.update(text=WORDS))).status_code == 200
    opened = await _stored(simulated)
    assert opened.filing.text == WORDS
    assert opened.filing.external_id.startswith("telegram:")
    assert opened.filing.name


async def test_a_comment(site: Visitor, simulated: World) -> None:
    await meta_says.open_account(simulated, "http://127.0.0.1:1")
    body = meta_says.delivery(changes=[meta_says.comment("mantap pak")])
    assert (await meta_says.deliver(site, body)).status_code == 200
    opened = await _stored(simulated)
    assert opened.filing.text == "mantap pak"
    assert opened.filing.external_id.startswith("comment:")


async def test_an_sms(simulated: World) -> None:
    given = {"lapor": "sms", "from": "628120009999", "text": WORDS}
    async with transaction("worker"):
        await store("sms", [Part("62811000111", "satu", json.dumps(given).encode())])
    opened = await _stored(simulated)
    assert (opened.filing.text, opened.filing.phone) == (WORDS, "+628120009999")
    assert opened.filing.external_id == "sms:62811000111:628120009999"


async def test_what_a_sensor_measured_has_no_reporter(simulated: World) -> None:
    given = {"text": "Pompa 3 mati", "type": "alat", "reporter": {"id": "pompa-3", "phone": "+628120009999"}}
    async with transaction("worker"):
        await store("partner", [Part("sensor:bbws", "satu", json.dumps(given).encode())])
    filing = (await _stored(simulated)).filing
    assert (filing.text, filing.sensor, filing.phone) == ("Pompa 3 mati", True, "")
    assert filing.external_id == "sensor:bbws:pompa-3"


@pytest.mark.parametrize("body", [b"\xff\x00\xfe rusak", b"[1, 2", b"{}", b"[" * 100_000])
@pytest.mark.parametrize("channel", ["whatsapp", "telegram", "social", "sms", "partner", "email", "web"])
async def test_whatever_came_is_shown_as_text_that_can_be_kept(
    simulated: World, channel: str, body: bytes
) -> None:
    async with transaction("worker"):
        await store(channel, [Part("a", "satu", body)])
    said = (await _stored(simulated)).filing.text
    assert "\0" not in said
    assert len(said) <= 10_000
    said.encode()


async def _file_by_hand(site: Visitor) -> str:
    """A person makes the only delivery that was left a complaint; returns its ticket."""
    delivery = await site.world.fetchval("SELECT id FROM inbound WHERE state = 'left'")
    await site.as_role("coordinator", "smg-diskominfo")
    fields = {"text": WORDS, "category": "lampu-jalan"}
    answer = await site.send_form(f"/kiriman/{delivery}/aduan", fields, page=LEFT)
    assert "selesai=aduan" in answer.headers["location"]
    return str(await site.world.fetchval("SELECT ticket FROM complaint"))


async def test_the_complaint_of_a_chat_is_answered_in_the_chat(
    site: Visitor, simulated: World, meta: GraphApi
) -> None:
    sells = text("Promo slot gacor bonus deposit klik https://bit.ly/x, oh ya lampu mati")
    await whatsapp_says.deliver(site, sells)
    await read_waiting()
    await drain(simulated.settings)
    before = len(meta.texts(whatsapp_says.SRI))
    ticket = await _file_by_hand(site)
    await drain(simulated.settings)
    told = meta.texts(whatsapp_says.SRI)[before:]
    assert len(told) == 1
    assert show(ticket) in told[0]


async def test_the_complaint_of_a_mail_is_answered_below_that_mail(site: Visitor, simulated: World) -> None:
    await switch_on(simulated, {"host": "127.0.0.1"})
    raw = mail("Tolong", subject="Lampu", message_id="awal@warga.example")
    async with transaction("worker"):
        await store("email", [Part(OURS, message_id_of(raw), raw)])
    await read_waiting()
    ticket = await _file_by_hand(site)
    async with open_post_office() as office:
        await drain(replace(simulated.settings, smtp_url=office.url, mail_from="lapor@contoh.example"))
        receipt = [one for one in office.to(SRI) if show(ticket) in one.letter["Subject"]]
    assert len(receipt) == 1
    assert receipt[0].letter["In-Reply-To"] == "<awal@warga.example>"
