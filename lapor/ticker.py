"""arq as a ticker: it runs tasks when their minute comes or when somebody nudges, as long as Redis lives.

Nothing depends on it. `lapor.worker` keeps time itself and does what a tick has missed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC
from typing import Any

from arq.connections import ArqRedis, create_pool
from arq.cron import CronJob, cron
from arq.worker import Function, Worker, func
from redis.exceptions import RedisError

from lapor.queue import KEEP_RESULT, deserialize, redis_settings, serialize

# A nudge that a killed worker held is handed out again after this and ten seconds more.
JOB_SECONDS = 60
HEALTH_SECONDS = 15
RETRIES = 2

Do = Callable[[str], Awaitable[None]]
Job = Callable[..., Awaitable[None]]


async def listen(
    url: str, periods: Mapping[str, int], do: Do, ticking: asyncio.Event, stop: asyncio.Event
) -> None:
    """Call `do` with a task's name whenever it is nudged, and every so many seconds, until `stop` is set.

    `ticking` is set as long as Redis answers. Raises RedisError or OSError as soon as Redis is away; the tasks under way are not touched by that.
    """
    async with _connected(url) as pool:
        worker = _worker(pool, periods, do)
        listening = asyncio.create_task(worker.async_run())
        stopped = asyncio.create_task(stop.wait())
        ticking.set()
        try:
            await asyncio.wait({listening, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                listening.result()
        finally:
            ticking.clear()
            await _finish(worker, listening, stopped)


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[ArqRedis]:
    pool = await create_pool(
        redis_settings(url, retries=RETRIES), job_serializer=serialize, job_deserializer=deserialize
    )
    try:
        yield pool
    finally:
        with contextlib.suppress(RedisError, OSError):
            await pool.aclose()


def _worker(pool: ArqRedis, periods: Mapping[str, int], do: Do) -> Worker:
    return Worker(
        functions=[_nudged(name, do) for name in periods],
        cron_jobs=[_ticked(name, seconds, do) for name, seconds in periods.items()],
        redis_pool=pool,
        # Signals are the supervisor's; what is under way when they come is finished by it.
        handle_signals=False,
        job_timeout=JOB_SECONDS,
        keep_result=KEEP_RESULT,
        max_tries=1,
        health_check_interval=HEALTH_SECONDS,
        job_serializer=serialize,
        job_deserializer=deserialize,
        timezone=UTC,
        log_results=False,
    )


def _nudged(name: str, do: Do) -> Function:
    return func(_job(name, do), name=name, timeout=JOB_SECONDS, max_tries=1, keep_result=KEEP_RESULT)  # type: ignore[arg-type]


def _ticked(name: str, seconds: int, do: Do) -> CronJob:
    """A timer. arq counts like cron: what does not divide a minute comes a little more often, never less."""
    job = _job(name, do)
    if seconds < 60:
        return cron(job, name=f"tick:{name}", second=set(range(0, 60, seconds)), timeout=JOB_SECONDS)  # type: ignore[arg-type]
    return cron(job, name=f"tick:{name}", minute=set(range(0, 60, seconds // 60)), timeout=JOB_SECONDS)  # type: ignore[arg-type]


def _job(name: str, do: Do) -> Job:
    async def job(_: dict[str, Any]) -> None:
        await do(name)

    return job


async def _finish(worker: Worker, *tasks: asyncio.Task[Any]) -> None:
    for task in (*tasks, *worker.tasks.values()):
        task.cancel()
    await asyncio.gather(*tasks, *worker.tasks.values(), return_exceptions=True)
