"""A file of dated complaints, as it is read."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

REQUIRED = ("id", "created_at", "responded_at", "text", "kecamatan_code", "kelurahan_code", "topic", "agency")
_CODE = re.compile(r"\d{2}\.\d{2}\.\d{2}(\.\d{4})?\Z")
LEVELS = {"kelurahan": "kelurahan", "kecamatan": "kecamatan"}


class HistoryError(Exception):
    """A file that cannot be replayed; the message names the row and what is wrong."""


@dataclass(frozen=True)
class Record:
    """One complaint of the past. `answered_at` is never before `filed_at`; None while there was no answer."""

    key: str
    filed_at: datetime
    answered_at: datetime | None
    text: str
    address: str
    district: tuple[str, str] | None
    village: tuple[str, str] | None
    topic: str
    agency: str
    agency_kind: str


def read(path: Path, until: datetime) -> list[Record]:
    """Return what had been filed before `until`, oldest first, with the answers given before it.

    An answer dated before its complaint counts as given at once. Raises HistoryError, and OSError when
    the file cannot be read.
    """
    records = [record for record in _records(path) if record.filed_at < until]
    cut = [
        record if record.answered_at is None or record.answered_at < until else _unanswered(record)
        for record in records
    ]
    return sorted(cut, key=lambda record: (record.filed_at, record.key))


def _unanswered(record: Record) -> Record:
    return replace(record, answered_at=None)


def _records(path: Path) -> Iterator[Record]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.DictReader(lines, restval="")
        number = 1
        try:
            missing = [name for name in REQUIRED if name not in (rows.fieldnames or ())]
            if missing:
                raise HistoryError(f"the columns {', '.join(missing)} are missing")
            for row in rows:
                number += 1
                yield _record(row)
        except UnicodeDecodeError as error:
            raise HistoryError(f"the file is not UTF-8 text after row {number}") from error
        except (ValueError, csv.Error) as error:
            raise HistoryError(f"row {number}: {error}") from error


def _record(row: dict[str, str]) -> Record:
    # PostgreSQL keeps no NUL.
    row = {name: value.replace("\0", "") for name, value in row.items() if isinstance(value, str)}
    filed_at = _moment(row["created_at"])
    if filed_at is None:
        raise ValueError("created_at is empty")
    answered_at = _moment(row["responded_at"])
    level = row.get("agency_level", "")
    return Record(
        key=row["id"],
        filed_at=filed_at,
        answered_at=max(answered_at, filed_at) if answered_at else None,
        text=row["text"].strip() or row["topic"].strip() or "(tanpa isi)",
        address=row.get("address", "").strip()[:300],
        district=_place(row["kecamatan_code"], row.get("kecamatan", "")),
        village=_place(row["kelurahan_code"], row.get("kelurahan", "")),
        topic=row["topic"].strip() or "Lain-lain",
        agency=_agency(row["agency"]),
        agency_kind=LEVELS.get(level, "dinas"),
    )


def _agency(name: str) -> str:
    if not name.strip():
        raise ValueError("agency is empty")
    return name.strip()


def _place(code: str, name: str) -> tuple[str, str] | None:
    code = code.strip()
    if not code:
        return None
    if not _CODE.match(code):
        raise ValueError(f"{code!r} is not a code such as 35.78.02 or 35.78.02.1004")
    return code, name.strip() or code


def _moment(text: str) -> datetime | None:
    if not text.strip():
        return None
    moment = datetime.fromisoformat(text.strip())
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
