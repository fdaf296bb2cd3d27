"""Whether this process lives, and whether the whole installation is ready to serve."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import redis.asyncio
from litestar import Response, get
from redis.exceptions import RedisError

from lapor import database, schema
from lapor.pages import AnyRequest

HEARTBEAT_AGE = timedelta(seconds=60)
PATIENCE_SECONDS = 3.0

Check = Callable[[AnyRequest], Awaitable[str]]


@get("/health")
async def health() -> Response[dict[str, str]]:
    """The process answers; nothing else is asked."""
    return Response({"status": "up"}, headers={"Cache-Control": "no-store"})


@get("/ready")
async def ready(request: AnyRequest) -> Response[dict[str, Any]]:
    """200 when database, migrations, Redis and worker are there; else 503 and what is missing."""
    missing = {}
    for name, check in _CHECKS.items():
        trouble = await _asked(check, request)
        if trouble:
            missing[name] = trouble
    return Response(
        {"ready": not missing, "missing": missing},
        status_code=503 if missing else 200,
        headers={"Cache-Control": "no-store"},
    )


async def _asked(check: Check, request: AnyRequest) -> str:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await check(request)
    except TimeoutError:
        return "does not answer"
    except Exception as error:
        # Whatever it is, the part is not ready; its message may hold an address with a password.
        return type(error).__name__


async def _database(_: AnyRequest) -> str:
    async with database.transaction("public"):
        await database.fetchval("SELECT 1")
    return ""


async def _migrations(_: AnyRequest) -> str:
    async with database.transaction("public"):
        behind = await schema.pending()
    return f"{len(behind)} migrations have not run" if behind else ""


async def _redis(request: AnyRequest) -> str:
    client = redis.asyncio.Redis.from_url(request.app.state.settings.redis_url)
    try:
        await client.ping()
    except (RedisError, OSError):
        return "does not answer"
    finally:
        await client.aclose()
    return ""


async def _worker(_: AnyRequest) -> str:
    async with database.transaction("public"):
        last = await database.fetchval("SELECT beat_at FROM heartbeat WHERE name = 'sweep'")
        now = await database.now()
    if last is None:
        return "has never been seen"
    return "has not been seen for more than a minute" if now - last > HEARTBEAT_AGE else ""


_CHECKS: dict[str, Check] = {
    "database": _database,
    "migrations": _migrations,
    "redis": _redis,
    "worker": _worker,
}
