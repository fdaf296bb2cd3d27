"""A register's row in words: the names of its columns, its values, and the rows that it points to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from babel.dates import format_date

from lapor import database, words
from lapor.admin.column_labels import column_label
from lapor.admin.panel_shown import SHOWN
from lapor.admin.panel_tables import target_of
from lapor.admin.shown_table import Shown
from lapor.admin.value_labels import value_label
from lapor.locales import current, say

SHOWN_BY_TABLE: Mapping[str, Shown] = {shown.tablename: shown for shown in SHOWN}

# Tables whose changes are kept although the panel does not show them, by what a row of theirs is called.
_APART: Mapping[str, tuple[str, ...]] = {
    "channel_account": ("channel", "title"),
    "region_outline": ("region",),
}

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT")
_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z")
_TIME = re.compile(r"\d\d:\d\d:\d\d\Z")

Row = Mapping[str, Any]
Names = Mapping[tuple[str, int], str]


@dataclass(frozen=True)
class Told:
    """One column that differs, in words."""

    column: str
    before: str
    after: str


async def names_of(rows: Iterable[tuple[str, Row | None]]) -> Names:
    """The names of everything that these rows (with their tables) point to."""
    wanted: dict[str, set[int]] = {}
    for table, row in rows:
        for column, value in (row or {}).items():
            target = target_of(SHOWN_BY_TABLE[table], column) if table in SHOWN_BY_TABLE else ""
            if target and isinstance(value, int):
                wanted.setdefault(target, set()).add(value)
    names = {}
    for table, ids in wanted.items():
        shown_as = ", ".join(f'"{name}"::text' for name in SHOWN_BY_TABLE[table].shown_as)
        found = await database.fetch(
            f"SELECT id, concat_ws(' · ', {shown_as}) AS name FROM \"{table}\" WHERE id = ANY ($1::bigint[])",
            list(ids),
        )
        names.update({(table, row["id"]): row["name"] for row in found})
    return names


def told(table: str, before: Row | None, after: Row | None, names: Names, zone: str) -> list[Told]:
    """The columns that differ, in words; of a new or deleted row all that are filled in."""
    old, new = before or {}, after or {}
    first = SHOWN_BY_TABLE[table].columns if table in SHOWN_BY_TABLE else ()
    columns = [name for name in dict.fromkeys((*first, *old, *new)) if name != "id"]
    return [
        Told(
            column_label(name, table),
            value_words(table, name, old.get(name), names, zone) if before is not None else "",
            value_words(table, name, new.get(name), names, zone) if after is not None else "",
        )
        for name in columns
        if old.get(name) != new.get(name) and not (_blank(old.get(name)) and _blank(new.get(name)))
    ]


def register_title(table: str) -> str:
    """What a register is called, be it in the panel or a page of its own."""
    apart = {"channel_account": say("Akun kanal"), "region_outline": say("Garis batas wilayah")}
    shown = SHOWN_BY_TABLE.get(table)
    return shown.title if shown else apart.get(table, table)


def row_words(table: str, row: Row, names: Names, zone: str) -> str:
    """What a row is called."""
    shown = SHOWN_BY_TABLE.get(table)
    if table == "appointment":
        columns = ["person", "office"]
    else:
        columns = [name for name in (shown.shown_as if shown else _APART.get(table, ())) if name != "id"]
    parts = [value_words(table, name, row.get(name), names, zone) for name in columns]
    return " · ".join(parts) or str(row.get("code") or row.get("id", ""))


def value_words(table: str, column: str, value: Any, names: Names, zone: str) -> str:
    """A stored value as people read it."""
    shown = SHOWN_BY_TABLE.get(table)
    if _blank(value):
        return say("kosong")
    if isinstance(value, bool):
        return say("Ya") if value else say("Tidak")
    if isinstance(value, list):
        return ", ".join(value_words(table, column, one, names, zone) for one in value)
    target = target_of(shown, column) if shown else ""
    if target:
        return names.get((target, value), f"#{value}")
    if shown and column in shown.choices:
        return value_label(str(value))
    return _time_words(str(value), zone)


def _blank(value: Any) -> bool:
    return value is None or value == "" or value == []


def _time_words(value: str, zone: str) -> str:
    if _MOMENT.match(value):
        return words.localtime(datetime.fromisoformat(value), zone)
    if _DAY.match(value):
        return str(format_date(date.fromisoformat(value), "d MMMM y", locale=current()))
    if _TIME.match(value):
        return value[:5].replace(":", ".")
    return value
