"""The only place that knows arq: how the worker is nudged, and how jobs are written.

Redis carries nudges only. What is due stands in PostgreSQL, and the worker's timers find it without any nudge; so
nothing here ever raises, and a dead Redis costs seconds of delay, never a complaint.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgpack  # type: ignore[import-untyped]
import structlog
from arq.connections import ArqRedis, RedisSettings, create_pool
from redis.exceptions import RedisError

log = structlog.get_logger()

# arq keeps a finished job's id for an hour by default, and refuses the same nudge for as long.
KEEP_RESULT = 0
PATIENCE_SECONDS = 0.5
REST_SECONDS = 1.0
SILENCE_SECONDS = 60.0


def redis_settings(url: str, *, retries: int = 0) -> RedisSettings:
    """arq's settings for a Redis address; a worker gives itself `retries`, one second apart, at its start."""
    settings = RedisSettings.from_dsn(url)
    settings.conn_timeout = 1
    settings.conn_retries = retries
    settings.conn_retry_delay = 1
    return settings


def serialize(job: dict[str, Any]) -> bytes:
    """A job as msgpack; arq's default is pickle, which would run what somebody wrote into Redis."""
    packed: bytes = msgpack.packb(job, default=str)
    return packed


def deserialize(packed: bytes) -> dict[str, Any]:
    """The job that `serialize` wrote."""
    job: dict[str, Any] = msgpack.unpackb(packed)
    return job


class Nudger:
    """Tells the worker that there is something to do; to be used after the commit, never instead of it."""

    def __init__(self, url: str) -> None:
        self._settings = redis_settings(url)
        self._pool: ArqRedis | None = None
        self._connecting = asyncio.Lock()
        self._rest_until = 0.0
        self._silent_until = 0.0

    async def connect(self) -> None:
        """Opens the connection ahead of the first nudge; says nothing when Redis is away."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._connected()
        except (RedisError, OSError, TimeoutError) as trouble:
            self._note(trouble)

    async def close(self) -> None:
        """Closes the connection."""
        if self._pool is not None:
            await self._pool.aclose()
            self._pool = None

    async def nudge(self, task: str, *args: str | int) -> None:
        """Asks the worker to run a task soon; returns within about half a second and never raises.

        The same nudge that still waits is not repeated. One that comes while its task runs is dropped, and what
        it was about is found by the next tick of the worker's timer.
        """
        if asyncio.get_running_loop().time() < self._rest_until:
            return
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                pool = await self._connected()
                await pool.enqueue_job(task, *args, _job_id=":".join(map(str, ("nudge", task, *args))))
        except (RedisError, OSError, TimeoutError) as trouble:
            self._note(trouble)

    async def _connected(self) -> ArqRedis:
        async with self._connecting:
            if self._pool is None:
                self._pool = await create_pool(
                    self._settings, job_serializer=serialize, job_deserializer=deserialize
                )
            return self._pool

    def _note(self, trouble: Exception) -> None:
        """Leaves Redis alone for a second and says so once in a minute."""
        now = asyncio.get_running_loop().time()
        self._rest_until = now + REST_SECONDS
        if now >= self._silent_until:
            self._silent_until = now + SILENCE_SECONDS
            log.warning("redis_does_not_answer", error=type(trouble).__name__)
