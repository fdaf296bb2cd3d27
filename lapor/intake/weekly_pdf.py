"""The weekly letter drawn as PDF, with the fonts that every reader of PDF has: nothing is embedded.

Those fonts know Latin-1, which Indonesian fits in; other signs are written with the nearest that they know.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from fpdf import FPDF
from fpdf.fonts import FontFace

if TYPE_CHECKING:
    from lapor.intake.weekly import Line, Order, Weekly

FONT: Final = "helvetica"
INK: Final = (28, 33, 38)
QUIET: Final = (92, 100, 108)
ACCENT: Final = (15, 76, 92)
RULE: Final = (205, 210, 214)
SHADE: Final = (240, 243, 245)
MARGIN: Final = 18.0

_NEAREST: Final = str.maketrans(
    {"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "...", "•": "-", "→": "->", "−": "-"}
)
_COUNTS: Final = (
    ("received", "diterima"),
    ("answered", "dijawab"),
    ("answered_late", "dijawab terlambat"),
    ("escalated", "laporan dieskalasikan"),
    ("overdue", "lewat tenggat saat ini"),
    ("orders", "instruksi terbuka"),
)
_FIGURES: Final = ("reports", "median", "p90", "within_48", "overdue", "answered_late")


def latin(text: str) -> str:
    """Return the text in Latin-1; a sign that it lacks becomes the nearest one, or a question mark."""
    plain = text.translate(_NEAREST)
    kept = "".join(
        sign if sign.isprintable() and ord(sign) < 256 else unicodedata.normalize("NFKD", sign)
        for sign in plain
    )
    return kept.encode("latin-1", "replace").decode("latin-1")


def draw(letter: Weekly) -> bytes:
    """Return the letter as PDF. The same letter gives the same bytes."""
    paper = _Paper(letter)
    paper.title()
    paper.counts()
    paper.complaints(
        "Sepuluh yang terlama lewat tenggat",
        letter.overdue,
        "Tidak ada laporan yang tenggat tanggapannya lewat. Terima kasih.",
    )
    paper.complaints(
        "Dijawab terlambat pekan ini",
        letter.late,
        "Tidak ada tanggapan yang datang terlambat pekan ini.",
    )
    paper.orders(letter.orders)
    paper.figures()
    paper.closing()
    return bytes(paper.pdf.output())


class _Sheet(FPDF):
    """A4 with the letter's name and the page at its foot."""

    foot = ""

    def footer(self) -> None:
        self.set_y(-13)
        self.set_font(FONT, size=8)
        self.set_text_color(*QUIET)
        self.cell(0, 5, self.foot)
        self.set_x(MARGIN)
        self.cell(0, 5, f"{self.page_no()} / {{nb}}", align="R")


class _Paper:
    def __init__(self, letter: Weekly) -> None:
        self.letter = letter
        self.pdf = _Sheet(format="A4")
        self.pdf.set_margins(MARGIN, 16, MARGIN)
        self.pdf.set_auto_page_break(True, 18)
        self.pdf.set_creation_date(letter.made_at)
        self.pdf.set_title(latin(f"Surat mingguan {letter.period}, {letter.region}"))
        self.pdf.set_lang("id")
        self.pdf.foot = latin(f"{letter.region} · surat mingguan {letter.period}")
        self.pdf.add_page()

    def title(self) -> None:
        letter = self.letter
        self._write(f"Surat mingguan pengaduan {letter.period}", size=9, colour=QUIET)
        self._write(letter.region, size=20, bold=True, colour=ACCENT, height=9)
        self._write(f"{letter.first} sampai {letter.last}", size=12, height=7)
        self._write(f"Dibuat oleh sistem {letter.made}.", size=9, colour=QUIET)
        self.pdf.ln(4)

    def counts(self) -> None:
        """The week in six numbers, side by side."""
        pdf = self.pdf
        width = pdf.epw / len(_COUNTS)
        top = pdf.get_y()
        pdf.set_fill_color(*SHADE)
        pdf.rect(MARGIN, top, pdf.epw, 22, style="F")
        for number, (name, means) in enumerate(_COUNTS):
            pdf.set_xy(MARGIN + number * width, top + 3)
            pdf.set_font(FONT, "B", 18)
            pdf.set_text_color(*(ACCENT if name != "overdue" else INK))
            pdf.cell(width, 8, _count(self.letter.counts[name]), align="C")
            pdf.set_xy(MARGIN + number * width, top + 11.5)
            pdf.set_font(FONT, size=8)
            pdf.set_text_color(*INK)
            pdf.multi_cell(width, 3.6, means, align="C")
        pdf.set_xy(MARGIN, top + 26)

    def complaints(self, heading: str, lines: Sequence[Line], none: str) -> None:
        self._heading(heading)
        if not lines:
            self._write(none, size=10, colour=QUIET)
            return
        rows = [
            (
                line.ticket,
                f"{line.agency}\n{line.category}" if line.agency else "Rinciannya dibaca setelah masuk",
                line.due,
                line.span,
            )
            for line in lines
        ]
        self._table(("Nomor", "Instansi dan topik", "Tenggat", "Terlambat"), rows, (31, 61, 50, 32))

    def orders(self, orders: Sequence[Order]) -> None:
        self._heading("Instruksi yang belum dilaksanakan")
        if not orders:
            self._write("Semua instruksi sudah dilaksanakan.", size=10, colour=QUIET)
            return
        rows = [
            (one.agency, f"{one.office}, {one.given}", str(one.complaints), f"{one.due}\n{one.span}")
            for one in orders
        ]
        self._table(("Kepada", "Dari", "Laporan", "Tenggat"), rows, (56, 49, 18, 51))

    def figures(self) -> None:
        table = self.letter.agencies
        columns = [figure for figure in table.columns if figure.code in _FIGURES]
        self._heading(f"Angka laporan yang diterima {self.letter.month}, per instansi")
        if not table.rows:
            self._write("Belum ada laporan yang dihitung untuk bulan ini.", size=10, colour=QUIET)
            return
        rows = [
            (row.label, *(_value(row[figure.code], figure.unit) for figure in columns)) for row in table.rows
        ]
        total = ("Semua", *(_value(table.total[figure.code], figure.unit) for figure in columns))
        heads = ("Instansi", *(figure.short for figure in columns))
        self._table(heads, [*rows, total], (57, *([117 / len(columns)] * len(columns))), numbers=True)
        self.pdf.ln(1)
        for figure in columns:
            self._write(f"{figure.short}: {figure.words}", size=7.5, colour=QUIET, height=3.5)
        self._write("belum: sebanyak itu belum dijawab.", size=7.5, colour=QUIET, height=3.5)

    def closing(self) -> None:
        self.pdf.ln(3)
        self._write(
            "Laporan tentang pejabat dan laporan pada masa uji coba tidak dimuat dalam daftar. Isi laporan rahasia dan"
            " laporan yang dilindungi hanya dapat dibaca setelah masuk. Surat ini disimpan apa adanya bersama sidik"
            " jarinya (SHA-256); surat untuk pekan yang sama tidak pernah dibuat dua kali.",
            size=8,
            colour=QUIET,
            height=4,
        )

    def _heading(self, text: str) -> None:
        # A heading does not stand alone at the foot of a page.
        if self.pdf.get_y() > self.pdf.eph - 20:
            self.pdf.add_page()
        self.pdf.ln(4)
        self._write(text, size=13, bold=True, height=7)
        self.pdf.ln(1)

    def _write(
        self,
        text: str,
        *,
        size: float,
        bold: bool = False,
        colour: tuple[int, int, int] = INK,
        height: float = 5,
    ) -> None:
        self.pdf.set_font(FONT, "B" if bold else "", size)
        self.pdf.set_text_color(*colour)
        self.pdf.set_x(MARGIN)
        self.pdf.multi_cell(0, height, latin(text), align="L", new_x="LMARGIN", new_y="NEXT")

    def _table(
        self,
        heads: Sequence[str],
        rows: Sequence[Sequence[str]],
        widths: Sequence[float],
        *,
        numbers: bool = False,
    ) -> None:
        self.pdf.set_font(FONT, size=8.5)
        self.pdf.set_text_color(*INK)
        self.pdf.set_fill_color(255)
        self.pdf.set_draw_color(*RULE)
        align = ("LEFT", *(["RIGHT"] * (len(heads) - 1))) if numbers else "LEFT"
        with self.pdf.table(
            borders_layout="HORIZONTAL_LINES",
            col_widths=tuple(widths),
            text_align=align,
            line_height=4.4,
            padding=(1.2, 1.5),
            headings_style=FontFace(emphasis="BOLD", color=INK, fill_color=SHADE),
        ) as table:
            for cells in (heads, *rows):
                row = table.row()
                for cell in cells:
                    row.cell(latin(cell))


def _count(number: float) -> str:
    return f"{number:,.0f}".replace(",", ".")


def _value(value: float | None, unit: str) -> str:
    """A figure as it is read in Indonesian; a dash where there is nothing to tell."""
    if value is None:
        return "-"
    if unit == "share":
        return f"{value * 100:.0f}%"
    if unit == "hours":
        return "belum" if math.isinf(value) else f"{_count(value)} jam"
    return _count(value)
