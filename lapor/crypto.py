"""Keys, encryption, look-up by HMAC, salts and secrets.

A stored value carries the version of its key, so keys change without touching what was written before.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

# NIST SP 800-38D: 96 random bits as nonce allow 2^32 messages under one key.
NONCE_BYTES = 12
SALT_BYTES = 16
SECRET_BYTES = 24


class Undecipherable(Exception):
    """A stored value whose key is gone, whose bytes were changed, or which belongs elsewhere."""


class Keyring:
    """The keys of this installation, newest first; each key is a pair of its version and 32 bytes."""

    def __init__(
        self, encryption_keys: Sequence[tuple[str, bytes]], lookup_keys: Sequence[tuple[str, bytes]]
    ) -> None:
        if not encryption_keys or not lookup_keys:
            raise ValueError("a keyring needs at least one encryption key and one look-up key")
        self._newest = encryption_keys[0][0].encode()
        self._ciphers = {version.encode(): AESGCM(key) for version, key in encryption_keys}
        self._lookup_keys = tuple(lookup_keys)

    def encrypt(self, plaintext: str | bytes, context: str) -> bytes:
        """AES-256-GCM with the newest key: version length, version, nonce, ciphertext with tag.

        `context` says whose value this is; the same context is needed to read it, so that a ciphertext that
        is copied to another row is refused there.
        """
        header = bytes([len(self._newest)]) + self._newest
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._ciphers[self._newest].encrypt(nonce, _bytes(plaintext), _bound(header, context))
        return header + nonce + sealed

    def decrypt(self, ciphertext: bytes, context: str) -> bytes:
        """The plaintext; raises Undecipherable when the key is unknown or the value is not authentic here."""
        ciphertext = bytes(ciphertext)
        end = 1 + ciphertext[0] if ciphertext else 0
        header, nonce = ciphertext[:end], ciphertext[end : end + NONCE_BYTES]
        cipher = self._ciphers.get(header[1:])
        if cipher is None or len(nonce) != NONCE_BYTES:
            raise Undecipherable("no key of this installation reads this value")
        try:
            return cipher.decrypt(nonce, ciphertext[end + NONCE_BYTES :], _bound(header, context))
        except InvalidTag:
            raise Undecipherable("the value was changed or belongs elsewhere") from None

    def lookup(self, value: str, context: str) -> str:
        """The `version:hex` by which an encrypted value is found again: HMAC-SHA-256 with the newest key."""
        return _lookup(self._lookup_keys[0], value, context)

    def lookups(self, value: str, context: str) -> list[str]:
        """The same for every key, newest first: what a search has to ask for."""
        return [_lookup(key, value, context) for key in self._lookup_keys]

    def __repr__(self) -> str:
        return f"Keyring(newest={self._newest.decode()!r})"


_installed: list[Keyring] = []


def configure(
    encryption_keys: Sequence[tuple[str, bytes]], lookup_keys: Sequence[tuple[str, bytes]]
) -> Keyring:
    """Makes these the keys of this process, once at its start, and returns them."""
    _installed[:] = [Keyring(encryption_keys, lookup_keys)]
    return _installed[0]


def keyring() -> Keyring:
    """The keys of this process; raises RuntimeError before `configure`."""
    if not _installed:
        raise RuntimeError("the keys are not configured: call crypto.configure at the start of the process")
    return _installed[0]


def new_salt() -> bytes:
    """16 random bytes that stand beside a content and are erased with it."""
    return os.urandom(SALT_BYTES)


def digest(salt: bytes, content: str | bytes) -> bytes:
    """sha256(salt ‖ content): proves a content without giving it away; a text counts as its UTF-8 bytes."""
    return hashlib.sha256(salt + _bytes(content)).digest()


def new_secret() -> str:
    """A secret of 192 random bits that may stand in an address."""
    return secrets.token_urlsafe(SECRET_BYTES)


def secret_hash(secret: str) -> str:
    """What is stored of a secret: its SHA-256 in hexadecimal; random secrets of this length need no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _lookup(key: tuple[str, bytes], value: str, context: str) -> str:
    version, secret = key
    return f"{version}:{hmac.new(secret, _bound(context.encode(), value), hashlib.sha256).hexdigest()}"


def _bound(first: bytes, second: str) -> bytes:
    """Both parts as one value that no other pair of parts gives."""
    return len(first).to_bytes(4, "big") + first + second.encode()


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else bytes(content)
