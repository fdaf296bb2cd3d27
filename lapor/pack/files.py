"""The folder of a region pack: reading CSV and TOML row by row, and writing them again."""

import csv
import io
import json
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from lapor.pack.contents import Found, Pack, PackError, Problem
from lapor.pack.registers import POLICIES, POLICY_FILE, REGION, REGISTERS, Column, Register, Row

YES = {"yes", "ya", "true", "1"}
NO = {"no", "tidak", "false", "0", ""}
LARGEST_FILE = 20_000_000  # bytes; all 83,000 villages of the country take less than half of it


def read_toml(path: Path) -> dict[str, Any]:
    """Return what a TOML file says; PackError when it is no TOML, too large or not UTF-8."""
    try:
        return tomllib.loads(_text_of(path))
    except tomllib.TOMLDecodeError as wrong:
        raise PackError([Problem(path.name, f"is not valid TOML: {wrong}")]) from wrong


def read_rows(folder: Path, register: Register) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (file and row, raw values) of one register; nothing when an optional file is not there."""
    path = folder / register.file
    if not path.is_file():
        if not register.optional:
            raise PackError([Problem(register.file, "is missing")])
        return
    if register.section:
        yield from toml_rows(path, register.section)
    else:
        yield from csv_rows(_text_of(path), path.name)


def toml_rows(path: Path, section: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the tables [[section]] of a TOML file with their place in words."""
    tables = read_toml(path).get(section, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise PackError([Problem(path.name, f"{section} is written as [[{section}]], once per row")])
    for number, table in enumerate(tables, 1):
        name = f" ({table['code']})" if "code" in table else ""
        yield f"{path.name}, {section} {number}{name}", table


def csv_rows(text: str, name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (file and row, raw values) of a CSV file's text, whether commas or semicolons part its columns."""
    header = text.partition("\n")[0]
    # Office programs with Indonesian settings save semicolons.
    delimiter = ";" if ";" in header and "," not in header else ","
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter, restkey="more", strict=True)
    try:
        for row in reader:
            yield f"{name}, row {reader.line_num}", row
    except csv.Error as wrong:
        raise PackError([Problem(f"{name}, row {reader.line_num}", str(wrong))]) from wrong


def _text_of(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise PackError([Problem(path.name, f"is larger than {LARGEST_FILE} bytes")])
        return path.read_text(encoding="utf-8-sig")
    except OSError as wrong:
        raise PackError([Problem(path.name, "cannot be read")]) from wrong
    except UnicodeDecodeError as wrong:
        raise PackError([Problem(path.name, "is not UTF-8")]) from wrong


def parse_row(register: Register, raw: Mapping[str, Any], where: str, problems: list[Problem]) -> Found:
    """Return the row with every column present and typed; what is wrong is added to `problems`."""
    row: dict[str, Any] = {}
    known = {column.name for column in register.columns}
    for name in raw.keys() - known:
        problems.append(Problem(where, f"has a column {name!r} that this file does not have"))
    for column in register.columns:
        try:
            row[column.name] = parse_value(column, raw.get(column.name))
        except ValueError as wrong:
            problems.append(Problem(where, f"{column.name} {wrong}"))
            row[column.name] = column.default
    return Found(where, row)


def parse_value(column: Column, raw: Any) -> Any:
    """Return a value of the column's kind; ValueError says in words what is wrong with it."""
    value = raw.strip() if isinstance(raw, str) else raw
    if value is None or value == "":
        if column.required:
            raise ValueError("is missing")
        return column.default
    parsed = _PARSERS[column.kind](value)
    for part in parsed if column.kind == "texts" else (parsed,):
        if column.choices and part not in column.choices:
            raise ValueError(f"cannot be {part!r}, only one of: {', '.join(column.choices)}")
    if column.length and len(parsed) > column.length:
        raise ValueError(f"has more than {column.length} characters")
    return parsed


def _parse_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"is text, not {value!r}")
    return value


def _parse_flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).lower()
    if word not in YES | NO:
        raise ValueError(f"is yes or no, not {value!r}")
    return word in YES


def _parse_number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f"is a whole number, not {value!r}")
    try:
        return int(value)
    except ValueError:
        raise ValueError(f"is a whole number, not {value!r}") from None


def _parse_day(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f"is a day such as 2026-01-31, not {value!r}") from None


def _parse_time(value: Any) -> time:
    if isinstance(value, time):
        return value
    try:
        return time.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f"is a time such as 07:30, not {value!r}") from None


def _parse_moment(value: Any) -> date | datetime:
    if isinstance(value, str) and len(value) > len("2026-01-31"):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(f"is a day, or a moment with its zone, not {value!r}") from None
        if moment.tzinfo is None:
            raise ValueError("needs the zone when it names a time")
        return moment
    return _parse_day(value)


def _parse_texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(part, str) and part.strip() for part in value):
        raise ValueError("is a list of words")
    return tuple(part.strip() for part in value)


_PARSERS: Mapping[str, Callable[[Any], Any]] = {
    "text": _parse_text,
    "flag": _parse_flag,
    "number": _parse_number,
    "day": _parse_day,
    "time": _parse_time,
    "moment": _parse_moment,
    "texts": _parse_texts,
}


def write(pack: Pack, folder: Path) -> list[str]:
    """Write the pack as a folder that `load` reads back as the same pack; return the names of the files."""
    folder.mkdir(parents=True, exist_ok=True)
    zones = {row["code"]: ZoneInfo(row["timezone"]) for row in pack.rows(REGION.table)}
    manifest = {key: value for key, value in vars(pack.manifest).items() if value != ""}
    texts: dict[str, str] = {"pack.toml": "\n".join(_pairs(manifest)) + "\n"}
    for register in REGISTERS:
        rows = [_shown(register, row, zones) for row in pack.rows(register.table)]
        if register.section:
            texts[register.file] = texts.get(register.file, "") + _toml_of(register.section, rows)
        else:
            texts[register.file] = _csv_of([column.name for column in register.columns], rows)
    texts[POLICY_FILE] = "".join(_policy_toml(row) for row in pack.rows(POLICIES))
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return sorted(texts)


def _shown(register: Register, row: Row, zones: Mapping[str, ZoneInfo]) -> dict[str, Any]:
    """The row as it is written: without what goes without saying, moments at local midnight as days."""
    shown = {key: value for key, value in row.items() if value is not None and value != ()}
    if isinstance(moment := shown.get("live_from"), datetime):
        local = moment.astimezone(zones[row["code"] if register is REGION else row["region"]])
        midnight = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
        shown["live_from"] = local.isoformat() if midnight or local.microsecond else local.date()
    return shown


def _csv_of(names: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: _cell(value) for key, value in row.items()})
    return text.getvalue()


def _cell(value: Any) -> Any:
    return ("no", "yes")[value] if isinstance(value, bool) else value


def _toml_of(section: str, rows: Iterable[Mapping[str, Any]]) -> str:
    return "".join("\n".join([f"[[{section}]]", *_pairs(row), "", ""]) for row in rows)


def _policy_toml(row: Row) -> str:
    own = {key: value for key, value in row.items() if key != "rung"}
    return _toml_of(POLICIES, [own]) + _toml_of(f"{POLICIES}.rung", row["rung"])


def _pairs(row: Mapping[str, Any]) -> list[str]:
    return [f"{key} = {_toml(value)}" for key, value in row.items() if value is not None]


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)
