"""The files that hang on a mail: photos and documents as they can be kept, and why the others cannot."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from lapor.complaints import pictures, sent_files
from lapor.complaints.errors import Refused
from lapor.complaints.photos import MOST_PHOTOS
from lapor.complaints.pictures import REASONS, Picture, Unusable
from lapor.complaints.sent_files import SentFile
from lapor.intake.mail_parsing import Attachment

MOST: Final = 2 * MOST_PHOTOS
# Emblems below a signature, and what tells a sender that a mail was opened.
_SMALLEST_SIDE: Final = 100
# Keys, cards and calendars that programs add by themselves.
_IGNORED: Final = (
    "text/calendar",
    "text/vcard",
    "text/x-vcard",
    "application/pgp-",
    "application/pkcs7-",
    "application/x-pkcs7-",
    "message/",
    "text/rfc822-headers",
    "application/ms-tnef",
)
MOST_FILES: Final = 10
_NOTE: Final = "lampiran: "
_NOTED = re.compile(r"(\d{1,3})-([a-z]+)")
_OTHER: Final = "lain"
_TOO_MANY: Final = "lebih"
_SENTENCES: Final = {
    **REASONS,
    _OTHER: "berkas jenis ini tidak dapat disimpan, atau lebih dari 16 MB. Tulis isinya dalam surel.",
    _TOO_MANY: f"paling banyak {MOST} foto dalam satu surel.",
    "gagal": "laporan ini sudah memuat banyak foto.",
}


@dataclass
class Photos:
    """What can be kept of a mail's files; `refused` are number, from 1, and code of the others."""

    usable: list[Picture] = field(default_factory=list)
    files: list[SentFile] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)

    @property
    def note(self) -> str:
        """What is written down about the refused ones: no name, no content."""
        return (
            _NOTE + ".".join(f"{number}-{code}" for number, code in self.refused[:20]) if self.refused else ""
        )


async def opened(attachments: Sequence[Attachment], room: int = MOST) -> Photos:
    """Return the files of a mail, of which at most `room` photos can be kept; one that cannot costs nothing but itself."""
    found = Photos()
    for number, attachment in enumerate(attachments, 1):
        if attachment.media_type.startswith(_IGNORED):
            continue
        if not attachment.is_picture:
            _keep(found, number, attachment.body)
        elif len(found.usable) >= min(room, MOST):
            found.refused.append((number, _TOO_MANY if room >= MOST else "gagal"))
        else:
            await _open(found, number, attachment.body)
    return found


async def _open(found: Photos, number: int, body: bytes) -> None:
    try:
        picture = await pictures.aside(pictures.read, body)
    except Unusable as reason:
        found.refused.append((number, reason.code))
        return
    if min(picture.width, picture.height) >= _SMALLEST_SIDE:
        found.usable.append(picture)


def _keep(found: Photos, number: int, body: bytes) -> None:
    try:
        if len(found.files) >= MOST_FILES:
            raise Refused("Terlalu banyak berkas.")
        found.files.append(sent_files.read(body))
    except Refused:
        found.refused.append((number, _OTHER))


def told(note: str) -> list[str]:
    """Return, for each file that a note says was refused, why."""
    noted = _NOTED.findall(note.removeprefix(_NOTE)) if note.startswith(_NOTE) else []
    return [f"lampiran ke-{number}: {_SENTENCES[code]}" for number, code in noted if code in _SENTENCES]
