"""The running demonstration: servers of its own, the site and the worker as child processes, watched and stopped."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from lapor import processes, runtime, settings
from lapor.commands import Failed, tell
from lapor.demo import seed
from lapor.demo.providers import Providers, standing_in
from lapor.embedded import Servers
from lapor.settings import Settings, SettingsError

Child = Literal["web", "worker"]

READY_SECONDS = 60.0
ENDING = ((signal.SIGTERM, 15.0), (signal.SIGKILL, 5.0))
# A child that ends this often within a minute will not get better by being started again.
ENDS_ALLOWED = 5


class Demonstration:
    """What runs: use `demonstration` to begin and end it."""

    def __init__(self, servers: Servers, environ: Mapping[str, str]) -> None:
        self.servers = servers
        self.environ = environ
        self.settings: Settings = settings.read(environ)
        self.children: dict[Child, subprocess.Popen[bytes]] = {}
        self.ended: list[float] = []
        self.providers: Providers | None = None
        # Whether its past was played just now, and nobody has written over a channel yet.
        self.fresh = False

    @property
    def address(self) -> str:
        """Where the site is, without a slash at its end."""
        return self.settings.base_url.rstrip("/")

    @property
    def password(self) -> str:
        """The password of everybody."""
        return seed.demo_password(self.servers.home)

    def log_of(self, child: Child) -> Path:
        """The file to which a child writes its log."""
        return self.servers.home / "log" / f"{child}.log"

    def start(self, child: Child) -> None:
        """Start the site or the worker; a later start of the demonstration ends it if we were killed."""
        with self.log_of(child).open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 (our own interpreter and command line)
                self.command(child),
                env=dict(self.environ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C reaches us only, so that everything ends in order.
                start_new_session=True,
            )
        self.servers.remember(process.pid)
        self.children[child] = process

    def command(self, *words: str) -> list[str]:
        """The arguments that run a command of `lapor` in a process of its own."""
        return [sys.executable, "-P", "-m", "lapor.cli", *words]

    def stop(self, child: Child) -> None:
        """Stop a child and wait until it has ended; harmless when it has not been started."""
        process = self.children.pop(child, None)
        if process is None:
            return
        processes.end(process.pid, ENDING, lambda: process.poll() is not None)
        # What a child that had to be killed leaves behind is in its session.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def wait_until_ready(self) -> None:
        """Return when the site, the worker and both servers answer; raises Failed with what is missing."""
        missing = ""

        def ready() -> bool:
            nonlocal missing
            missing = self._missing()
            self._must_run()
            return not missing

        if not processes.wait_until(ready, READY_SECONDS, pause=0.1):
            raise Failed(f"not ready after {READY_SECONDS:.0f} s: {missing}; see {self.log_of('web').parent}")
        for process in self.children.values():
            for pid in _children_of(process.pid):
                self.servers.remember(pid)

    def _missing(self) -> str:
        try:
            with urlopen(f"{self.address}/ready", timeout=5):  # noqa: S310 (our own address)
                return ""
        except HTTPError as refused:
            with refused:
                return ", ".join(
                    f"{name} {trouble}" for name, trouble in json.load(refused)["missing"].items()
                )
        except (URLError, OSError, ValueError):
            return "the site does not answer"

    def _must_run(self) -> None:
        for child, process in self.children.items():
            if process.poll() is not None:
                raise Failed(f"the {child} process ended: {self._last_words(child)}")

    def _last_words(self, child: Child) -> str:
        lines = self.log_of(child).read_text(errors="replace").strip().splitlines()
        return (lines[-1] if lines else "").removeprefix("lapor: ") + f" (see {self.log_of(child)})"

    def watch(self) -> None:
        """Start again what has ended by itself. Raises Failed when it ends again and again."""
        for server in self.servers.heal():
            tell(f"{server} had ended and was started again")
        for child, process in list(self.children.items()):
            if process.poll() is None:
                continue
            tell(f"the {child} process had ended and is started again")
            now = time.monotonic()
            self.ended = [*(at for at in self.ended if now - at < 60), now]
            if len(self.ended) > ENDS_ALLOWED:
                raise Failed(f"the {child} process ends again and again: {self._last_words(child)}")
            self.stop(child)
            self.start(child)


@contextmanager
def demonstration(
    environ: Mapping[str, str], home: Path, port: int, *, fresh: bool = False
) -> Iterator[Demonstration]:
    """The demonstration in this home: servers, data, site and worker, ready; all of it is stopped at the end.

    Raises EmbeddedError, SettingsError and Failed, each in one line.
    """
    given = settings.read(environ)
    if given.production:
        raise SettingsError("the demonstration is refused in production")
    with Servers.start(home, fresh=fresh) as servers:
        if not servers.owner:
            raise Failed(f"another process uses the data in {home}: stop it first")
        # Only now: whoever was killed here before may have left a site on this port, which has just been ended.
        _must_be_free(given.host, port)
        if fresh:
            (home / seed.PASSWORD_FILE).unlink(missing_ok=True)
        complete = _environment(servers, environ, given, port)
        running = Demonstration(servers, complete)
        running.fresh = _seed(servers, running.settings)
        with standing_in(running.settings) as running.providers:
            try:
                running.start("web")
                running.start("worker")
                running.wait_until_ready()
                yield running
            finally:
                _stop_all(running)


def _environment(servers: Servers, environ: Mapping[str, str], given: Settings, port: int) -> dict[str, str]:
    complete = runtime.embedded_environment(servers, environ)
    complete["LAPOR_PORT"] = str(port)
    complete["LAPOR_HOME"] = str(servers.home)
    if not environ.get("LAPOR_BASE_URL"):
        complete["LAPOR_BASE_URL"] = f"http://127.0.0.1:{port}"
    return complete


def _seed(servers: Servers, given: Settings) -> bool:
    # The outbox of the past is drained while it is played; nobody wants to read that.
    runtime.configure(replace(given, log_level="WARNING"))
    begun = time.monotonic()

    def progress(done: int, total: int) -> None:
        if done % 20 == 0 or done == total:
            tell(f"playing the example region: {done} of {total}")

    made = asyncio.run(seed.seed(servers, given, progress))
    if made:
        tell(f"the example region is there ({time.monotonic() - begun:.0f} s)")
    return made


def _stop_all(running: Demonstration) -> None:
    """Stop both children; a second Ctrl-C must not leave one behind."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        for process in running.children.values():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        running.stop("worker")
        running.stop("web")
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _must_be_free(host: str, port: int) -> None:
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as taken:
        raise Failed(
            f"cannot listen on {host} port {port}: {taken.strerror}; choose another --port"
        ) from taken


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _children_of(pid: int) -> list[int]:
    """The children of a process, where the system says so (Linux)."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
