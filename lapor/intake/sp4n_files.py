"""The exchange with SP4N-LAPOR! by files: CSV and XLSX, whose columns a profile names."""

from __future__ import annotations

import csv
import io
import os
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, time
from itertools import islice
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile
from zoneinfo import ZoneInfo

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.utils.exceptions import InvalidFileException

from lapor import words
from lapor.complaints import pictures
from lapor.complaints.filing import TEXT_LIMIT, Filing
from lapor.complaints.photos import MOST_PHOTOS
from lapor.intake.mail_parsing import Attachment
from lapor.intake.sp4n import LONGEST_NUMBER, Outcome, Report, Wrong
from lapor.intake.sp4n_profile import REQUIRED, Profile, Unusable

MOST_BYTES: Final = 20 * 1024 * 1024
MOST_ROWS: Final = 20_000
# A program for tables would take a cell that begins like this for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_LOCAL: Final = re.compile(
    r"(?P<day>\d{1,2})[/-](?P<month>\d{1,2})[/-](?P<year>\d{4})"
    r"(?:[ T](?P<hour>\d{1,2})[.:](?P<minute>\d\d)(?:[.:]\d\d)?)?"
)
_NO: Final = ("", "tidak", "t", "no", "n", "0", "false", "-")


@dataclass(frozen=True)
class FileExchange:
    """One file of theirs, or one for them; `zone` is that of times without one."""

    path: Path
    zone: str
    profile: Profile = field(default_factory=Profile)

    def reports(self) -> Iterator[Report | Wrong]:
        """Yield what the rows say; raises Unusable when the file as such cannot be read."""
        lines = self._lines()
        columns = self._columns(next(lines, []))
        for number, cells in enumerate(islice(lines, MOST_ROWS + 1), 2):
            if number > MOST_ROWS + 1:
                raise Unusable(f"{self.path.name} has more than {MOST_ROWS} rows: divide it")
            if any(_text(cell) for cell in cells):
                row = {name: cells[place] for name, place in columns.items() if place < len(cells)}
                yield self._report(f"row {number}", row)

    def hand_back(self, outcomes: Sequence[Outcome]) -> None:
        """Write the file, readable for its owner only."""
        head = list(self.profile.outgoing.values())
        rows = [[self._cell(name, one) for name in self.profile.outgoing] for one in outcomes]
        content = _workbook(head, rows) if self._is_workbook else _csv(head, rows)
        try:
            number = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(number, "wb") as file:
                file.write(content)
        except OSError as wrong:
            raise Unusable(f"{self.path} cannot be written: {wrong.strerror}") from None

    @property
    def _is_workbook(self) -> bool:
        return self.path.suffix.lower() == ".xlsx"

    def _lines(self) -> Iterator[Sequence[Any]]:
        try:
            if self.path.stat().st_size > MOST_BYTES:
                raise Unusable(f"{self.path.name} is larger than {MOST_BYTES // 1024 // 1024} MB: divide it")
            if self._is_workbook:
                with closing(load_workbook(self.path, read_only=True, data_only=True)) as book:
                    yield from book.worksheets[0].iter_rows(values_only=True)
                return
            yield from _csv_lines(self.path.read_text(encoding="utf-8-sig"))
        except UnicodeDecodeError:
            raise Unusable(f"{self.path.name} is not UTF-8: save it as “CSV UTF-8”") from None
        except OSError as wrong:
            raise Unusable(f"{self.path.name} cannot be read: {wrong.strerror}") from None
        except (csv.Error, BadZipFile, InvalidFileException, KeyError, IndexError, ValueError):
            raise Unusable(f"{self.path.name} is not a table that can be read") from None

    def _columns(self, head: Sequence[Any]) -> dict[str, int]:
        """Where each of our columns stands in theirs."""
        places = {_text(cell).lower(): place for place, cell in enumerate(head)}
        names = self.profile.incoming
        if missing := [names[name] for name in REQUIRED if names[name].strip().lower() not in places]:
            raise Unusable(f"{self.path.name} lacks the columns: {', '.join(missing)}")
        return {
            name: places[theirs.strip().lower()]
            for name, theirs in names.items()
            if theirs.strip().lower() in places
        }

    def _report(self, where: str, row: Mapping[str, Any]) -> Report | Wrong:
        said = {name: _text(cell) for name, cell in row.items()}
        number = said["number"]
        if not 0 < len(number) <= LONGEST_NUMBER or not number.isprintable():
            return Wrong(
                where, number[:LONGEST_NUMBER], f"the number is missing or longer than {LONGEST_NUMBER}"
            )
        received = _moment(row["received"], ZoneInfo(self.zone))
        if received is None:
            return Wrong(where, number, "the date is missing or cannot be read")
        type_ = self.profile.types.get(said.get("type", "").lower())
        if type_ is None:
            return Wrong(where, number, "the type is not in the profile")
        title, text = said.get("title", ""), said["text"]
        whole = text if text.startswith(title) else f"{title}\n\n{text}"
        if not text or len(whole) > TEXT_LIMIT:
            return Wrong(where, number, f"the text is missing or longer than {TEXT_LIMIT}")
        category = said.get("category", "")
        filing = Filing(
            type=type_,
            text=whole,
            category=self.profile.categories.get(category.lower(), category) or None,
            address=said.get("address", "")[:300],
            latitude=_degrees(said.get("latitude", ""), 90),
            longitude=_degrees(said.get("longitude", ""), 180),
            name=said.get("name", "")[:160],
            phone=said.get("phone", "")[:40],
            email=said.get("email", "")[:254],
            # Anything unclear counts as yes, because it protects somebody.
            anonymous=said.get("anonymous", "").lower() not in _NO,
            confidential=said.get("confidential", "").lower() not in _NO,
        )
        place = (said.get("village", ""), said.get("district", ""))
        photos, missing = self._photos(said.get("photos", ""))
        # An office program writes a day as its first moment.
        day_only = received.time() == time()
        return Report(where, number, received, filing, place, day_only, photos, missing)

    def _photos(self, named: str) -> tuple[tuple[Attachment, ...], tuple[str, ...]]:
        """The photos that lie beside the file under these names, and the names under which none does."""
        found: list[Attachment] = []
        missing: list[str] = []
        for name in [one.strip() for one in re.split(r"[;,\n]", named) if one.strip()][:MOST_PHOTOS]:
            # A name, and no way to another folder or to the network.
            path = self.path.parent / Path(name).name
            if path.name != name or not path.is_file() or path.stat().st_size > pictures.MOST_BYTES:
                missing.append(name[:80])
            else:
                found.append(Attachment(name, "image/*", path.read_bytes()))
        return tuple(found), tuple(missing)

    def _cell(self, name: str, one: Outcome) -> str:
        if name == "ticket":
            return words.ticket(one.ticket)
        if name == "status":
            return self.profile.statuses[one.status]
        if name in ("received", "changed", "answered"):
            times = {"received": one.received_at, "changed": one.changed_at, "answered": one.answered_at}
            at = times[name]
            return f"{at.astimezone(ZoneInfo(self.zone)):%Y-%m-%d %H:%M}" if at else ""
        return {"number": one.number, "agency": one.agency, "answer": one.answer}[name]


def _moment(cell: Any, zone: ZoneInfo) -> datetime | None:
    """The time of a cell, in this zone where it names none; None for what cannot be read."""
    text = _text(cell)
    try:
        if found := _LOCAL.fullmatch(text):
            day, month, year, hour, minute = (int(value or 0) for value in found.groups())
            return datetime(year, month, day, hour, minute, tzinfo=zone)
        at = cell if isinstance(cell, datetime) else datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=zone)


def _degrees(text: str, limit: int) -> float | None:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if -limit <= value <= limit else None


def _text(cell: Any) -> str:
    """A cell as a text: whole numbers without a fraction, no zero bytes, no mark against formulas."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "ya" if cell else "tidak"
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = unicodedata.normalize("NFC", str(cell).replace("\0", "")).strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def _csv_lines(text: str) -> Iterator[list[str]]:
    head = text.partition("\n")[0]
    # Office programs with Indonesian settings save semicolons.
    delimiter = ";" if head.count(";") > head.count(",") else ","
    yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)


def _csv(head: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _workbook(head: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    book = Workbook(write_only=True)
    page = book.create_sheet("tanggapan")
    page.append(head)
    for row in rows:
        page.append([_cell_of(page, cell) for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cell_of(page: Any, text: str) -> WriteOnlyCell:
    """As text, whatever it begins with, and without what a workbook cannot hold."""
    cell = WriteOnlyCell(page, value=ILLEGAL_CHARACTERS_RE.sub("", text))
    cell.data_type = "s"
    return cell
