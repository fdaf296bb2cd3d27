"""What the panel shows: which tables, which of their columns, under which names, editable or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from piccolo.table import Table

from lapor.admin import tables as doors
from lapor.admin.login_events import KINDS
from lapor.complaints import escalating, tables_desk
from lapor.complaints import tables as record
from lapor.routing import tables as directory
from lapor.routing.tables import (
    AGENCY_KINDS,
    APPOINTMENT_KINDS,
    COMPLAINT_TYPES,
    COMPLETION_CLASSES,
    OFFICE_ROLES,
    PUBLISH_RULES,
    QUESTION_KINDS,
    REGION_KINDS,
)
from lapor.sla import tables as policies
from lapor.sla.tables import CLOCK_KINDS, STEPS, UNITS

ZONES = ("Asia/Jakarta", "Asia/Pontianak", "Asia/Makassar", "Asia/Jayapura")
AUDIENCES = (*escalating.AUDIENCES, "reporter")

WHO = "Siapa dan di mana"
WHAT = "Apa dan ke mana"
WHEN = "Kapan"
SEEN = "Catatan pengaduan"


@dataclass(frozen=True)
class Shown:
    """One table of the panel. `shown_as` are the columns by which other tables name its rows."""

    table: type[Table]
    slug: str
    group: str
    columns: Sequence[str]
    shown_as: Sequence[str] = ("id",)
    help: str = ""
    editable: bool = False
    links: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    newest_first: bool = False
    listed: Sequence[str] = ()

    @property
    def tablename(self) -> str:
        """The table's name in the database."""
        return str(self.table._meta.tablename)

    @property
    def title(self) -> str:
        """The register's name on screen."""
        return self.slug.replace("_", " ").capitalize()


def _register(table: type[Table], slug: str, group: str, columns: str, shown_as: str, **more: Any) -> Shown:
    return Shown(table, slug, group, columns.split(), shown_as.split(), editable=True, **more)


def _seen(table: type[Table], slug: str, columns: str, shown_as: str = "id", **more: Any) -> Shown:
    return Shown(table, slug, SEEN, columns.split(), shown_as.split(), newest_first=True, **more)


# A table stands after those that its links name.
SHOWN: tuple[Shown, ...] = (
    _register(
        directory.Region,
        "wilayah",
        WHO,
        "code name kind parent timezone live_from",
        "name",
        choices={"kind": REGION_KINDS, "timezone": ZONES},
        help="Provinsi, kabupaten atau kota, kecamatan, kelurahan atau desa, dengan kode Kemendagri.",
    ),
    _register(
        directory.Agency,
        "instansi",
        WHO,
        "code name short_name kind region parent place coordinating answers_need_approval email phone live_from active",
        "name",
        choices={"kind": AGENCY_KINDS},
        listed=["code", "name", "kind", "region", "parent", "coordinating", "active"],
        help="Siapa saja yang dapat bertanggung jawab atas pengaduan. Tidak dihapus, hanya dinonaktifkan.",
    ),
    _register(
        directory.OutsideBody,
        "instansi_luar",
        WHO,
        "code name phone email active",
        "name",
        help="Tujuan pelimpahan di luar pemerintah daerah ini.",
    ),
    _register(
        directory.Person,
        "petugas",
        WHO,
        "username full_name email phone active must_change_password",
        "full_name",
        help="Akun baru dibuat lewat formulir Buat akun, supaya kata sandi sekali pakainya ikut dibuat.",
    ),
    _register(
        directory.Office,
        "jabatan",
        WHO,
        "code agency title role named_desk active",
        "title",
        choices={"role": OFFICE_ROLES},
        help="Kedudukan dalam instansi. Hak seseorang mengikuti jabatan yang sedang dipegangnya.",
    ),
    _register(
        directory.Appointment,
        "pemegang_jabatan",
        WHO,
        "office person kind starts_at ends_at",
        "id",
        choices={"kind": APPOINTMENT_KINDS},
        help="Siapa memegang jabatan apa sejak kapan sampai kapan: definitif, Plt, Plh, Pj, atau Pjs.",
    ),
    _register(
        directory.Category,
        "kategori",
        WHAT,
        "code name name_en type hint emergency protected completion_class completion_days publish position active",
        "name",
        choices={"type": COMPLAINT_TYPES, "completion_class": COMPLETION_CLASSES, "publish": PUBLISH_RULES},
        listed=["code", "name", "type", "emergency", "protected", "completion_class", "publish", "active"],
        help="Tentang apa sebuah laporan, dengan kata-kata warga.",
    ),
    _register(
        directory.CategoryQuestion,
        "pertanyaan_kategori",
        WHAT,
        "code category text text_en kind choices choices_en required position active",
        "text",
        links={"category": "category"},
        choices={"kind": QUESTION_KINDS},
        listed=["category", "position", "text", "kind", "required", "active"],
        help="Yang ditanyakan formulir warga setelah kategori dipilih. Jawabannya menjadi bagian dari isi laporan.",
    ),
    _register(
        directory.RoutingRule,
        "aturan_disposisi",
        WHAT,
        "code position categories words places types channels agency office_of reason active",
        "code",
        choices={"office_of": AGENCY_KINDS, "types": COMPLAINT_TYPES, "channels": record.CHANNELS},
        listed=["position", "code", "categories", "words", "agency", "office_of", "reason", "active"],
        help="Dibaca menurut urutan; aturan pertama yang cocok menentukan. Daftar yang kosong cocok dengan semua.",
    ),
    _register(
        tables_desk.AnswerTemplate,
        "templat_jawaban",
        WHAT,
        "code agency category kind title text position active",
        "title",
        links={"agency": "agency", "category": "category"},
        choices={"kind": ("final", "interim", "question")},
        listed=["code", "title", "kind", "category", "agency", "active"],
        help="Jawaban yang sudah disiapkan. Petugas mengisinya, membacanya, lalu mengirimnya.",
    ),
    _register(
        directory.EmergencyNumber,
        "nomor_darurat",
        WHO,
        "region number name position",
        "number name",
        help="Nomor yang ditampilkan lebih dulu pada keadaan darurat.",
    ),
    _register(
        policies.Policy,
        "kebijakan_batas_waktu",
        WHEN,
        "code clock type category agency_kind region completion_class amount unit start ends after_hours_rolls"
        " weekend_rolls skip_holidays valid_from valid_until source confirmed",
        "code",
        choices={
            "clock": CLOCK_KINDS,
            "unit": UNITS,
            "start": ("immediately", "next_working_day"),
            "ends": ("same_time", "end_of_day"),
            "type": COMPLAINT_TYPES,
            "completion_class": COMPLETION_CLASSES,
            "agency_kind": AGENCY_KINDS,
        },
        listed=["code", "clock", "amount", "unit", "valid_from", "valid_until", "source", "confirmed"],
        help="Panjang setiap batas waktu, sumbernya, dan sejak kapan berlaku."
        " Batas waktu yang sedang berjalan tidak berubah.",
    ),
    _register(
        policies.PolicyRung,
        "jenjang_eskalasi",
        WHEN,
        "policy number step base offset_minutes audience placement repeat_minutes",
        "number step",
        choices={
            "step": STEPS,
            "base": ("start", "due"),
            "audience": AUDIENCES,
            "placement": ("office_hours",),
        },
        help="Langkah demi langkah: pemberitahuan, pengingat, eskalasi.",
    ),
    _register(
        policies.CalendarYear,
        "tahun_kalender",
        WHEN,
        "region year source",
        "year",
        help="Tahun yang kalendernya sudah dipastikan daerah. Tahun lain ditolak.",
    ),
    _register(
        policies.CalendarDay,
        "hari_khusus",
        WHEN,
        "region day working name",
        "day name",
        help="Hari yang berbeda dari kalender nasional.",
    ),
    _register(
        policies.OfficeHours,
        "jam_kerja",
        WHEN,
        "region name weekday valid_from valid_until opening closing",
        "name",
        help="Jam kerja daerah, juga jam khusus seperti Ramadan. Hari 1 adalah Senin.",
    ),
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
