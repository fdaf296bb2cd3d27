"""Nudges: through a real Redis, and past a dead one."""

import time

import pytest
from arq.worker import Worker, func
from structlog.testing import capture_logs

from lapor.embedded import Servers, remove_home, throwaway_home
from lapor.queue import KEEP_RESULT, Nudger, deserialize, redis_settings, serialize


@pytest.fixture(scope="module")
def servers():
    """Servers of this module's own, because it takes Redis away."""
    home = throwaway_home()
    with Servers.start(home) as started:
        yield started
    remove_home(home)


@pytest.fixture
async def nudger(servers):
    made = Nudger(servers.redis_url)
    yield made
    await made.close()


async def work(servers: Servers) -> list[tuple]:
    """What a worker does that runs until nothing waits."""
    done = []

    async def drain(_, *args):
        done.append(args)

    worker = Worker(
        [func(drain, name="drain")],
        redis_settings=redis_settings(servers.redis_url),
        job_serializer=serialize,
        job_deserializer=deserialize,
        keep_result=KEEP_RESULT,
        burst=True,
        poll_delay=0.01,
        handle_signals=False,
    )
    await worker.main()
    await worker.close()
    return done


async def test_a_nudge_reaches_the_worker_with_its_arguments(servers, nudger):
    await nudger.connect()
    await nudger.nudge("drain", "semarang", 7)
    assert await work(servers) == [("semarang", 7)]


async def test_the_same_nudge_waits_once_and_may_come_again_after_it_ran(servers, nudger):
    for _ in range(20):
        await nudger.nudge("drain")
    assert await work(servers) == [()]
    await nudger.nudge("drain")
    assert await work(servers) == [()]


async def test_a_dead_redis_raises_nothing_is_named_once_and_works_again_when_it_is_back(servers):
    nudger = Nudger(servers.redis_url)
    await nudger.nudge("drain", "before")
    servers.redis.stop()
    with capture_logs() as lines:
        began = time.monotonic()
        for number in range(50):
            nudger._rest_until = 0.0
            await nudger.nudge("drain", number)
        assert time.monotonic() - began < 10
    assert [line["event"] for line in lines] == ["redis_does_not_answer"]
    servers.restart_redis()
    nudger._rest_until = 0.0
    await nudger.nudge("drain", "after")
    assert await work(servers) == [("after",)]
    await nudger.close()


async def test_a_redis_that_was_never_there_stops_nobody():
    nudger = Nudger("redis://127.0.0.1:1/0")
    with capture_logs() as lines:
        await nudger.connect()
        await nudger.nudge("drain")
    assert len(lines) == 1
    await nudger.close()


def test_a_job_is_written_without_pickle():
    job = {"t": None, "f": "drain", "a": ("semarang", 7), "k": {}, "et": 1}
    assert deserialize(serialize(job)) == job | {"a": ["semarang", 7]}
