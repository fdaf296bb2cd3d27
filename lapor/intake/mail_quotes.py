"""What a person wrote just now: without the mails that they answer, and without signatures. Pure.

Mail programs agree on nothing here. What is taken away is only what clearly is a quote; when in doubt it stays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

# An introduction or header is not longer; a paragraph is.
_LONGEST_LOOKED_AT: Final = 400
# An introduction such as “Pada … menulis:” is broken over so many lines at most.
_INTRODUCTION_LINES: Final = 4
_SIGNATURE_LINES: Final = 12
_FAREWELL_LINES: Final = 3

_ANSWERED = re.compile(
    r"[-_=\s]{2,}(?:pesan asli|pesan sebelumnya|original message|original appointment|reply message)[-_=\s]{2,}",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"[-_=\s]{2,}(?:pesan (?:yang )?diteruskan|pesan terusan|diteruskan|forwarded message|begin forwarded message:?)"
    r"[-_=\s]{2,}",
    re.IGNORECASE,
)
_OPENING = re.compile(r"\W{0,3}(?:pada|on|tanggal)\b", re.IGNORECASE)
_INTRODUCED = re.compile(_OPENING.pattern + r".*\b(?:menulis|wrote)\s*:\s*", re.IGNORECASE)
_NAMED_FIRST = re.compile(r".*@.*\b(?:menulis|wrote)\s*(?:pada\b.*|on\b.*)?:\s*", re.IGNORECASE)
_DATED_FIRST = re.compile(r"\d{4}-\d\d-\d\d \d{1,2}[.:]\d\d\b.*@[^>]*>\s*:\s*")
# Prose may say “pada … menulis:” too; an introduction names a mail address or a time of day.
_CERTAIN = re.compile(r"@|\b\d{1,2}[.:]\d{2}\b")

_FROM = re.compile(r"[*\s]*(?:dari|from)\s*[*]?\s*:", re.IGNORECASE)
_BESIDE = re.compile(
    r"[*\s]*(?:dikirim|terkirim|tanggal|kepada|ke|untuk|cc|perihal|subjek|subyek|hal|sent|date|to|subject)\s*[*]?\s*:",
    re.IGNORECASE,
)
_SENT = re.compile(r"[*\s]*(?:dikirim|terkirim|tanggal|sent|date)\s*[*]?\s*:", re.IGNORECASE)
_HEADER_LINES: Final = 7

_FAREWELL = re.compile(
    r"\W{0,3}(?:dikirim dari|terkirim dari|dikirim menggunakan|dapatkan (?:outlook|aplikasi)|sent from|sent with|"
    r"sent via|get outlook for|kirim dari)\b.{0,80}",
    re.IGNORECASE,
)
_PREFIX = re.compile(
    r"(?:re|aw|sv|fwd?|fw|bls|balas|balasan|ter|trs|terusan|teruskan)\s*(?:\[\d+\])?\s*:\s*", re.IGNORECASE
)


def own_words(text: str, *, answers: bool) -> str:
    """Return what was newly written in a mail's text; `answers` says whether its headers call it an answer.

    A mail that only hands on another one says what that one says; an answer that only quotes says nothing.
    """
    lines = text.split("\n")
    end, handed_on = _end_of_own([line[:_LONGEST_LOOKED_AT] for line in lines])
    own = lines[:end]
    quoting = answers or end < len(lines)
    said = _without_signature(_without_quotes(own, every=quoting))
    if not said.strip() and handed_on and not answers:
        return _joined(lines)
    if end < len(lines) and handed_on and not answers:
        # Somebody hands on a mail with a word of their own: both are what they say.
        return f"{said.strip()}\n\n{_joined(lines[end:])}"
    return said.strip()


def bare_subject(subject: str) -> str:
    """Return a subject without “Re:”, “Bls:”, “Fwd:” in front of it."""
    for _ in range(10):
        found = _PREFIX.match(subject)
        if not found:
            break
        subject = subject[found.end() :]
    return subject.strip()


def is_answer(subject: str) -> bool:
    """Whether a subject says that this mail answers another one."""
    found = _PREFIX.match(subject)
    return found is not None and not found.group().lower().startswith(("f", "t"))


def _end_of_own(lines: Sequence[str]) -> tuple[int, bool]:
    """The line at which an older mail begins, and whether it is handed on rather than answered."""
    for number, line in enumerate(lines):
        if _FORWARDED.fullmatch(line) or line.strip().lower() == "begin forwarded message:":
            return number, True
        if _ANSWERED.fullmatch(line) or _introduces(lines, number):
            return number, False
        if _is_header(lines, number):
            return _above_rule(lines, number), not any(before.strip("_-* \t") for before in lines[:number])
    return len(lines), False


def _introduces(lines: Sequence[str], number: int) -> bool:
    first = lines[number].lstrip("> ")
    if not first.strip():
        return False
    if _DATED_FIRST.fullmatch(first):
        return True
    if _NAMED_FIRST.fullmatch(first):
        return True
    joined = ""
    for line in lines[number : number + _INTRODUCTION_LINES]:
        bare = line.lstrip("> ").strip()
        if not bare or (joined and _OPENING.match(bare)):
            return False
        joined = f"{joined} {bare}".strip()
        if bare.endswith(":"):
            break
    return _INTRODUCED.fullmatch(joined) is not None and _CERTAIN.search(joined) is not None


def _is_header(lines: Sequence[str], number: int) -> bool:
    """Outlook repeats the headers of what is answered. A letter may begin alike, but names no address and no date sent."""
    if not _FROM.match(lines[number]):
        return False
    block = [line for line in lines[number : number + _HEADER_LINES] if line.strip()]
    beside = [line for line in block[1:] if _BESIDE.match(line)]
    certain = "@" in block[0] or any(_SENT.match(line) for line in beside)
    return len(beside) >= 2 and certain


def _above_rule(lines: Sequence[str], number: int) -> int:
    """Outlook draws a line above the headers."""
    above = number - 1
    while above >= 0 and not lines[above].strip():
        above -= 1
    ruled = above >= 0 and len(lines[above].strip()) >= 5 and not lines[above].strip().strip("_-")
    return above if ruled else number


def _without_quotes(lines: Sequence[str], *, every: bool) -> list[str]:
    """The lines that do not begin with “>”; a single one in a mail that answers nothing may mean “more than”."""
    marked = [line.lstrip().startswith(">") for line in lines]
    kept: list[str] = []
    for number, line in enumerate(lines):
        beside = any(marked[max(number - 1, 0) : number]) or any(marked[number + 1 : number + 2])
        if not (marked[number] and (every or beside)):
            kept.append(line)
    return kept


def _without_signature(lines: list[str]) -> str:
    for number, line in enumerate(lines):
        # RFC 3676, 4.3: two hyphens and a space; many programs lose the space.
        exact = line == "-- " and number > 0
        loose = line.strip() in ("--", "—") and 0 < len(lines) - number <= _SIGNATURE_LINES and number > 0
        if (exact or loose) and any(before.strip() for before in lines[:number]):
            lines = lines[:number]
            break
    return _joined(_without_farewell(lines))


def _without_farewell(lines: list[str]) -> list[str]:
    """Without “Dikirim dari iPhone saya” and its like, which stand at the very end."""
    last = [number for number, line in enumerate(lines) if line.strip()][-_FAREWELL_LINES:]
    for number in last:
        if _FAREWELL.fullmatch(lines[number].strip()):
            return lines[:number]
    return lines


def _joined(lines: Sequence[str]) -> str:
    found: list[str] = []
    for line in lines:
        shown = line.rstrip()
        if shown or (found and found[-1]):
            found.append(shown)
    return "\n".join(found).strip("\n")
