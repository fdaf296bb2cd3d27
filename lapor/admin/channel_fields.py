"""What a form of a channel's account is made of, and how what was typed is checked."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email

from lapor.complaints.errors import Refused
from lapor.locales import say

_HOST = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z.-]{0,250}[0-9A-Za-z])?|[0-9a-fA-F:]{2,39}")
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Field:
    """One thing to type in; a secret is never shown again."""

    name: str
    label: Callable[[], str]
    hint: Callable[[], str]
    secret: bool = False
    # Kept like a secret because it names people, and shown to whoever may change it.
    sealed: bool = False
    optional: bool = False
    check: Callable[[str], str] = str.strip
    # What there is to choose from, value and words; without it something is typed in.
    choices: tuple[tuple[str, Callable[[], str]], ...] = ()
    inputmode: str = ""

    def offered(self) -> list[dict[str, str]]:
        """Return the choices in words."""
        return [{"value": value, "text": words()} for value, words in self.choices]

    def sentence(self, about: str) -> str:
        """Return a sentence about what was typed here, with its label in place of {field}."""
        return about.format(field=self.label())


@dataclass(frozen=True)
class ChannelForm:
    """The form of a channel. `account` asks for the provider's own id of our account."""

    channel: str
    title: str
    account: Field
    fields: tuple[Field, ...]
    # How somebody is addressed to whom a trial message goes.
    recipient: Field
    # Of these fields one at least is needed before the account can be switched on.
    one_of: tuple[str, ...] = ()

    def value(self, field: Field, typed: str) -> str:
        """Return what was typed as it is kept; raises Refused with what is wrong about it."""
        value = typed.strip()
        if not value:
            return ""
        if len(value) > 500 or not value.isprintable():
            raise Refused(field.sentence(say("Periksa lagi “{field}”.")), field.name)
        if field.choices and value not in {choice for choice, _ in field.choices}:
            raise Refused(field.sentence(say("Periksa lagi “{field}”.")), field.name)
        return field.check(value)


def https_address(typed: str) -> str:
    """Return an address to which secrets may go: HTTPS, or on this very machine; raises Refused."""
    parts = urlsplit(typed)
    inside = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not parts.hostname or not (parts.scheme == "https" or inside):
        raise Refused(say("Tulis alamat yang dimulai dengan https://."), "api")
    return typed.rstrip("/")


def server_name(typed: str) -> str:
    """Return the name or address of a server, and nothing else; raises Refused."""
    if not _HOST.fullmatch(typed):
        raise Refused(say("Tulis nama server saja, misalnya imap.kota.go.id."), "host")
    return typed.lower()


def mail_address(name: str, longest: int) -> Callable[[str], str]:
    """Return a check for one mail address."""

    def check(typed: str) -> str:
        try:
            address = validate_email(typed, check_deliverability=False).normalized.lower()
        except EmailNotValidError:
            address = ""
        if not address or len(address) > longest:
            raise Refused(say("Tulis satu alamat surel, misalnya nama@kota.go.id."), name)
        return address

    return check


def digits(name: str, least: int = 5, most: int = 30) -> Callable[[str], str]:
    """Return a check for a number that is typed with or without spaces, dashes and a plus."""

    def check(typed: str) -> str:
        found = typed.removeprefix("+").replace(" ", "").replace("-", "")
        if not found.isdecimal() or not least <= len(found) <= most:
            raise Refused(say("Tulis dengan angka saja."), name)
        return found

    return check


def several(one: Callable[[str], str]) -> Callable[[str], str]:
    """Return a check for a list, parted by spaces or commas, of which each part passes `one`."""

    def check(typed: str) -> str:
        return " ".join(dict.fromkeys(one(part) for part in typed.replace(",", " ").split()))

    return check


def pattern(name: str, shape: str, sentence: Callable[[], str]) -> Callable[[str], str]:
    """Return a check for what has a shape of its own; `sentence` says which."""
    known = re.compile(shape)

    def check(typed: str) -> str:
        if not known.fullmatch(typed):
            raise Refused(sentence(), name)
        return typed

    return check
