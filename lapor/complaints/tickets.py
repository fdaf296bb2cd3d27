"""Ticket numbers: short, speakable, not guessable, with a check character.

Ten characters of Crockford's base 32 (no I, L, O, U) carry 50 random bits. The eleventh is a weighted sum over
the field of 32 elements: it finds every single wrong character and every exchange of two neighbours.
"""

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 10
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_HEARD = str.maketrans({"I": "1", "L": "1", "O": "0"})
# x^5 + x^2 + 1 is irreducible over two elements, so reducing by it makes a field.
_POLYNOMIAL = 0b100101


def new_ticket() -> str:
    """Return a new ticket of eleven characters, without separators."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return body + _check(body)


def show(ticket: str) -> str:
    """Return the ticket as it is printed and read out: ABCDE-FGHJK-X."""
    return f"{ticket[:5]}-{ticket[5:10]}-{ticket[10:]}"


def parse(text: str) -> str:
    """Return the ticket that somebody typed, in any case and with any separators; ValueError if it is none."""
    ticket = "".join(character for character in text.upper() if character.isalnum()).translate(_HEARD)
    if len(ticket) != LENGTH + 1 or any(character not in _VALUES for character in ticket):
        raise ValueError("a ticket has eleven letters and digits")
    if _check(ticket[:LENGTH]) != ticket[LENGTH]:
        raise ValueError("the check character does not fit")
    return ticket


def _check(body: str) -> str:
    total = 0
    for character in body:
        total = _double(total ^ _VALUES[character])
    return ALPHABET[total]


def _double(value: int) -> int:
    value <<= 1
    return value ^ _POLYNOMIAL if value & 0b100000 else value
