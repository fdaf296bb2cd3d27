"""A mail as a complaint: its words, whether they are enough, and how far its sender wants to be protected. Pure."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from lapor.complaints.filing import TEXT_LIMIT, Filing
from lapor.intake import mail_threads
from lapor.intake.mail_parsing import Mail

CHANNEL: Final = "email"
LEAST_WORDS: Final = 3
CUT: Final = "\n\n[Dipotong di sini; surel aslinya disimpan utuh.]"

_WORD = re.compile(r"[^\W\d_]{2,}")
_GREETING = re.compile(
    r"(?:selamat|pagi|siang|sore|malam|halo|hai|assalamu\W?alaikum|wr|wb|yth|kepada|bapak|ibu|pak|bu|admin|tes|test|terima"
    r"|kasih|dengan|hormat|salam|lapor|laporan|pengaduan|aduan)",
    re.IGNORECASE,
)
_ANONYMOUS = re.compile(
    r"\b(?:anonim|tanpa nama|(?:rahasiakan|sembunyikan|lindungi)\s+(?:identitas|nama|data|pelapor)"
    r"|(?:jangan|mohon tidak)\s+(?:sebut|menyebut|sebarkan|buka)\w*\s+(?:nama|identitas)|(?:identitas|nama)\s+(?:saya\s+)?"
    r"(?:mohon\s+|tolong\s+|harap\s+)?(?:di)?rahasiakan|anonymous(?:ly)?)\b",
    re.IGNORECASE,
)
_CONFIDENTIAL = re.compile(
    r"\b(?:(?:laporan|aduan|pengaduan|surat|bersifat)\s+(?:ini\s+)?(?:(?:di)?rahasia(?:kan)?)|sangat rahasia|confidential)\b",
    re.IGNORECASE,
)
# Whoever is meant, it is about somebody in office: that decides who must not receive it.
_ABOUT_OFFICIAL = re.compile(
    r"\b(?:pungli|pungutan liar|(?:di|me)?suap|sogok\w*|korup(?:si)?|gratifikasi|oknum|memeras|pemerasan|uang pelicin"
    r"|jual beli jabatan|penyalahgunaan (?:wewenang|jabatan))\b",
    re.IGNORECASE,
)


def words_of(mail: Mail) -> str:
    """Return subject and text as one story; the subject once, when the text repeats it."""
    subject = _own_subject(mail)
    if not subject or mail.text.casefold().startswith(subject.casefold()):
        return mail.text
    return f"{subject}\n\n{mail.text}".strip()


def enough(mail: Mail) -> bool:
    """Whether somebody could act on it: some words besides greetings."""
    said = f"{mail_threads.without_tickets(_own_subject(mail))} {mail.text}"
    told = {word.casefold() for word in _WORD.findall(said) if not _GREETING.fullmatch(word)}
    return len(told) >= LEAST_WORDS


def _own_subject(mail: Mail) -> str:
    return "" if mail_threads.answers_us(mail.answers) else mail.subject


def cut(text: str, longest: int) -> str:
    """Return a text no longer than this, saying so when something was cut off."""
    return text if len(text) <= longest else text[: longest - len(CUT)].rstrip() + CUT


def filing_of(mail: Mail, received_at: datetime) -> Filing:
    """Return the complaint in a mail. What is unclear protects: whoever asks to be hidden is, in words alone."""
    text = words_of(mail)
    return Filing(
        type="complaint",
        text=cut(text, TEXT_LIMIT),
        name=mail.name,
        email=mail.sender,
        anonymous=_ANONYMOUS.search(text) is not None,
        confidential=_CONFIDENTIAL.search(text) is not None,
        about_official=_ABOUT_OFFICIAL.search(text) is not None,
        channel=CHANNEL,
        received_at=received_at,
    )
