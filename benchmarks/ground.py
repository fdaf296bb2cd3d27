"""What the measurements stand on: servers in a home that is thrown away, a database with the example region."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from lapor import database, pack, processes, runtime, settings
from lapor.demo.run import free_port
from lapor.embedded import Servers, remove_home, throwaway_home
from lapor.settings import Settings

ROOT = Path(__file__).parents[1]
DATABASE = "lapor_benchmark"
START_SECONDS = 60.0
ENDING = ((signal.SIGTERM, 15.0), (signal.SIGKILL, 5.0))


@dataclass(frozen=True)
class Ground:
    """A migrated database with the example region in it, and the environment that leads to it."""

    servers: Servers
    environ: Mapping[str, str]
    settings: Settings


@contextmanager
def ground(log_level: str = "INFO") -> Iterator[Ground]:
    """Real servers as `bin/demo` starts them, fsync on; everything is removed at the end."""
    home = throwaway_home()
    try:
        with Servers.start(home) as servers:
            asyncio.run(runtime.prepare(servers, DATABASE))
            environ = runtime.embedded_environment(servers, _without_own(os.environ), DATABASE)
            # Nothing but the limit per address is turned off: all clients come from one.
            environ.update(LAPOR_FILING_LIMIT="0", LAPOR_WEB_WORKERS="2", LAPOR_LOG_LEVEL=log_level)
            environ.update(LAPOR_PORT=str(free_port()), LAPOR_HOME=str(home))
            environ["LAPOR_BASE_URL"] = f"http://127.0.0.1:{environ['LAPOR_PORT']}"
            given = settings.read(environ)
            runtime.configure(given)
            asyncio.run(_load(given))
            yield Ground(servers, environ, given)
    finally:
        remove_home(home)


def _without_own(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if not name.startswith(settings.PREFIX)}


async def _load(given: Settings) -> None:
    database.configure(given.owner_database_url)
    await pack.apply(pack.load(ROOT / "packs" / "contoh"))


@contextmanager
def web(on: Ground) -> Iterator[subprocess.Popen[bytes]]:
    """`lapor web` with two workers, answering; stopped at the end. RuntimeError when it does not come up."""
    log = on.servers.home / "log" / "web.log"
    with log.open("ab") as written:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "lapor.cli", "web"],
            env=dict(on.environ),
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            start_new_session=True,
        )
    on.servers.remember(process.pid)
    try:
        if not processes.wait_until(lambda: _answers(on) or process.poll() is not None, START_SECONDS, 0.1):
            raise RuntimeError("the site does not answer")
        if process.poll() is not None:
            raise RuntimeError(f"the site ended: {log.read_text()[-500:]}")
        # The second process listens on the same socket and may still be importing.
        time.sleep(2)
        yield process
    finally:
        processes.end(process.pid, ENDING, lambda: process.poll() is not None)
        process.wait()


def _answers(on: Ground) -> bool:
    try:
        with urlopen(f"{on.settings.base_url}/health", timeout=5):
            return True
    except (URLError, OSError):
        return False
