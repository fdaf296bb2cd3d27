"""The embedded PostgreSQL: its cluster, its configuration and its process."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from lapor import processes
from lapor.server_binaries import EmbeddedError, ServerUser
from lapor.server_process import environment, last_line, launch

NAMES = ("postgres",)
Mode = Literal["fast", "immediate", "kill"]

# PostgreSQL ends in order on SIGINT and at once, with recovery at the next start, on SIGQUIT.
STOPS: dict[Mode, processes.Steps] = {
    "fast": ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0)),
    "immediate": ((signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0)),
    "kill": ((signal.SIGKILL, 5.0),),
}

# Sized for a machine with two cores. Errors are logged without statements, parameters and details, because
# those hold what residents wrote.
CONFIGURATION = {
    "listen_addresses": "''",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "max_parallel_workers_per_gather": "1",
    "jit": "off",
    "password_encryption": "'scram-sha-256'",
    "timezone": "'UTC'",
    "datestyle": "'iso, ymd'",
    "log_timezone": "'UTC'",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_line_prefix": "'%m [%p] '",
}

# Of the machine's memory an eighth is PostgreSQL's own, taken as it is needed; half may hold files that it reads.
LEAST_BUFFERS, MOST_BUFFERS = 128, 4096


def memory_settings(megabytes: int) -> dict[str, str]:
    """The settings that depend on the memory of the machine, given in megabytes."""
    own = min(max(megabytes // 8, LEAST_BUFFERS), MOST_BUFFERS)
    return {"shared_buffers": f"{own}MB", "effective_cache_size": f"{max(megabytes // 2, own)}MB"}


def _megabytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20


AUTHENTICATION = "local all all scram-sha-256\nlocal replication all scram-sha-256\n"


class Postgres:
    """The PostgreSQL of one home; `data` carries the major version, so versions never share a cluster."""

    # What it may reckon with, where that is not the memory of the machine.
    megabytes: int | None = None

    def __init__(self, programs: Path, home: Path, run: Path, password: str, user: ServerUser) -> None:
        self.programs = programs
        self.run = run
        self.password = password
        self.user = user
        self.version = self._major_version()
        self.data = home / f"postgres{self.version}"
        self.log = home / "log" / f"postgres{self.version}.log"
        self._child: subprocess.Popen[bytes] | None = None

    def start(self, seconds: float) -> None:
        """Makes the cluster if there is none, starts it and returns when it accepts connections.

        Raises EmbeddedError when it does not within these seconds, which leave time for crash recovery.
        """
        if not self.data.exists():
            self._make_cluster()
        self._configure()
        give_up = time.monotonic() + seconds
        while not self._attempt(give_up):
            # Backends of a killed server hold its shared memory for a moment.
            if "shared memory" not in last_line(self.log) or time.monotonic() > give_up:
                raise EmbeddedError(f"PostgreSQL did not start: {last_line(self.log)}")
            time.sleep(0.2)

    def _attempt(self, give_up: float) -> bool:
        self._child = launch([self.programs / "postgres", "-D", self.data], self.data, self.log, self.user)
        child = self._child
        patience = max(give_up - time.monotonic(), 1.0)
        processes.wait_until(lambda: child.poll() is not None or self.ready(), patience, pause=0.05)
        if child.poll() is None and self.ready():
            return True
        self.stop("immediate")
        return False

    def stop(self, mode: Mode) -> None:
        """Stops it if it was started here."""
        if (child := self._child) is not None:
            processes.end(child.pid, STOPS[mode], ended=lambda: child.poll() is not None)
            self._child = None
        processes.wait_until(lambda: not processes.all_serving(self.data, NAMES), 30)

    def stop_orphan(self) -> None:
        """Stops the one that an earlier owner of this home left behind, and clears a stale id file."""
        with contextlib.suppress(EmbeddedError):
            processes.end(self.pid(), STOPS["fast"])
        if processes.wait_until(lambda: not processes.all_serving(self.data, NAMES), 30):
            # PostgreSQL would take any process that was given this id since for itself, and refuse to start.
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def pid(self) -> int:
        """The id of its first process; raises EmbeddedError when it does not run."""
        with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
            pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
            if processes.serves(pid, self.data, NAMES):
                return pid
        raise EmbeddedError("PostgreSQL does not run")

    def running(self) -> bool:
        """True while the process started here lives."""
        return self._child is not None and self._child.poll() is None

    def ready(self) -> bool:
        """True when it accepts connections."""
        asking: list[str | Path] = [
            self.programs / "pg_isready",
            "-q",
            "-h",
            self.run,
            "-p",
            "5432",
            "-t",
            "5",
        ]
        return subprocess.run(asking, capture_output=True, env=environment(), check=False).returncode == 0

    def url(self, user: str, password: str, database: str) -> str:
        """The address of a database over the socket, for libpq and asyncpg."""
        login = f"{quote(user, safe='')}:{quote(password, safe='')}"
        return f"postgresql://{login}@/{quote(database, safe='')}?host={quote(str(self.run))}&port=5432"

    def _major_version(self) -> int:
        """Read by `postgres --version`, which prints `postgres (PostgreSQL) 18.4`."""
        asking: list[str | Path] = [self.programs / "postgres", "--version"]
        try:
            answer = subprocess.run(asking, capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError) as reason:
            raise EmbeddedError(f"no PostgreSQL programs in {self.programs}") from reason
        found = re.search(r"\) (\d+)", answer)
        if not found:
            raise EmbeddedError(f"cannot tell the version of PostgreSQL in {self.programs}")
        return int(found.group(1))

    def remove_data(self) -> None:
        """Removes the cluster. It is put aside first, so that nothing half removed is taken for a cluster."""
        if self.data.exists():
            self.data.rename(self._unfinished())
            self.clear_unfinished()

    def clear_unfinished(self) -> None:
        """Removes what was left by a process that was killed while it made or removed a cluster."""
        for left in self.data.parent.glob(f"{self.data.name}.unfinished-*"):
            shutil.rmtree(left, ignore_errors=True)

    def _unfinished(self) -> Path:
        return self.data.with_name(f"{self.data.name}.unfinished-{secrets.token_hex(4)}")

    def _make_cluster(self) -> None:
        # Not every C library knows C.UTF-8; the encoding is UTF8 with either.
        if not (self._initdb("C.UTF-8") or self._initdb("C")):
            raise EmbeddedError(f"the database cluster could not be made: {last_line(self.log)}")

    def _initdb(self, locale: str) -> bool:
        """Makes the cluster beside its place and moves it there when it is complete."""
        cluster = self._unfinished()
        cluster.mkdir(mode=0o700)
        self.user.owns(cluster)
        password_file = self.run / "password"
        password_file.unlink(missing_ok=True)
        password_file.touch(mode=0o600)
        password_file.write_text(self.password + "\n")
        self.user.owns(password_file)
        command: list[str | Path] = [self.programs / "initdb", "-D", cluster, "-U", "postgres", "-E", "UTF8"]
        command += [
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--data-checksums",
            f"--locale={locale}",
        ]
        if self.version >= 17:
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        child = launch(command, self.run, self.log, self.user)
        try:
            made = child.wait() == 0
        finally:
            child.kill()
            child.wait()
            password_file.unlink()
        if made:
            cluster.rename(self.data)
        return made

    def _configure(self) -> None:
        settings = (
            CONFIGURATION
            | memory_settings(self.megabytes or _megabytes())
            | {"unix_socket_directories": f"'{self.run}'"}
        )
        lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
        for name, text in (("postgresql.conf", lines), ("pg_hba.conf", AUTHENTICATION)):
            (self.data / name).write_text(text)
