"""A reporter chooses on which way news come first: when they file, and later with their secret link."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
import pytest_asyncio
from playwright.async_api import expect

from lapor import database
from lapor.complaints.filing import Filing, file
from lapor.intake.letters import ATTEMPTS_BEFORE_NEXT
from lapor.intake.outbound import drain
from lapor.settings import Settings
from tests.ground import World
from tests.intake import resident
from tests.intake.browser import fits, phone
from tests.intake.graph_api import NUMBER, GraphApi, open_graph_api
from tests.intake.local_api import opened
from tests.intake.post_office import PostOffice, open_post_office
from tests.intake.resident import LAMP, plain
from tests.intake.sms_api import SEND_TOKEN, SmsServer
from tests.intake.switched_on import switched_on
from tests.intake.whatsapp_says import SRI, open_account
from tests.visitor import Visitor

OURS = "62811000111"
MAIL = "sri@warga.example"
GIVEN = {**LAMP, "contact_kind": "both", "phone": "0812 0000 9999", "email": MAIL}
QUESTION = "Kabar lebih dulu lewat"


@dataclass
class Ways:
    """Every way to a reporter, and what went where."""

    world: World
    sms: SmsServer
    office: PostOffice
    chat: GraphApi
    settings: Settings

    async def send(self) -> list[str]:
        """Send what waits; return the ways on which letters to the reporter have left since the last time."""
        before = len(self.sms.sent), len(self.office.to(MAIL)), len(self.chat.sent)
        await drain(self.settings)
        after = len(self.sms.sent), len(self.office.to(MAIL)), len(self.chat.sent)
        names = ("sms", "email", "chat")
        return [name for name, old, new in zip(names, before, after, strict=True) if new > old]


@pytest_asyncio.fixture
async def ways(simulated: World, settings: Settings) -> AsyncIterator[Ways]:
    async with opened(SmsServer()) as sms, open_post_office() as office, open_graph_api() as chat:
        await open_account(simulated, chat.url)
        fields = {"fields": "from=pengirim text=pesan id=nomor", "send_fields": "to=tujuan text=isi id=nomor"}
        gateway = {"provider": "", "api": f"{sms.url}/kirim", "send_header": "X-Kunci", **fields}
        await switched_on(
            simulated, "sms", OURS, {"webhook_token": "token", "send_token": SEND_TOKEN}, gateway
        )
        mailing = replace(settings, smtp_url=office.url, mail_from="lapor@contoh.example")
        yield Ways(simulated, sms, office, chat, mailing)


@pytest.mark.parametrize(("chosen", "way"), [("", "email"), ("email", "email"), ("sms", "sms")])
async def test_the_way_chosen_on_the_form_is_taken_first(
    ways: Ways, site: Visitor, chosen: str, way: str
) -> None:
    assert QUESTION in plain((await site.get("/lapor")).text)
    filed = await resident.file(site, {**GIVEN, "first_way": chosen})
    assert ("lewat SMS" in plain(filed.page)) is (way == "sms")
    assert await _told_to_the_desk(ways) == way
    assert await ways.send() == [way]


async def _told_to_the_desk(ways: Ways) -> str:
    """By which way officers are told that the reporter hears first."""
    person = await ways.world.officer("coordinator", "smg-diskominfo")
    async with database.transaction("reader", user_id=person):
        found: str = await database.fetchval("SELECT reporter_reach(max(id)) FROM complaint")
    return found


async def test_when_the_chosen_way_fails_the_others_follow_in_their_order(ways: Ways, site: Visitor) -> None:
    await resident.file(site, {**GIVEN, "first_way": "sms"})
    ways.sms.refusals = [(500, 1)] * ATTEMPTS_BEFORE_NEXT
    left: list[str] = []
    for _ in range(ATTEMPTS_BEFORE_NEXT + 1):
        left += await ways.send()
        await ways.world.advance(1)
    assert left == ["email"]
    row = (await ways.world.fetch("SELECT state, channel FROM message WHERE kind = 'acknowledgement'"))[0]
    assert (row["state"], row["channel"]) == ("sent", "email")


async def test_what_is_wrong_stands_beside_its_field_and_one_way_alone_is_no_choice(
    ways: Ways, site: Visitor
) -> None:
    wrong = await resident.send(site, {**GIVEN, "first_way": "merpati", "phone": ""})
    assert wrong.status_code == 422
    assert 'id="f-first_way-wrong"' in wrong.text
    assert 'id="f-phone-wrong"' in wrong.text
    filed = await resident.file(site, {**GIVEN, "contact_kind": "email", "first_way": "sms"})
    assert await ways.world.fetchval("SELECT first_way FROM identity") is None
    assert QUESTION not in plain((await site.get(filed.address)).text)


async def test_without_a_number_that_sends_sms_nothing_is_offered(site: Visitor) -> None:
    assert QUESTION not in plain((await site.get("/lapor")).text)
    filed = await resident.file(site, {**GIVEN, "first_way": "sms"})
    assert QUESTION not in plain((await site.get(filed.address)).text)


async def test_a_kiosk_takes_the_usual_order(ways: Ways, site: Visitor) -> None:
    assert QUESTION not in plain((await site.get("/kiosk")).text)


async def test_whoever_holds_the_secret_link_chooses_later_and_nobody_else(ways: Ways, site: Visitor) -> None:
    told = Filing(
        "complaint",
        "Lampu jalan mati sudah seminggu",
        channel="whatsapp",
        external_id=f"whatsapp:{NUMBER}:{SRI}",
        phone=f"+{SRI}",
        email=MAIL,
    )
    filed = await file(told, role="worker")
    assert await _told_to_the_desk(ways) == "whatsapp"
    at = f"/laporan/{filed.ticket}"
    page = (await site.get(f"{at}/buka/{filed.secret}", follow_redirects=True)).text
    assert [words in plain(page) for words in (QUESTION, "WhatsApp", "SMS")] == [True] * 3
    address = page.partition("/jalan-kabar")[0].rpartition('action="')[2]
    wrong = await site.send_form(f"{address}/jalan-kabar", {"first_way": "fax"}, page=address)
    assert wrong.status_code == 422
    assert 'id="f-first_way-wrong"' in wrong.text
    saved = await site.send_form(f"{address}/jalan-kabar", {"first_way": "email"}, page=address)
    assert "Kabar berikutnya" in plain((await site.get(saved.headers["location"])).text)
    assert await ways.send() == ["email"]
    assert await _told_to_the_desk(ways) == "email"
    await site.send_form(f"{address}/tutup", page=address)
    gone = await site.send_form(f"{address}/jalan-kabar", {"first_way": "sms"}, page="/lapor")
    assert gone.status_code == 404
    assert await ways.world.fetchval("SELECT first_way FROM identity") == "email"


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
async def test_who_gives_two_ways_is_asked_which_comes_first(world: World, scripts: bool) -> None:
    await switched_on(world, "sms", OURS, {"webhook_token": "token"}, {"provider": ""})
    async with phone(world) as browser, browser.page(scripts=scripts) as page:
        await page.goto("/lapor")
        question = page.get_by_role("group", name=QUESTION)
        await expect(question).to_be_hidden()
        await page.get_by_label("Apa yang terjadi?").fill("Jalan berlubang dalam di tikungan.")
        await page.get_by_label("Telepon dan surel").check()
        await page.get_by_label("Nomor telepon").fill("0812 0000 9999")
        await page.get_by_label("Alamat surel").fill(MAIL)
        await question.get_by_label("SMS").check()
        assert await fits(page)
        await page.get_by_role("button", name="Kirim laporan").click()
        await page.get_by_role("link", name="Buka laporan saya").click()
        await page.get_by_text("Ubah jalan kabar").click()
        await expect(question.get_by_label("SMS")).to_be_checked()
        await question.get_by_label("Surel").check()
        await page.get_by_role("button", name="Simpan").click()
        await expect(page.get_by_text("Kabar berikutnya kami kirim")).to_be_visible()
        assert browser.complaints == []
    assert await world.fetchval("SELECT first_way FROM identity") == "email"
