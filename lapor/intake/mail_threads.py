"""By what an answer by mail is known: the ids of our letters, the reply address with its token, a ticket in the subject."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from typing import Final

from lapor import crypto
from lapor.complaints import tickets

_PROOF_LENGTH: Final = 24
_BOUND_TO: Final = "mail-reply"
_OURS = re.compile(r"(?:[0-9a-f]{24}|laporan)\.([0-9a-z]{11})@([^@\s]+)", re.IGNORECASE)
_LETTER = re.compile(r"([0-9a-f]{24})(?:\.[0-9a-z]{11})?@[^@\s]+", re.IGNORECASE)
_TAGGED = re.compile(r"([^@+\s]+)\+([0-9a-z]{11})-([0-9a-f]{24})@([^@\s]+)", re.IGNORECASE)
_NAMED = re.compile(r"(?<![0-9A-Za-z])[0-9A-Za-z]{5}[- ]?[0-9A-Za-z]{5}[- ]?[0-9A-Za-z](?![0-9A-Za-z])")
_MOST_NAMED: Final = 20


def message_id(key: str, ticket: str, domain: str) -> str:
    """Return the Message-ID of a letter, without brackets: the same however often it leaves, and it names its complaint."""
    unique = hashlib.sha256(key.encode()).hexdigest()[:24]
    return f"{unique}.{ticket.lower()}@{domain}" if ticket else f"{unique}@{domain}"


def root(ticket: str, domain: str) -> str:
    """Return the id that begins the thread of a complaint; no mail carries it, every letter refers to it."""
    return f"laporan.{ticket.lower()}@{domain}"


def reply_address(address: str, ticket: str) -> str:
    """Return the address to which answers about a complaint come back (subaddressing, RFC 5233)."""
    local, _, domain = address.rpartition("@")
    return f"{local}+{ticket.lower()}-{_proof(crypto.keyring().lookup(ticket, _BOUND_TO))}@{domain}"


def addressed(recipients: Iterable[str], own_address: str) -> str | None:
    """Return the ticket whose reply address is among these: only its reporter has it from us. A wrong token names none."""
    for address in recipients:
        found = _TAGGED.fullmatch(address)
        if not found or f"{found[1]}@{found[4]}".lower() != own_address.lower():
            continue
        ticket = _parsed(found[2])
        known = crypto.keyring().lookups(ticket, _BOUND_TO) if ticket else []
        if any(hmac.compare_digest(_proof(one), found[3].lower()) for one in known):
            return ticket
    return None


def answered(ids: Iterable[str]) -> str | None:
    """Return the ticket of our letter that a mail answers, by the ids that it refers to, the nearest first."""
    found = (_OURS.fullmatch(one) for one in ids)
    return next((ticket for one in found if one and (ticket := _parsed(one[1]))), None)


def letter(message_id: str) -> str:
    """Return the part of a letter's id that is its own; empty for an id that no letter of ours has."""
    found = _LETTER.fullmatch(message_id)
    return found[1].lower() if found else ""


def answers_us(ids: Iterable[str]) -> bool:
    """Whether a mail answers a letter of ours, about a complaint or not; its subject is then our own."""
    return any(_LETTER.fullmatch(one) for one in ids)


def in_subject(subject: str) -> list[str]:
    """Return the tickets that a subject names, as far as their check characters fit; whether they exist is not known."""
    return [ticket for one in _NAMED.findall(subject)[:_MOST_NAMED] if (ticket := _parsed(one))]


def without_tickets(subject: str) -> str:
    """Return a subject without what looks like a ticket."""
    return _NAMED.sub(" ", subject)


def _proof(looked_up: str) -> str:
    return looked_up.partition(":")[2][:_PROOF_LENGTH]


def _parsed(text: str) -> str | None:
    try:
        return tickets.parse(text)
    except ValueError:
        return None
