"""A mailbox as IMAP shows it (RFC 9051 and 3501): opened, asked for what is new, marked. Blocking; for a thread of its own."""

from __future__ import annotations

import imaplib
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from imap_tools.errors import (
    ImapToolsError,
    MailboxFolderSelectError,
    MailboxFolderStatusError,
    MailboxLoginError,
)
from imap_tools.mailbox import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted

PATIENCE_SECONDS: Final = 20.0
# What is longer is cut: its beginning holds the words, and an attachment at its end is told of as broken.
MOST_BYTES: Final = 25 * 1024 * 1024
PORTS: Final = {"tls": 993, "starttls": 143, "none": 143}
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
# UIDs that begin anew say nothing of what was read: everything is looked at from this long before the last reading.
OVERLAP: Final = timedelta(days=2)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Unreachable(Exception):
    """A mailbox that cannot be read; the reason is our own sentence. `for_good`: somebody has to change something."""

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        super().__init__(reason)
        self.for_good = for_good


@dataclass(frozen=True)
class Server:
    """Where a mailbox is. `security` is one of PORTS; "none" is for a server on the same machine only."""

    host: str
    user: str
    password: str = field(repr=False)
    port: int = 993
    security: str = "tls"
    folder: str = "INBOX"

    @classmethod
    def of(cls, name: str, settings: Mapping[str, str], secrets: Mapping[str, str]) -> Server:
        """Return the server that an account names; raises Unreachable when it is not complete."""
        security = settings.get("security") or "tls"
        port = settings.get("port") or str(PORTS.get(security, 0))
        if security not in PORTS or not port.isdecimal() or not 0 < int(port) < 65_536:
            raise Unreachable("pengaturan kotak surel belum benar", for_good=True)
        host = settings.get("host", "")
        if security == "none" and host not in LOOPBACK:
            raise Unreachable("sambungan tanpa pengaman hanya boleh ke server di mesin ini", for_good=True)
        return cls(
            host=host,
            user=settings.get("user") or name,
            password=secrets.get("password", ""),
            port=int(port),
            security=security,
            folder=settings.get("folder") or "INBOX",
        )


@dataclass(frozen=True)
class State:
    """What a mailbox says of itself."""

    uidvalidity: int
    uidnext: int


class Box:
    """An open mailbox. Each method blocks for as long as the server takes."""

    def __init__(self, link: BaseMailBox, folder: str) -> None:
        self._link = link
        counted = link.folder.status(folder, ["UIDVALIDITY", "UIDNEXT"])
        self.state = State(int(counted["UIDVALIDITY"]), int(counted["UIDNEXT"]))
        link.folder.set(folder)

    def after(self, uid: int) -> list[int]:
        """Return the UIDs beyond one, in their order."""
        # “n:*” names the last mail even when it lies before n.
        return sorted(found for found in self._uids(f"UID {uid + 1}:*") if found > uid)

    def since(self, day: date) -> list[int]:
        """Return the UIDs of what has come since this day, in their order."""
        return sorted(self._uids(f"SINCE {day.day}-{_MONTHS[day.month - 1]}-{day.year}"))

    def mail(self, uid: int) -> bytes | None:
        """Return a mail as it lies there, at most its first MOST_BYTES, unmarked; None when it is gone."""
        status, found = self._link.client.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{MOST_BYTES}>)")
        if status != "OK":
            raise Unreachable("server surel tidak memberikan sebuah surel")
        return next((part[1] for part in found if isinstance(part, tuple)), None)

    def mark_read(self, uids: Sequence[int]) -> None:
        """Show people that these mails are taken care of."""
        if uids:
            self._link.flag([str(uid) for uid in uids], "\\Seen", True)

    def _uids(self, criteria: str) -> list[int]:
        return [int(uid) for uid in self._link.uids(criteria, charset=None)]


@contextmanager
def opened(server: Server) -> Iterator[Box]:
    """Return the mailbox, logged in and out; raises Unreachable for whatever goes wrong with it, in the block too."""
    try:
        link = _link(server)
        try:
            _log_in(link, server)
            yield Box(link, server.folder)
        finally:
            _leave(link)
    except Unreachable:
        raise
    except (OSError, imaplib.IMAP4.error, ImapToolsError, UnicodeError, ValueError) as error:
        raise _unreachable(error) from None


def _link(server: Server) -> BaseMailBox:
    if server.security == "none":
        return MailBoxUnencrypted(server.host, server.port, timeout=PATIENCE_SECONDS)
    trusted = ssl.create_default_context()
    if server.security == "starttls":
        return MailBoxStartTls(server.host, server.port, timeout=PATIENCE_SECONDS, ssl_context=trusted)
    return MailBox(server.host, server.port, timeout=PATIENCE_SECONDS, ssl_context=trusted)


def _log_in(link: BaseMailBox, server: Server) -> None:
    if (server.user + server.password).isascii():
        link.login(server.user, server.password, initial_folder=None)
    else:
        link.login_utf8(server.user, server.password, initial_folder=None)


def _leave(link: BaseMailBox) -> None:
    try:
        link.logout()
    except (OSError, imaplib.IMAP4.error, ImapToolsError):
        link.client.shutdown()


def _unreachable(error: Exception) -> Unreachable:
    if isinstance(error, MailboxLoginError):
        return Unreachable("server surel menolak nama pengguna atau kata sandi", for_good=True)
    if isinstance(error, MailboxFolderSelectError | MailboxFolderStatusError):
        return Unreachable("folder yang diminta tidak ada di kotak surel", for_good=True)
    if isinstance(error, ssl.SSLCertVerificationError):
        return Unreachable("sertifikat server surel tidak dapat dipercaya", for_good=True)
    if isinstance(error, socket.gaierror):
        return Unreachable("alamat server surel tidak ditemukan")
    return Unreachable(f"server surel tidak dapat dibaca ({type(error).__name__})")
