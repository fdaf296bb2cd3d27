"""What an officer does with a complaint. Each form is posted to its own noun and calls one verb."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.types import Empty

from lapor import database, uploads
from lapor.admin import letter_preview, link_acts, prepared_answers
from lapor.admin.access import desk_only
from lapor.admin.desk_forms import Form, read_form
from lapor.admin.desk_view import Returned, Shown, complaint_page, missing, read
from lapor.admin.offices import QUEUE, Officer
from lapor.complaints import desk
from lapor.complaints.desk import Conflict, NotFound, Refused
from lapor.complaints.queries import acts
from lapor.locales import say
from lapor.pages import AnyRequest, settle_language

# What is told afterwards in place of the act itself, or nothing.
Verb = Callable[[Form], Awaitable[str | None]]
DRAFTED = "konsep"
# Acts that may bring files, with how much of them.
_LARGE = {
    acts.COMPLETION: uploads.MOST_BODY,
    acts.ANSWER: uploads.MOST_ANSWER,
    acts.INTERIM: uploads.MOST_ANSWER,
}


async def answer(form: Form) -> str | None:
    """The final answer, or its draft."""
    text, attached = form.read_text(), form.attached()
    sent = await desk.answer(
        form.actor, form.complaint, text=text, attached=attached, version=form.version, undoable=True
    )
    return None if sent else DRAFTED


async def answer_interim(form: Form) -> str | None:
    """An interim answer with its promise, or its draft."""
    text, attached = form.read_text(), form.attached()
    sent = await desk.answer_interim(
        form.actor,
        form.complaint,
        text=text,
        promised_for=form.promise("promised_for"),
        attached=attached,
        version=form.version,
        undoable=True,
    )
    return None if sent else DRAFTED


async def ask(form: Form) -> None:
    """A question to the reporter."""
    await desk.ask(form.actor, form.complaint, text=form.read_text(), version=form.version, undoable=True)


async def pause(form: Form) -> None:
    """A question for which the completion clock waits."""
    await desk.pause(form.actor, form.complaint, text=form.text, version=form.version)


async def record_outside_answer(form: Form) -> None:
    """What the body outside has answered."""
    await desk.record_outside_answer(form.actor, form.complaint, text=form.text, version=form.version)


async def hand_over(form: Form) -> None:
    """Handing an emergency over to the duty roster."""
    to = form.typed.get("to", "")
    await desk.hand_over(form.actor, form.complaint, to=to, text=form.text, version=form.version)


async def note(form: Form) -> None:
    """An internal note."""
    await desk.note(form.actor, form.complaint, text=form.text, undoable=True)


async def offer_transfer(form: Form) -> None:
    """A hand-on, offered to another agency."""
    to_agency = form.number("to_agency")
    await desk.offer_transfer(
        form.actor, form.complaint, to_agency=to_agency, reason=form.reason, version=form.version
    )


async def take_transfer(form: Form) -> None:
    """Taking what was offered."""
    await desk.take_transfer(form.actor, form.complaint, version=form.version)


async def refuse_transfer(form: Form) -> None:
    """Refusing what was offered."""
    await desk.refuse_transfer(form.actor, form.complaint, reason=form.reason, version=form.version)


async def claim_completion(form: Form) -> None:
    """Claiming that the work is done."""
    await desk.claim_completion(
        form.actor, form.complaint, text=form.text, photos=form.photos(), version=form.version
    )


async def request_rejection(form: Form) -> None:
    """Asking for a rejection with a coded reason."""
    reason_code = form.typed.get("reason_code", "")
    await desk.request_rejection(
        form.actor,
        form.complaint,
        reason_code=reason_code,
        text=form.text,
        duplicate_of=form.typed.get("duplicate_of", ""),
        version=form.version,
    )


async def request_referral(form: Form) -> None:
    """Asking for a referral to a body outside."""
    outside_body = form.number("outside_body")
    await desk.request_referral(
        form.actor, form.complaint, outside_body=outside_body, text=form.text, version=form.version
    )


async def confirm(form: Form) -> None:
    """The second person's yes."""
    await desk.confirm(form.actor, form.complaint, version=form.version)


async def refuse(form: Form) -> None:
    """The second person's no."""
    await desk.refuse(form.actor, form.complaint, reason=form.reason, version=form.version)


async def route(form: Form) -> None:
    """The coordinating admin's disposition."""
    agency = form.number("agency")
    await desk.route(form.actor, form.complaint, agency=agency, reason=form.reason, version=form.version)


async def publish(form: Form) -> None:
    """Publishing in masked words."""
    await desk.publish(form.actor, form.complaint, text=form.text, version=form.version)


async def withdraw(form: Form) -> None:
    """Taking the public copies back."""
    await desk.withdraw(form.actor, form.complaint, reason=form.reason, version=form.version)


async def assign(form: Form) -> None:
    """Putting it into a colleague's hands, or into nobody's."""
    chosen = form.number("person") if form.typed.get("person") else None
    await desk.assign(form.actor, form.complaint, chosen, version=form.version)


async def add_support(form: Form) -> None:
    """Asking another agency for help."""
    agency = form.number("agency")
    await desk.add_support(
        form.actor, form.complaint, agency=agency, reason=form.reason, version=form.version
    )


async def end_support(form: Form) -> None:
    """Ending an agency's help."""
    agency = form.number("agency")
    await desk.end_support(
        form.actor, form.complaint, agency=agency, reason=form.reason, version=form.version
    )


async def undo(form: Form) -> None:
    """Taking back what was sent a moment ago."""
    await desk.undo(form.actor, form.complaint, form.number("statement"), version=form.version)


VERBS: dict[str, Verb] = {
    acts.ANSWER: answer,
    acts.INTERIM: answer_interim,
    acts.QUESTION: ask,
    acts.PAUSE: pause,
    acts.OUTSIDE_ANSWER: record_outside_answer,
    acts.HAND_OVER: hand_over,
    acts.NOTE: note,
    acts.TRANSFER: offer_transfer,
    acts.TAKE: take_transfer,
    acts.REFUSE_TRANSFER: refuse_transfer,
    acts.COMPLETION: claim_completion,
    acts.REJECTION: request_rejection,
    acts.REFERRAL: request_referral,
    acts.CONFIRM: confirm,
    acts.REFUSE: refuse,
    acts.ROUTE: route,
    acts.ASSIGN: assign,
    acts.UNDO: undo,
    acts.SUPPORT: add_support,
    acts.END_SUPPORT: end_support,
    acts.PUBLISH: publish,
    acts.WITHDRAW: withdraw,
    **link_acts.VERBS,
}


def done(act: str) -> str:
    """Return what the next page says after an act; empty for an unknown one."""
    sentences = {
        acts.ANSWER: say("Jawaban Anda sudah dikirim kepada pelapor."),
        DRAFTED: say(
            "Jawaban sudah diajukan. Orang kedua memeriksanya sebelum dikirim; batas waktu tetap berjalan."
        ),
        acts.INTERIM: say("Jawaban sementara dan janji Anda sudah dikirim kepada pelapor."),
        acts.QUESTION: say("Pertanyaan Anda sudah dikirim kepada pelapor. Batas waktu tetap berjalan."),
        acts.PAUSE: say(
            "Pertanyaan Anda sudah dikirim. Tenggat penyelesaian menunggu pelapor, paling lama lima hari kerja."
        ),
        acts.OUTSIDE_ANSWER: say("Jawaban instansi luar sudah dikirim kepada pelapor."),
        acts.HAND_OVER: say("Penyerahan kepada petugas piket sudah dicatat."),
        acts.NOTE: say("Catatan internal sudah disimpan."),
        acts.TRANSFER: say(
            "Laporan sudah ditawarkan. Instansi Anda tetap bertanggung jawab sampai diterima."
        ),
        acts.TAKE: say("Laporan ini sekarang menjadi tanggung jawab instansi Anda."),
        acts.REFUSE_TRANSFER: say("Tawaran sudah ditolak dan instansi asal sudah diberi tahu."),
        acts.COMPLETION: say("Penyelesaian sudah diajukan dan menunggu pemeriksa."),
        acts.REJECTION: say("Penolakan sudah diajukan dan menunggu pemeriksa."),
        acts.REFERRAL: say("Pelimpahan sudah diajukan dan menunggu pemeriksa."),
        acts.CONFIRM: say("Pengajuan sudah Anda setujui dan pelapor diberi tahu."),
        acts.REFUSE: say("Pengajuan tidak disetujui dan pengusul diberi tahu."),
        acts.SUPPORT: say("Dukungan sudah diminta. Instansi Anda tetap bertanggung jawab."),
        acts.END_SUPPORT: say("Dukungan instansi itu sudah berakhir."),
        acts.UNDO: say(
            "Ditarik kembali. Pelapor tidak menerimanya dan batas waktu berjalan seperti sebelumnya."
        ),
        acts.ASSIGN: say("Penugasan sudah dicatat. Batas waktu tetap berjalan."),
        acts.ROUTE: say("Laporan sudah diteruskan."),
        acts.PUBLISH: say("Laporan sekarang dapat dibaca umum."),
        acts.WITHDRAW: say("Laporan tidak lagi dapat dibaca umum."),
        **link_acts.done(),
    }
    return sentences.get(act, "")


def _handler(act: str, verb: Verb) -> HTTPRouteHandler:
    """A handler that carries out one verb and shows the complaint again, with what went wrong if anything did."""

    limit = _LARGE.get(act, Empty)

    @post(
        f"/meja/aduan/{{complaint:int}}/{act}",
        guards=[desk_only],
        name=f"desk:{act}",
        request_max_body_size=limit,
    )
    async def handler(
        request: AnyRequest, complaint: FromPath[int], officer: NamedDependency[Officer]
    ) -> Response[Any]:
        settle_language(request)
        form = await read_form(request, officer, complaint)
        try:
            told = await verb(form)
        except NotFound as error:
            raise missing() from error
        except Refused as refusal:
            return await _show_again(request, form, act, refusal)
        return await _go_on(form, told or act)

    return handler


async def _show_again(request: AnyRequest, form: Form, act: str, refusal: Refused) -> Response[Any]:
    """The complaint as it is now, with everything that was typed: to be corrected, or to be sent again."""
    view = await read(form.officer, form.complaint)
    conflict = isinstance(refusal, Conflict)
    returned = Returned(act, {refusal.field or "": refusal.message}, form.typed, conflict)
    return complaint_page(request, view, Shown(returned=returned, status_code=409 if conflict else 422))


async def _go_on(form: Form, act: str) -> Response[Any]:
    """Back to the complaint; to the queue when the act has given it out of this officer's sight."""
    async with database.transaction("reader", user_id=form.officer.id):
        seen = await database.fetchval("SELECT EXISTS (SELECT FROM complaint WHERE id = $1)", form.complaint)
    where = f"{QUEUE}/aduan/{form.complaint}" if seen else QUEUE
    # What was taken back stands in its box again.
    again = f"&tulisan={form.number('statement')}#tindakan" if act == acts.UNDO else ""
    return Redirect(f"{where}?selesai={act}{again}", status_code=303)


@post("/meja/aduan/{complaint:int}/kontak", guards=[desk_only], status_code=200)
async def contact(
    request: AnyRequest, complaint: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """The reporter's contact, shown once; the look is recorded."""
    settle_language(request)
    form = await read_form(request, officer, complaint)
    try:
        found = await desk.look_at_contact(form.actor, complaint)
    except NotFound as error:
        raise missing() from error
    except Refused as refusal:
        return await _show_again(request, form, acts.CONTACT, refusal)
    return complaint_page(request, await read(officer, complaint), Shown(contact=found))


@get(
    [f"/meja/aduan/{{complaint:int}}/{act}" for act in (*VERBS, acts.CONTACT, "siap-pakai", "pratinjau")],
    guards=[desk_only],
)
async def back(complaint: FromPath[int]) -> Response[Any]:
    """A form's address, asked for as a page (after a reload or in another language): the complaint it is about."""
    return Redirect(f"{QUEUE}/aduan/{complaint}", status_code=303)


ROUTES = [
    back,
    *(_handler(act, verb) for act, verb in VERBS.items()),
    contact,
    *prepared_answers.ROUTES,
    *letter_preview.ROUTES,
]
