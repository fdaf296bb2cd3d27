"""The head's account hands on threads: by message, by naming us below one, and from a number on WhatsApp."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from lapor import channel_accounts, crypto
from lapor.complaints import tickets
from lapor.complaints.draft import identity_context
from lapor.intake.forgetting import forget_over
from lapor.intake.inbound import read_waiting
from lapor.intake.thread_links import linked, one_spelling
from lapor.settings import Settings
from tests.ground import World
from tests.images import jpeg
from tests.intake import whatsapp_says
from tests.intake.graph_api import GraphApi, open_graph_api
from tests.intake.line import Talking
from tests.intake.local_api import opened
from tests.intake.meta_says import (
    PAGE,
    SRI,
    SendApi,
    comment,
    deliver,
    delivery,
    message,
    open_account,
    photo,
)
from tests.visitor import Visitor

HEAD = "5566778899001122"
OTHER = "5566778899003344"
LINK = "https://www.instagram.com/p/DxYz01/?igsh=abc123"
KEPT = "https://instagram.com/p/DxYz01"
WORDS = "@warga.tlogosari: Pak wali, lampu jalan mati sudah seminggu di Tlogosari Kulon"


async def let_forward(world: World, channel: str, who: str) -> None:
    """Enter who may hand on, as the page Kanal does."""
    row = (await world.fetch("SELECT name, secrets FROM channel_account WHERE channel = $1", channel))[0]
    known = channel_accounts.opened(channel, row["name"], row["secrets"])
    sealed = channel_accounts.sealed(channel, row["name"], {**known, "forwarders": who})
    await world.execute("UPDATE channel_account SET secrets = $2 WHERE channel = $1", channel, sealed)


class Line(Talking[Any]):
    """Everybody who writes to the page, and everything between it and the complaint."""

    async def tell(self, *events: dict[str, Any], changes: Any = (), kind: str = "page") -> list[str]:
        """Deliver, let the worker work, and return what was answered."""
        before = len(self.api.sent)
        assert (await deliver(self.site, delivery(*events, changes=changes, kind=kind))).status_code == 200
        await self.work()
        return list(self.api.texts()[before:])

    async def hands_on(self, text: str) -> list[str]:
        """The staff of the head's account write."""
        return await self.tell(message(text, sender=HEAD))

    async def clocks(self) -> list[tuple[Any, ...]]:
        """Every clock as it stands."""
        rows = await self.world.fetch("SELECT id, due_at, met_at, paused_at, next_at FROM clock ORDER BY id")
        return [tuple(row) for row in rows]

    async def reporter(self, complaint: int) -> dict[str, str]:
        """Who is kept as the reporter, in the clear."""
        row = (await self.world.fetch("SELECT * FROM identity WHERE complaint = $1", complaint))[0]
        return {
            name: crypto.keyring().decrypt(row[name], identity_context(complaint, name)).decode()
            for name in ("name", "phone", "external")
            if row[name] is not None
        }


@pytest_asyncio.fixture
async def meta(simulated: World) -> AsyncIterator[SendApi]:
    async with opened(SendApi()) as api:
        await open_account(simulated, api.url)
        await let_forward(simulated, "social", f"{HEAD} @akun.kepala")
        yield api


@pytest.fixture
def line(meta: SendApi, site: Visitor, settings: Settings) -> Line:
    return Line(meta, site, settings)


async def test_a_link_that_the_head_s_staff_hand_on_is_a_complaint_of_whoever_wrote_there(line: Line) -> None:
    answered = await line.hands_on(f"{WORDS} {LINK}")
    complaint = (await line.complaints())[0]
    assert answered == [
        f"{tickets.show(complaint['ticket'])}: tautan ini sudah menjadi laporan. Fotonya boleh dikirim sekarang."
    ]
    assert complaint["channel"] == "social"
    assert complaint["text"] == "Pak wali, lampu jalan mati sudah seminggu di Tlogosari Kulon"
    assert complaint["village"] is not None
    received = await line.world.fetchval("SELECT received_at FROM inbound")
    assert complaint["filed_at"] == received
    assert await line.reporter(complaint["id"]) == {
        "name": "@warga.tlogosari",
        "external": "thread:instagram.com:warga.tlogosari",
    }
    kept = (await line.world.fetch("SELECT * FROM social_thread"))[0]
    assert (kept["link"], kept["forwarded"], kept["complaint"]) == (KEPT, True, complaint["id"])


async def test_the_same_link_joins_the_first_complaint_and_moves_no_clock(line: Line) -> None:
    await line.hands_on(f"{WORDS} {LINK}")
    complaint, clocks = (await line.complaints())[0], await line.clocks()
    again = await line.hands_on("tolong dikawal ya https://instagram.com/p/DxYz01/")
    assert len(await line.complaints()) == 1
    assert "sudah kami terima" in again[0]
    assert tickets.show(complaint["ticket"]) in again[0]
    assert await line.clocks() == clocks
    notes = await line.world.fetch("SELECT kind, text, to_reporter FROM statement")
    assert [(one["kind"], one["to_reporter"]) for one in notes] == [("note", False)]
    assert "tolong dikawal ya" in notes[0]["text"]


async def test_officers_see_the_link_and_the_head_s_staff_nowhere(line: Line) -> None:
    await line.hands_on(f"{WORDS} {LINK}")
    await line.hands_on("masih ditunggu ya")
    complaint = (await line.complaints())[0]
    owner = await line.world.fetchval("SELECT a.code FROM complaint c JOIN agency a ON a.id = c.owner_agency")
    await line.site.as_role("liaison", owner)
    page = (await line.site.get(f"/meja/aduan/{complaint['id']}")).text
    assert f'href="{KEPT}"' in page
    assert "masih ditunggu ya" in page
    assert "Sistem mencatat terusan dari akun kepala daerah" in page
    assert HEAD not in page


async def test_of_somebody_anonymous_the_link_is_not_shown(line: Line) -> None:
    await line.hands_on(f"{WORDS} {LINK}")
    await line.world.execute("UPDATE complaint SET anonymous = true")
    complaint = (await line.complaints())[0]
    owner = await line.world.fetchval("SELECT a.code FROM complaint c JOIN agency a ON a.id = c.owner_agency")
    await line.site.as_role("liaison", owner)
    page = (await line.site.get(f"/meja/aduan/{complaint['id']}")).text
    assert "lampu jalan mati" in page
    assert KEPT not in page


async def test_a_link_that_two_hand_on_at_the_same_moment_is_one_complaint(line: Line) -> None:
    await let_forward(line.world, "social", f"{HEAD} {OTHER}")
    for sender in (HEAD, OTHER):
        body = delivery(message(f"{WORDS} {LINK}", sender=sender))
        assert (await deliver(line.site, body)).status_code == 200
    await asyncio.gather(*(read_waiting() for _ in range(4)))
    assert len(await line.complaints()) == 1
    assert await line.world.fetchval("SELECT count(*) FROM inbound WHERE state = 'read'") == 2


async def test_a_comment_whose_link_was_handed_on_before_is_that_complaint(line: Line) -> None:
    said = comment("Lampu jalan mati sudah seminggu di Tlogosari Kulon")["value"] | {"comment_id": "900_31"}
    said["permalink_url"] = "https://www.facebook.com/900_1?comment_id=31"
    await line.hands_on(f"{WORDS} https://facebook.com/900_1?comment_id=31&mibextid=x")
    await line.tell(changes=[{"field": "feed", "value": said}])
    assert len(await line.complaints()) == 1


async def test_whoever_may_not_hand_on_has_a_conversation_of_their_own(line: Line) -> None:
    await line.tell(message(f"{WORDS} {LINK}", sender=SRI))
    assert await line.complaints() == []
    assert await line.world.fetchval("SELECT count(*) FROM social_thread") == 0


async def test_photos_before_and_after_the_link_belong_to_its_complaint(line: Line) -> None:
    for number, mid in enumerate(("m_sebelum", "m_sesudah")):
        line.api.media[mid] = jpeg(number)
    await line.tell({**photo("m_sebelum"), "sender": {"id": HEAD}})
    await line.hands_on(f"{WORDS} {LINK}")
    await line.tell({**photo("m_sesudah"), "sender": {"id": HEAD}})
    assert len(await line.complaints()) == 1
    assert await line.world.fetchval("SELECT count(*) FROM attachment") == 2


async def test_the_link_goes_with_what_else_says_who_the_reporter_is(line: Line) -> None:
    await line.hands_on(f"{WORDS} {LINK}")
    await forget_over()
    assert await line.world.fetchval("SELECT link FROM social_thread") == KEPT
    await line.world.execute("UPDATE identity SET secret = NULL, name = NULL, external = NULL")
    await forget_over()
    assert await line.world.fetchval("SELECT link FROM social_thread") is None


async def test_after_handing_on_a_greeting_begins_a_conversation_of_one_s_own(line: Line) -> None:
    await line.hands_on(f"{WORDS} {LINK}")
    assert "kanal pengaduan" in (await line.hands_on("halo"))[0]
    assert len(await line.complaints()) == 1


async def test_a_post_that_is_shared_brings_its_link(line: Line) -> None:
    shared = {"type": "fallback", "payload": {"url": "https://facebook.com/warga/posts/77", "title": "Warga"}}
    told = {"text": "tolong dibantu, jalan rusak di Tlogosari Kulon", "attachments": [shared]}
    await line.tell(message(told, sender=HEAD))
    assert (
        await line.world.fetchval("SELECT link FROM social_thread") == "https://facebook.com/warga/posts/77"
    )
    assert "jalan rusak" in (await line.complaints())[0]["text"]


async def test_a_link_without_words_is_filed_for_a_person_to_read_there(line: Line) -> None:
    await line.hands_on("https://x.com/warga_smg/status/1789?s=20&t=abc")
    complaint = (await line.complaints())[0]
    assert "Lihat tautannya" in complaint["text"]
    assert (await line.reporter(complaint["id"]))["name"] == "@warga_smg"


async def test_naming_us_below_a_resident_s_comment_files_that_thread(line: Line) -> None:
    named = {
        "field": "mention",
        "value": {
            "item": "comment",
            "verb": "add",
            "post_id": "900_1",
            "comment_id": "900_22",
            "parent_id": "900_21",
            "sender_id": HEAD,
            "sender_name": "Kepala Daerah",
            "message": "@Lapor tolong cek, jalan berlubang di Tlogosari Kulon",
        },
    }
    assert await line.tell(changes=[named]) == []
    complaint = (await line.complaints())[0]
    assert complaint["channel"] == "social"
    assert "external" not in await line.reporter(complaint["id"])
    kept = (await line.world.fetch("SELECT * FROM social_thread"))[0]
    assert (kept["comment"], kept["account"]) == ("900_21", PAGE)
    assert kept["link"] == "https://facebook.com/900_1?comment_id=22"


async def test_naming_us_below_a_comment_that_is_a_complaint_already_joins_it(line: Line) -> None:
    said = comment("Lampu jalan mati sudah seminggu di Tlogosari Kulon")
    await line.tell(changes=[said])
    clocks = await line.clocks()
    parent = said["value"]["comment_id"]
    await line.tell(changes=[comment("tolong segera @Lapor", author=HEAD, parent_id=parent)])
    assert len(await line.complaints()) == 1
    assert await line.world.fetchval("SELECT count(*) FROM statement WHERE kind = 'note'") == 1
    assert await line.clocks() == clocks


async def test_what_the_head_says_below_our_own_posts_is_no_complaint(line: Line) -> None:
    await line.tell(changes=[comment("Terima kasih atas kerja keras semuanya hari ini", author=HEAD)])
    assert await line.complaints() == []


async def test_a_handle_of_instagram_may_hand_on_too(line: Line) -> None:
    said = {
        "id": "1791",
        "parent_id": "1790",
        "from": {"id": "77", "username": "akun.kepala"},
        "text": "@lapor.kota jalan berlubang di Tlogosari Kulon",
        "media": {"id": "1"},
    }
    await line.tell(changes=[{"field": "comments", "value": said}], kind="instagram")
    assert await line.world.fetchval("SELECT comment FROM social_thread WHERE forwarded") == "1790"


async def test_a_number_on_whatsapp_hands_on_without_being_the_reporter(
    simulated: World, site: Visitor, settings: Settings
) -> None:
    async with open_graph_api() as api:
        await whatsapp_says.open_account(simulated, api.url)
        await let_forward(simulated, "whatsapp", whatsapp_says.SRI)
        line: Talking[GraphApi] = Talking(api, site, settings)
        body = json.dumps(whatsapp_says.delivery(whatsapp_says.text(f"{WORDS}\n{LINK}"))).encode()
        answer = await site.post("/hooks/whatsapp", content=body, headers=whatsapp_says.signed(body))
        assert answer.status_code == 200
        await line.work()
        complaint = (await line.complaints())[0]
        assert complaint["channel"] == "social"
        row = (await simulated.fetch("SELECT * FROM identity"))[0]
        assert row["phone"] is None
        assert "tautan ini sudah menjadi laporan" in api.texts()[-1]


async def test_who_may_hand_on_is_typed_in_the_panel_and_kept_encrypted(site: Visitor) -> None:
    await site.as_role("administrator")
    form = {"title": "Halaman", "name": PAGE, "active": "", "forwarders": f"{HEAD}, @Akun.Kepala"}
    assert (await site.send_form("/kanal/baru/social", form)).status_code == 303
    row = (await site.world.fetch("SELECT * FROM channel_account"))[0]
    assert HEAD not in row["settings"]
    assert HEAD.encode() not in bytes(row["secrets"])
    path = f"/kanal/akun/{row['id']}"
    assert f"{HEAD} @Akun.Kepala" in (await site.get(path)).text
    assert (await site.send_form(path, {"title": "Halaman", "active": ""})).status_code == 303
    assert HEAD not in (await site.get(path)).text
    wrong = await site.send_form(path, {"title": "Halaman", "forwarders": "bukan akun"})
    assert wrong.status_code == 422


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (
            "http://m.facebook.com/warga/posts/123?mibextid=x&comment_id=9#a",
            "https://facebook.com/warga/posts/123?comment_id=9",
        ),
        ("https://twitter.com/warga/status/17?s=20", "https://x.com/warga/status/17"),
        ("https://www.tiktok.com/@warga/video/7/", "https://tiktok.com/@warga/video/7"),
        ("https://localhost/x", ""),
        ("https://[::1", ""),
        ("javascript:alert(1)", ""),
        ("https://x.com/" + "a" * 600, ""),
    ],
)
def test_a_thread_has_one_spelling(typed: str, kept: str) -> None:
    assert one_spelling(typed) == kept


def test_words_are_kept_without_their_link_and_the_handle_before_them() -> None:
    told = linked("@budi: air mati\nlihat https://www.tiktok.com/@warga/video/7?_r=1.")
    assert told is not None
    assert (told.link, told.words, told.handle) == (
        "https://tiktok.com/@warga/video/7",
        "air mati\nlihat .",
        "budi",
    )
    assert linked("tanpa tautan") is None
