"""A real IMAP server (Dovecot) on loopback, as an ordinary user, in a folder of its own that is thrown away."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from imap_tools.mailbox import MailBoxUnencrypted

PASSWORD = "kotak-surat-warga"
PROGRAM = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")

_CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
ssl_dh =
disable_plaintext_auth = no
auth_mechanisms = plain login
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{folder}/mail/%u
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@dataclass
class MailServer:
    """The server's hands. Whoever knows the password has a mailbox of any name."""

    folder: Path
    port: int
    tls_port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        owner = self.folder.stat()
        as_user = (
            {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        )
        assert PROGRAM
        self.process = subprocess.Popen(
            [PROGRAM, "-F", "-c", str(self.folder / "dovecot.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **as_user,  # type: ignore[call-overload]
        )
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as link:
                if link.recv(4) == b"* OK":
                    return
            time.sleep(0.05)
        raise AssertionError((self.folder / "dovecot.log").read_text())

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[MailBoxUnencrypted]:
        """Somebody at their mailbox."""
        box = MailBoxUnencrypted("127.0.0.1", self.port)
        with box.login(name, PASSWORD):
            yield box

    def deliver(self, name: str, *mails: bytes, folder: str = "INBOX") -> None:
        """Let mails arrive."""
        with self.open(name) as box:
            for mail in mails:
                box.append(mail, folder, dt=datetime.now(UTC))

    def unread(self, name: str, folder: str = "INBOX") -> int:
        """How many mails nobody has marked as read."""
        with self.open(name) as box:
            box.folder.set(folder)
            return len(box.uids("UNSEEN"))

    def settings(self, name: str, **given: str) -> dict[str, str]:
        """What an account of ours says about it."""
        return {"host": "127.0.0.1", "port": str(self.port), "security": "none", "user": name, **given}


@contextlib.contextmanager
def open_mail_server() -> Iterator[MailServer]:
    """A server, for the length of the block."""
    folder = Path(tempfile.mkdtemp(prefix="lapor-surel-"))
    root = os.geteuid() == 0
    owner = pwd.getpwnam("nobody") if root else pwd.getpwuid(os.geteuid())
    server = MailServer(folder, _free_port(), _free_port())
    _write(server, owner)
    if root:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _write(server: MailServer, owner: pwd.struct_passwd) -> None:
    folder = server.folder
    (folder / "mail").mkdir()
    (folder / "state").mkdir()
    _certificate(folder)
    group = subprocess.run(
        ["id", "-gn", owner.pw_name], check=True, capture_output=True, text=True
    ).stdout.strip()
    text = _CONFIG.format(
        folder=folder,
        user=owner.pw_name,
        group=group,
        uid=owner.pw_uid,
        gid=owner.pw_gid,
        password=PASSWORD,
        port=server.port,
        tls_port=server.tls_port,
    )
    (folder / "dovecot.conf").write_text(text)


def _certificate(folder: Path) -> None:
    """One that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    (folder / "key.pem").write_bytes(private)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
