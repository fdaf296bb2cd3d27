"""What a mail server tells about a letter of ours that it could not deliver (RFC 3464, RFC 3463). Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.policy import compat32
from typing import Final

from lapor.intake import mail_headers

# How every reason begins, so that a letter that came back is known from one that never left.
CAME_BACK: Final = "surel kembali: "
# What marks a report that a provider made of its own.
PROVIDER: Final = "lapor-bounce"
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_MOST_BLOCKS: Final = 50
# RFC 3463, section 3: by subject and detail, then by subject alone.
_REASONS: Final[Mapping[str, str]] = {
    "1.1": "alamatnya tidak ada",
    "1.2": "domain alamatnya tidak ada",
    "1.10": "domain alamatnya tidak menerima surel",
    "1": "alamatnya tidak dapat dipakai",
    "2.1": "kotak suratnya tidak aktif",
    "2.2": "kotak suratnya penuh",
    "2": "kotak suratnya tidak menerima surel",
    "3.4": "suratnya terlalu besar",
    "4.7": "server tujuan terlalu lama tidak dapat dicapai",
    "4": "server tujuan tidak dapat dicapai",
    "7": "ditolak oleh aturan server tujuan",
    "": "ditolak oleh server tujuan",
}


@dataclass(frozen=True)
class Report:
    """What became of a letter for one addressee. `failed`: nobody tries any more; else it is only late.

    `letters` are the ids of mails that it may be about, the surest first; `addresses` how the addressee is called.
    """

    letters: tuple[str, ...]
    addresses: tuple[str, ...]
    failed: bool
    status: str

    @property
    def reason(self) -> str:
        """Why, in words, without the server's own: they often repeat the address."""
        _, _, detail = self.status.partition(".")
        why = _REASONS.get(detail) or _REASONS.get(detail.partition(".")[0]) or _REASONS[""]
        return _sentence(self.failed, why, self.status)


def _sentence(failed: bool, why: str, status: str) -> str:
    return f"surel kembali: {why} ({status})" if failed else f"surel tertunda: {why} ({status})"


def reports(raw: bytes) -> list[Report]:
    """Return what a mail tells of letters that were not delivered; empty when it is no such report."""
    try:
        message = BytesParser(policy=compat32).parsebytes(raw)
        return list(_reports(message))
    except (RecursionError, ValueError, LookupError, AttributeError, TypeError):
        return []


def of_provider(payload: bytes) -> list[Report]:
    """Return what a provider's own report tells; empty when the payload is a mail, or anything else."""
    if not payload.startswith(b"{"):
        return []
    try:
        given = json.loads(payload)
    except (ValueError, RecursionError):
        return []
    if not isinstance(given, dict) or given.get(PROVIDER) is not True:
        return []
    found = _STATUS.search(str(given.get("status", "")))
    status = ".".join(found.groups()) if found else "5.0.0"
    letter, address = str(given.get("letter", "")), str(given.get("address", ""))
    return [Report((letter,), (address,) if address else (), status.startswith("5"), status)]


def _reports(message: Message) -> Iterator[Report]:
    if message.get_content_type() != "multipart/report":
        return
    blocks: list[Message] = []
    about: list[str] = []
    for part in _inside(message)[:10]:
        kind = part.get_content_type()
        if kind in ("message/delivery-status", "message/global-delivery-status"):
            blocks = _inside(part)[:_MOST_BLOCKS]
        elif kind in ("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"):
            about += _original(part)
    # Servers that send nothing of the letter back answer it as a mail is answered.
    for name in ("In-Reply-To", "References"):
        about += [one for value in mail_headers.values(message, name) for one in mail_headers.ids(value)]
    for block in blocks:
        if (told := _told(block, tuple(dict.fromkeys(about))[:20])) is not None:
            yield told


def _original(part: Message) -> list[str]:
    inside = _inside(part)
    content = b"" if inside else part.get_payload(decode=True)
    if isinstance(content, bytes) and content:
        inside = [BytesHeaderParser(policy=compat32).parsebytes(content)]
    return [
        one for headers in inside[:1] for one in mail_headers.ids(mail_headers.value(headers, "Message-ID"))
    ]


def _inside(part: Message) -> list[Message]:
    found = part.get_payload()
    return [one for one in found if isinstance(one, Message)] if isinstance(found, list) else []


def _told(block: Message, letters: tuple[str, ...]) -> Report | None:
    """What a block says of one addressee (RFC 3464, 2.3); None for the block about the letter as a whole, or a success."""
    action = mail_headers.value(block, "Action").strip().lower()
    found = _STATUS.search(mail_headers.value(block, "Status"))
    status = ".".join(found.groups()) if found else ""
    if not action and not status:
        return None
    if not action:
        action = {"5": "failed", "4": "delayed"}.get(status[0], "delivered")
    if action not in ("failed", "delayed"):
        return None
    named = (mail_headers.value(block, name) for name in ("Original-Recipient", "Final-Recipient"))
    addresses = tuple(dict.fromkeys(address for one in named if (address := _address(one))))
    failed = action == "failed"
    return Report(letters, addresses, failed, status or ("5.0.0" if failed else "4.0.0"))


def _address(field: str) -> str:
    """The address in "rfc822; address"."""
    address = field.partition(";")[2].strip().strip("<>").lower()
    return address if mail_headers.usable(address) else ""
