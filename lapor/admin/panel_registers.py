"""The registers in the panel: who and where, what and whither, when. They are edited there."""

from __future__ import annotations

from typing import Any

from piccolo.table import Table

from lapor.admin.shown_table import WHAT, WHEN, WHO, Shown
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
from lapor.words import ZONES

AUDIENCES = (*escalating.AUDIENCES, "reporter")


def _register(table: type[Table], slug: str, group: str, columns: str, shown_as: str, **more: Any) -> Shown:
    return Shown(table, slug, group, columns.split(), shown_as.split(), editable=True, **more)


# A table stands after those that its links name.
EDITED: tuple[Shown, ...] = (
    _register(
        directory.Region,
        "wilayah",
        WHO,
        "code name kind parent timezone live_from",
        "name",
        choices={"kind": REGION_KINDS, "timezone": tuple(ZONES)},
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
)
