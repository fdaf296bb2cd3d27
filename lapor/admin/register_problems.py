"""What the region pack finds wrong with a row, in Indonesian and with the names that columns have on screen."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lapor.admin.column_labels import column_label
from lapor.admin.value_labels import value_label

_COLUMN = r"(?P<column>[a-z_]+):? "
_SENTENCES: Sequence[tuple[str, str]] = (
    (r"has a column '(?P<value>.*)' that this file does not have", "Kolom “{value}” tidak dikenal."),
    (r"has a column None that this file does not have", "Ada isian di luar kolom."),
    (_COLUMN + r"is missing", "{column} wajib diisi."),
    (
        _COLUMN + r"cannot be '(?P<value>.*)', only one of: (?P<choices>.*)",
        "{column} tidak dapat “{value}”; hanya: {choices}.",
    ),
    (_COLUMN + r"has more than (?P<value>\d+) characters", "{column} paling banyak {value} huruf."),
    (_COLUMN + r"is text, not (?P<value>.*)", "{column} harus berupa teks."),
    (_COLUMN + r"is yes or no, not (?P<value>.*)", "{column} harus ya atau tidak, bukan {value}."),
    (_COLUMN + r"is a whole number, not (?P<value>.*)", "{column} harus angka bulat, bukan {value}."),
    (
        _COLUMN + r"is a day such as .*, not (?P<value>.*)",
        "{column} harus tanggal seperti 2026-01-31, bukan {value}.",
    ),
    (
        _COLUMN + r"is a time such as .*, not (?P<value>.*)",
        "{column} harus jam seperti 07:30, bukan {value}.",
    ),
    (
        _COLUMN + r"is a day, or a moment with its zone, not (?P<value>.*)",
        "{column} harus tanggal, bukan {value}.",
    ),
    (_COLUMN + r"needs the zone when it names a time", "{column}: jam harus disertai zona, misalnya +07:00."),
    (_COLUMN + r"is a list of words", "{column} harus daftar kata, dipisah dengan tanda |."),
    (r"(?P<value>'.*') stands already in .*", "Baris dengan kunci {value} ada dua kali."),
    (r"the code (?P<value>'.*') is used more than once", "Kode {value} dipakai lebih dari satu kali."),
    (_COLUMN + r"there is no (?P<other>[a-z_]+) '(?P<value>.*)'", "{column}: kode “{value}” tidak ada."),
    (r"(?P<value>.*) cannot stand under (?P<above>.*)", "{value} tidak dapat berada di bawah {above}."),
    (
        r"a (?P<kind>[a-z_]+) needs the region that it lies in as parent",
        "{kind} harus berada di bawah wilayah lain.",
    ),
    (r"a (?P<kind>[a-z_]+) needs its .* as place", "{kind} harus punya wilayah kerja yang sesuai."),
    (
        r"region (?P<value>.*) has more than one coordinating agency",
        "Daerah {value} punya lebih dari satu admin koordinator.",
    ),
    (r"email cannot be (?P<value>.*)", "Surel tidak dapat {value}."),
    (r"(?P<value>.*) stands above itself", "{value} berada di atas dirinya sendiri."),
    (
        r"names either an agency or office_of, one of the two",
        "Isi salah satu: instansi tujuan, atau jenis kantor.",
    ),
    (r"has no condition and would take every complaint", "Aturan tanpa syarat akan mengambil semua laporan."),
    (r"a choice has from 2 to .* choices", "Pertanyaan pilihan punya 2 sampai 12 pilihan jawaban."),
    (r"has choices and is no choice", "Hanya pertanyaan jenis Pilihan yang punya pilihan jawaban."),
    (
        r"choices_en has another length than choices",
        "Pilihan dalam bahasa Inggris harus sebanyak pilihan Indonesianya, atau kosong.",
    ),
    (r"a choice has at most .* characters", "Satu pilihan paling banyak 100 huruf."),
    (r"completion_days is a number .*", "Hari kerja penyelesaian: 1 sampai 366."),
    (r"year cannot be (?P<value>.*)", "Tahun tidak dapat {value}."),
    (r"opens no earlier than it closes", "Jam buka harus lebih awal daripada jam tutup."),
    (r"weekday is a number from 1 .*", "Hari ke- adalah 1 (Senin) sampai 7 (Minggu)."),
    (r"valid_until lies before valid_from", "Hari terakhir mendahului hari pertama."),
)
_KNOWN = tuple((re.compile(pattern), sentence) for pattern, sentence in _SENTENCES)


def problem_words(problem: str, table: str) -> str:
    """The sentence for a problem; one that nobody has written yet says only that the row cannot be used."""
    for pattern, sentence in _KNOWN:
        if found := pattern.fullmatch(problem):
            named = {name: value or "" for name, value in found.groupdict().items()}
            if "column" in named:
                named["column"] = column_label(named["column"], table)
            if "kind" in named:
                named["kind"] = value_label(named["kind"])
            return sentence.format(**named)
    return "Baris ini tidak dapat dipakai."


def is_known(problem: str) -> bool:
    """Whether there is a sentence for a problem."""
    return any(pattern.fullmatch(problem) for pattern, _ in _KNOWN)
