"""The watchman: silent when all is well, and right about each thing that is not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest_asyncio

from lapor import database
from lapor.complaints.actor import Actor
from lapor.complaints.desk import Filing, answer, file, sweep
from lapor.intake.outbound import drain
from lapor.sla.audit import Finding, audit
from lapor.sla.worker import beat, turn
from tests.ground import World

FILING = Filing(type="complaint", text="Air keran keruh.", category="lampu-jalan")


@pytest_asyncio.fixture
async def settled(simulated: World) -> AsyncIterator[World]:
    """A world in which everything is as it should be: every head's office is held, and the minute hand turns."""
    person = await simulated.person()
    await simulated.execute(
        "INSERT INTO appointment (office, person, kind, starts_at) SELECT o.id, $1, 'definitive', lapor_now()"
        " - interval '1 day' FROM office o WHERE o.role IN ('head_of_region', 'sekda', 'agency_head')",
        person,
    )
    await turn()
    yield simulated


async def _found(*, whole: bool = True) -> dict[str, int]:
    return {finding.code: finding.count for finding in await audit(whole=whole)}


async def _let_out(world: World) -> None:
    """Empty the outbox into the log."""
    await drain(replace(world.settings, console_channel=True))


async def _tamper(world: World, *statements: str) -> None:
    """What somebody with the rights of a superuser could do to the ledger."""
    connection = await asyncpg.connect(world.ground.servers.admin_url(world.name))
    try:
        await connection.execute("SET session_replication_role = replica")
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_nothing_is_found_where_everything_is_as_it_should_be(settled: World) -> None:
    for number in range(3):
        await file(replace(FILING, text=f"laporan {number}"))
    await settled.advance(50)
    await turn()
    await _let_out(settled)
    assert await audit() == []
    assert await audit(whole=False) == []


async def test_an_overdue_clock_without_its_escalation_is_found_and_swept_away(settled: World) -> None:
    await file(FILING)
    await settled.advance(48)
    await beat("sweep")
    # Due for a moment only: the sweep may still be on its way.
    assert "overdue_not_escalated" not in await _found()
    await settled.advance(0.1)
    await beat("sweep")
    assert (await _found())["overdue_not_escalated"] == 1
    await turn()
    assert "overdue_not_escalated" not in await _found()


async def test_a_late_answer_does_not_hide_a_missing_escalation(settled: World) -> None:
    filed = await file(FILING)
    await settled.advance(49)
    agency = await settled.fetchval(
        "SELECT a.code FROM agency a JOIN complaint c ON c.owner_agency = a.id WHERE c.id = $1",
        filed.complaint_id,
    )
    officer = await settled.officer("liaison", agency)
    await answer(Actor.officer(officer), filed.complaint_id, text="Sudah diperiksa.")
    assert (await _found())["overdue_not_escalated"] == 1
    await sweep()
    assert "overdue_not_escalated" not in await _found()


async def test_an_answer_in_time_is_not_found(settled: World) -> None:
    filed = await file(FILING)
    agency = await settled.fetchval(
        "SELECT a.code FROM agency a JOIN complaint c ON c.owner_agency = a.id WHERE c.id = $1",
        filed.complaint_id,
    )
    officer = await settled.officer("liaison", agency)
    await settled.advance(47)
    await answer(Actor.officer(officer), filed.complaint_id, text="Sudah diperiksa.")
    await settled.advance(3)
    assert "overdue_not_escalated" not in await _found()


async def test_a_clock_that_the_sweep_lost_sight_of_is_found(settled: World) -> None:
    await file(FILING)
    await settled.execute("UPDATE clock SET next_at = NULL WHERE kind = 'response'")
    await settled.advance(49)
    await turn()
    assert (await _found())["overdue_not_escalated"] == 1


async def test_a_clock_that_was_set_aside_is_found(settled: World) -> None:
    await file(FILING)
    await settled.execute("UPDATE clock SET trouble = 'x', next_at = NULL WHERE kind = 'response'")
    assert (await _found())["clock_set_aside"] == 1


async def test_a_rung_fired_twice_is_found_even_if_the_database_would_allow_it(settled: World) -> None:
    await file(FILING)
    await settled.advance(49)
    await turn()
    await settled.execute("DROP INDEX escalation_once")
    await settled.execute(
        "INSERT INTO escalation (clock, rung, complaint, step, due_at, fired_at)"
        " SELECT clock, rung, complaint, step, due_at, fired_at FROM escalation WHERE step = 'escalate'"
    )
    assert (await _found())["fired_twice"] == 1


async def test_every_kind_of_forgery_breaks_a_chain(settled: World) -> None:
    filed = await file(FILING)
    other = await file(replace(FILING, text="Yang lain."))
    of = f"complaint = {filed.complaint_id}"
    forgeries = {
        "a fact changed": [f"UPDATE event SET facts = '{{}}' WHERE {of} AND seq = 1"],
        "a time changed": [
            f"UPDATE event SET occurred_at = occurred_at - interval '1 hour' WHERE {of} AND seq = 1"
        ],
        "an actor changed": [f"UPDATE event SET actor = 'officer:1' WHERE {of} AND seq = 2"],
        "the canonical bytes changed": [
            f"UPDATE event SET canonical = canonical || '!' WHERE {of} AND seq = 1"
        ],
        "the last event dropped": [f"DELETE FROM event WHERE {of} AND seq = 2"],
        "the head rewritten": [f"UPDATE ledger_head SET hash = 'x' WHERE subject = {filed.complaint_id}"],
        "an event rewritten with a fitting hash": [
            f"UPDATE event SET facts = '{{}}', hash = sha256(previous || canonical) WHERE {of} AND seq = 2"
        ],
        "two events swapped": [
            f"UPDATE event SET seq = 9 WHERE {of} AND seq = 1",
            f"UPDATE event SET seq = 1 WHERE {of} AND seq = 2",
            f"UPDATE event SET seq = 2 WHERE {of} AND seq = 9",
        ],
        "a whole chain dropped": [f"DELETE FROM event WHERE {of}"],
        "a head dropped": [f"DELETE FROM ledger_head WHERE subject = {other.complaint_id}"],
    }
    assert "chain_broken" not in await _found()
    await _tamper(
        settled, "CREATE TABLE kept_event AS TABLE event", "CREATE TABLE kept_head AS TABLE ledger_head"
    )
    for name, statements in forgeries.items():
        await _tamper(settled, *statements)
        assert (await _found()).get("chain_broken") == 1, name
        await _tamper(
            settled,
            "DELETE FROM event",
            "INSERT INTO event SELECT * FROM kept_event",
            "DELETE FROM ledger_head",
            "INSERT INTO ledger_head SELECT * FROM kept_head",
        )
        assert "chain_broken" not in await _found(), name


async def test_a_gap_in_the_numbers_is_found_although_the_hashes_fit(settled: World) -> None:
    filed = await file(FILING)
    await _tamper(settled, f"DELETE FROM event WHERE complaint = {filed.complaint_id} AND seq = 1")
    found = await _found()
    assert (found["chain_gap"], found["chain_broken"]) == (1, 1)
    assert (await _found(whole=False))["chain_gap"] == 1


async def test_a_minute_hand_that_stands_still_is_found(settled: World) -> None:
    assert "no_heartbeat" not in await _found()
    await settled.advance(0.02)
    assert (await _found())["no_heartbeat"] == 1
    await beat("sweep")
    assert "no_heartbeat" not in await _found()
    await settled.execute("DELETE FROM heartbeat")
    assert (await _found())["no_heartbeat"] == 1


async def test_an_office_of_a_head_without_a_holder_is_found(settled: World) -> None:
    office = await settled.fetchval("SELECT id FROM office WHERE role = 'head_of_region' LIMIT 1")
    await settled.execute("UPDATE appointment SET ends_at = lapor_now() WHERE office = $1", office)
    assert (await _found())["office_vacant"] == 1
    await settled.execute("UPDATE office SET active = false WHERE id = $1", office)
    assert "office_vacant" not in await _found()


async def test_a_category_that_no_rule_leads_anywhere_is_found(settled: World) -> None:
    assert "category_unrouted" not in await _found()
    await settled.execute("UPDATE routing_rule SET active = false WHERE 'lampu-jalan' = ANY (categories)")
    assert (await _found())["category_unrouted"] == 1


async def test_messages_and_deliveries_that_got_stuck_are_found(settled: World) -> None:
    await file(FILING)
    assert "message_stuck" not in await _found()
    await settled.advance(0.2)
    await turn()
    assert (await _found())["message_stuck"] == 1
    await settled.execute("UPDATE message SET state = 'dead'")
    assert (await _found())["message_dead"] == await settled.fetchval("SELECT count(*) FROM message")
    for state in ("dead", "unreadable", "waiting"):
        await settled.execute(
            "INSERT INTO inbound (channel, account, external_id, payload, received_at, state, next_attempt_at)"
            " VALUES ('partner', 'x', $1, '', lapor_now(), $1, lapor_now() - interval '1 hour')",
            state,
        )
    found = await _found()
    assert [found[f"inbound_{kind}"] for kind in ("dead", "unreadable", "stuck")] == [1, 1, 1]


async def test_the_worker_may_ask_everything_that_the_watchman_asks(settled: World) -> None:
    await file(FILING)
    await database.close_pool()
    database.configure(settled.url("lapor_work"))
    await database.open_pool()
    assert await audit() == []
    assert isinstance(Finding("x", 1, "y"), Finding)
