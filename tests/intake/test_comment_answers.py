"""Answers to comments: below them when they are public, else to their writer alone, once and within a week."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from lapor.complaints import desk, tickets
from lapor.complaints.desk import Actor
from lapor.intake.channels.messenger_api import LONGEST_TEXT
from lapor.settings import Settings
from tests.ground import World
from tests.intake.line import Talking
from tests.intake.local_api import opened
from tests.intake.meta_says import SendApi, comment, deliver, delivery, open_account
from tests.visitor import Visitor

LAMP = "Lampu jalan mati sudah seminggu di Tlogosari Kulon"
ANSWER = "Besok kami perbaiki. Hubungi Pak Budi 0812-3456-7890."


@pytest_asyncio.fixture
async def meta(simulated: World) -> AsyncIterator[SendApi]:
    async with opened(SendApi()) as api:
        await open_account(simulated, api.url)
        yield api


@pytest.fixture
def line(meta: SendApi, site: Visitor, settings: Settings) -> Line:
    return Line(meta, site, settings)


class Line(Talking[SendApi]):
    """Somebody who commented, and an officer who answers."""

    async def commented(self, change: dict[str, Any], kind: str = "page") -> tuple[int, str, Actor]:
        """Somebody comments; the complaint that it is, its ticket, and whoever answers it."""
        assert (await deliver(self.site, delivery(changes=[change], kind=kind))).status_code == 200
        await self.work()
        complaint = (await self.complaints())[-1]
        owner = await self.world.fetchval(
            "SELECT a.code FROM complaint c JOIN agency a ON a.id = c.owner_agency WHERE c.id = $1",
            complaint["id"],
        )
        officer = Actor.officer(await self.world.officer("liaison", owner))
        return complaint["id"], tickets.show(complaint["ticket"]), officer

    async def answered(self, officer: Actor, complaint: int, text: str = ANSWER) -> None:
        """The officer answers, and the letter leaves."""
        await desk.answer(officer, complaint, text=text)
        await self.world.advance(0.1)
        await self.work()


async def test_what_is_not_public_goes_to_the_writer_alone_and_once(line: Line) -> None:
    said = comment(LAMP)
    complaint, ticket, officer = await line.commented(said)
    await line.answered(officer, complaint)
    assert line.api.public == []
    assert [one["recipient"] for one in line.api.sent] == [{"comment_id": said["value"]["comment_id"]}]
    assert ticket in line.api.texts()[0]
    assert "Besok kami perbaiki." in line.api.texts()[0]
    assert "/buka/" in line.api.texts()[0]
    await line.answered(officer, complaint, "Sudah kami perbaiki.")
    assert len(line.api.sent) == 1
    states = await line.world.fetch("SELECT state FROM message WHERE kind = 'answered' ORDER BY id")
    assert [row["state"] for row in states] == ["sent", "cancelled"]


async def test_what_is_public_stands_below_the_comment_as_everybody_may_read_it(line: Line) -> None:
    said = comment(LAMP)
    complaint, ticket, officer = await line.commented(said)
    await desk.publish(officer, complaint, text="Lampu jalan mati.")
    await line.answered(officer, complaint)
    assert line.api.sent == []
    place, words = line.api.public[0]
    assert place == f"{said['value']['comment_id']}/comments"
    assert ticket in words
    assert "Besok kami perbaiki." in words
    assert "0812" not in words
    assert "/buka/" not in words


async def test_below_the_comment_of_somebody_anonymous_nothing_is_said(line: Line) -> None:
    complaint, _, officer = await line.commented(comment(LAMP))
    await desk.publish(officer, complaint, text="Lampu jalan mati.")
    await line.world.execute("UPDATE complaint SET anonymous = true WHERE id = $1", complaint)
    await line.answered(officer, complaint)
    assert line.api.public == []
    assert len(line.api.sent) == 1


async def test_instagram_has_replies(line: Line) -> None:
    said = {"id": "1791", "from": {"id": "55", "username": "sri"}, "text": LAMP, "media": {"id": "1"}}
    complaint, _, officer = await line.commented({"field": "comments", "value": said}, "instagram")
    await desk.publish(officer, complaint, text="Lampu jalan mati.")
    await line.answered(officer, complaint)
    assert [place for place, _ in line.api.public] == ["1791/replies"]


async def test_after_a_week_nobody_is_written_to_alone(line: Line) -> None:
    complaint, _, officer = await line.commented(comment(LAMP))
    await line.world.advance(24 * 7)
    await line.answered(officer, complaint)
    assert line.api.sent == []


async def test_of_a_confidential_complaint_nothing_is_said_but_that_there_is_news(line: Line) -> None:
    complaint, ticket, officer = await line.commented(comment(LAMP))
    await line.world.execute("UPDATE complaint SET confidential = true WHERE id = $1", complaint)
    await line.answered(officer, complaint)
    assert ticket in line.api.texts()[0]
    assert "perbaiki" not in line.api.texts()[0]


async def test_a_comment_that_cannot_be_answered_breaks_no_account(line: Line) -> None:
    complaint, _, officer = await line.commented(comment(LAMP))
    line.api.refusals = [(400, 10, 0, {})] * 9
    await line.answered(officer, complaint)
    assert await line.world.fetchval("SELECT failures FROM channel_account") == 0
    assert await line.world.fetchval("SELECT count(*) FROM alarm WHERE code = 'channel_broken'") == 0
    trouble = await line.world.fetchval("SELECT trouble FROM message WHERE kind = 'answered'")
    assert "tidak dapat dijawab" in trouble


async def test_a_long_private_answer_is_one_piece_with_its_link(line: Line) -> None:
    complaint, _, officer = await line.commented(comment(LAMP))
    await line.answered(officer, complaint, "Kami sudah memeriksa lampu itu kemarin. " * 60)
    assert len(line.api.sent) == 1
    words = line.api.texts()[0]
    assert len(words.encode()) <= LONGEST_TEXT
    assert words.rpartition("\n")[2].count("/buka/") == 1
