"""What an officer says about a complaint: to the reporter, to colleagues, to everybody; and takes back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from lapor.admin.desk_forms import Form
from lapor.complaints import desk
from lapor.complaints.queries import acts
from lapor.locales import say

# An answer that became a draft is told as one.
DRAFTED = "konsep"


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


async def note(form: Form) -> None:
    """An internal note."""
    await desk.note(form.actor, form.complaint, text=form.text, undoable=True)


async def publish(form: Form) -> None:
    """Publishing in masked words."""
    await desk.publish(form.actor, form.complaint, text=form.text, version=form.version)


async def withdraw(form: Form) -> None:
    """Taking the public copies back."""
    await desk.withdraw(form.actor, form.complaint, reason=form.reason, version=form.version)


async def undo(form: Form) -> None:
    """Taking back what was sent a moment ago."""
    await desk.undo(form.actor, form.complaint, form.number("statement"), version=form.version)


VERBS: Mapping[str, Callable[[Form], Awaitable[str | None]]] = {
    acts.ANSWER: answer,
    acts.INTERIM: answer_interim,
    acts.QUESTION: ask,
    acts.PAUSE: pause,
    acts.OUTSIDE_ANSWER: record_outside_answer,
    acts.NOTE: note,
    acts.UNDO: undo,
    acts.PUBLISH: publish,
    acts.WITHDRAW: withdraw,
}


def done() -> Mapping[str, str]:
    """Return what the next page says after each of these acts."""
    return {
        acts.ANSWER: say("Jawaban Anda sudah dikirim kepada pelapor."),
        acts.INTERIM: say("Jawaban sementara dan janji Anda sudah dikirim kepada pelapor."),
        acts.QUESTION: say("Pertanyaan Anda sudah dikirim kepada pelapor. Batas waktu tetap berjalan."),
        acts.PAUSE: say(
            "Pertanyaan Anda sudah dikirim. Tenggat penyelesaian menunggu pelapor, paling lama lima hari kerja."
        ),
        acts.OUTSIDE_ANSWER: say("Jawaban instansi luar sudah dikirim kepada pelapor."),
        acts.NOTE: say("Catatan internal sudah disimpan."),
        acts.UNDO: say(
            "Ditarik kembali. Pelapor tidak menerimanya dan batas waktu berjalan seperti sebelumnya."
        ),
        acts.PUBLISH: say("Laporan sekarang dapat dibaca umum."),
        acts.WITHDRAW: say("Laporan tidak lagi dapat dibaca umum."),
        DRAFTED: say(
            "Jawaban sudah diajukan. Orang kedua memeriksanya sebelum dikirim; batas waktu tetap berjalan."
        ),
    }
