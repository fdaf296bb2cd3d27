"""What everything of Meta has in common: how it asks whether an address is ours, and how it signs."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, Final

from lapor.channel_accounts import Account
from lapor.intake.channels.interface import Keys, Posted, Unverified

DEFAULT_API: Final = "https://graph.facebook.com/v23.0"


def challenge(query: Mapping[str, str], keys: Keys) -> str | None:
    """Return `hub.challenge` when the verify token is ours."""
    if query.get("hub.mode") != "subscribe":
        return None
    given = query.get("hub.verify_token", "").encode()
    for account in keys.accounts:
        known = account.secrets.get("verify_token", "").encode()
        if known and hmac.compare_digest(known, given):
            return query.get("hub.challenge", "")
    return None


def signer(posted: Posted, keys: Keys) -> Account:
    """Return the account whose app secret has signed a delivery; raises Unverified."""
    given = posted.headers.get("x-hub-signature-256", "").encode()
    for account in keys.accounts:
        secret = account.secrets.get("app_secret", "")
        if secret and hmac.compare_digest(signature(secret, posted.body).encode(), given):
            return account
    raise Unverified


def signature(secret: str, body: bytes) -> str:
    """Return the header X-Hub-Signature-256 of a body: HMAC-SHA-256 over the bytes as they are."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def hashed(content: bytes) -> str:
    """Return a key for what has none of its own, or an odd one."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def packed(given: dict[str, Any]) -> bytes:
    """Return an object as the payload of a part: the same object, the same bytes."""
    return json.dumps(given, sort_keys=True, separators=(",", ":")).encode()
