"""SMS by Twilio: whether a delivery is Twilio's, and what it tells.

Source: Twilio, "Validating Signatures from Twilio" and "Messaging Webhooks".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

from lapor.intake.channels import payloads
from lapor.intake.channels.talk import Media, MediaKind

# By which names Twilio calls what a gateway tells.
NAMES: Final[Mapping[str, str]] = {
    "from": "From",
    "to": "To",
    "text": "Body",
    "id": "MessageSid",
    "status": "MessageStatus",
    "code": "ErrorCode",
}
# By which name the key of a message of ours comes back, in the address at which its receipt is told.
KEY: Final = "pesan"
# An answer without words: nothing is sent because of it.
SILENCE: Final = ("text/xml", b'<?xml version="1.0" encoding="UTF-8"?><Response/>')


# An MMS holds ten files at most.
MOST_MEDIA: Final = 10
_FILE: Final = re.compile(
    r"https://[^/?#]+/2010-04-01/Accounts/(AC[0-9a-f]{32})/Messages/([MS]M[0-9a-f]{32})/Media/(ME[0-9a-f]{32})"
)
_KINDS: Final[Mapping[str, MediaKind]] = {"image": "photo", "audio": "voice", "video": "video"}


def media(given: dict[str, Any]) -> tuple[Media, ...]:
    """Return the files that came with a message (NumMedia, MediaUrlN, MediaContentTypeN).

    Only the ids in an address are kept: a file is asked for where our account is, wherever the address leads.
    """
    counted = payloads.text(given, "NumMedia")
    count = min(int(counted), MOST_MEDIA) if counted.isdecimal() and len(counted) < 4 else 0
    found = []
    for number in range(count):
        address = _FILE.fullmatch(payloads.text(given, f"MediaUrl{number}"))
        kind = payloads.text(given, f"MediaContentType{number}").partition("/")[0].lower()
        # What has no address that could be Twilio's is named all the same: its sender is told that it was not taken.
        reference = "/".join(address.groups()) if address else "-"
        found.append(Media(reference, _KINDS.get(kind, "document")))
    return tuple(found)


def key_in(address: str) -> str:
    """Return the key of the message whose receipt is told at this address; empty for any other."""
    return dict(parse_qsl(address.partition("?")[2], max_num_fields=10)).get(KEY, "")[:120]


def signature(token: str, url: str, fields: Sequence[tuple[str, str]]) -> str:
    """Return the header X-Twilio-Signature: HMAC-SHA-1 over the address and the sorted fields, each once."""
    said = url + "".join(name + value for name, value in sorted(set(fields)))
    return base64.b64encode(hmac.new(token.encode(), said.encode(), hashlib.sha1).digest()).decode()
