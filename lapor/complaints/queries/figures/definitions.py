"""Every figure, defined once: its name, what it is called, the words that define it, and how it is made of measures.

Desk, digest, screen and export all read these; a value is always `top` divided by `base`, or a count.
"""

from dataclasses import dataclass
from typing import Final, Literal

Unit = Literal["count", "hours", "share", "stars"]


def phrase(text: str) -> str:
    """Return the text itself, which is told in the reader's language where it is shown."""
    return text


@dataclass(frozen=True)
class Figure:
    """One column. `top` and `base` name measures joined by +; hours and shares of nothing are None.

    `percentile` is the part of first answers that a number of hours covers. `better` says which way a ranking runs;
    a figure without it is no ground for a ranking.
    """

    code: str
    label: str
    short: str
    words: str
    unit: Unit
    top: str = ""
    base: str = ""
    percentile: float = 0.0
    better: Literal["low", "high", ""] = ""


FIGURES: Final[tuple[Figure, ...]] = (
    Figure(
        "reports",
        phrase("Laporan"),
        phrase("Laporan"),
        phrase(
            "Laporan yang diterima dalam masa ini. Laporan pada masa uji coba tidak dihitung. Setiap laporan dihitung pada"
            " instansi yang pertama menjawabnya, atau yang memegangnya bila belum dijawab."
        ),
        "count",
        "reports",
    ),
    Figure(
        "median",
        phrase("Separuh dijawab dalam"),
        phrase("Separuh"),
        phrase(
            "Median tanggapan pertama: separuh laporan dijawab paling lama dalam sekian jam sejak diterima. Jam yang baru"
            " berjalan dihitung penuh, sesudah empat hari per hari. Laporan yang lewat tenggat dan belum dijawab ikut dihitung sebagai yang terlama."
        ),
        "hours",
        percentile=0.5,
        better="low",
    ),
    Figure(
        "p90",
        phrase("Sembilan dari sepuluh dijawab dalam"),
        phrase("9 dari 10"),
        phrase(
            "Persentil ke-90 tanggapan pertama: sembilan dari sepuluh laporan dijawab paling lama dalam sekian jam."
            " Laporan yang lewat tenggat dan belum dijawab ikut dihitung sebagai yang terlama."
        ),
        "hours",
        percentile=0.9,
        better="low",
    ),
    Figure(
        "within_24",
        phrase("Dijawab dalam 24 jam"),
        phrase("24 jam"),
        phrase(
            "Bagian laporan yang tanggapan pertamanya datang dalam 24 jam. Pembaginya semua laporan yang sudah dijawab atau"
            " yang sudah berumur lebih dari 24 jam."
        ),
        "share",
        "within_24",
        "known_24",
        better="high",
    ),
    Figure(
        "within_48",
        phrase("Dijawab dalam 2x24 jam"),
        phrase("2x24 jam"),
        phrase(
            "Bagian laporan yang tanggapan pertamanya datang dalam 48 jam. Pembaginya semua laporan yang sudah dijawab atau"
            " yang sudah berumur lebih dari 48 jam."
        ),
        "share",
        "within_48",
        "known_48",
        better="high",
    ),
    Figure(
        "overdue",
        phrase("Lewat tenggat, belum dijawab"),
        phrase("Lewat tenggat"),
        phrase(
            "Laporan yang tenggat tanggapannya sudah lewat dan belum dijawab pada saat angka dihitung, termasuk tenggat baru"
            " setelah bantahan atau pembukaan kembali. Dihitung pada instansi yang memegangnya."
        ),
        "count",
        "overdue",
    ),
    Figure(
        "answered_late",
        phrase("Dijawab terlambat"),
        phrase("Terlambat"),
        phrase(
            "Tanggapan yang datang setelah tenggatnya, termasuk tanggapan atas bantahan dan pembukaan kembali."
        ),
        "count",
        "answered_late",
    ),
    Figure(
        "promises_kept",
        phrase("Janji ditepati"),
        phrase("Janji"),
        phrase(
            "Bagian jawaban sementara yang jawaban akhirnya datang paling lambat pada tanggal yang dijanjikan. Pembaginya"
            " janji yang sudah dijawab atau yang tanggalnya sudah lewat."
        ),
        "share",
        "promises_kept",
        "promises",
        better="high",
    ),
    Figure(
        "completed",
        phrase("Selesai sesuai batas"),
        phrase("Selesai"),
        phrase(
            "Bagian laporan yang penyelesaiannya dipastikan orang kedua dalam batas waktu jenisnya (5, 14, atau 60 hari"
            " kerja). Pembaginya yang sudah selesai atau yang batasnya sudah lewat. Jeda menunggu pelapor menggeser batas,"
            " dan dihitung sendiri."
        ),
        "share",
        "completed_in_class",
        "completions",
        better="high",
    ),
    Figure(
        "disputed",
        phrase("Bukan jawaban"),
        phrase("Bantahan"),
        phrase(
            "Bantahan pelapor (“bukan jawaban”) per laporan yang dijawab. Dihitung pada yang memberi jawaban itu."
        ),
        "share",
        "disputed",
        "answered",
        better="low",
    ),
    Figure(
        "reopened",
        phrase("Dibuka kembali"),
        phrase("Dibuka lagi"),
        phrase("Pembukaan kembali oleh pelapor per laporan yang dijawab."),
        "share",
        "reopened",
        "answered",
        better="low",
    ),
    Figure(
        "handed_on",
        phrase("Dialihkan"),
        phrase("Dialihkan"),
        phrase(
            "Berapa kali laporan berpindah dari instansi ini ke instansi lain karena alih tangan atau putusan pimpinan."
            " Disposisi awal oleh admin koordinator tidak dihitung."
        ),
        "count",
        "handed_on",
    ),
    Figure(
        "held",
        phrase("Rata-rata lama dipegang"),
        phrase("Dipegang"),
        phrase(
            "Berapa jam rata-rata satu laporan dipegang instansi ini sebelum dijawab atau berpindah. Waktu setiap instansi"
            " dihitung pada instansi itu sendiri."
        ),
        "hours",
        "held_seconds",
        "turns",
    ),
    Figure(
        "paused",
        phrase("Pernah menunggu pelapor"),
        phrase("Jeda"),
        phrase("Bagian laporan yang batas penyelesaiannya digeser karena menunggu keterangan pelapor."),
        "share",
        "paused",
        "reports",
    ),
    Figure(
        "same_words",
        phrase("Jawaban berulang"),
        phrase("Berulang"),
        phrase(
            "Bagian jawaban yang kata-katanya sama dengan yang sebelumnya sudah dikirim instansi itu kepada sedikitnya lima"
            " laporan lain. Huruf besar dan tanda baca tidak dibedakan."
        ),
        "share",
        "same_words",
        "replies",
    ),
    Figure(
        "rating",
        phrase("Nilai pelapor"),
        phrase("Nilai"),
        phrase("Rata-rata nilai pelapor, dari 1 sampai 5, setelah pekerjaan berakhir."),
        "stars",
        "stars",
        "ratings",
        better="high",
    ),
    Figure(
        "emergency",
        phrase("Darurat diserahkan tepat waktu"),
        phrase("Darurat"),
        phrase(
            "Bagian laporan darurat yang diserahkan kepada petugas piket dalam tenggatnya. Dihitung terpisah dari 2x24 jam."
        ),
        "share",
        "emergencies_in_time",
        "emergencies",
        better="high",
    ),
)

BY_CODE: Final = {figure.code: figure for figure in FIGURES}

# Volume is no merit and no fault: nobody is ranked by it.
RANKED_BY: Final = tuple(
    figure.code for figure in FIGURES if figure.code in ("median", "p90", "within_48", "reopened")
)
