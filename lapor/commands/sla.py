"""`lapor sla`: deadlines by the rules of a file, for checking rules against dates that are known."""

import argparse
import csv
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TextIO, get_args
from zoneinfo import ZoneInfo

from lapor.commands import OK, Failed, actions_of, tell
from lapor.sla.calendar import CalendarMissing
from lapor.sla.policy import ClockKind, NoPolicy
from lapor.sla.rules_file import Rules, RulesError, read_rules

DUE = "due_at"
LONGEST_CELL = 10_000_000


def zone(name: str) -> ZoneInfo:
    """A time zone by its name; argparse turns the error into wrong usage."""
    try:
        return ZoneInfo(name)
    except (LookupError, OSError, ValueError):
        raise argparse.ArgumentTypeError(f"{name!r} is no time zone such as Asia/Jakarta") from None


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.epilog = "Needs no database. docs/deadlines.md says how rules are written."
    action = actions_of(parser)
    due = action(
        "due",
        f"write the rows of a CSV file with a column {DUE} added",
        f"Write the rows of a CSV file to standard output with a column {DUE} added: ISO 8601 with"
        " its offset, empty in a row that no policy fits. Nothing is written unless every row can be read.",
    )
    due.add_argument("policy", type=Path, metavar="POLICY.toml", help="the rules")
    due.add_argument(
        "rows", type=Path, metavar="IN.csv", help="what started when; the first row names columns"
    )
    due.add_argument("--start", required=True, metavar="COLUMN", help="the column with the start")
    due.add_argument(
        "--type", metavar="COLUMN", help="the column that picks the policy by its type or category"
    )
    due.add_argument(
        "--timezone",
        type=zone,
        metavar="ZONE",
        help="read times without an offset, count days and write deadlines in this zone (default: the zone of"
        " the rules, or Asia/Jakarta)",
    )
    due.add_argument(
        "--clock",
        choices=get_args(ClockKind),
        metavar="KIND",
        help="the kind of clock, where the rules are about several (default: response)",
    )


def run(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Write every row with its deadline, or nothing."""
    rules = _rules(options.policy, options.timezone)
    clock: ClockKind = options.clock or rules.only_clock()
    counted = Counted()
    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as held:
        with _open(options.rows) as lines:
            _copy(lines, held, Columns(options.rows.name, options.start, options.type), rules, clock, counted)
        if counted.rows and counted.without_rule == counted.rows:
            raise Failed(f"{options.policy.name} has no rule for any row: {counted.reason}")
        held.seek(0)
        shutil.copyfileobj(held, sys.stdout)
        sys.stdout.flush()
    if counted.without_rule:
        tell(
            f"{counted.without_rule} of {counted.rows} rows have no deadline, {DUE} is empty there;"
            f" the first: {counted.reason}"
        )
    return OK


@dataclass(frozen=True)
class Columns:
    """Which columns of which file are looked at."""

    file: str
    start: str
    kind: str | None


@dataclass
class Counted:
    """How many rows there were, and how many no policy fits, with what was said about the first of them."""

    rows: int = 0
    without_rule: int = 0
    reason: str = ""


def _rules(path: Path, named: ZoneInfo | None) -> Rules:
    try:
        return read_rules(path.read_text(encoding="utf-8-sig"), named)
    except UnicodeDecodeError as wrong:
        raise Failed(f"{path.name} is not UTF-8") from wrong
    except RulesError as wrong:
        raise Failed(f"{path.name}: {wrong}") from wrong


def _open(path: Path) -> TextIO:
    return path.open(encoding="utf-8-sig", newline="")


def _copy(
    lines: TextIO, out: TextIO, columns: Columns, rules: Rules, clock: ClockKind, counted: Counted
) -> None:
    csv.field_size_limit(LONGEST_CELL)
    delimiter = _delimiter(lines)
    rows = _rows(csv.reader(lines, delimiter=delimiter, strict=True), columns.file)
    header = next(rows, (1, None))[1]
    if header is None:
        raise Failed(f"{columns.file} is empty")
    start, kind = _places(header, columns)
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow([*header, DUE])
    for number, row in rows:
        where = f"{columns.file}, row {number}"
        if len(row) != len(header):
            raise Failed(f"{where}: {len(row)} cells where the first row has {len(header)}")
        counted.rows += 1
        started = _moment(row[start], rules, f"{where}: {columns.start}")
        due = _due(started, row[kind].strip() if kind is not None else None, rules, clock, counted, where)
        writer.writerow([*row, due])


def _delimiter(lines: TextIO) -> str:
    try:
        first = lines.readline()
    except UnicodeDecodeError:
        first = ""
    lines.seek(0)
    # Office programs with Indonesian settings save semicolons.
    return ";" if ";" in first and "," not in first else ","


def _rows(reader: Iterator[list[str]], file: str) -> Iterator[tuple[int, list[str]]]:
    """Every row with its number as a spreadsheet shows it; the first is 1."""
    number = 0
    try:
        for number, row in enumerate(reader, 1):
            if row:
                yield number, row
    except csv.Error as wrong:
        raise Failed(f"{file}, row {number + 1}: {wrong}") from wrong
    except UnicodeDecodeError as wrong:
        raise Failed(f"{file} is not UTF-8") from wrong


def _places(header: list[str], columns: Columns) -> tuple[int, int | None]:
    for name in filter(None, (columns.start, columns.kind)):
        if header.count(name) != 1:
            problem = "has no column" if name not in header else "has more than one column"
            raise Failed(f"{columns.file} {problem} {name!r}; it has: {', '.join(header)}")
    if DUE in header:
        raise Failed(f"{columns.file} has a column {DUE!r} already: rename it first")
    return header.index(columns.start), header.index(columns.kind) if columns.kind else None


def _moment(text: str, rules: Rules, where: str) -> datetime:
    """The moment that a cell names; without an offset it is local time."""
    try:
        written = datetime.fromisoformat(text.strip())
        if written.tzinfo is not None:
            return written
        return rules.calendar.moment(written.date(), written.time())
    except (ValueError, OverflowError):
        raise Failed(f"{where} is {text!r}, not a time such as 2026-11-21 09:40:00") from None


def _due(
    started: datetime, kind: str | None, rules: Rules, clock: ClockKind, counted: Counted, where: str
) -> str:
    try:
        return rules.due_at(started, clock, kind).isoformat()
    except NoPolicy as missing:
        counted.without_rule += 1
        counted.reason = counted.reason or f"{where}: {missing}"
        return ""
    except CalendarMissing as missing:
        raise Failed(f"{where}: {missing}; in a file of rules that is [[calendar.day]]") from missing
    except OverflowError as beyond:
        raise Failed(f"{where}: the deadline lies beyond the year 9999") from beyond
