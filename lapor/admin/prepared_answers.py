"""Filling an answer from what is prepared: the officer chooses, the fields are filled in, the text waits to be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from lapor import locales, words
from lapor.admin.access import desk_only
from lapor.admin.desk_forms import Form, read_form
from lapor.admin.desk_view import Returned, Shown, View, complaint_page, missing, read
from lapor.admin.offices import Officer
from lapor.complaints import desk
from lapor.complaints.answer_templates import NAME, UNNAMED, Prepared, addressed, fields_of, filled
from lapor.complaints.errors import NotFound, Refused
from lapor.complaints.queries import acts
from lapor.complaints.queries.complaint import OneComplaint
from lapor.complaints.statements import fingerprint
from lapor.locales import say
from lapor.pages import AnyRequest, settle_language

# The acts that may begin from a prepared answer, and which kind of it.
_KINDS = {acts.ANSWER: "final", acts.INTERIM: "interim", acts.QUESTION: "question"}


@post("/meja/aduan/{complaint:int}/siap-pakai", guards=[desk_only], status_code=200)
async def fill_in(
    request: AnyRequest, complaint: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """The complaint with its answer begun; what was typed before stays above it."""
    form, view, act = await begun(request, officer, complaint)
    chosen = _chosen(view, act, form)
    if chosen is None:
        returned = Returned(act, {"template": say("Pilih satu jawaban siap pakai.")}, form.typed)
        return complaint_page(request, view, Shown(returned=returned, status_code=422))
    text = filled(chosen.text, {**known(view.one), NAME: await _name(form, view, chosen)}).strip()
    before = form.text.strip()
    text = f"{before}\n\n{text}" if before and form.typed.get("filled") is None else text
    typed = {**form.typed, "text": text, "filled": fingerprint(text).hex(), "read": ""}
    if NAME in fields_of(chosen.text):
        view = await read(officer, complaint)
    return complaint_page(request, view, Shown(returned=Returned(act, {}, typed)))


async def begun(request: AnyRequest, officer: Officer, complaint: int) -> tuple[Form, View, str]:
    """Return what is typed so far, the complaint beside it, and for which act it is."""
    settle_language(request)
    form = await read_form(request, officer, complaint)
    return form, await read(officer, complaint), form.typed.get("untuk", "")


def known(one: OneComplaint) -> Mapping[str, str]:
    """Return the values of the fields that the complaint itself gives, in Indonesian; empty where it gives none."""
    shown = locales.current()
    # The letter is for the reporter, whatever language the officer's page has.
    locales.use(locales.DEFAULT)
    try:
        place = ", ".join(part for part in (one.address, one.place) if part)
        due = words.localtime(one.completion_due, one.row["zone"]) if one.completion_due else ""
        filed = words.localtime(one.row["filed_at"], one.row["zone"])
    finally:
        locales.use(shown)
    return {
        "nomor": words.ticket(one.row["ticket"]),
        "instansi": one.row["agency_name"],
        "lokasi": place,
        "kategori": one.row["category_name"] or "",
        "tanggal": filed,
        "tenggat": due,
    }


def _chosen(view: View, act: str, form: Form) -> Prepared | None:
    wanted = form.number("template")
    offered = view.prepared if act in view.acts else ()
    return next((one for one in offered if one.id == wanted and one.kind == _KINDS.get(act)), None)


async def _name(form: Form, view: View, chosen: Prepared) -> str:
    """How the reporter is addressed. A name that is filled in was looked at, and that is recorded like any look."""
    if NAME not in fields_of(chosen.text) or acts.CONTACT not in view.acts:
        return UNNAMED
    try:
        contact = await desk.look_at_contact(form.actor, form.complaint)
    except NotFound as error:
        raise missing() from error
    except Refused:
        return UNNAMED
    return addressed(contact.name)


ROUTES = [fill_in]
