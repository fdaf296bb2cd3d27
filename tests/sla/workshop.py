"""Worker processes for tests: started as an installation starts them, ended or killed by their own id."""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lapor.setting_values import VersionedKey
from lapor.settings import PREFIX, Settings
from tests.ground import World

PROJECT = Path(__file__).parents[2]


def environment(world: World, settings: Settings) -> dict[str, str]:
    """The variables from which a worker of this test's database reads its settings."""

    def keys(ring: Iterable[VersionedKey]) -> str:
        return ",".join(f"{key.version}:{base64.b64encode(key.key).decode()}" for key in ring)

    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return {
        **kept,
        "LAPOR_ENVIRONMENT": "test",
        "LAPOR_WORKER_DATABASE_URL": world.url("lapor_work"),
        "LAPOR_REDIS_URL": settings.redis_url,
        "LAPOR_BASE_URL": settings.base_url,
        "LAPOR_ENCRYPTION_KEYS": keys(settings.encryption_keys),
        "LAPOR_LOOKUP_KEYS": keys(settings.lookup_keys),
        "LAPOR_SMTP_URL": settings.smtp_url,
        "LAPOR_MAIL_FROM": settings.mail_from,
        "LAPOR_CONSOLE_CHANNEL": "true" if settings.console_channel else "false",
        "LAPOR_SWEEP_SECONDS": str(settings.sweep_seconds),
    }


@dataclass
class Working:
    """One worker process."""

    process: asyncio.subprocess.Process
    log: Path

    async def stop(self) -> int:
        """Ask it to end, and return its exit code."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), 30)

    async def kill(self) -> None:
        """End it without a word."""
        self.process.kill()
        await self.process.wait()

    def said(self) -> str:
        """Its log."""
        return self.log.read_text()


@asynccontextmanager
async def at_work(world: World, settings: Settings, folder: Path) -> AsyncIterator[Working]:
    """A worker that has started; it is ended with the block, whatever happens in it."""
    log = folder / f"worker-{secrets.token_hex(4)}.log"
    with log.open("w") as sink:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "lapor.cli",
            "worker",
            cwd=PROJECT,
            env=environment(world, settings),
            stdout=sink,
            stderr=sink,
        )
    working = Working(process, log)
    try:
        await until(lambda: _answer("worker_started" in working.said() or process.returncode is not None), 30)
        assert process.returncode is None, working.said()
        yield working
    finally:
        if process.returncode is None:
            await working.kill()


async def _answer(truth: bool) -> bool:
    return truth


async def until(holds: Callable[[], Awaitable[Any]], seconds: float = 15) -> float:
    """Wait until something holds and return after how many seconds; AssertionError when it does not in time."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    while not await holds():
        assert loop.time() - begun < seconds, "it did not happen in time"
        await asyncio.sleep(0.05)
    return loop.time() - begun
