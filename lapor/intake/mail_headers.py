"""Headers of a mail as strangers write them: decoded whatever their charset, addresses and ids picked out. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses

LONGEST_ADDRESS = 254
_LONGEST_HEADER = 8_000
_MOST_ADDRESSES = 100

_ADDRESS = re.compile(r"[^\s@<>\"(),:;\[\]\\]{1,64}@(?:[\w-]{1,63}\.){1,10}[\w-]{2,63}")
_ID = re.compile(r"<([^<>\s]{1,400})>")
_ENCODED = re.compile(
    r"=\?[\x21-\x3e\x40-\x7e]{1,60}\?[bBqQ]\?[\x21-\x3e\x40-\x7e ]*\?="
    r"(?:\s*=\?[\x21-\x3e\x40-\x7e]{1,60}\?[bBqQ]\?[\x21-\x3e\x40-\x7e ]*\?=)*"
)
# Controls, and what turns the direction of writing: a name or subject must not be able to show itself as another.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")


@dataclass(frozen=True)
class Sender:
    """Whom a mail says it is from; both empty when it does not say so in a form that can be used."""

    address: str = ""
    name: str = ""


def values(message: Message, *names: str) -> Iterator[str]:
    """Yield the raw values of every header with one of these names, each on one line, in their order."""
    wanted = {name.lower() for name in names}
    for name, value in message.raw_items():
        if name.lower() in wanted:
            yield " ".join(_repaired(str(value))[:_LONGEST_HEADER].split())


def value(message: Message, name: str) -> str:
    """Return the first header of this name, or nothing."""
    return next(values(message, name), "")


def readable(raw: str) -> str:
    """Return a header in plain words: encoded words (RFC 2047) decoded, broken ones left as they are."""
    return clean(_ENCODED.sub(_decoded, raw)).replace("\n", " ").strip()


def text_of(raw: bytes, charset: str | None) -> str:
    """Return bytes as text: in the charset they name if it fits, else in UTF-8, else as Windows writes Latin."""
    for name in (charset, "utf-8"):
        try:
            return raw.decode(name or "utf-8")
        except (LookupError, ValueError):
            continue
    return raw.decode("cp1252", "replace")


def clean(text: str) -> str:
    """Return a text as it can be kept and shown: composed, one kind of line ends, no controls, no half characters."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\xa0", " ")
    whole = _UNSEEN.sub("", lines).encode("utf-8", "replace").decode()
    return unicodedata.normalize("NFC", whole)


def sender(message: Message) -> Sender:
    """Return whom the From header names, the address in lower case."""
    for name, address in _pairs(values(message, "From")):
        if usable(address):
            return Sender(address.lower(), readable(name)[:160])
    return Sender()


def disowned(message: Message) -> bool:
    """Whether our own mail server found that the sender's domain does not stand by this mail (DMARC, RFC 7489).

    Servers write their findings on top (RFC 8601), so that nobody who sends a mail can take this one away.
    """
    found = value(message, "Authentication-Results").lower()
    return re.search(r"\bdmarc\s*=\s*fail\b", found) is not None


def recipients(message: Message) -> tuple[str, ...]:
    """Return every address that this mail was meant for or delivered to, in lower case."""
    named = values(
        message,
        "Delivered-To",
        "X-Original-To",
        "X-Envelope-To",
        "Envelope-To",
        "X-Forwarded-To",
        "To",
        "Cc",
    )
    return tuple(dict.fromkeys(address.lower() for _, address in _pairs(named) if usable(address)))


def ids(raw: str) -> tuple[str, ...]:
    """Return the message ids in a header, without their angle brackets."""
    return tuple(_ID.findall(raw))


def usable(address: str) -> bool:
    """Whether this is an address that could be written to."""
    return len(address) <= LONGEST_ADDRESS and _ADDRESS.fullmatch(address) is not None


def _pairs(raw: Iterable[str]) -> list[tuple[str, str]]:
    try:
        return getaddresses(list(raw))[:_MOST_ADDRESSES]
    except (ValueError, LookupError, IndexError, AttributeError, TypeError):
        # The standard library stumbles over some of what is sent; then nobody is named.
        return []


def _decoded(run: re.Match[str]) -> str:
    """Encoded words that stand side by side, as one text: a character may begin in one and end in the next."""
    try:
        return "".join(
            part if isinstance(part, str) else text_of(part, charset)
            for part, charset in decode_header(run.group())
        )
    except (HeaderParseError, ValueError, LookupError):
        return run.group()


def _repaired(raw: str) -> str:
    """A header in which bytes stand that belong there only as encoded words."""
    if raw.isascii():
        return raw
    return text_of(raw.encode("utf-8", "surrogateescape"), "utf-8")
