"""How an answer will look where the reporter reads it, before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from lapor import words
from lapor.admin.access import desk_only
from lapor.admin.desk_forms import Form
from lapor.admin.desk_view import Returned, Shown, View, complaint_page
from lapor.admin.offices import Officer
from lapor.admin.prepared_answers import begun, known
from lapor.complaints.errors import Refused
from lapor.complaints.masking import mask_national_ids
from lapor.complaints.queries import acts
from lapor.letter_words import has_words, render
from lapor.locales import DEFAULT, current, say, use
from lapor.pages import AnyRequest

_LETTERS = {acts.ANSWER: "answered", acts.INTERIM: "promised", acts.QUESTION: "asked"}
MAIL = "email"
# The real link opens the complaint: it is for the reporter's eyes only.
LINK = "[tautan pribadi pelapor]"


@dataclass(frozen=True)
class Preview:
    """A letter as it would leave. Without a `channel` none leaves, and the reporter reads the answer on their page."""

    act: str
    channel: str
    subject: str
    body: str


@post("/meja/aduan/{complaint:int}/pratinjau", guards=[desk_only], status_code=200)
async def preview(
    request: AnyRequest, complaint: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """The complaint with the letter beside the words from which it is made; nothing is sent or kept."""
    form, view, act = await begun(request, officer, complaint)
    if act not in _LETTERS or act not in view.acts or not form.text.strip():
        returned = Returned(act, {"text": say("Tulis isinya dahulu.")}, form.typed)
        return complaint_page(request, view, Shown(returned=returned, status_code=422))
    shown = Shown(returned=Returned(act, {}, form.typed), preview=_letter(view, act, form))
    return complaint_page(request, view, shown)


def _letter(view: View, act: str, form: Form) -> Preview:
    one, reach = view.one, view.beside.reach
    channel = reach if reach and has_words(reach) else MAIL
    sensitive = one.row["confidential"] or one.row["protected"] or one.row["about_official"]
    common = {
        "ticket": words.ticket(one.row["ticket"]),
        "link": LINK,
        "to_reporter": True,
        "office": "",
        "office_agency": "",
    }
    values = known(one)
    more = {
        "agency": one.row["agency_name"],
        "category": values["kategori"],
        "place": one.place or "",
        "filed": values["tanggal"],
        "said": mask_national_ids(form.text.strip()),
        "promised": _promised(form) if act == acts.INTERIM else "",
        "files": _files(form),
        **dict.fromkeys(("clock", "due", "met", "left", "ordered"), ""),
    }
    subject, body = render(
        _LETTERS[act], common if sensitive else {**common, **more}, sensitive=sensitive, channel=channel
    )
    return Preview(act, reach, subject, body)


def _files(form: Form) -> list[str]:
    """The names of what was chosen to go with it, as the letter tells them; photos have none."""
    return [*("foto" for _ in form.given.usable), *(document.name for document in form.documents)]


def _promised(form: Form) -> str:
    """The promised moment in the language of letters; empty while none is chosen."""
    shown = current()
    use(DEFAULT)
    try:
        return words.localtime(form.promise("promised_for"), form.officer.timezone)
    except Refused:
        return ""
    finally:
        use(shown)


ROUTES = [preview]
