"""SMS by Twilio: whether a delivery is Twilio's, and what it tells.

Source: Twilio, "Validating Signatures from Twilio" and "Messaging Webhooks".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Final

# By which names Twilio calls what a gateway tells.
NAMES: Final[Mapping[str, str]] = {
    "from": "From",
    "to": "To",
    "text": "Body",
    "id": "MessageSid",
    "status": "MessageStatus",
    "code": "ErrorCode",
}
# An answer without words: nothing is sent because of it.
SILENCE: Final = ("text/xml", b'<?xml version="1.0" encoding="UTF-8"?><Response/>')


def signature(token: str, url: str, fields: Sequence[tuple[str, str]]) -> str:
    """Return the header X-Twilio-Signature: HMAC-SHA-1 over the address and the sorted fields, each once."""
    said = url + "".join(name + value for name, value in sorted(set(fields)))
    return base64.b64encode(hmac.new(token.encode(), said.encode(), hashlib.sha1).digest()).decode()
