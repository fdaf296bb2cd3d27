"""Marks of the ledger as live pages keep them: sealed, and never twice the same.

A plain mark counts every event of the installation. Whoever asks again and again would see by it that somebody is at
work on a complaint that is hidden from them.
"""

import base64
import binascii

from lapor import crypto

_CONTEXT = "live_mark"
_LONGEST = 200


def sealed(mark: int) -> str:
    """Return a mark as text for a page."""
    kept = crypto.keyring().encrypt(f"{mark:020d}", _CONTEXT)
    return base64.urlsafe_b64encode(kept).decode().rstrip("=")


def opened(text: str) -> int | None:
    """Return the mark in a text of a page; None when it is none."""
    if not 0 < len(text) < _LONGEST:
        return None
    try:
        kept = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return int(crypto.keyring().decrypt(kept, _CONTEXT))
    except (binascii.Error, ValueError, crypto.Undecipherable):
        return None
