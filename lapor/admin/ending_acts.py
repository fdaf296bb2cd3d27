"""How a complaint comes to its end: what one officer asks for, and a second person decides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from lapor.admin.desk_forms import Form
from lapor.complaints import desk
from lapor.complaints.queries import acts
from lapor.locales import say


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


VERBS: Mapping[str, Callable[[Form], Awaitable[None]]] = {
    acts.COMPLETION: claim_completion,
    acts.REJECTION: request_rejection,
    acts.REFERRAL: request_referral,
    acts.CONFIRM: confirm,
    acts.REFUSE: refuse,
}


def done() -> Mapping[str, str]:
    """Return what the next page says after each of these acts."""
    return {
        acts.COMPLETION: say("Penyelesaian sudah diajukan dan menunggu pemeriksa."),
        acts.REJECTION: say("Penolakan sudah diajukan dan menunggu pemeriksa."),
        acts.REFERRAL: say("Pelimpahan sudah diajukan dan menunggu pemeriksa."),
        acts.CONFIRM: say("Pengajuan sudah Anda setujui dan pelapor diberi tahu."),
        acts.REFUSE: say("Pengajuan tidak disetujui dan pengusul diberi tahu."),
    }
