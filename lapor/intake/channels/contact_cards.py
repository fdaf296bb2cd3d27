"""Contacts that somebody hands on in a chat, as the words they become: a name and its numbers on a line of their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lapor.intake.dialogue import CARD

_MOST: Final = 10
_NAME: Final = 120
_NUMBER: Final = 40


def lines(cards: Iterable[tuple[str, Iterable[str]]]) -> str:
    """Return one line for each card with a name or a number: "Kontak: Bu Sri, 0812…"; empty when there is none."""
    found: list[str] = []
    for name, numbers in cards:
        known = [" ".join(name.split())[:_NAME], *(" ".join(one.split())[:_NUMBER] for one in numbers)]
        parts = list(dict.fromkeys(filter(None, known)))
        if parts:
            found.append(CARD + ", ".join(parts))
    return "\n".join(found[:_MOST])
