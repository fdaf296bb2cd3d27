"""Photos that a resident sends through a channel: the worker adds them where they belong, and can do no more."""

from __future__ import annotations

from itertools import product
from typing import Any

import asyncpg
import pytest

from lapor import database
from lapor.complaints import desk, pictures
from lapor.complaints.actor import Actor
from lapor.complaints.desk import Filed, Filing, Refused
from lapor.complaints.queries.photos import photos_of
from tests.complaints.conftest import Scene, reporter
from tests.images import jpeg

_INSERT = """
INSERT INTO attachment (complaint, statement, purpose, media_type, width, height, sha256, likeness, salt, body,
  flagged, stored_at) VALUES ($1, $2, $3, 'image/jpeg', 1, 1, 'x', 1, 'x', 'x', $4, lapor_now())"""


async def _through(channel: str) -> Filed:
    return await desk.file(
        Filing(type="complaint", text="Jalan berlubang", category="jalan-rusak", channel=channel),
        role="worker",
    )


async def _purposes(scene: Scene, filed: Filed) -> list[str]:
    rows = await scene.world.fetch(
        "SELECT purpose FROM attachment WHERE complaint = $1 ORDER BY id", filed.complaint_id
    )
    return [row["purpose"] for row in rows]


async def test_the_worker_adds_a_photo_to_a_report_and_to_a_reply_and_each_is_in_the_chain(
    scene: Scene,
) -> None:
    async with database.transaction("worker"):
        filed = await _through("whatsapp")
        await desk.add_photos(Actor.heard(), filed.complaint_id, [pictures.read(jpeg(1))])
    photo = pictures.read(jpeg(2))
    for _ in range(2):
        await desk.reply(Actor.heard(), filed.complaint_id, text="Ini fotonya.", photos=[photo])
    assert await _purposes(scene, filed) == ["report", "reply"]
    assert (await scene.kinds(filed))[-4:] == ["routed", "photo_added", "replied", "photo_added"]
    events = await scene.world.fetch("SELECT actor FROM event WHERE kind IN ('photo_added', 'replied')")
    assert {row["actor"] for row in events} == {"reporter"}
    async with database.transaction("reader", user_id=scene.staff.person):
        assert len(await photos_of(filed.complaint_id)) == 2


async def test_an_officer_and_the_system_do_not_speak_for_the_reporter(scene: Scene) -> None:
    filed = await _through("whatsapp")
    for actor in (scene.staff, Actor.system()):
        with pytest.raises(Refused):
            await desk.add_photos(actor, filed.complaint_id, [pictures.read(jpeg(1))])
        with pytest.raises(Refused):
            await desk.reply(actor, filed.complaint_id, text="Palsu")


async def _may(
    complaint: int, statement: int | None, purpose: str, flagged: str | None, held: int | None
) -> bool:
    try:
        async with database.transaction("worker"):
            if held:
                await database.execute("SELECT set_config('app.holding', $1, true)", str(held))
            await database.execute(_INSERT, complaint, statement, purpose, flagged)
    except asyncpg.InsufficientPrivilegeError:
        return False
    return True


async def test_of_all_photos_that_it_might_write_the_worker_may_write_these_only(scene: Scene) -> None:
    complaints = {channel: await _through(channel) for channel in ("whatsapp", "web", "counter")}
    statements: dict[str, dict[str, int]] = {}
    for channel, filed in complaints.items():
        await desk.reply(reporter(filed), filed.complaint_id, text="Keterangan")
        await desk.note(scene.staff, filed.complaint_id, text="Catatan")
        rows = await scene.world.fetch(
            "SELECT id, kind FROM statement WHERE complaint = $1", filed.complaint_id
        )
        statements[channel] = {row["kind"]: row["id"] for row in rows}
    allowed = set()
    given: list[Any] = [
        complaints,
        ("report", "reply", "proof"),
        ("nothing", "reply", "note", "reply to another"),
        (None, "reporter"),
        ("held", "another held", "nothing held"),
    ]
    for channel, purpose, beside, flagged, holds in product(*given):
        other = "web" if channel != "web" else "whatsapp"
        statement = {
            "nothing": None,
            "reply": statements[channel]["reply"],
            "note": statements[channel]["note"],
            "reply to another": statements[other]["reply"],
        }[beside]
        held = {
            "held": complaints[channel].complaint_id,
            "another held": complaints[other].complaint_id,
            "nothing held": None,
        }[holds]
        if await _may(complaints[channel].complaint_id, statement, purpose, flagged, held):
            allowed.add((channel, purpose, beside, flagged, holds))
    assert allowed == {
        ("whatsapp", "report", "nothing", None, "held"),
        ("whatsapp", "reply", "reply", None, "held"),
        ("web", "reply", "reply", None, "held"),
        ("counter", "reply", "reply", None, "held"),
    }


async def test_the_worker_neither_opens_a_photo_nor_changes_or_deletes_one(scene: Scene) -> None:
    filed = await _through("whatsapp")
    await desk.add_photos(Actor.heard(), filed.complaint_id, [pictures.read(jpeg(1))])
    await desk.answer(scene.staff, filed.complaint_id, text="Kami kerjakan")
    await desk.claim_completion(
        scene.staff, filed.complaint_id, text="Sudah", photos=[pictures.read(jpeg(2))]
    )
    async with database.transaction("worker"):
        known = await database.fetch("SELECT id, complaint, statement, purpose, sha256 FROM attachment")
    assert [row["purpose"] for row in known] == ["report"]
    for statement in (
        "SELECT body FROM attachment",
        "SELECT * FROM attachment",
        "SELECT likeness FROM attachment",
        "UPDATE attachment SET flagged = 'x'",
        "UPDATE attachment SET body = ''",
        "DELETE FROM attachment",
        "TRUNCATE attachment",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with database.transaction("worker"):
                await database.execute(statement)
