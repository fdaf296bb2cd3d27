"""The embedded servers: a real PostgreSQL and a real Redis, started, watched and stopped by one process.

Whoever holds the lock of a home owns its servers; every other process attaches to them. When the owner is
killed its servers live on until the next start, which finds them, stops them and starts anew. Both servers
listen on sockets in one private folder only, never on the network.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import Literal, Self, TextIO
from urllib.parse import quote

from lapor import processes
from lapor.embedded_home import default_home, home_mode, passwords, private_folder, socket_folder, take_lock
from lapor.embedded_postgres import Postgres
from lapor.embedded_redis import Redis
from lapor.server_binaries import (
    EmbeddedError,
    ServerUser,
    make_folder,
    postgres_programs,
    reaches,
    redis_program,
    server_user,
)

__all__ = ["EmbeddedError", "Servers", "default_home", "remove_home", "throwaway_home"]

START_SECONDS = 120.0
YOUNG_SECONDS = 60.0
TEMPORARY = "temporary"


class Servers:
    """The two servers of a home; a context manager that stops them when this process owns them."""

    def __init__(self, home: Path, lock: TextIO | None, postgres: Postgres, redis: Redis) -> None:
        self.home = home
        self.postgres = postgres
        self.redis = redis
        self._lock = lock
        self._process = os.getpid()

    @classmethod
    def start(
        cls,
        home: Path,
        *,
        fresh: bool = False,
        postgres_bin: Path | None = None,
        megabytes: int | None = None,
    ) -> Servers:
        """The servers of this home, ready for connections: started here, or those that another process owns.

        `fresh` removes their data first. `postgres_bin` is the folder of other PostgreSQL programs; each
        version has its own data. `megabytes` stands for the memory of the machine, of which PostgreSQL takes its
        share. Raises EmbeddedError, in one line, when they are not there in 120 seconds.
        """
        home = home.absolute()
        make_folder(home, home_mode())
        home = home.resolve()
        found: list[Servers] = []

        def owned_or_attached() -> bool:
            lock = take_lock(home)
            servers = (
                cls._own(home, lock, fresh, postgres_bin, megabytes)
                if lock
                else cls._attach(home, fresh, postgres_bin)
            )
            if servers:
                found.append(servers)
            return bool(servers)

        if not processes.wait_until(owned_or_attached, START_SECONDS, pause=0.1):
            raise EmbeddedError(f"another process holds {home / 'lock'} and its servers do not answer")
        return found[0]

    @classmethod
    def _own(
        cls, home: Path, lock: TextIO, fresh: bool, postgres_bin: Path | None, megabytes: int | None
    ) -> Servers:
        try:
            servers = cls._prepared(home, lock, postgres_bin)
            servers.postgres.megabytes = megabytes
            servers._stop_orphans()
            servers.postgres.clear_unfinished()
            if fresh:
                servers.postgres.remove_data()
            servers._run()
        except BaseException:
            lock.close()
            raise
        return servers

    @classmethod
    def _prepared(cls, home: Path, lock: TextIO | None, postgres_bin: Path | None) -> Servers:
        user = server_user(home / "postgres18")
        if not reaches(user, home):
            raise EmbeddedError(
                f"the servers cannot reach {home} without being root: choose another LAPOR_HOME"
            )
        run = private_folder(socket_folder(home), user)
        make_folder(home / "log", 0o700)
        secret = passwords(home)
        postgres = Postgres(postgres_bin or postgres_programs(user), home, run, secret["postgres"], user)
        return cls(home, lock, postgres, Redis(redis_program(user), home, run, secret["redis"], user))

    def _run(self) -> None:
        atexit.register(self.stop)
        try:
            self.redis.start(START_SECONDS)
            self.postgres.start(START_SECONDS)
            self._write_state()
        except BaseException:
            self.stop()
            raise

    @classmethod
    def _attach(cls, home: Path, fresh: bool, postgres_bin: Path | None) -> Servers | None:
        """The running servers of the home's owner; None while they are not ready."""
        try:
            state = json.loads((home / "servers.json").read_text())
        except (FileNotFoundError, ValueError):
            return None
        if processes.birth(state["supervisor"]) != state["birth"]:
            return None
        if fresh:
            raise EmbeddedError(f"process {state['supervisor']} uses the data in {home}: stop it first")
        if postgres_bin is not None and str(postgres_bin) != state["postgres_programs"]:
            raise EmbeddedError(f"process {state['supervisor']} runs another PostgreSQL in {home}")
        user, run, secret = ServerUser(), socket_folder(home), passwords(home)
        postgres = Postgres(Path(state["postgres_programs"]), home, run, secret["postgres"], user)
        servers = cls(
            home, None, postgres, Redis(Path(state["redis_program"]), home, run, secret["redis"], user)
        )
        return servers if postgres.ready() and servers.redis.ready() else None

    # --- what users of the servers need -----------------------------------------------------------------

    @property
    def owner(self) -> bool:
        """True when this process started the servers and will stop them."""
        return self._lock is not None

    def admin_url(self, database: str = "postgres") -> str:
        """The address of a database as superuser."""
        return self.url("postgres", self.postgres.password, database)

    def url(self, user: str, password: str, database: str) -> str:
        """The address of a database for this login, in the form of libpq and asyncpg."""
        return self.postgres.url(user, password, database)

    @property
    def redis_url(self) -> str:
        """The address of Redis, with its password."""
        return f"unix://:{quote(self.redis.password, safe='')}@{self.redis.socket}?db=0"

    @property
    def postgres_pid(self) -> int:
        """The id of PostgreSQL's first process; raises EmbeddedError when it does not run."""
        return self.postgres.pid()

    @property
    def redis_pid(self) -> int:
        """The id of the Redis process; raises EmbeddedError when it does not run."""
        return self.redis.pid()

    # --- what the owner does ----------------------------------------------------------------------------

    def remember(self, pid: int) -> None:
        """Notes a further process of the owner (web, worker), which a later start ends if we were killed."""
        with (self.home / "children").open("a") as notes:
            notes.write(f"{pid} {processes.birth(pid)}\n")

    def heal(self) -> list[str]:
        """Starts a server again that has ended by itself, and returns their names; call it now and then."""
        healed = []
        if self.owner and not self.redis.running():
            self.redis.start(START_SECONDS)
            healed.append("redis")
        if self.owner and not self.postgres.running():
            self.postgres.start(START_SECONDS)
            healed.append("postgres")
        if healed:
            self._write_state()
        return healed

    def restart_redis(self) -> None:
        """Stops Redis, which forgets everything, and starts it with the same address and password."""
        self._only_owner()
        self.redis.stop()
        self.redis.start(START_SECONDS)
        self._write_state()

    def restart_postgres(self, mode: Literal["fast", "immediate", "kill"] = "fast") -> None:
        """Stops PostgreSQL in one of pg_ctl's ways, or kills its first process, and starts it again."""
        self._only_owner()
        self.postgres.stop(mode)
        self.postgres.start(START_SECONDS)
        self._write_state()

    def stop(self) -> None:
        """Stops both servers when this process owns them; harmless when repeated, attached or forked."""
        if self._lock is None or os.getpid() != self._process:
            return
        # A second Ctrl-C must not leave a server behind.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        try:
            (self.home / "servers.json").unlink(missing_ok=True)
            self.redis.stop()
            self.postgres.stop("fast")
            (self.home / "children").unlink(missing_ok=True)
            self._lock.close()
            self._lock = None
            atexit.unregister(self.stop)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _only_owner(self) -> None:
        if not self.owner:
            raise EmbeddedError("only the process that started the servers may restart them")

    def _stop_orphans(self) -> None:
        """Ends what an owner that was killed left running, after making sure that each is ours."""
        (self.home / "servers.json").unlink(missing_ok=True)
        notes = self.home / "children"
        for line in notes.read_text().splitlines() if notes.exists() else ():
            pid, _, birth = line.partition(" ")
            if birth and processes.birth(int(pid)) == birth:
                processes.end(int(pid), ((signal.SIGTERM, 10), (signal.SIGKILL, 5)))
        notes.unlink(missing_ok=True)
        self.redis.stop_orphan()
        self.postgres.stop_orphan()

    def _write_state(self) -> None:
        state = {
            "supervisor": os.getpid(),
            "birth": processes.birth(os.getpid()),
            "postgres_programs": str(self.postgres.programs),
            "redis_program": str(self.redis.program),
        }
        unfinished = self.home / "servers.json.new"
        unfinished.write_text(json.dumps(state))
        unfinished.replace(self.home / "servers.json")


def throwaway_home(within: Path | None = None) -> Path:
    """A new home for servers whose data nobody keeps; give it to `remove_home` after they have stopped.

    It stands `within` a folder, by default the one where homes of demonstrations stand. Homes that a killed process left behind are cleared away, with the servers that still run in them.
    """
    shelf = (within or default_home()) / TEMPORARY
    make_folder(shelf, home_mode())
    for left in shelf.iterdir():
        with contextlib.suppress(EmbeddedError, OSError):
            _clear_left_home(left)
    make_folder(shelf, home_mode())
    home = Path(tempfile.mkdtemp(prefix="", dir=shelf))
    home.chmod(home_mode())
    return home


def remove_home(home: Path) -> None:
    """Removes a home whose servers have stopped, and the folders above it that it leaves empty."""
    shutil.rmtree(socket_folder(home), ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)
    if home.parent.name == TEMPORARY:
        with contextlib.suppress(OSError):
            home.parent.rmdir()
            home.parent.parent.rmdir()


def _clear_left_home(home: Path) -> None:
    # A home this young may be about to take its lock.
    if time.time() - home.stat().st_mtime < YOUNG_SECONDS:
        return
    if (lock := take_lock(home)) is not None:
        with lock:
            Servers._prepared(home, None, None)._stop_orphans()
            remove_home(home)
