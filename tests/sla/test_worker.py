"""The worker as a process of its own: killed, without Redis, twice."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
import redis.asyncio

from lapor.complaints.desk import Filing, file
from lapor.embedded import Servers
from lapor.intake.outbound import LANES
from lapor.queue import Nudger
from lapor.settings import Settings
from lapor.worker import Hands, Task
from tests.ground import World
from tests.intake.partner import deliver, secret_of
from tests.intake.post_office import PostOffice
from tests.sla.workshop import at_work, until
from tests.visitor import Visitor

FILING = Filing(
    type="complaint", text="Sampah menumpuk di pasar.", category="sampah", email="sri@warga.example"
)


@pytest.fixture
def mailing(world: World, post: PostOffice) -> Settings:
    return replace(world.settings, smtp_url=post.url, mail_from="lapor@contoh.example", sweep_seconds=1)


async def _fired(world: World, step: str = "notify") -> int:
    """How many rungs of the response clock fired."""
    return int(
        await world.fetchval(
            "SELECT count(*) FROM escalation e JOIN clock k ON k.id = e.clock WHERE k.kind = 'response' AND e.step = $1",
            step,
        )
    )


async def _left(world: World) -> int:
    return int(
        await world.fetchval(
            "SELECT count(*) FROM message WHERE state NOT IN ('sent', 'bundled', 'cancelled')"
        )
    )


async def test_a_worker_sweeps_sends_and_reads_and_ends_cleanly_when_it_is_asked_to(
    site: Visitor, world: World, post: PostOffice, mailing: Settings, tmp_path: Path
) -> None:
    async with at_work(world, mailing, tmp_path) as working:
        await deliver(site, secret_of(mailing))
        await until(lambda: _fired(world))
        await until(lambda: _sent_all(world))
        assert post.to("sri@warga.example")
        assert await world.fetchval("SELECT state FROM inbound") == "read"
        beat = "SELECT lapor_now() - beat_at < interval '5 seconds' FROM heartbeat WHERE name = 'sweep'"
        assert await world.fetchval(beat)
        assert await working.stop() == 0
        assert "worker_stopped" in working.said()
        assert "dropped=" not in working.said()
        for secret in ("sri@warga", "Lampu", "0812"):
            assert secret not in working.said()


async def _sent_all(world: World) -> bool:
    return bool(await world.fetchval("SELECT count(*) FROM message")) and await _left(world) == 0


async def test_a_worker_killed_in_the_middle_loses_nothing_and_fires_nothing_twice(
    simulated: World, post: PostOffice, mailing: Settings, tmp_path: Path
) -> None:
    count = 60
    filed = [await file(replace(FILING, text=f"laporan {number}")) for number in range(count)]
    await simulated.advance(49)
    post.slow_seconds = 0.05
    for killed_at in (10, 60):
        async with at_work(simulated, mailing, tmp_path) as working:
            await until(lambda seen=killed_at: _arrived(post, seen))
            await working.kill()
        # The next one may take what the dead one held once its lease has run out.
        await simulated.advance(0.04)
    post.slow_seconds = 0
    async with at_work(simulated, mailing, tmp_path), at_work(simulated, mailing, tmp_path):
        await until(lambda: _escalated(simulated, count))
        await until(lambda: _sent_all(simulated), 30)
    assert await _fired(simulated, "escalate") == count
    doubles = "SELECT count(*) FROM (SELECT FROM escalation GROUP BY clock, rung HAVING count(*) > 1) d"
    assert await simulated.fetchval(doubles) == 0
    letters = [str(mail.letter["Message-ID"]) for mail in post.mails]
    sent = await simulated.fetchval("SELECT count(*) FROM message WHERE channel = 'email' AND state = 'sent'")
    assert len(set(letters)) == sent
    # What had left just before each kill leaves again, under the id by which a repeat is known.
    assert len(letters) - len(set(letters)) <= 2 * LANES
    assert len({mail.body for mail in post.to("sri@warga.example") if filed[0].secret in mail.body}) == 1


async def _arrived(post: PostOffice, count: int) -> bool:
    return len(post.mails) >= count


async def _escalated(world: World, count: int) -> bool:
    return await _fired(world, "escalate") >= count


async def test_without_redis_nothing_is_late_by_more_than_a_few_seconds(
    world: World, servers: Servers, post: PostOffice, mailing: Settings, tmp_path: Path
) -> None:
    async with at_work(world, mailing, tmp_path) as working:
        await until(lambda: _beats(world))
        servers.redis.stop()
        try:
            await file(FILING)
            assert await until(lambda: _fired(world)) < 6
            assert await until(lambda: _sent_all(world)) < 6
        finally:
            servers.restart_redis()
        await file(replace(FILING, text="Sesudah Redis kembali."))
        await until(lambda: _fired_twice(world))
        assert "redis_does_not_answer" in working.said()
        assert await working.stop() == 0


async def _beats(world: World) -> bool:
    return bool(await world.fetchval("SELECT count(*) FROM heartbeat WHERE name = 'sweep'"))


async def _fired_twice(world: World) -> bool:
    return await _fired(world) == 2


async def test_redis_may_forget_everything_at_any_moment(
    world: World, mailing: Settings, tmp_path: Path
) -> None:
    client = redis.asyncio.Redis.from_url(mailing.redis_url)
    async with at_work(world, mailing, tmp_path) as working:
        for number in range(1, 4):
            await file(replace(FILING, text=f"laporan {number}"))
            await client.flushall()
            await until(lambda expected=number: _fired_is(world, expected), 6)
            await client.flushall()
        assert await working.stop() == 0
    await client.aclose()


async def _fired_is(world: World, expected: int) -> bool:
    return await _fired(world) == expected


async def test_a_nudge_is_followed_long_before_the_timer(
    world: World, mailing: Settings, tmp_path: Path
) -> None:
    patient = replace(mailing, sweep_seconds=300)
    nudger = Nudger(patient.redis_url)
    async with at_work(world, patient, tmp_path):
        await until(lambda: _beats(world))
        await asyncio.sleep(1)
        await file(FILING)
        await nudger.nudge("sweep")
        assert await until(lambda: _fired(world)) < 5
    await nudger.close()


async def test_a_task_that_fails_does_not_hold_up_the_others(
    site: Visitor, world: World, mailing: Settings, tmp_path: Path
) -> None:
    await world.execute("REVOKE UPDATE ON inbound FROM lapor_worker")
    await deliver(site, secret_of(mailing))
    async with at_work(world, mailing, tmp_path) as working:
        await file(FILING)
        await until(lambda: _fired_is(world, 1))
        await until(lambda: _sent_all(world))
        assert "task_failed" in working.said()
        # Roles belong to the whole cluster, but what they may do is granted in each database.
        await world.execute("GRANT UPDATE ON inbound TO lapor_worker")
        await until(lambda: _read(world))


async def _read(world: World) -> bool:
    return bool(await world.fetchval("SELECT count(*) FROM inbound WHERE state = 'read'"))


async def test_the_worker_refuses_to_start_on_a_database_that_is_behind(
    world: World, mailing: Settings, tmp_path: Path
) -> None:
    await world.execute("DELETE FROM migration WHERE id = (SELECT max(id) FROM migration)")
    with pytest.raises(AssertionError, match="migrat"):
        async with at_work(world, mailing, tmp_path):
            pass


async def test_one_task_runs_once_at_a_time_and_again_when_it_is_asked_for_meanwhile(
    mailing: Settings,
) -> None:
    running = most = runs = 0

    async def slow(_: Settings) -> bool:
        nonlocal running, most, runs
        running, runs = running + 1, runs + 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1
        return False

    hands = Hands(mailing, [Task("slow", slow, lambda _: 300)])
    first = asyncio.create_task(hands.do("slow"))
    await asyncio.sleep(0.01)
    await asyncio.gather(first, *(hands.do("slow") for _ in range(10)))
    assert (most, runs) == (1, 2)
