"""Mail that a provider has taken in for us: Postmark (Basic authentication) and Mailgun (HMAC over time stamp and token).

Off until an account has one of their secrets. Both hand over the mail as it came, and it is read like one from a
mailbox; what they have made of it themselves is left aside. `docs/channels/email.md` says what that costs in privacy.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from lapor.channel_accounts import Account
from lapor.intake import mail_headers
from lapor.intake.channels import mail_events, payloads
from lapor.intake.channels.interface import Keys, Part, Posted, Unverified
from lapor.intake.mail_filing import CHANNEL
from lapor.intake.mail_parsing import DERIVED, message_id_of

POSTMARK: Final = "webhook_password"
MAILGUN: Final = "mailgun_signing_key"
# Mailgun tries for eight hours. A repeat inside this time is harmless: a mail is stored once.
OLDEST_SECONDS: Final = 9 * 3600
AHEAD_SECONDS: Final = 300


class MailIn:
    """The door for mail at /hooks/email; Mailgun gives the raw mail only to addresses that end in “mime”."""

    name = CHANNEL
    has_accounts = True

    def challenge(self, query: Mapping[str, str], keys: Keys) -> str | None:
        """Neither of them asks."""
        return None

    def accept(self, posted: Posted, keys: Keys) -> list[Part]:
        """Return the mail; raises Unverified, also when no account has a secret for it."""
        authorization = posted.headers.get("authorization", "")
        if authorization:
            return _of_postmark(_by_password(authorization, keys), posted.body)
        if posted.headers.get("content-type", "").lower().startswith("application/json"):
            given = _object(posted.body)
            signed = payloads.part(given, "signature")
            stamps = {name: payloads.text(signed, name).encode() for name in signed}
            return mail_events.of_mailgun(_by_signature(stamps, keys), given)
        fields = _fields(posted)
        return [_of_mailgun(_by_signature(fields, keys), fields, posted.body)]


def _by_password(authorization: str, keys: Keys) -> Account:
    """RFC 7617. The user's name is whatever was written into the address at the provider."""
    scheme, _, packed = authorization.partition(" ")
    try:
        _, _, given = base64.b64decode(packed.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        raise Unverified from None
    if scheme.lower() == "basic":
        for account in keys.accounts:
            known = account.secrets.get(POSTMARK, "").encode()
            if known and hmac.compare_digest(known, given):
                return account
    raise Unverified


def _by_signature(fields: Mapping[str, bytes], keys: Keys) -> Account:
    """The signature covers time stamp and token; the process's clock says no more than how old it may be."""
    stamp, token = fields.get("timestamp", b""), fields.get("token", b"")
    given = fields.get("signature", b"")
    if not stamp.isdigit() or len(stamp) > 12 or not token or not given.isalnum():
        raise Unverified
    if not -AHEAD_SECONDS <= time.time() - int(stamp) <= OLDEST_SECONDS:
        raise Unverified
    for account in keys.accounts:
        key = account.secrets.get(MAILGUN, "").encode()
        expected = hmac.new(key, stamp + token, hashlib.sha256).hexdigest().encode()
        if key and hmac.compare_digest(expected, given.lower()):
            return account
    raise Unverified


def _object(body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return given if isinstance(given, dict) else {}


def _of_postmark(account: Account, body: bytes) -> list[Part]:
    given = _object(body)
    if (told := mail_events.of_postmark(account, given)) is not None:
        return told
    raw = given.get("RawEmail")
    if not isinstance(raw, str) or not raw:
        return [_whole(account, body)]
    return [_part(account, raw.encode("utf-8", "replace"), str(given.get("OriginalRecipient", "")))]


def _of_mailgun(account: Account, fields: Mapping[str, bytes], body: bytes) -> Part:
    raw = fields.get("body-mime")
    if not raw:
        return _whole(account, body)
    return _part(account, raw, fields.get("recipient", b"").decode("ascii", "replace"))


def _part(account: Account, raw: bytes, recipient: str) -> Part:
    """The mail, with the address to which it was delivered: the mail itself need not name it."""
    delivered = f"X-Original-To: {recipient}\r\n".encode() if mail_headers.usable(recipient) else b""
    return Part(account.name, message_id_of(raw), delivered + raw)


def _whole(account: Account, body: bytes) -> Part:
    """A genuine delivery without the raw mail: kept, and seen by a person."""
    return Part(account.name, DERIVED + hashlib.sha256(body).hexdigest(), body)


def _fields(posted: Posted) -> dict[str, bytes]:
    """The fields of a form, byte for byte."""
    kind = posted.headers.get("content-type", "")
    if kind.lower().startswith("application/x-www-form-urlencoded"):
        pairs = (pair.partition(b"=") for pair in posted.body.split(b"&")[:100])
        return {_plain(name).decode("ascii", "replace"): _plain(value) for name, _, value in pairs}
    if not kind.lower().startswith("multipart/form-data"):
        raise Unverified
    head = f"Content-Type: {' '.join(kind.split())}\r\n\r\n".encode("latin-1", "replace")
    try:
        form = BytesParser(policy=compat32).parsebytes(head + posted.body).get_payload()
        parts = form if isinstance(form, list) else []
        return {_name(part): _content(part) for part in parts[:100] if isinstance(part, Message)}
    except (RecursionError, ValueError, LookupError, AttributeError, TypeError):
        # Nobody whose key we know sends what breaks a parser.
        raise Unverified from None


def _plain(packed: bytes) -> bytes:
    return unquote_to_bytes(packed.replace(b"+", b" "))


def _name(part: Message) -> str:
    found = part.get_param("name", "", header="content-disposition")
    return found if isinstance(found, str) else ""


def _content(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
