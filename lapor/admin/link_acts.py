"""What an officer does about duplicates, and about a complaint that was filed under the wrong heading."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from lapor.admin.desk_forms import Form
from lapor.complaints import desk
from lapor.complaints.queries import acts
from lapor.locales import say


async def link(form: Form) -> None:
    """Tying it to the complaint that leads."""
    to = form.typed.get("to", "")
    await desk.link(form.actor, form.complaint, to=to, reason=form.reason, version=form.version)


async def unlink(form: Form) -> None:
    """Taking it off its leader."""
    await desk.unlink(form.actor, form.complaint, reason=form.reason, version=form.version)


async def correct(form: Form) -> None:
    """Putting category, type and place right; a field that the form did not show stays as it is."""
    given = {name: form.typed.get(name) for name in ("category", "type", "district", "village", "address")}
    await desk.correct(form.actor, form.complaint, **given, reason=form.reason, version=form.version)


VERBS: Mapping[str, Callable[[Form], Awaitable[None]]] = {
    acts.LINK: link,
    acts.UNLINK: unlink,
    acts.CORRECT: correct,
}


def done() -> Mapping[str, str]:
    """Return what the next page says after each of these acts."""
    return {
        acts.LINK: say("Laporan sudah ditautkan. Tenggat dan jawabannya tetap sendiri-sendiri."),
        acts.UNLINK: say("Tautan sudah dilepas."),
        acts.CORRECT: say("Perbaikan sudah disimpan. Tidak ada tenggat yang bergeser."),
    }
