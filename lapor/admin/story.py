"""The story of a complaint, told to officers in the past tense: who, what, when, and to whom it was told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from lapor.complaints.approving import REJECTION_REASONS
from lapor.complaints.events import KINDS
from lapor.complaints.queries.complaint import Happened, OneComplaint, Sent
from lapor.complaints.queries.photos import Photo
from lapor.locales import say, say_many
from lapor.words import localtime

_BY = {
    "answered": "answer",
    "promised": "answer",
    "completed": "answer",
    "rejected": "answer",
    "referred": "answer",
    "rung_escalate": "escalation",
}
_INTERNAL = frozenset(
    {"noted", "transfer_offered", "transfer_refused", "completion_claimed", "rejection_claimed"}
    | {"referral_claimed", "approval_refused", "contact_seen", "withdrawn", "escalation_seen"}
)


@dataclass(frozen=True)
class Step:
    """One entry of the timeline."""

    did: str
    at: datetime
    by: str
    text: str
    note: str
    told: Sequence[Sent]
    photos: Sequence[Photo]


def tell(one: OneComplaint) -> list[Step]:
    """Return the story, oldest first; escalations that only repeat one another are told once.

    A photo stands beside the words that it came with, and is no step of its own.
    """
    return [
        _step(one, again) for again in _gathered([step for step in one.story if step.kind != "photo_added"])
    ]


def _gathered(story: Sequence[Happened]) -> list[list[Happened]]:
    gathered: list[list[Happened]] = []
    for happened in story:
        before = gathered[-1][0] if gathered else None
        if before and _repeats(before, happened):
            gathered[-1].append(happened)
        else:
            gathered.append([happened])
    return gathered


def _repeats(before: Happened, happened: Happened) -> bool:
    same = happened.kind == before.kind == "rung_escalate"
    return same and happened.facts.get("clock") == before.facts.get("clock")


def _step(one: OneComplaint, again: Sequence[Happened]) -> Step:
    first, last = again[0], again[-1]
    note = _note(one, first)
    if len(again) > 1:
        moment = localtime(last.at, one.row["zone"])
        count = len(again) - 1
        times = say_many(
            "diulang {times} kali, terakhir {moment}", "diulang {times} kali, terakhir {moment}", count
        ).format(times=count, moment=moment)
        note = f"{note} · {times}" if note else times
    return Step(
        did=_did(one, first),
        at=first.at,
        by=_by(first),
        text=first.said.text if first.said else "",
        note=note,
        told=_latest(message for happened in again for message in happened.told),
        photos=[photo for photo in one.photos if first.said and photo.statement == first.said.id],
    )


def _latest(messages: Iterable[Sent]) -> Sequence[Sent]:
    """The last message to each office: what matters is whether the newest one arrived."""
    return list({message.office: message for message in messages}.values())


def _by(happened: Happened) -> str:
    if happened.kind in _BY:
        return _BY[happened.kind]
    if happened.actor in ("reporter", "system"):
        return happened.actor
    return "internal" if happened.kind in _INTERNAL else "officer"


def _did(one: OneComplaint, happened: Happened) -> str:
    sentence = _sentences().get((happened.kind, happened.actor)) or _sentences().get((happened.kind, ""))
    if sentence is None:
        return say(KINDS[happened.kind].told) if happened.kind in KINDS else happened.kind
    return sentence.format(
        agency=happened.agency or "",
        target=_short(one, happened.facts.get("agency")),
        giver=_short(one, happened.facts.get("from")),
        person=happened.person or say("Petugas"),
        clock=clock_name(str(happened.facts.get("clock", ""))),
        stars=happened.facts.get("stars"),
    )


def _sentences() -> dict[tuple[str, str], str]:
    return {
        ("filed", ""): say("Pelapor menyampaikan laporan"),
        ("routed", "system"): say("Sistem meneruskan laporan ke {target}"),
        ("routed", "officer"): say("{person} meneruskan laporan ke {target}"),
        ("triaged", ""): say("Sistem menyerahkan laporan kepada {target} untuk ditelaah"),
        ("answered", ""): say("{agency} menjawab"),
        ("promised", ""): say("{agency} memberi jawaban sementara"),
        ("asked", ""): say("{agency} bertanya kepada pelapor"),
        ("noted", ""): say("{person} menulis catatan internal"),
        ("transfer_offered", ""): say("{agency} menawarkan laporan ke {target}"),
        ("transfer_taken", ""): say("{target} menerima laporan dari {giver}"),
        ("transfer_refused", ""): say("{agency} menolak tawaran itu"),
        ("completion_claimed", ""): say("{person} mengajukan penyelesaian untuk diperiksa"),
        ("rejection_claimed", ""): say("{person} mengajukan penolakan untuk diperiksa"),
        ("referral_claimed", ""): say("{person} mengajukan pelimpahan untuk diperiksa"),
        ("completed", ""): say("{person} memastikan pekerjaan selesai"),
        ("rejected", ""): say("{person} menyetujui penolakan"),
        ("referred", ""): say("{person} menyetujui pelimpahan ke instansi luar"),
        ("approval_refused", ""): say("{person} tidak menyetujui pengajuan itu"),
        ("published", "officer"): say("{person} menampilkan laporan untuk umum"),
        ("withdrawn", ""): say("{person} menarik laporan dari tampilan umum"),
        ("contact_seen", ""): say("{person} melihat kontak pelapor"),
        ("escalation_seen", ""): say("{person} menandai keterlambatan sudah dilihat"),
        ("rung_notify", ""): say("Sistem memberi tahu petugas: {clock}"),
        ("rung_remind", ""): say("Sistem mengingatkan: {clock}"),
        ("rung_escalate", ""): say("Sistem mengeskalasi: {clock} terlewat"),
        ("rung_skipped", ""): say("Sistem mencatat peringatan yang sudah terlampaui: {clock}"),
        ("rated", ""): say("Pelapor memberi nilai {stars} dari 5"),
        ("closed", ""): say("Sistem menutup laporan karena masa tanggapan pelapor lewat"),
    }


def _short(one: OneComplaint, code: object) -> str:
    entry = one.registry.agencies.get(str(code))
    return entry.short_name if entry else ""


def _note(one: OneComplaint, happened: Happened) -> str:
    parts = []
    if happened.kind in ("answered", "promised", "asked") and happened.person:
        parts.append(say("oleh {person}").format(person=happened.person))
    if happened.said and happened.said.promised_for:
        promised = localtime(happened.said.promised_for, one.row["zone"])
        parts.append(say("menjanjikan jawaban {moment}").format(moment=promised))
    if happened.facts.get("reason") in REJECTION_REASONS:
        parts.append(say(REJECTION_REASONS[happened.facts["reason"]]))
    if happened.facts.get("late") is True:
        parts.append(say("dijawab terlambat"))
    if happened.facts.get("trial") is True:
        parts.append(say("masa uji coba, pimpinan tidak diberi tahu"))
    return " · ".join(parts)


def clock_name(kind: str) -> str:
    """Return what is due, as it is read within a sentence."""
    names = {
        "response": say("tenggat jawaban"),
        "triage": say("tenggat penelaahan"),
        "promise": say("jawaban yang dijanjikan"),
        "completion": say("tenggat penyelesaian"),
        "approval": say("tenggat pemeriksaan"),
        "transfer": say("tenggat alih tangan"),
        "referral": say("jawaban instansi luar"),
        "instruction": say("instruksi pimpinan"),
        "reporter_window": say("masa tanggapan pelapor"),
        "emergency": say("penanganan darurat"),
    }
    return names.get(kind, kind)
