"""What the panel's API says, in words for people: names of tables, columns, values and troubles."""

from __future__ import annotations

import json
import re
from typing import Any

from lapor.admin.column_labels import column_label
from lapor.admin.offices import (
    DESK_ROLES,
    ESCALATIONS,
    LEADER_ROLES,
    PREVIEW,
    PREVIEW_ROLES,
    QUEUE,
    REGISTER_ROLES,
    REGISTERS,
)
from lapor.admin.panel_form import ANSWER, FINISH, HAND_ON, LOOK, PEOPLE, PUBLIC, TAKE_DOWN
from lapor.admin.panel_tables import NAMES
from lapor.admin.shown_table import SEEN, WHAT, WHEN, WHO

_TABLES_FOR = {
    **dict.fromkeys((WHO, WHAT, WHEN), REGISTER_ROLES),
    SEEN: DESK_ROLES | LEADER_ROLES,
}
_FORMS_FOR = {
    **dict.fromkeys((ANSWER, HAND_ON, FINISH, PUBLIC, TAKE_DOWN), DESK_ROLES),
    LOOK: DESK_ROLES | LEADER_ROLES,
    PEOPLE: frozenset({"administrator", "agency_admin"}),
}
_LINKS_FOR = {QUEUE: DESK_ROLES, ESCALATIONS: LEADER_ROLES, PREVIEW: PREVIEW_ROLES, REGISTERS: PREVIEW_ROLES}

_UNIQUE = re.compile(r'unique constraint "(?P<name>\w+)"')
_NULL = re.compile(r'null value in column "(?P<column>\w+)"')
_CHECK = re.compile(r'check constraint "(?P<name>\w+)"')

_SENTENCES = {
    "appointment_in_order": "Tanggal berakhir harus sesudah tanggal mulai.",
    "policy_positive": "Lama harus lebih dari nol.",
    "routing_rule_one_target": "Isi salah satu saja: instansi tujuan, atau jenis kantor di tempat kejadian.",
    "category_question_asks": "Pertanyaan wajib diisi.",
    "category_question_choices_fit": "Pertanyaan pilihan punya 2 sampai 12 pilihan jawaban; jenis lain tidak punya.",
    "category_question_choices_both": "Pilihan dalam bahasa Inggris harus sebanyak pilihan Indonesianya, atau kosong.",
    "category_question_choices_short": "Pilihan jawaban terlalu panjang.",
    "policy_rung_number": "Nomor langkah ini sudah dipakai pada kebijakan itu.",
    "calendar_year_once": "Tahun ini sudah ada untuk daerah itu.",
    "calendar_day_once": "Tanggal ini sudah ada untuk daerah itu.",
    "appointment_has_begun": "Masa jabatan ini sudah dimulai. Akhiri dengan tanggal; riwayatnya tetap perlu.",
    "category_has_complaints": "Ada laporan dengan kategori ini. Nonaktifkan saja.",
    "category_is_named": "Kategori ini masih disebut aturan atau kebijakan. Ubah itu dulu, atau nonaktifkan saja.",
    "rule_has_decided": "Aturan ini pernah menentukan tujuan laporan. Nonaktifkan saja.",
    "policy_has_clocks": "Ada batas waktu yang memakai kebijakan ini. Akhiri dengan tanggal.",
    "calendar_has_counted": "Tenggat sudah pernah dihitung dengan kalender ini, jadi tidak dihapus.",
    "hours_have_begun": "Jam kerja ini sudah berlaku. Akhiri dengan tanggal.",
}
_MISTAKES = {
    "missing": "wajib diisi",
    "int_parsing": "harus berupa angka bulat",
    "float_parsing": "harus berupa angka",
    "bool_parsing": "harus ya atau tidak",
    "string_too_long": "terlalu panjang",
    "string_type": "harus berupa teks",
}


def translated(path: str, status: int, body: bytes, roles: frozenset[str]) -> bytes:
    """The body of an answer with the words that people see; anything unexpected stays as it is.

    Menus leave out what these roles have no use for. That is a comfort only: the database decides.
    """
    try:
        content = json.loads(body)
    except ValueError:
        return body
    if status >= 400:
        content = _trouble(content)
    elif path == "/api/tables/":
        content = [NAMES.get(name, name) for name in content]
    elif path == "/api/tables/grouped/":
        content["grouped"] = {
            group: [NAMES.get(name, name) for name in names]
            for group, names in content["grouped"].items()
            if roles & _TABLES_FOR.get(group, roles)
        }
    elif path == "/api/forms/grouped/":
        content["grouped"] = {
            group: forms
            for group, forms in content["grouped"].items()
            if roles & _FORMS_FOR.get(group, roles)
        }
    elif path == "/api/links/":
        content = {text: href for text, href in content.items() if roles & _LINKS_FOR.get(href, roles)}
    elif path.startswith("/api/tables/") and path.endswith("/schema/"):
        _name_columns(content, path.split("/")[3])
    elif path.endswith("/references/"):
        for reference in content["references"]:
            reference["tableName"] = NAMES.get(reference["tableName"], reference["tableName"])
    else:
        return body
    return json.dumps(content, ensure_ascii=False).encode()


def _name_columns(schema: dict[str, Any], table: str) -> None:
    for name, column in schema.get("properties", {}).items():
        column["title"] = column_label(name, table)
        link = column.get("extra", {}).get("foreign_key")
        if link:
            link["to"] = NAMES.get(link["to"], link["to"])


def _trouble(content: Any) -> Any:
    if not isinstance(content, dict):
        return content
    if "db_error" in content:
        return {"custom_form_error": database_sentence(str(content["db_error"]))}
    if isinstance(content.get("detail"), list):
        return {"custom_form_error": ". ".join(_mistake(item) for item in content["detail"]) + "."}
    return content


def _mistake(item: dict[str, Any]) -> str:
    name = column_label(str(item.get("loc", [""])[-1]))
    return f"{name}: {_MISTAKES.get(item.get('type', ''), 'isian ini tidak dapat diterima')}"


def database_sentence(message: str) -> str:
    """What a refusal of the database means to somebody who fills a form; never a value of another row."""
    for name, sentence in _SENTENCES.items():
        if f'"{name}"' in message:
            return sentence
    if "a clock runs by this policy" in message:
        return "Ada batas waktu yang memakai kebijakan ini. Akhiri kebijakan ini dan tulis yang baru."
    if found := _UNIQUE.search(message):
        column = found["name"].removesuffix("_key").split("_")[-1]
        return f"{column_label(column)} ini sudah dipakai."
    if found := _NULL.search(message):
        return f"{column_label(found['column'])} wajib diisi."
    if "foreign key" in message:
        return "Baris yang ditunjuk tidak ada, atau masih dipakai di tempat lain."
    if found := _CHECK.search(message):
        column = found["name"].removesuffix("_known").split("_")[-1]
        return f"{column_label(column)}: pilih salah satu nilai yang tersedia."
    if "value too long" in message:
        return "Ada isian yang terlalu panjang."
    return "Isian ini tidak dapat disimpan."
