"""The home of the embedded servers: its folders, its lock and its passwords."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
from pathlib import Path
from typing import TextIO

from lapor.server_binaries import SYSTEM_FOLDER, EmbeddedError, ServerUser

PROJECT = Path(__file__).resolve().parent.parent
# sun_path holds 108 bytes with its closing zero on Linux and 104 on macOS; unix(7).
LONGEST_SOCKET_PATH = 103
SOCKET_NAME = ".s.PGSQL.5432.lock"


def default_home() -> Path:
    """The folder of the embedded data: `.lapor` in the project, for root a folder in /var/lib/lapor.

    Root's servers run as an unprivileged user, who often cannot reach a project below /root.
    """
    if os.geteuid() == 0:
        return SYSTEM_FOLDER / hashlib.sha256(str(PROJECT).encode()).hexdigest()[:10]
    return PROJECT / ".lapor"


def home_mode() -> int:
    """Root's servers run as another user, who has to pass through; secrets in it are 0600."""
    return 0o755 if os.geteuid() == 0 else 0o700


def socket_folder(home: Path) -> Path:
    """Return where the sockets lie; the path of a socket may not be long."""
    run = home / "run"
    if len(os.fsencode(run / SOCKET_NAME)) <= LONGEST_SOCKET_PATH:
        return run
    digest = hashlib.sha256(str(home).encode()).hexdigest()[:12]
    return Path("/tmp") / f"lapor-{os.geteuid()}-{digest}"  # noqa: S108  (private by private_folder)


def private_folder(folder: Path, user: ServerUser) -> Path:
    """Return the folder, made when it is not there; raises EmbeddedError when somebody else could look into it."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        user.owns(folder)
    facts = folder.lstat()
    if facts.st_uid not in (os.geteuid(), user.uid) or facts.st_mode & 0o077 or folder.is_symlink():
        raise EmbeddedError(f"{folder} is not a private folder of ours: remove it")
    return folder


def take_lock(home: Path) -> TextIO | None:
    """The lock of the home, held until it is closed or this process ends; None when another holds it."""
    lock = open(home / "lock", "a", opener=opened_privately)  # noqa: SIM115  (held until the owner stops)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    # A forked child would hold the lock beyond the death of its parent.
    os.register_at_fork(after_in_child=lock.close)
    return lock


def opened_privately(path: str, flags: int) -> int:
    """Opens a file for `open(…, opener=…)`; a new one may be read by its owner only."""
    return os.open(path, flags, 0o600)


def passwords(home: Path) -> dict[str, str]:
    """Return the passwords of the embedded servers, made once."""
    path = home / "servers.env"
    if not path.exists():
        made = {name: secrets.token_urlsafe(24) for name in ("postgres", "redis")}
        path.touch(mode=0o600)
        path.write_text("".join(f"{name}={password}\n" for name, password in made.items()))
    lines = path.read_text().splitlines()
    return {name: password for name, _, password in (line.partition("=") for line in lines)}
