"""What fits into an SMS: the alphabet of GSM 03.38 with 160 characters, everything else with 70.

Source: 3GPP TS 23.038, 6.2.1 (default alphabet and its extension); TS 23.040, 9.2.3.24.1 (concatenated messages).
"""

from __future__ import annotations

import re
from typing import Final

ONE_GSM, EACH_GSM, ONE_WIDE, EACH_WIDE = 160, 153, 70, 67
# What one letter may cost.
MOST_PARTS: Final = 4

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = frozenset("^{}\\[~]|€\f")
_PLAIN: Final = str.maketrans(
    {
        "“": '"',
        "”": '"',
        "‘": "'",
        "’": "'",
        "–": "-",
        "—": "-",
        "…": "...",
        "·": "-",
        "•": "-",
        "\u00a0": " ",
        "×": "x",
        "`": "'",
    }
)
_LINK: Final = re.compile(r"https?://\S+")


def fitted(text: str) -> str:
    """Return a text as it leaves by SMS: plain marks, no empty lines, cut before its link when it is too long."""
    plain = "\n".join(line.strip() for line in text.translate(_PLAIN).splitlines() if line.strip())
    if len(parted(plain)) <= MOST_PARTS:
        return plain
    link = _LINK.search(plain)
    tail = f"\n{link.group()}" if link else ""
    head = plain.replace(link.group(), "") if link else plain
    while head and len(parted(f"{head.rstrip()}...{tail}")) > MOST_PARTS:
        head = head[:-8]
    return f"{head.rstrip()}...{tail}"


def parted(text: str, mark: int = 0) -> list[str]:
    """Return a text in the parts in which it travels: as one SMS, or joined again by the telephone.

    With a `mark` the parts are messages of their own, each with so many characters left free for a number.
    """
    wide = not plain(text)
    one, each = (ONE_WIDE, EACH_WIDE) if wide else (ONE_GSM, EACH_GSM)
    if cost(text) <= one:
        return [text]
    room = one - mark if mark else each
    parts, part, taken = [], "", 0
    for character in text:
        price = _price(character, wide)
        if taken + price > room:
            parts.append(part)
            part, taken = "", 0
        part, taken = part + character, taken + price
    return [*parts, part]


def plain(text: str) -> bool:
    """Whether every character is one of the alphabet of GSM."""
    return all(character in _BASIC or character in _EXTENDED for character in text)


def cost(text: str) -> int:
    """Return how many characters of an SMS a text takes."""
    wide = not plain(text)
    return sum(_price(character, wide) for character in text)


def _price(character: str, wide: bool) -> int:
    if wide:
        return 2 if ord(character) > 0xFFFF else 1
    return 2 if character in _EXTENDED else 1
