"""Kinds of events, how each is told, and how one is recorded."""

import json
from dataclasses import dataclass
from typing import Any, Final

from lapor import crypto, database


@dataclass(frozen=True)
class Kind:
    """How an event is told in the timeline, in the past tense, and whether the reporter sees it."""

    told: str
    to_reporter: bool = True


KINDS: Final[dict[str, Kind]] = {
    "filed": Kind("Laporan diterima"),
    "routed": Kind("Laporan diteruskan ke instansi"),
    "triaged": Kind("Laporan menunggu penelaahan", to_reporter=False),
    "answered": Kind("Instansi menjawab"),
    "promised": Kind("Instansi memberi jawaban sementara dan menjanjikan jawaban"),
    "asked": Kind("Instansi bertanya kepada pelapor"),
    "support_asked": Kind("Instansi pendukung diminta membantu", to_reporter=False),
    "support_ended": Kind("Dukungan instansi lain berakhir", to_reporter=False),
    "undone": Kind("Tulisan ditarik kembali oleh pengirimnya", to_reporter=False),
    "paused": Kind("Instansi bertanya kepada pelapor; tenggat penyelesaian menunggu jawabannya"),
    "resumed": Kind("Tenggat penyelesaian berjalan lagi"),
    "assigned": Kind("Laporan diserahkan kepada seorang petugas", to_reporter=False),
    "unassigned": Kind("Laporan tidak lagi dipegang satu petugas", to_reporter=False),
    "noted": Kind("Catatan internal ditulis", to_reporter=False),
    "transfer_offered": Kind("Alih tangan ditawarkan", to_reporter=False),
    "transfer_taken": Kind("Laporan dialihkan ke instansi lain"),
    "transfer_refused": Kind("Alih tangan ditolak", to_reporter=False),
    "answer_claimed": Kind("Jawaban diajukan untuk diperiksa", to_reporter=False),
    "document_added": Kind("Dokumen ditambahkan", to_reporter=False),
    "completion_claimed": Kind("Penyelesaian diajukan untuk diperiksa", to_reporter=False),
    "rejection_claimed": Kind("Penolakan diajukan untuk diperiksa", to_reporter=False),
    "referral_claimed": Kind("Pelimpahan diajukan untuk diperiksa", to_reporter=False),
    "completed": Kind("Penyelesaian dipastikan oleh pemeriksa"),
    "rejected": Kind("Laporan dinyatakan tidak dapat ditindaklanjuti"),
    "referred": Kind("Laporan dilimpahkan ke instansi luar"),
    "approval_refused": Kind("Pemeriksa menolak pengajuan", to_reporter=False),
    "outside_answered": Kind("Instansi luar menjawab"),
    "protection_claimed": Kind("Laporan dilindungi dan menunggu orang kedua", to_reporter=False),
    "protected": Kind("Orang kedua memastikan perlindungan laporan", to_reporter=False),
    "unprotected": Kind("Orang kedua membatalkan perlindungan laporan", to_reporter=False),
    "handed_over": Kind("Laporan darurat diserahkan kepada petugas piket"),
    "sent_to_arbiter": Kind("Laporan dibawa ke pimpinan untuk diputuskan"),
    "ruled": Kind("Pimpinan memutuskan"),
    "instructed": Kind("Pimpinan memberi instruksi kepada instansi"),
    "instruction_done": Kind("Instansi melaporkan pelaksanaan instruksi", to_reporter=False),
    "explanation_asked": Kind("Daerah di atasnya meminta penjelasan", to_reporter=False),
    "explanation_given": Kind("Kepala daerah memberi penjelasan", to_reporter=False),
    "linked": Kind("Laporan serupa ditautkan", to_reporter=False),
    "unlinked": Kind("Tautan laporan serupa dilepas", to_reporter=False),
    "corrected": Kind("Kategori atau lokasi laporan diperbaiki"),
    "published": Kind("Laporan ditampilkan untuk umum"),
    "withdrawn": Kind("Laporan tidak lagi ditampilkan untuk umum"),
    "replied": Kind("Pelapor menambahkan keterangan"),
    "disputed": Kind("Pelapor menyatakan bukan jawaban"),
    "reopened": Kind("Pelapor membuka kembali laporan"),
    "accepted": Kind("Pelapor menyatakan selesai"),
    "rated": Kind("Pelapor memberi penilaian"),
    "photo_added": Kind("Foto ditambahkan", to_reporter=False),
    "closed": Kind("Laporan ditutup karena masa tanggapan pelapor lewat"),
    "contact_seen": Kind("Kontak pelapor dilihat", to_reporter=False),
    "history_seen": Kind("Riwayat penelepon dilihat", to_reporter=False),
    "reveal_asked": Kind("Inspektorat meminta melihat identitas pelapor", to_reporter=False),
    "reveal_granted": Kind("Orang kedua mengizinkan identitas pelapor dilihat", to_reporter=False),
    "reveal_refused": Kind("Orang kedua menolak permintaan melihat identitas pelapor", to_reporter=False),
    "identity_revealed": Kind("Inspektorat melihat identitas pelapor"),
    "erased": Kind("Data pribadi dihapus karena masa simpannya lewat"),
    "escalation_seen": Kind("Pimpinan melihat keterlambatan", to_reporter=False),
    "rung_notify": Kind("Pemberitahuan dikirim oleh sistem", to_reporter=False),
    "rung_remind": Kind("Pengingat dikirim oleh sistem", to_reporter=False),
    "rung_escalate": Kind("Laporan dieskalasikan oleh sistem"),
    "rung_skipped": Kind("Peringatan terlampaui dan dicatat oleh sistem", to_reporter=False),
    "delivery_failed": Kind("Pesan tidak dapat dikirim", to_reporter=False),
    "delivery_repeated": Kind("Pesan mungkin terkirim dua kali", to_reporter=False),
}

APPEND = "INSERT INTO event (complaint, kind, actor, agency, facts, digest) VALUES ($1, $2, $3, $4, $5, $6)"


def canonical(facts: dict[str, Any]) -> str:
    """Return facts as JSON with sorted keys and no spaces: the same facts, the same bytes."""
    return json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


async def record(
    complaint: int,
    kind: str,
    actor: str,
    *,
    agency: int | None = None,
    facts: dict[str, Any] | None = None,
    digest: bytes | None = None,
) -> None:
    """Append one event to the complaint's chain, in the running transaction; KeyError for an unknown kind."""
    KINDS[kind]
    await database.execute(APPEND, complaint, kind, actor, agency, canonical(facts or {}), digest)


def salted(text: str) -> tuple[bytes, bytes]:
    """Return a new salt and the digest of the text under it, which the ledger keeps in place of the text."""
    salt = crypto.new_salt()
    return salt, crypto.digest(salt, text)
