"""Starting a server as a child of this process, and reading what it wrote last."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from lapor.embedded_home import opened_privately
from lapor.server_binaries import ServerUser

LARGEST_LOG = 10_000_000


def environment() -> dict[str, str]:
    """A small environment: nothing of ours (secrets, PG* variables) reaches the servers."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}


def launch(
    command: Sequence[str | Path], folder: Path, log: Path, user: ServerUser
) -> subprocess.Popen[bytes]:
    """Starts a program in a session of its own, so that the terminal's Ctrl-C reaches only the supervisor."""
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_suffix(".log.1"))
    with open(log, "ab", opener=opened_privately) as output:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **user.options(),
        )


def last_line(log: Path) -> str:
    """The last line that a server wrote, for the one-line error about it."""
    try:
        lines = log.read_text(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return f"{lines[-1].strip()} (see {log})" if lines else f"see {log}"
