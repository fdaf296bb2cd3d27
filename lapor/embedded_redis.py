"""The embedded Redis: a process that forgets everything when it ends, on a socket in a private folder."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
from pathlib import Path

from lapor import processes
from lapor.server_binaries import EmbeddedError, ServerUser
from lapor.server_process import last_line, launch

NAMES = ("redis", "valkey")
STOP = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))


class Redis:
    """The Redis of one home."""

    def __init__(self, program: Path, home: Path, run: Path, password: str, user: ServerUser) -> None:
        self.program = program
        self.run = run
        self.password = password
        self.user = user
        self.socket = run / "redis.sock"
        self.log = home / "log" / "redis.log"
        self._child: subprocess.Popen[bytes] | None = None

    def start(self, seconds: float) -> None:
        """Starts it and returns when it answers; raises EmbeddedError when it does not."""
        configuration = self._configure()
        self._child = launch([self.program, configuration], self.run, self.log, self.user)
        child = self._child
        processes.wait_until(lambda: child.poll() is not None or self.ready(), seconds)
        if child.poll() is not None or not self.ready():
            self.stop()
            raise EmbeddedError(f"Redis did not start: {last_line(self.log)}")

    def stop(self) -> None:
        """Stops it if it was started here."""
        if (child := self._child) is not None:
            processes.end(child.pid, STOP, ended=lambda: child.poll() is not None)
            self._child = None

    def stop_orphan(self) -> None:
        """Stops the one that an earlier owner of this home left behind."""
        with contextlib.suppress(EmbeddedError):
            processes.end(self.pid(), STOP)

    def pid(self) -> int:
        """The id of the process; raises EmbeddedError when it does not run."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            pid = int((self.run / "redis.pid").read_text())
            if processes.serves(pid, self.run, NAMES):
                return pid
        raise EmbeddedError("Redis does not run")

    def running(self) -> bool:
        """True while the process started here lives."""
        return self._child is not None and self._child.poll() is None

    def ready(self) -> bool:
        """True when it answers to the password."""
        with socket.socket(socket.AF_UNIX) as link, contextlib.suppress(OSError):
            link.settimeout(2)
            link.connect(str(self.socket))
            link.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2 and (part := link.recv(256)):
                answer += part
            return answer == b"+OK\r\n+PONG\r\n"
        return False

    def _configure(self) -> Path:
        """Writes the configuration file, which only the server's user may read: it holds the password."""
        lines = {
            "port": "0",
            "unixsocket": f'"{self.socket}"',
            "unixsocketperm": "700",
            "requirepass": self.password,
            "dir": f'"{self.run}"',
            "pidfile": f'"{self.run / "redis.pid"}"',
            "daemonize": "no",
            "appendonly": "no",
            "save": '""',
            "maxmemory": "128mb",
            "maxmemory-policy": "noeviction",
            "loglevel": "warning",
        }
        path = self.run / "redis.conf"
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text("".join(f"{name} {value}\n" for name, value in lines.items()))
        self.user.owns(path)
        return path
