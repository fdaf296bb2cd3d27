"""The story of a complaint, told to officers in the past tense: who, what, when, and to whom it was told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from lapor.admin import correction
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
    "outside_answered": "answer",
    "rung_escalate": "escalation",
    "sent_to_arbiter": "escalation",
}
_INTERNAL = frozenset(
    {
        "assigned",
        "unassigned",
        "undone",
        "support_asked",
        "support_ended",
        "answer_claimed",
        "linked",
        "unlinked",
        "corrected",
    }
    | {"noted", "transfer_offered", "transfer_refused", "completion_claimed", "rejection_claimed"}
    | {"referral_claimed", "approval_refused", "contact_seen", "history_seen", "withdrawn", "escalation_seen"}
    | {"handed_over", "instruction_done"}
    | {"protection_claimed", "protected", "unprotected"}
)


_BY_PERSON = ("answered", "promised", "asked", "paused", "outside_answered")


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
    same_words: bool
    undone: bool = False


def tell(one: OneComplaint, same_words_from: int) -> list[Step]:
    """Return the story, oldest first; escalations that only repeat one another are told once.

    A photo stands beside the words that it came with, and is no step of its own. Words that the agency sent to more
    than `same_words_from` other complaints are marked.
    """
    steps = [step for step in one.story if step.kind not in ("photo_added", "document_added")]
    return [_step(one, again, same_words_from) for again in _gathered(steps)]


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


def _step(one: OneComplaint, again: Sequence[Happened], same_words_from: int) -> Step:
    first, last = again[0], again[-1]
    note = _note(one, first)
    same = first.said.same_words if first.said and first.said.same_words > same_words_from else 0
    if same:
        repeated = say("kata-kata yang sama sudah dikirim ke {count} laporan lain").format(count=same)
        note = f"{note} · {repeated}" if note else repeated
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
        same_words=same > 0,
        undone=bool(first.said and first.said.undone),
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
    told = _sentences()
    wanted = (happened.kind, _variant(happened))
    sentence = told.get(wanted) or told.get((happened.kind, happened.actor)) or told.get((happened.kind, ""))
    if sentence is None:
        return say(KINDS[happened.kind].told) if happened.kind in KINDS else happened.kind
    return sentence.format(
        agency=happened.agency or "",
        target=_short(one, happened.facts.get("agency")),
        giver=_short(one, happened.facts.get("from")),
        person=happened.person or say("Petugas"),
        colleague=happened.colleague or say("Petugas"),
        clock=clock_name(str(happened.facts.get("clock", ""))),
        stars=happened.facts.get("stars"),
    )


def _variant(happened: Happened) -> str:
    """Which of the sentences of a decision is meant."""
    if "upheld" in happened.facts:
        return "upheld" if happened.facts["upheld"] else "dismissed"
    if "follower" in happened.facts:
        return "follower"
    return str(happened.facts.get("cause", ""))


def _sentences() -> dict[tuple[str, str], str]:
    return {
        ("filed", ""): say("Pelapor menyampaikan laporan"),
        ("routed", "system"): say("Sistem meneruskan laporan ke {target}"),
        ("routed", "officer"): say("{person} meneruskan laporan ke {target}"),
        ("triaged", ""): say("Sistem menyerahkan laporan kepada {target} untuk ditelaah"),
        ("answered", ""): say("{agency} menjawab"),
        ("promised", ""): say("{agency} memberi jawaban sementara"),
        ("asked", ""): say("{agency} bertanya kepada pelapor"),
        ("paused", ""): say("{agency} bertanya kepada pelapor; tenggat penyelesaian menunggu"),
        ("resumed", ""): say("Tenggat penyelesaian berjalan lagi karena pelapor menanggapi"),
        ("outside_answered", ""): say("{agency} menyampaikan jawaban instansi luar"),
        ("handed_over", ""): say("{person} menyerahkan laporan darurat kepada petugas piket"),
        ("instructed", ""): say("{person} memberi instruksi kepada {agency}"),
        ("instruction_done", ""): say("{person} melaporkan pelaksanaan instruksi"),
        ("sent_to_arbiter", "dispute"): say("Bantahan kedua dibawa ke sekretaris daerah untuk diputuskan"),
        ("sent_to_arbiter", "transfer"): say(
            "Alih tangan ketiga dibawa ke sekretaris daerah untuk diputuskan"
        ),
        ("ruled", "transfer"): say("{person} memutuskan: {target} yang bertanggung jawab"),
        ("ruled", "upheld"): say("{person} membenarkan bantahan pelapor"),
        ("ruled", "dismissed"): say("{person} memutuskan: jawaban instansi sudah cukup"),
        ("assigned", ""): say("{person} menugaskan laporan kepada {colleague}"),
        ("unassigned", ""): say("{person} melepas penugasan laporan"),
        ("linked", ""): say("{person} menautkan laporan ini ke laporan serupa"),
        ("linked", "follower"): say("{person} menautkan laporan serupa ke laporan ini"),
        ("unlinked", ""): say("{person} melepas tautan ke laporan serupa"),
        ("unlinked", "follower"): say("{person} melepas tautan laporan serupa dari laporan ini"),
        ("corrected", ""): say("{person} memperbaiki kategori atau lokasi"),
        ("support_asked", ""): say("{person} meminta dukungan {target}"),
        ("support_ended", ""): say("{person} mengakhiri dukungan {target}"),
        ("undone", ""): say("{person} menarik kembali tulisannya"),
        ("noted", ""): say("{person} menulis catatan internal"),
        ("noted", "comment"): say("Sistem mencatat komentar di media sosial"),
        ("noted", "forwarded"): say("Sistem mencatat terusan dari akun kepala daerah"),
        ("transfer_offered", ""): say("{agency} menawarkan laporan ke {target}"),
        ("transfer_taken", ""): say("{target} menerima laporan dari {giver}"),
        ("transfer_refused", ""): say("{agency} menolak tawaran itu"),
        ("answer_claimed", ""): say("{person} mengajukan jawaban untuk diperiksa"),
        ("completion_claimed", ""): say("{person} mengajukan penyelesaian untuk diperiksa"),
        ("rejection_claimed", ""): say("{person} mengajukan penolakan untuk diperiksa"),
        ("referral_claimed", ""): say("{person} mengajukan pelimpahan untuk diperiksa"),
        ("completed", ""): say("{person} memastikan pekerjaan selesai"),
        ("rejected", ""): say("{person} menyetujui penolakan"),
        ("referred", ""): say("{person} menyetujui pelimpahan ke instansi luar"),
        ("approval_refused", ""): say("{person} tidak menyetujui pengajuan itu"),
        ("protection_claimed", ""): say("{person} melindungi laporan ini; orang kedua belum memastikannya"),
        ("protected", ""): say("{person} memastikan bahwa laporan ini dilindungi"),
        ("unprotected", ""): say("{person} membatalkan perlindungan laporan ini"),
        ("published", "officer"): say("{person} menampilkan laporan untuk umum"),
        ("withdrawn", ""): say("{person} menarik laporan dari tampilan umum"),
        ("history_seen", ""): say("{person} melihat riwayat penelepon"),
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
    if happened.kind in _BY_PERSON and happened.person:
        parts.append(say("oleh {person}").format(person=happened.person))
    if happened.said and happened.said.undone:
        parts.append(say("ditarik kembali sebelum surat dikirim"))
    elif happened.said and happened.said.promised_for:
        promised = localtime(happened.said.promised_for, one.row["zone"])
        parts.append(say("menjanjikan jawaban {moment}").format(moment=promised))
    parts += _moved(one, happened) + _ordered(one, happened)
    parts += correction.told(one, happened.facts) if happened.kind == "corrected" else []
    parts += _taken_down(happened)
    if happened.facts.get("sensor") is True:
        parts.append(say("dikirim oleh sensor, tanpa pelapor"))
    if happened.facts.get("reason") in REJECTION_REASONS:
        parts.append(say(REJECTION_REASONS[happened.facts["reason"]]))
    if happened.facts.get("received_late") is True:
        parts.append(say("tenggatnya sudah lewat saat diterima"))
    if happened.facts.get("late") is True:
        parts.append(say("dijawab terlambat"))
    if happened.facts.get("trial") is True:
        parts.append(say("masa uji coba, pimpinan tidak diberi tahu"))
    return " · ".join(parts)


def _taken_down(happened: Happened) -> list[str]:
    """Who took down what somebody said or wrote, and where an incident came from."""
    if "taken_by" not in happened.facts:
        return []
    if happened.facts.get("channel") not in ("counter", "phone", "kiosk"):
        return [say("dijadikan aduan oleh petugas dari kiriman")]
    incident = str(happened.facts.get("incident", ""))
    manner = {
        "letter": say("dari surat"),
        "112": say("kejadian {incident} dari pusat panggilan 112").format(incident=incident)
        if incident
        else say("dari pusat panggilan 112"),
    }.get(str(happened.facts.get("manner")))
    return [say("dicatat oleh petugas loket"), *([manner] if manner else [])]


def _moved(one: OneComplaint, happened: Happened) -> list[str]:
    """The old and the new deadline of a clock that waited for the reporter."""
    if happened.kind not in ("paused", "resumed"):
        return []
    before, after = (
        localtime(datetime.fromisoformat(happened.facts[name]), one.row["zone"]) for name in ("from", "due")
    )
    return [say("tenggat penyelesaian dari {before} menjadi {after}").format(before=before, after=after)]


def _ordered(one: OneComplaint, happened: Happened) -> list[str]:
    """In whose name an instruction was given, and until when; in whose name a late answer was seen."""
    if happened.kind == "escalation_seen" and "office" in happened.facts:
        whose = say("atas nama {office}") if happened.facts.get("on_behalf") else say("sebagai {office}")
        return [whose.format(office=happened.facts["office"])]
    order = next((o for o in one.instructions if o.id == happened.facts.get("instruction")), None)
    if order is None or happened.kind != "instructed":
        return []
    whose = say("atas nama {office}") if order.on_behalf else say("sebagai {office}")
    until = say("paling lambat {moment}").format(moment=localtime(order.due_at, one.row["zone"]))
    return [whose.format(office=order.office), until]


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
