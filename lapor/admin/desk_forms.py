"""A form of the desk as it was sent: by whom, for which complaint, with what in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from zoneinfo import ZoneInfo

from lapor import uploads
from lapor.admin.offices import Officer
from lapor.complaints.actor import Actor
from lapor.complaints.documents import Attached, Document
from lapor.complaints.errors import Refused
from lapor.complaints.pictures import REASONS, Picture
from lapor.complaints.statements import fingerprint
from lapor.locales import say
from lapor.pages import AnyRequest

# A promised day ends where an office still answers the telephone.
END_OF_PROMISE = time(16, 0)
_TOKEN = "_csrf_token"  # noqa: S105 (the name of a field)


@dataclass(frozen=True)
class Form:
    """The fields of a form, read as the verbs want them."""

    officer: Officer
    complaint: int
    typed: Mapping[str, str]
    given: uploads.Photos = field(default_factory=uploads.Photos)
    documents: Sequence[Document] = ()
    wrong: Refused | None = None

    @property
    def actor(self) -> Actor:
        """Who acts."""
        return Actor.officer(self.officer.id)

    @property
    def text(self) -> str:
        """What is said."""
        return self.typed.get("text", "")

    def read_text(self) -> str:
        """Return what is said to the reporter; raises Refused for a filled template that nobody has read."""
        untouched = self.typed.get("filled") == fingerprint(self.text).hex()
        if untouched and self.typed.get("read") != "ya":
            raise Refused(
                say("Teks ini belum Anda ubah. Baca sampai habis, lalu centang bahwa sudah dibaca."), "read"
            )
        return self.text

    @property
    def reason(self) -> str:
        """Why it is done."""
        return self.typed.get("reason", "")

    @property
    def version(self) -> int | None:
        """The version of the complaint that the form was made from; None when the form did not say."""
        return self.number("version") if "version" in self.typed else None

    def number(self, name: str) -> int:
        """Return the id that was chosen; 0, which is nobody's, when nothing was."""
        text = self.typed.get(name, "")
        return int(text) if text.isdecimal() and len(text) < 19 else 0

    def photos(self) -> Sequence[Picture]:
        """Return the photos; raises Refused when one cannot be used, so that nothing is claimed without it."""
        for refusal in self.given.refused:
            reason = say(REASONS[refusal.code])
            sentence = say("Foto ke-{number} tidak dapat dipakai: {reason}")
            raise Refused(sentence.format(number=refusal.number, reason=reason), "photos")
        return self.given.usable

    def attached(self) -> Attached:
        """Return what goes with an answer; raises Refused when some of it cannot be used, so that nothing leaves without it."""
        if self.wrong:
            raise self.wrong
        return Attached(self.photos(), self.documents)

    def promise(self, name: str) -> datetime:
        """Return the end of the office day that was typed as YYYY-MM-DD; raises Refused when it is none."""
        try:
            day = datetime.fromisoformat(self.typed.get(name, "")).date()
        except ValueError as error:
            raise Refused(say("Pilih tanggalnya."), name) from error
        return datetime.combine(day, END_OF_PROMISE, ZoneInfo(self.officer.timezone))


async def read_form(request: AnyRequest, officer: Officer, complaint: int) -> Form:
    """Return the form of this request, without its token."""
    typed = await uploads.fields(request)
    typed.pop(_TOKEN, None)
    try:
        documents, wrong = await uploads.documents_of(request), None
    except Refused as refusal:
        documents, wrong = [], refusal
    return Form(officer, complaint, typed, await uploads.photos(request), documents, wrong)
