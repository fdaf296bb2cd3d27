"""What Postmark and Mailgun tell of a letter that they could not deliver, as one kind of payload.

Sources: Postmark, "Bounce webhook" and "Bounce API" (types); Mailgun, "Webhooks" and "Event structure".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lapor.channel_accounts import Account
from lapor.intake import mail_headers
from lapor.intake.channels import meta, payloads
from lapor.intake.channels.interface import Part
from lapor.intake.mail_reports import PROVIDER

# The header in which Postmark keeps what a letter is known by, because it gives the letter an id of its own.
POSTMARK_HOST: Final = ".postmarkapp.com"
POSTMARK_HEADER: Final = "X-PM-Metadata-surat"
_POSTMARK_KEPT: Final = "surat"
# Postmark's types of bounces as statuses of RFC 3463; others are no bounces of a letter.
_POSTMARK: Final[Mapping[str, str]] = {
    "HardBounce": "5.1.1",
    "BadEmailAddress": "5.1.3",
    "ManuallyDeactivated": "5.2.1",
    "SoftBounce": "5.2.0",
    "DnsError": "5.4.4",
    "Undeliverable": "5.4.7",
    "Blocked": "5.7.1",
    "SpamNotification": "5.7.1",
    "DMARCPolicy": "5.7.1",
    "Transient": "4.4.0",
}


def of_postmark(account: Account, given: dict[str, Any]) -> list[Part] | None:
    """Return what a bounce tells; nothing for one of another kind, None when it is no bounce at all."""
    if payloads.text(given, "RecordType") != "Bounce":
        return None
    status = _POSTMARK.get(payloads.text(given, "Type"))
    if status is None:
        return []
    kept = payloads.text(payloads.part(given, "Metadata"), _POSTMARK_KEPT, 80)
    return [_part(account, str(given.get("ID")), f"{kept}@surat", payloads.text(given, "Email"), status)]


def of_mailgun(account: Account, given: dict[str, Any]) -> list[Part]:
    """Return what an event tells; nothing when a letter has not failed."""
    event = payloads.part(given, "event-data")
    if payloads.text(event, "event") != "failed":
        return []
    late = payloads.text(event, "severity") == "temporary"
    told = payloads.text(payloads.part(event, "delivery-status"), "enhanced-code", 20)
    kind = "4" if late else "5"
    # What Mailgun says of a server's own code is kept where it fits with what Mailgun does.
    status = told if told.startswith(f"{kind}.") else f"{kind}.0.0"
    letter = payloads.text(payloads.part(payloads.part(event, "message"), "headers"), "message-id", 200)
    address = payloads.text(event, "recipient")
    return [_part(account, payloads.text(event, "id", 80), letter, address, status)]


def _part(account: Account, event: str, letter: str, address: str, status: str) -> Part:
    told = {
        PROVIDER: True,
        "event": event[:80],
        "letter": letter.strip("<>"),
        "address": address.lower() if mail_headers.usable(address) else "",
        "status": status,
    }
    packed = meta.packed(told)
    return Part(account.name, meta.hashed(packed), packed)
