"""Processes of this machine by their id: whether one is alive, what it is, and how it is ended."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

PROC = Path("/proc")
HAS_PROC = (PROC / "self" / "stat").exists()

Steps = Sequence[tuple[signal.Signals, float]]


def wait_until(condition: Callable[[], bool], seconds: float, pause: float = 0.02) -> bool:
    """True as soon as the condition holds, False when it did not within this many seconds."""
    give_up = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > give_up:
            return False
        time.sleep(pause)
    return True


def alive(pid: int) -> bool:
    """True while the process runs; one that has ended and waits for its parent counts as ended."""
    if HAS_PROC:
        return (fields := _stat(pid)) is not None and fields[0] not in "ZX"
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except ProcessLookupError:
        return False
    return True


def birth(pid: int) -> str:
    """A mark of the moment at which the process began, empty when there is none: ids are given again."""
    if HAS_PROC:
        return fields[19] if (fields := _stat(pid)) else ""
    return _ps(pid, "lstart=")


def serves(pid: int, folder: Path, names: Sequence[str]) -> bool:
    """True when the process is one of these programs, working in this folder."""
    if not alive(pid):
        return False
    if not HAS_PROC:
        command = _ps(pid, "command=")
        return str(folder) in command and any(name in command for name in names)
    try:
        program = os.readlink(PROC / str(pid) / "exe")
        place = os.readlink(PROC / str(pid) / "cwd")
    except OSError:
        return False
    return place == str(folder) and any(name in Path(program).name for name in names)


def all_serving(folder: Path, names: Sequence[str]) -> list[int]:
    """The ids of all processes of these programs in this folder; empty where /proc does not exist."""
    if not HAS_PROC:
        return []
    return [int(entry) for entry in os.listdir(PROC) if entry.isdigit() and serves(int(entry), folder, names)]


def end(pid: int, steps: Steps, ended: Callable[[], bool] | None = None) -> bool:
    """Sends the signals of `steps` one after the other, each with its seconds of patience, until it ends.

    Returns whether the process has ended. `ended` replaces the question by id, for children of ours.
    """
    gone = ended or (lambda: not alive(pid))
    for number, seconds in steps:
        if gone():
            return True
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return True
        if wait_until(gone, seconds):
            return True
    return gone()


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the third on (the second may hold spaces); proc(5)."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (OSError, UnicodeDecodeError):
        return None


def _ps(pid: int, column: str) -> str:
    answer = subprocess.run(["ps", "-o", column, "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S607
    return answer.stdout.strip()
