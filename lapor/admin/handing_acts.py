"""Into whose hands a complaint goes: another agency, a colleague, the duty roster, an agency that helps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from lapor.admin.desk_forms import Form
from lapor.complaints import desk
from lapor.complaints.queries import acts
from lapor.locales import say


async def hand_over(form: Form) -> None:
    """Handing an emergency over to the duty roster."""
    to = form.typed.get("to", "")
    await desk.hand_over(form.actor, form.complaint, to=to, text=form.text, version=form.version)


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


async def route(form: Form) -> None:
    """The coordinating admin's disposition."""
    agency = form.number("agency")
    await desk.route(form.actor, form.complaint, agency=agency, reason=form.reason, version=form.version)


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


VERBS: Mapping[str, Callable[[Form], Awaitable[None]]] = {
    acts.TRANSFER: offer_transfer,
    acts.TAKE: take_transfer,
    acts.REFUSE_TRANSFER: refuse_transfer,
    acts.ROUTE: route,
    acts.ASSIGN: assign,
    acts.SUPPORT: add_support,
    acts.END_SUPPORT: end_support,
    acts.HAND_OVER: hand_over,
}


def done() -> Mapping[str, str]:
    """Return what the next page says after each of these acts."""
    return {
        acts.TRANSFER: say(
            "Laporan sudah ditawarkan. Instansi Anda tetap bertanggung jawab sampai diterima."
        ),
        acts.TAKE: say("Laporan ini sekarang menjadi tanggung jawab instansi Anda."),
        acts.REFUSE_TRANSFER: say("Tawaran sudah ditolak dan instansi asal sudah diberi tahu."),
        acts.ROUTE: say("Laporan sudah diteruskan."),
        acts.ASSIGN: say("Penugasan sudah dicatat. Batas waktu tetap berjalan."),
        acts.SUPPORT: say("Dukungan sudah diminta. Instansi Anda tetap bertanggung jawab."),
        acts.END_SUPPORT: say("Dukungan instansi itu sudah berakhir."),
        acts.HAND_OVER: say("Penyerahan kepada petugas piket sudah dicatat."),
    }
