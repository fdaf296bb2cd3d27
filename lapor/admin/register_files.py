"""Registers as CSV files, as office programs in Indonesia write them: which there are, writing one, reading one.

Columns, their kinds and their checks are those of the region pack; a file that is written here stands in a pack too.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from lapor.admin.column_labels import column_label
from lapor.admin.panel_registers import AUDIENCES
from lapor.admin.register_problems import problem_words
from lapor.admin.register_rows import REGISTERS
from lapor.complaints.errors import Refused
from lapor.locales import say
from lapor.pack import files
from lapor.pack.contents import PackError, Problem
from lapor.pack.registers import REGISTERS as OF_PACK
from lapor.pack.registers import Column, Register, Row
from lapor.routing.tables import AGENCY_KINDS, APPOINTMENT_KINDS, COMPLAINT_TYPES, COMPLETION_CLASSES
from lapor.sla.tables import CLOCK_KINDS, STEPS, UNITS

MOST_BYTES = 2 * 1024 * 1024
MOST_ROWS = 20_000
_PART = "|"
# A program for tables would take a cell that begins like this for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
# What a program for tables makes of a day and a time under Indonesian settings.
_LOCAL_DAY = re.compile(r"(?P<day>\d{1,2})[/-](?P<month>\d{1,2})[/-](?P<year>\d{4})")
_LOCAL_TIME = re.compile(r"(?P<hour>\d{1,2})[.:](?P<minute>\d\d)([.:]\d\d)?")

_POLICY = Register(
    "policy",
    "",
    (
        Column("code", required=True, length=60),
        Column("clock", required=True, choices=CLOCK_KINDS),
        Column("type", choices=COMPLAINT_TYPES),
        Column("category", names="category", length=60),
        Column("agency_kind", choices=AGENCY_KINDS),
        Column("region", names="region", length=13),
        Column("completion_class", choices=COMPLETION_CLASSES),
        Column("amount", "number", required=True),
        Column("unit", required=True, choices=UNITS),
        Column("start", choices=("immediately", "next_working_day"), default="immediately"),
        Column("ends", choices=("same_time", "end_of_day"), default="same_time"),
        Column("after_hours_rolls", "time"),
        Column("weekend_rolls", "flag", default=False),
        Column("skip_holidays", "flag", default=True),
        Column("valid_from", "day", required=True),
        Column("valid_until", "day"),
        Column("source", required=True, length=300),
        Column("confirmed", "flag", default=False),
    ),
)
_RUNG = Register(
    "policy_rung",
    "",
    (
        Column("policy", names="policy", by_id=True, required=True),
        Column("number", "number", required=True),
        Column("step", required=True, choices=STEPS),
        Column("base", choices=("start", "due"), default="due"),
        Column("offset_minutes", "number", default=0),
        Column("audience", "texts", choices=AUDIENCES, default=()),
        Column("placement", choices=("office_hours",)),
        Column("repeat_minutes", "number"),
    ),
    key=("policy", "number"),
)
_APPOINTMENT = Register(
    "appointment",
    "",
    (
        Column("office", names="office", by_id=True, required=True),
        Column("person", names="person", by_id=True, required=True, known_by="username"),
        Column("kind", choices=APPOINTMENT_KINDS, default="definitive"),
        Column("starts_at", "moment", required=True),
        Column("ends_at", "moment"),
    ),
    key=("office", "person", "starts_at"),
)
# People and their passwords are in no file.
FILES: Mapping[str, Register] = {
    register.table: register
    for register in (*OF_PACK, _POLICY, _RUNG, _APPOINTMENT)
    if register.table in REGISTERS
}


@dataclass(frozen=True)
class Line:
    """A row of a file: its number as a program for tables shows it, its values, what is wrong with it in words."""

    number: int
    row: Row
    wrong: Sequence[str]


def written(register: Register, rows: Iterable[Row], zone: str) -> bytes:
    """The rows as a file: semicolons and UTF-8 with its mark, which Indonesian office programs open as they are."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow([column.name for column in register.columns])
    for row in rows:
        writer.writerow([_cell(column, row[column.name], zone) for column in register.columns])
    return text.getvalue().encode("utf-8-sig")


def _cell(column: Column, value: Any, zone: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "ya" if value else "tidak"
    if isinstance(value, datetime):
        local = value.astimezone(ZoneInfo(zone))
        midnight = local.timetz().replace(tzinfo=None) == time()
        return local.date().isoformat() if midnight else local.isoformat()
    if isinstance(value, time):
        return value.isoformat("minutes")
    if column.kind == "texts":
        return _guarded(f" {_PART} ".join(value))
    return _guarded(str(value)) if column.kind == "text" else str(value)


def _guarded(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def text_of(body: bytes) -> str:
    """The text of an uploaded file; raises Refused when it is too large or not UTF-8."""
    if len(body) > MOST_BYTES:
        raise Refused(say("Berkas ini terlalu besar. Paling banyak 2 MB."), "file")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(say("Simpan berkasnya sebagai “CSV UTF-8”, lalu unggah lagi."), "file") from None
    if not text.strip():
        raise Refused(say("Berkas ini kosong."), "file")
    if "\x00" in text:
        raise Refused(say("Ini bukan berkas CSV."), "file")
    # Some programs write a line about the separator before everything else.
    first, _, rest = text.partition("\n")
    return rest if first.strip().lower().startswith("sep=") else text


def read(register: Register, text: str, stored: Mapping[tuple[Any, ...], Row], zone: str) -> list[Line]:
    """The rows of a file, whole: a column that the file leaves out keeps what is stored.

    Raises Refused when the file as such cannot be used.
    """
    found: list[Line] = []
    names = _header_names(register)
    try:
        for where, raw in files.csv_rows(text, "file"):
            named = {names.get(str(name).strip().lower(), str(name)): value for name, value in raw.items()}
            if not found:
                _check_header(register, named)
            if any(value for value in named.values()):
                found.append(_line(register, int(where.rpartition(" ")[2]), named, stored, zone))
            if len(found) > MOST_ROWS:
                raise Refused(say("Berkas ini terlalu panjang. Paling banyak 20.000 baris."), "file")
    except PackError as wrong:
        raise Refused(say("Berkas ini tidak dapat dibaca sebagai CSV."), "file") from wrong
    if not found:
        raise Refused(say("Berkas ini tidak punya baris isi."), "file")
    return found


def _header_names(register: Register) -> Mapping[str, str]:
    labels = {column_label(column.name, register.table).lower(): column.name for column in register.columns}
    return {**labels, **{column.name: column.name for column in register.columns}}


def _check_header(register: Register, raw: Mapping[str, Any]) -> None:
    if missing := [name for name in register.key if name not in raw]:
        raise Refused(
            say("Baris pertama harus menyebut nama kolom. Kolom ini tidak ada: {names}.").format(
                names=", ".join(missing)
            ),
            "file",
        )


def _line(
    register: Register,
    number: int,
    raw: Mapping[str, Any],
    stored: Mapping[tuple[Any, ...], Row],
    zone: str,
) -> Line:
    given = tuple(column for column in register.columns if column.name in raw)
    problems: list[Problem] = []
    cells = {name: _read_cell(register, name, value) for name, value in raw.items()}
    row = dict(files.parse_row(replace(register, columns=given), cells, "", problems).row)
    row = {name: _moment(value, zone) if _is_moment(register, name) else value for name, value in row.items()}
    before = stored.get(tuple(row[name] for name in register.key))
    for column in register.columns:
        if column.name not in row:
            row[column.name] = before[column.name] if before else column.default
            if not before and column.required:
                problems.append(Problem("", f"{column.name} is missing"))
    return Line(number, row, [problem_words(problem.what, register.table) for problem in problems])


def _read_cell(register: Register, name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text.startswith("'") and text[1:].startswith(_FORMULA):
        text = text[1:]
    column = next((one for one in register.columns if one.name == name), None)
    kind = column.kind if column else "text"
    if kind == "texts":
        return [part.strip() for part in text.split(_PART) if part.strip()]
    if kind in ("day", "moment") and (found := _LOCAL_DAY.fullmatch(text)):
        return f"{found['year']}-{int(found['month']):02}-{int(found['day']):02}"
    if kind == "time" and (found := _LOCAL_TIME.fullmatch(text)):
        return f"{int(found['hour']):02}:{found['minute']}"
    return text


def _is_moment(register: Register, name: str) -> bool:
    return register.column(name).kind == "moment"


def _moment(value: date | datetime | None, zone: str) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value and value.astimezone(UTC)
    return datetime.combine(value, time(), ZoneInfo(zone)).astimezone(UTC)
