"""The story of a complaint as its reporter hears it: in the past tense, with who and when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from lapor import crypto
from lapor.complaints.events import KINDS
from lapor.complaints.queries.photos import Photo
from lapor.intake.residents import Own, facts
from lapor.locales import say
from lapor.words import localtime

# Rungs of clocks that run between offices are not the reporter's business.
_CLOCKS_OF_REPORTER = ("response", "promise", "completion")
_DECISIONS = {"completed": "completion", "rejected": "rejection", "referred": "referral"}
_BY = {
    **dict.fromkeys(
        ("answered", "promised", "completed", "rejected", "referred", "outside_answered"), "answer"
    ),
    "rung_escalate": "escalation",
    "sent_to_arbiter": "escalation",
}


@dataclass(frozen=True)
class Step:
    """One entry of the timeline."""

    did: str
    at: datetime
    by: str
    text: str = ""
    note: str = ""
    photos: Sequence[Photo] = ()


def tell(own: Own, head_title: str) -> list[Step]:
    """Return the story for the reporter, oldest first. `head_title` is who hears of what passed its deadline."""
    said = _Said(own)
    undone = {facts(event)["statement"] for event in own.events if event["kind"] == "undone"}
    head = "" if own.row["about_official"] else head_title
    return [
        Step(
            did=_did(event, head),
            at=event["occurred_at"],
            by=_by(event),
            text=statement["text"] if statement else "",
            note=_note(own, event, statement),
            photos=[photo for photo in own.photos if statement and photo.statement == statement["id"]],
        )
        for event in own.events
        if _told(event) and not (undone and facts(event).get("statement") in undone)
        for statement in [said.on(event)]
    ]


def tell_public(status: asyncpg.Record, copies: Sequence[asyncpg.Record]) -> list[Step]:
    """Return the published part of the story, oldest first."""
    received = Step(say("Laporan diterima"), status["filed_at"], "system")
    return [received] + [
        Step(_PUBLIC[copy["kind"]]().format(agency=copy["agency"]), copy["said_at"], "answer", copy["text"])
        for copy in copies
        if copy["kind"] in _PUBLIC
    ]


def escalated_at(own: Own) -> datetime | None:
    """Return when the system took the unanswered complaint to the head of region, if it did."""
    for event in own.events:
        if event["kind"] == "rung_escalate" and facts(event)["clock"] == "response" and _told(event):
            at: datetime = event["occurred_at"]
            return at
    return None


class _Said:
    """Statements, each found by the event that stands for it."""

    def __init__(self, own: Own) -> None:
        self._by_digest = {crypto.digest(row["salt"], row["text"]): row for row in own.statements}
        self._decisions: dict[str, list[asyncpg.Record]] = defaultdict(list)
        for row in own.statements:
            self._decisions[row["kind"]].append(row)

    def on(self, event: asyncpg.Record) -> asyncpg.Record | None:
        """The statement of an event; call it once for each event, in their order."""
        if event["kind"] in _DECISIONS:
            waiting = self._decisions[_DECISIONS[event["kind"]]]
            return waiting.pop(0) if waiting else None
        return self._by_digest.get(event["digest"]) if event["digest"] else None


def _told(event: asyncpg.Record) -> bool:
    kind = KINDS.get(event["kind"])
    if kind is None or not kind.to_reporter:
        return False
    if event["kind"] != "rung_escalate":
        return True
    known = facts(event)
    return known.get("clock") in _CLOCKS_OF_REPORTER and not known.get("trial")


def _by(event: asyncpg.Record) -> str:
    if event["kind"] in _BY:
        return _BY[event["kind"]]
    return event["actor"] if event["actor"] in ("reporter", "system") else "officer"


def _did(event: asyncpg.Record, head: str) -> str:
    agency = event["agency"] or ""
    if event["kind"] == "rung_escalate":
        return _escalated(facts(event)["clock"], head)
    if event["kind"] == "routed" and event["actor"] != "system":
        return say("Admin koordinator meneruskan laporan kepada {agency}").format(agency=agency)
    sentence = _SENTENCES.get(event["kind"])
    return (
        sentence().format(agency=agency, stars=facts(event).get("stars"))
        if sentence
        else say(KINDS[event["kind"]].told)
    )


def _escalated(clock: str, head: str) -> str:
    missed = say("Tenggat jawaban lewat.") if clock == "response" else say("Tenggat yang dijanjikan lewat.")
    if clock == "completion":
        missed = say("Tenggat penyelesaian lewat.")
    if clock == "response" and head:
        return missed + " " + say("Sistem menyampaikan laporan ini kepada {head}").format(head=head)
    return missed + " " + say("Sistem menyampaikan laporan ini kepada pimpinan")


# Functions, because a sentence is said in the language of the page.
_SENTENCES: dict[str, Callable[[], str]] = {
    "filed": lambda: say("Anda mengirim laporan"),
    "routed": lambda: say("Sistem meneruskan laporan kepada {agency}"),
    "answered": lambda: say("{agency} menjawab"),
    "promised": lambda: say("{agency} memberi jawaban sementara"),
    "asked": lambda: say("{agency} bertanya kepada Anda"),
    "paused": lambda: say("{agency} bertanya kepada Anda; tenggat penyelesaian menunggu jawaban Anda"),
    "outside_answered": lambda: say("{agency} menyampaikan jawaban instansi luar"),
    "transfer_taken": lambda: say("{agency} mengambil alih laporan"),
    "completed": lambda: say("Pemeriksa hasil di {agency} memastikan pekerjaan selesai"),
    "rejected": lambda: say("{agency} menyatakan laporan tidak dapat ditindaklanjuti"),
    "referred": lambda: say("{agency} melimpahkan laporan ke instansi luar"),
    "published": lambda: say("{agency} membuka laporan untuk umum tanpa data pribadi"),
    "withdrawn": lambda: say("{agency} menutup laporan dari umum"),
    "replied": lambda: say("Anda menambahkan keterangan"),
    "disputed": lambda: say("Anda menyatakan bahwa itu bukan jawaban"),
    "reopened": lambda: say("Anda membuka kembali laporan"),
    "accepted": lambda: say("Anda menyatakan selesai; laporan ditutup"),
    "rated": lambda: say("Anda memberi nilai {stars} dari 5"),
    "identity_revealed": lambda: say("Inspektorat melihat identitas Anda, dengan izin pemeriksa kedua"),
    "closed": lambda: say("Sistem menutup laporan karena masa tanggapan Anda lewat"),
}

# What the agency said, by the kind of its published copy.
_PUBLIC: dict[str, Callable[[], str]] = {
    "final": lambda: say("{agency} menjawab"),
    "interim": lambda: say("{agency} memberi jawaban sementara"),
    "completion": lambda: say("{agency} menyelesaikan pekerjaan"),
    "rejection": lambda: say("{agency} menyatakan laporan tidak dapat ditindaklanjuti"),
    "referral": lambda: say("{agency} melimpahkan laporan ke instansi luar"),
    "outside_answer": lambda: say("{agency} menyampaikan jawaban instansi luar"),
}


def _note(own: Own, event: asyncpg.Record, statement: asyncpg.Record | None) -> str:
    if statement and statement["promised_for"]:
        when = localtime(statement["promised_for"], own.row["timezone"])
        return say("Jawaban akhir dijanjikan paling lambat {when}.").format(when=when)
    # Only the last order's reason is kept; an officer's is internal, and so are the rules that were passed over.
    if event["kind"] == "routed" and event["actor"] == "system" and event is _last(own, "routed"):
        return str(own.row["reason"]).partition(" (aturan ")[0]
    return ""


def _last(own: Own, kind: str) -> asyncpg.Record | None:
    return next((event for event in reversed(own.events) if event["kind"] == kind), None)
