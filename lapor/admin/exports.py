"""Tables of figures as files: CSV and XLSX, with what every column means, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font

from lapor.admin.figures_asked import month_name
from lapor.complaints.queries.figures import SUPPRESSED_UNDER, Figure, Row, Table
from lapor.locales import say
from lapor.words import localtime

CSV_TYPE: Final = "text/csv; charset=utf-8"
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_FORMATS: Final = {"share": "0.0%", "hours": "0", "stars": "0.00", "count": "0"}

Value = str | float | int | None


@dataclass(frozen=True)
class Sheet:
    """What a file holds: lines about the whole, the names of groups in the order of the table, the table."""

    title: str
    about: Sequence[tuple[str, str]]
    first: str
    names: Sequence[str]
    table: Table

    @property
    def lines(self) -> Sequence[tuple[str, Row]]:
        """The rows with their names, all together last."""
        return [*zip(self.names, self.table.rows, strict=True), (say("Semua"), self.table.total)]


def about(table: Table, where: str, zone: str) -> Sequence[tuple[str, str]]:
    """Return what has to be said about the whole table: where, when, how final."""
    period = table.period
    months = f"{month_name(period.first)} – {month_name(period.last)}"
    closed = ", ".join(month_name(month) for month in table.closed) or say("belum ada")
    lines = [
        (say("Wilayah"), where),
        (say("Masa penerimaan laporan"), months),
        (say("Bulan yang sudah ditutup"), closed),
        (say("Dihitung pada"), _moment(table.counted_at, zone)),
    ]
    if table.outside:
        lines.append(
            (say("Kelompok kecil"), say("Kelompok dengan kurang dari lima laporan tidak ditampilkan."))
        )
    return lines


def _moment(at: datetime | None, zone: str) -> str:
    return localtime(at, zone) if at else say("belum pernah")


def as_csv(sheet: Sheet) -> bytes:
    """Return the table as CSV in UTF-8 with a mark that spreadsheets know, then the lines about it and its columns."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\r\n").writerow
    columns = sheet.table.columns
    write([safe(sheet.first), *(safe(say(figure.label)) for figure in columns)])
    for name, row in sheet.lines:
        write([safe(name), *(_plain(_value(row, figure)) for figure in columns)])
    write([])
    for pair in (*sheet.about, *_meanings(columns)):
        write([safe(text) for text in pair])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def as_xlsx(sheet: Sheet) -> bytes:
    """Return the table as a workbook: figures on the first sheet, what every column means on the second."""
    book = Workbook()
    page = book.active
    assert page is not None
    page.title = say("Angka")
    columns = sheet.table.columns
    _fill(page, 1, [sheet.first, *(say(figure.label) for figure in columns)], bold=True)
    for number, (name, row) in enumerate(sheet.lines, 2):
        _fill(page, number, [name, *(_value(row, figure) for figure in columns)])
        for place, figure in enumerate(columns, 2):
            page.cell(number, place).number_format = _FORMATS[figure.unit]
    page.freeze_panes = "B2"
    page.column_dimensions["A"].width = 48
    meanings = book.create_sheet(say("Keterangan"))
    for number, pair in enumerate((*sheet.about, *_meanings(columns)), 1):
        _fill(meanings, number, list(pair))
        meanings.cell(number, 2).alignment = Alignment(wrap_text=True, vertical="top")
    meanings.column_dimensions["A"].width = 40
    meanings.column_dimensions["B"].width = 100
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _fill(page: Any, number: int, values: Sequence[Value], *, bold: bool = False) -> None:
    for place, value in enumerate(values, 1):
        cell: Cell = page.cell(number, place)
        if isinstance(value, str):
            # As text, whatever it begins with: a name is never a formula.
            cell.value = safe(value)
            cell.data_type = "s"
        else:
            cell.value = value
        if bold:
            cell.font = Font(bold=True)
            cell.alignment = Alignment(wrap_text=True, vertical="top")


def _meanings(columns: Sequence[Figure]) -> Sequence[tuple[str, str]]:
    return [(say(figure.label), say(figure.words)) for figure in columns]


def _value(row: Row, figure: Figure) -> Value:
    value = row[figure.code]
    if row.suppressed:
        return f"<{SUPPRESSED_UNDER}"
    if value is None:
        return None
    if math.isinf(value):
        return say("belum dijawab")
    if figure.unit == "count" or figure.percentile:
        return int(value)
    return round(value, 4)


def _plain(value: Value) -> Value:
    return "" if value is None else safe(value) if isinstance(value, str) else value


def safe(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula (OWASP: CSV injection)."""
    return f"'{text}" if text.startswith(_FORMULA) else text
