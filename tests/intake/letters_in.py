"""Mails as residents send them, for tests, and our mailbox in the register of channels."""

from __future__ import annotations

import secrets
from email.message import EmailMessage
from typing import Any

from tests.ground import World
from tests.intake.switched_on import switched_on

OURS = "lapor@contoh.example"
SRI = "sri@warga.example"
LAMP = "Lampu jalan di depan pasar mati sejak Senin, gelap sekali kalau malam."


def mail(
    body: str = LAMP,
    *,
    subject: str = "Lampu jalan mati",
    sender: str = f"Sri Contoh <{SRI}>",
    to: str = OURS,
    message_id: str | None = None,
    photos: tuple[bytes, ...] = (),
    files: tuple[tuple[str, str, bytes], ...] = (),
    **headers: str,
) -> bytes:
    """A mail; `files` are name, kind and content. Further headers are named with underscores."""
    written = EmailMessage()
    written["From"], written["To"], written["Subject"] = sender, to, subject
    written["Message-ID"] = f"<{message_id or secrets.token_hex(8) + '@warga.example'}>"
    for name, text in headers.items():
        written[name.replace("_", "-")] = text
    written.set_content(body)
    for number, photo in enumerate(photos, 1):
        written.add_attachment(photo, maintype="image", subtype="jpeg", filename=f"foto{number}.jpg")
    for name, kind, content in files:
        maintype, _, subtype = kind.partition("/")
        written.add_attachment(content, maintype=maintype, subtype=subtype, filename=name)
    return written.as_bytes()


async def switch_on(
    world: World, settings: dict[str, str], *, password: str = "", name: str = OURS, **secret: Any
) -> int:
    """Our account with a mail provider, switched on; returns its row."""
    return await switched_on(world, "email", name, {"password": password, **secret}, settings)
