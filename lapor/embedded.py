"""The embedded servers: a real PostgreSQL and a real Redis, started, watched and stopped by one process."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
SYSTEM_FOLDER = Path("/var/lib/lapor")


def default_home() -> Path:
    """The folder of the embedded data: `.lapor` in the project, for root a folder in /var/lib/lapor.

    Root's servers run as an unprivileged user, who often cannot reach a project below /root.
    """
    if os.geteuid() == 0:
        return SYSTEM_FOLDER / hashlib.sha256(str(PROJECT).encode()).hexdigest()[:10]
    return PROJECT / ".lapor"
