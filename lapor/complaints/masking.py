"""Personal data in free text: national id numbers never stay, the rest is masked before publication."""

import re

MASK = "▒▒▒"

# A NIK has sixteen digits (Permendagri 72/2022); people write it with dots, dashes or spaces.
_NATIONAL_ID = re.compile(r"(?<![\d])(?:\d[ .\-]?){15}\d(?![\d])")
_PHONE = re.compile(
    r"(?<![\d+])(?:\+?62|0)[ .\-]?8(?:[ .\-]?\d){7,11}(?!\d)|(?<!\d)0\d{2,3}[ .\-]\d{5,8}(?!\d)"
)
_EMAIL = re.compile(r"(?<![\w.+\-])[\w.+\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,8}")
_LONG_NUMBER = re.compile(r"(?<!\d)(?:\d[ .\-]?){9,}\d(?!\d)")
_PLATE = re.compile(r"\b[A-Z]{1,2}[ \-]?\d{2,4}[ \-]?[A-Z]{1,3}\b")
_NAMED = re.compile(
    r"\b((?:[Bb]apak|[Bb]pk\.?|[Pp]ak|[Ii]bu|[Bb]u|[Ss]audara|[Ss]dr\.?|[Nn]ama saya|[Ss]aya bernama)\s+)"
    r"(?!(?:Lurah|Camat|Gubernur|Wali|Walikota|Bupati|Kepala|Dinas|RT|RW|Guru|Presiden|Polisi|Dokter)\b)"
    r"([A-Z][\w'’.]+(?:\s+[A-Z][\w'’.]+){0,3})"
)


def mask_national_ids(text: str) -> str:
    """Return the text without national id numbers (NIK): they are not collected."""
    return _NATIONAL_ID.sub(MASK, text)


def mask(text: str) -> str:
    """Return a first proposal for publication: numbers, addresses, plates and addressed names masked.

    An officer reads and completes it; no pattern finds every name.
    """
    for pattern in (_NATIONAL_ID, _PHONE, _EMAIL, _LONG_NUMBER, _PLATE):
        text = pattern.sub(MASK, text)
    return _NAMED.sub(lambda found: found.group(1) + MASK, text)
