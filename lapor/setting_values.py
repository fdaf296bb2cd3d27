"""How the texts of environment variables become the values of settings; each parser raises ValueError."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from lapor.embedded_home import default_home

_PARTNER = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")

Network = IPv4Network | IPv6Network


class VersionedKey(NamedTuple):
    """A 32-byte key and the version that is stored beside everything made with it."""

    version: str
    key: bytes

    def __repr__(self) -> str:
        return f"VersionedKey({self.version!r})"


class PartnerSecret(NamedTuple):
    """A webhook secret of a partner; a partner may have two while one replaces the other."""

    partner: str
    secret: str

    def __repr__(self) -> str:
        return f"PartnerSecret({self.partner!r})"


def text(raw: str) -> str:
    """Return the text without spaces around it."""
    return raw.strip()


def truth(raw: str) -> bool:
    """Return whether it says yes, in English or Indonesian; nothing says no."""
    value = raw.strip().lower()
    if value in {"1", "true", "yes", "on", "ya"}:
        return True
    if value in {"", "0", "false", "no", "off", "tidak"}:
        return False
    raise ValueError("must be true or false")


def number(lowest: int, highest: int) -> Callable[[str], int]:
    """Return a parser of whole numbers between these two."""

    def parse(raw: str) -> int:
        try:
            value = int(raw)
        except ValueError:
            raise ValueError("must be a whole number") from None
        if not lowest <= value <= highest:
            raise ValueError(f"must be between {lowest} and {highest}")
        return value

    return parse


def never_or(lowest: int, highest: int) -> Callable[[str], int]:
    """A number of days that is not too short, or 0 for what is never done."""

    def parse(raw: str) -> int:
        value = number(0, highest)(raw)
        if 0 < value < lowest:
            raise ValueError(f"must be 0, which is never, or at least {lowest}")
        return value

    return parse


def one_of(*choices: str) -> Callable[[str], str]:
    """Return a parser that takes only these words."""

    def parse(raw: str) -> str:
        if raw.strip() not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return raw.strip()

    return parse


def log_level(raw: str) -> str:
    """Return the name of a level of the log, in capitals."""
    return one_of("DEBUG", "INFO", "WARNING", "ERROR")(raw.strip().upper())


def address(*schemes: str) -> Callable[[str], str]:
    """Return a parser of addresses that begin with one of these schemes; an empty one is left empty."""

    def parse(raw: str) -> str:
        value = raw.strip()
        try:
            valid = not value or urlsplit(value).scheme in schemes
        except ValueError:
            valid = False
        if not valid:
            raise ValueError(f"must begin with {' or '.join(scheme + '://' for scheme in schemes)}")
        return value

    return parse


def base_url(raw: str) -> str:
    """Return the address of the site, without a slash at its end."""
    value = address("http", "https")(raw).rstrip("/")
    parts = urlsplit(value)
    if not parts.hostname or parts.path or parts.query:
        raise ValueError("must be an address without a path, such as https://lapor.example.go.id")
    return value


def folder(raw: str) -> Path:
    """Return an absolute path; of nothing, the home that every command agrees on."""
    if not raw.strip():
        return default_home()
    path = Path(raw.strip()).expanduser()
    if not path.is_absolute():
        raise ValueError("must be an absolute path")
    return path


def networks(raw: str) -> tuple[Network, ...]:
    """Return the networks of a comma list."""
    try:
        return tuple(ip_network(part) for part in _parts(raw))
    except ValueError:
        raise ValueError("must be a comma list of networks such as 10.0.0.0/8") from None


def _parts(raw: str) -> list[str]:
    return [part.strip() for part in raw.split(",") if part.strip()]


def hosts(raw: str) -> tuple[str, ...]:
    """Return the names of a comma list."""
    return tuple(_parts(raw))


def keys(raw: str) -> tuple[VersionedKey, ...]:
    """Return the keys of a comma list of version:key, the one for new rows first."""
    keys = tuple(_key(part) for part in _parts(raw))
    if len({key.version for key in keys}) != len(keys):
        raise ValueError("names a version twice")
    return keys


def _key(part: str) -> VersionedKey:
    version, _, encoded = part.partition(":")
    if not re.fullmatch(r"[a-z0-9]{1,12}", version):
        raise ValueError("needs version:key, the version being 1 to 12 lower-case letters or digits")
    try:
        key = base64.b64decode(encoded, altchars=b"-_" if set(encoded) & {"-", "_"} else None, validate=True)
    except ValueError:
        raise ValueError(f"has a key that is not base64 in version {version}") from None
    if len(key) != 32:
        raise ValueError(f"has a key of {len(key)} bytes instead of 32 in version {version}")
    return VersionedKey(version, key)


def partner_names(raw: str) -> tuple[str, ...]:
    """Return the partners of a comma list."""
    found = _parts(raw)
    if wrong := [name for name in found if not _PARTNER.fullmatch(name)]:
        raise ValueError(f"needs names of lower-case letters, digits and hyphens, not {wrong[0]!r}")
    return tuple(found)


def partner_secrets(raw: str) -> tuple[PartnerSecret, ...]:
    """Return the secrets of a comma list of name=secret."""
    return tuple(_partner_secret(part) for part in _parts(raw))


def _partner_secret(part: str) -> PartnerSecret:
    """One `name=whsec_…` pair; the secret's form is that of the Standard Webhooks specification."""
    partner, _, secret = part.partition("=")
    if not _PARTNER.fullmatch(partner):
        raise ValueError("needs name=secret, the name being lower-case letters, digits and hyphens")
    try:
        size = len(base64.b64decode(secret.removeprefix("whsec_"), validate=True))
    except ValueError:
        size = 0
    if not secret.startswith("whsec_") or not 24 <= size <= 64:
        raise ValueError(f"needs whsec_ and 24 to 64 bytes in base64 for {partner}")
    return PartnerSecret(partner, secret)
