"""Taking back what was just sent: what it restores, what it cannot do, and that no escalation is lost by it."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest

from lapor import database
from lapor.complaints import desk, ledger
from lapor.complaints.desk import Filed, Refused
from tests.complaints.conftest import Scene, reporter, sees

SECOND = 1 / 3600


async def last(scene: Scene, filed: Filed) -> int:
    found: int = await scene.world.fetchval(
        "SELECT max(id) FROM statement WHERE complaint = $1", filed.complaint_id
    )
    return found


async def send(scene: Scene, filed: Filed, text: str = "Sudah kami perbaiki.") -> int:
    await desk.answer(scene.staff, filed.complaint_id, text=text, undoable=True)
    return await last(scene, filed)


async def take_back(scene: Scene, filed: Filed, statement: int) -> None:
    await desk.undo(scene.staff, filed.complaint_id, statement)


async def test_an_undone_answer_leaves_the_clocks_as_they_were(scene: Scene) -> None:
    filed = await scene.file()
    await desk.sweep()
    clocks = await scene.world.fetch("SELECT * FROM clock ORDER BY id")
    await take_back(scene, filed, await send(scene, filed))
    assert await scene.world.fetch("SELECT * FROM clock ORDER BY id") == clocks
    assert (await scene.complaint(filed))["status"] == "routed"
    assert (await scene.kinds(filed))[-2:] == ["answered", "undone"]


async def test_the_letter_waits_and_does_not_leave(scene: Scene) -> None:
    filed = await scene.file()
    statement = await send(scene, filed)
    letter = (await scene.world.fetch("SELECT * FROM message WHERE statement = $1", statement))[0]
    assert (letter["next_attempt_at"] - letter["created_at"]).total_seconds() == 20
    await take_back(scene, filed, statement)
    assert (
        await scene.world.fetchval("SELECT state FROM message WHERE statement = $1", statement) == "cancelled"
    )


async def test_the_reporter_is_not_shown_what_was_taken_back(scene: Scene) -> None:
    filed = await scene.file()
    statement = await send(scene, filed)
    await take_back(scene, filed, statement)
    async with database.transaction("reporter", reporter_key=reporter(filed).reporter_key):
        assert not await database.fetch("SELECT * FROM statement")
    kept = await sees(scene.checker.person, "SELECT undone_at FROM statement WHERE id = $1", statement)
    assert kept[0]["undone_at"] is not None


async def test_an_undone_interim_answer_leaves_no_promise(scene: Scene) -> None:
    filed = await scene.file()
    day = await scene.days_from_now(3)
    await desk.answer_interim(
        scene.staff, filed.complaint_id, text="Segera.", promised_for=day, undoable=True
    )
    await take_back(scene, filed, await last(scene, filed))
    assert not await scene.world.fetchval("SELECT count(*) FROM clock WHERE kind = 'promise'")
    assert (await scene.clock(filed, "response"))["met_at"] is None


async def test_questions_and_notes_can_be_taken_back_too(scene: Scene) -> None:
    filed = await scene.file()
    await desk.ask(scene.staff, filed.complaint_id, text="Di mana?", undoable=True)
    await take_back(scene, filed, await last(scene, filed))
    await desk.note(scene.staff, filed.complaint_id, text="Catatan.", undoable=True)
    await take_back(scene, filed, await last(scene, filed))
    assert (await scene.kinds(filed))[-4:] == ["asked", "undone", "noted", "undone"]


async def test_after_twenty_seconds_it_stays(scene: Scene) -> None:
    filed = await scene.file()
    statement = await send(scene, filed)
    await scene.world.advance(21 * SECOND)
    with pytest.raises(Refused):
        await take_back(scene, filed, statement)
    assert (await scene.clock(filed, "response"))["met_at"] is not None


async def test_nobody_takes_back_what_a_colleague_sent(scene: Scene) -> None:
    filed = await scene.file()
    statement = await send(scene, filed)
    with pytest.raises(Refused):
        await desk.undo(scene.checker, filed.complaint_id, statement)


async def test_what_somebody_has_reacted_to_stays(scene: Scene) -> None:
    filed = await scene.file()
    statement = await send(scene, filed)
    await desk.reply(reporter(filed), filed.complaint_id, text="Terima kasih.")
    with pytest.raises(Refused, match="langkah lain"):
        await take_back(scene, filed, statement)


async def test_a_deadline_within_the_seconds_counts_the_time_of_sending(scene: Scene) -> None:
    filed = await scene.file()
    await scene.world.advance(48 - 5 * SECOND)
    await send(scene, filed)
    await scene.world.advance(30 * SECOND)
    await desk.sweep()
    assert not [rung for rung in await scene.fired(filed) if rung[1] == "escalate"]
    clock = await scene.clock(filed, "response")
    assert clock["met_at"] < clock["due_at"]


async def test_a_rung_that_fell_into_the_undone_seconds_fires_at_once(scene: Scene) -> None:
    filed = await scene.file()
    await scene.world.advance(48 - 5 * SECOND)
    await desk.sweep()
    statement = await send(scene, filed)
    await scene.world.advance(10 * SECOND)
    await desk.sweep()
    assert not [rung for rung in await scene.fired(filed) if rung[1] == "escalate"]
    await take_back(scene, filed, statement)
    await desk.sweep()
    assert [rung[1:] for rung in await scene.fired(filed) if rung[1] == "escalate"] == [
        ("escalate", False, False)
    ]


async def test_sending_and_undoing_without_end_keeps_no_rung_from_firing(scene: Scene) -> None:
    filed = await scene.file()
    await desk.sweep()
    await scene.world.advance(48 - 15 * SECOND)
    statement = await send(scene, filed)
    for _ in range(6):
        # Undone and sent again before any sweep comes between.
        await scene.world.advance(10 * SECOND)
        await take_back(scene, filed, statement)
        statement = await send(scene, filed)
        await desk.sweep()
    escalated = [rung for rung in await scene.fired(filed) if rung[1] == "escalate"]
    assert len(escalated) == 1
    clock = await scene.clock(filed, "response")
    assert clock["met_at"] > clock["due_at"]


async def test_nobody_takes_a_meeting_back_in_another_way(scene: Scene) -> None:
    filed = await scene.file()
    await desk.answer(scene.staff, filed.complaint_id, text="Sudah.")
    for setting in ("", "yes"):
        with pytest.raises(asyncpg.PostgresError, match="met once"):
            await unmeet(scene, setting)
    statement = await last(scene, filed)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await sees(scene.staff.person, "SELECT undo_statement($1)", statement)


async def unmeet(scene: Scene, setting: str) -> None:
    async with database.transaction("desk", user_id=scene.staff.person):
        await database.execute("SELECT set_config('app.undoing', $1, true)", setting)
        await database.execute("UPDATE clock SET met_at = NULL WHERE kind = 'response'")


async def test_the_chain_stays_whole(scene: Scene, tmp_path: Path) -> None:
    filed = await scene.file()
    await take_back(scene, filed, await send(scene, filed))
    await send(scene, filed, "Jawaban yang benar.")
    exported = await ledger.export(tmp_path / "ledger.jsonl")
    assert ledger.verify(tmp_path / "ledger.jsonl") == exported


async def test_the_public_copy_of_an_undone_answer_is_withdrawn(scene: Scene) -> None:
    filed = await scene.file()
    await desk.publish(scene.staff, filed.complaint_id, text="Jalan berlubang.")
    await take_back(scene, filed, await send(scene, filed))
    assert await scene.world.fetchval("SELECT count(*) FROM publication") == 1
