"""A worker of the fault run: a process that is started again whenever it was killed."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from ground import ROOT, Ground

AHEAD_SECONDS = 3600
# Small, so that a kill finds many batches begun and few ended.
BATCH = 200


@dataclass
class Worker:
    """One worker process that is started again whenever it was killed."""

    number: int
    environ: dict[str, str]
    log: Path
    ahead: bool
    process: subprocess.Popen[bytes] | None = None
    begins: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def start(self) -> None:
        """Start it as an installation does; the one that runs ahead has its time moved first."""
        program = (
            [str(ROOT / "benchmarks" / "ahead.py"), str(AHEAD_SECONDS)] if self.ahead else ["-m", "lapor.cli"]
        )
        with self.log.open("ab") as sink:
            self.begins = sink.tell()
            self.process = subprocess.Popen(
                [sys.executable, *program, "worker"], env=self.environ, cwd=ROOT, stdout=sink, stderr=sink
            )

    @property
    def running(self) -> subprocess.Popen[bytes]:
        """The process; RuntimeError when it has not been started."""
        if self.process is None:
            raise RuntimeError("this worker was not started")
        return self.process

    def has_started(self) -> bool:
        """Whether this process has said that it works."""
        with self.log.open("rb") as said:
            said.seek(self.begins)
            return b"worker_started" in said.read()

    def time_of_day(self) -> int:
        """The second of the day that stands in the last line of its log."""
        hours, minutes, seconds = re.findall(r"\b(\d\d):(\d\d):(\d\d)", self.log.read_text())[-1]
        return int(hours) * 3600 + int(minutes) * 60 + int(seconds)

    def kill(self) -> None:
        """End it without a word."""
        self.running.kill()
        self.running.wait()

    def stop(self) -> int:
        """Ask it to end and return its exit code."""
        self.running.send_signal(signal.SIGTERM)
        return self.running.wait(60)


def workers_of(on: Ground) -> list[Worker]:
    """Return two workers, not started yet; the clock of the second one is ahead."""
    environ = {**on.environ, "LAPOR_SWEEP_SECONDS": "1", "LAPOR_SWEEP_BATCH": str(BATCH)}
    environ["LAPOR_CONSOLE_CHANNEL"] = "true"
    log = on.servers.home / "log"
    return [Worker(number, environ, log / f"worker{number}.log", ahead=number == 1) for number in range(2)]
