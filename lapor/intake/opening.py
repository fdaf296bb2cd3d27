"""A delivery that led to nothing, opened for a person: its words, who sent them, and what hangs on it.

What is not understood is shown as it came. Whoever sent it stays known to a complaint by what their channel knows them
by, so that answers go back the same way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

from lapor import crypto
from lapor.complaints.filing import TEXT_LIMIT, Filing
from lapor.filing_form.delivered import Opened, Sealed
from lapor.intake import mail_filing
from lapor.intake.channels import payloads
from lapor.intake.channels.interface import SENSOR, Unreadable
from lapor.intake.channels.mail_in import MailIn
from lapor.intake.channels.messenger import Messenger
from lapor.intake.channels.partner import Partner
from lapor.intake.channels.sms import Sms, Written
from lapor.intake.channels.talk import Said, Talks
from lapor.intake.channels.telegram import Telegram
from lapor.intake.channels.whatsapp import WhatsApp
from lapor.intake.dialogue import UNHEARD
from lapor.intake.mail_parsing import parse
from lapor.intake.storing import payload_context

_SOCIAL: Final = Messenger()
_SMS: Final = Sms()
_TALKING: Final[Mapping[str, Talks]] = {one.name: one for one in (WhatsApp(), Telegram(), _SOCIAL)}
_FILES: Final = {
    "photo": "foto",
    "voice": "pesan suara",
    "video": "video",
    "document": "dokumen",
}


def opened(sealed: Sealed) -> Opened:
    """Return what a delivery says; raises crypto.Undecipherable when its key is missing."""
    payload = crypto.keyring().decrypt(sealed.payload, payload_context(sealed.channel, sealed.key))
    try:
        found = _READ.get(sealed.channel, _nothing)(sealed, payload)
    except Unreadable:
        found = None
    return found or _raw(sealed, payload)


def _mail(sealed: Sealed, payload: bytes) -> Opened | None:
    mail = parse(payload, sealed.account)
    files = tuple(one.name or "tanpa nama" for one in mail.attachments)
    pictures = tuple(one.body for one in mail.pictures)
    return Opened(mail_filing.filing_of(mail, sealed.received_at), files, pictures)


def _sms(sealed: Sealed, payload: bytes) -> Opened | None:
    told = _SMS.parse(payload)
    if not isinstance(told, Written):
        return None
    external = f"{sealed.channel}:{sealed.account}:{told.sender}"
    return Opened(_filing(sealed, told.text, phone=f"+{told.sender}", external=external))


def _talk(sealed: Sealed, payload: bytes) -> Opened | None:
    if sealed.channel == _SOCIAL.name and (comment := _SOCIAL.comment(payload)):
        external = f"comment:{sealed.account}:{comment.author}" if comment.author else ""
        return Opened(_filing(sealed, comment.text, name=comment.name, external=external))
    told = _TALKING[sealed.channel].parse(payload)
    if not isinstance(told, Said):
        return None
    words = told.heard.text or UNHEARD.get(told.heard.unheard, "")
    external = f"{sealed.channel}:{sealed.account}:{told.sender}"
    filing = _filing(sealed, words, name=told.name, phone=told.phone, external=external)
    return Opened(filing, tuple(one.filename or _FILES[one.kind] for one in told.media))


def _partner(sealed: Sealed, payload: bytes) -> Opened | None:
    """What a partner has wrong, a person puts right; a machine among them has no name and reads no letters."""
    given = payloads.json_object(payload)
    known = payloads.part(given, "reporter")
    number = payloads.text(known, "id", 120)
    external = f"{sealed.account}:{number}" if number else ""
    words = payloads.text(given, "text")
    if sealed.account.startswith(SENSOR):
        return Opened(_filing(sealed, words, external=external, sensor=True))
    filing = _filing(
        sealed,
        words,
        name=payloads.text(known, "name"),
        phone=payloads.text(known, "phone"),
        email=payloads.text(known, "email", 254),
        external=external,
    )
    return Opened(filing) if words else None


def _nothing(sealed: Sealed, payload: bytes) -> None:
    return None


def _raw(sealed: Sealed, payload: bytes) -> Opened:
    """The delivery as it came, indented where that helps the eye."""
    try:
        text = json.dumps(json.loads(payload), ensure_ascii=False, indent=1)
    except (ValueError, RecursionError):
        text = payload.decode("utf-8", "replace")
    words = text.replace("\0", "").encode("utf-8", "replace").decode()
    return Opened(_filing(sealed, words), raw=True)


def _filing(
    sealed: Sealed,
    words: str,
    *,
    name: str = "",
    phone: str = "",
    email: str = "",
    external: str = "",
    sensor: bool = False,
) -> Filing:
    return Filing(
        type="complaint",
        text=words.strip()[:TEXT_LIMIT],
        name=name[:160],
        phone=phone[:40],
        email=email,
        channel=sealed.channel,
        external_id=external,
        received_at=sealed.received_at,
        sensor=sensor,
    )


_READ: Final[Mapping[str, Callable[[Sealed, bytes], Opened | None]]] = {
    MailIn.name: _mail,
    Sms.name: _sms,
    Partner.name: _partner,
    **dict.fromkeys(_TALKING, _talk),
}
