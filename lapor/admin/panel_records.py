"""What happened, as the panel shows it: changes of registers, log-ins, the record of complaints. Nothing is edited."""

from __future__ import annotations

from typing import Any

from piccolo.table import Table

from lapor.admin import tables as doors
from lapor.admin.login_events import KINDS
from lapor.admin.shown_table import SEEN, WHO, Shown
from lapor.complaints import tables as record
from lapor.routing import tables as directory
from lapor.routing.tables import (
    COMPLAINT_TYPES,
)
from lapor.sla.tables import CLOCK_KINDS, STEPS


def _seen(table: type[Table], slug: str, columns: str, shown_as: str = "id", **more: Any) -> Shown:
    return Shown(table, slug, SEEN, columns.split(), shown_as.split(), newest_first=True, **more)


# A table stands after those that its links name.
RECORDS: tuple[Shown, ...] = (
    Shown(
        directory.RegisterChange,
        "riwayat_perubahan",
        WHO,
        ["register", "row_id", "before", "after", "person", "changed_at"],
        links={"person": "person"},
        newest_first=True,
        help="Setiap perubahan data induk: sebelum, sesudah, oleh siapa, kapan.",
    ),
    Shown(
        doors.LoginEvent,
        "kejadian_masuk",
        WHO,
        ["person", "kind", "at", "by_person", "device", "network"],
        links={"person": "person", "by_person": "person"},
        choices={"kind": tuple(KINDS)},
        newest_first=True,
        help="Siapa masuk, gagal masuk, atau dikeluarkan. Administrator melihat semuanya, yang lain miliknya sendiri.",
    ),
    _seen(
        record.Complaint,
        "pengaduan",
        # Whoever may see only the clocks of a complaint must not learn here what it is about, or about whom.
        "ticket type channel status region district village owner_agency offered_agency anonymous confidential"
        " protected emergency published filed_at written_at closed_at cycle version",
        "ticket",
        listed=["ticket", "status", "owner_agency", "district", "filed_at", "emergency"],
        choices={"type": COMPLAINT_TYPES, "status": record.STATUSES, "channel": record.CHANNELS},
        help="Keadaan setiap pengaduan. Diubah lewat formulir, tidak di sini.",
    ),
    _seen(
        record.Content,
        "isi_pengaduan",
        "complaint text address latitude longitude",
        help="Kata-kata pelapor. Hanya yang boleh dibaca jabatan Anda.",
    ),
    _seen(
        record.Statement,
        "pernyataan",
        "complaint kind cycle agency person to_reporter text promised_for made_at",
        "kind made_at",
        links={"person": "person"},
        choices={"kind": record.STATEMENT_KINDS},
        help="Apa yang dikatakan tentang sebuah pengaduan: jawaban, pertanyaan, catatan, balasan.",
    ),
    _seen(
        record.Event,
        "jejak_audit",
        "complaint seq kind actor agency occurred_at recorded_at facts",
        "seq kind",
        links={"complaint": "complaint", "agency": "agency"},
        help="Apa yang terjadi, berurutan dan tidak dapat diubah.",
    ),
    _seen(
        record.Clock,
        "batas_waktu",
        "complaint kind cycle policy started_at due_at met_at rung next_at trouble",
        "kind due_at",
        links={"complaint": "complaint", "policy": "policy"},
        choices={"kind": CLOCK_KINDS},
        help="Batas waktu yang berjalan. Tenggat ditulis satu kali.",
    ),
    _seen(
        record.Escalation,
        "eskalasi",
        "complaint clock rung step due_at fired_at skipped answered_late trial seen_at seen_by",
        "step rung",
        links={"complaint": "complaint", "clock": "clock", "seen_by": "person"},
        choices={"step": STEPS},
        help="Langkah yang sudah dijalankan karena tenggat.",
    ),
    _seen(
        record.Approval,
        "persetujuan",
        "complaint kind agency statement reason_code outside_body requested_by requested_at decided_by"
        " decided_at outcome",
        "kind requested_at",
        links={"requested_by": "person", "decided_by": "person"},
        help="Yang diajukan petugas dan diputuskan orang kedua.",
    ),
    _seen(
        record.Transfer,
        "alih_tangan",
        "complaint from_agency to_agency statement asked_by asked_at decided_by decided_at outcome",
        "asked_at",
        links={"asked_by": "person", "decided_by": "person"},
        help="Laporan yang ditawarkan instansi kepada instansi lain.",
    ),
    _seen(
        record.Message,
        "pesan_keluar",
        "complaint kind statement office person clock rung state channel attempts next_attempt_at trouble"
        " created_at sent_at",
        "kind created_at",
        links={
            "complaint": "complaint",
            "statement": "statement",
            "office": "office",
            "person": "person",
            "clock": "clock",
        },
        help="Pesan kepada pelapor dan petugas: terkirim, menunggu, atau gagal.",
    ),
)
