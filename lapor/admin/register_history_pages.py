"""Who changed which register when, from what to what: for those who keep registers, as far as their region reaches.

Row-level security decides which changes exist for a reader; the filters only narrow.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import asyncpg
from litestar import Response, get
from litestar.di import NamedDependency

from lapor import database
from lapor.admin import register_rows
from lapor.admin.access import requires
from lapor.admin.lists import Pager, wish_of
from lapor.admin.offices import PREVIEW_ROLES, REGISTERS, Officer
from lapor.admin.register_words import SHOWN_BY_TABLE, Names, Told, names_of, register_title, row_words, told
from lapor.complaints.queries.paging import PAGE_SIZE, Mark, Page, Wish, order
from lapor.complaints.queries.paging import page as page_of
from lapor.locales import say
from lapor.pages import AnyRequest, page, settle_language

HISTORY = f"{REGISTERS}/riwayat"


@dataclass(frozen=True)
class Asked:
    """What the history is narrowed to, as the address names it; what it names wrongly is not narrowed."""

    slug: str = ""
    table: str = ""
    row: int = 0
    person: int = 0
    first: str = ""
    last: str = ""

    def question(self) -> dict[str, str]:
        """The part of an address that asks for the same."""
        named = {
            "daftar": self.slug,
            "baris": str(self.row or ""),
            "petugas": str(self.person or ""),
            "dari": self.first,
            "sampai": self.last,
        }
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True)
class Entry:
    """One change in words."""

    at: datetime
    who: str
    kind: str
    register: str
    slug: str
    row: int
    name: str
    told: Sequence[Told]
    there: bool


@get(HISTORY, guards=[requires(*PREVIEW_ROLES)])
async def history(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """The changes, newest first."""
    settle_language(request)
    asked = _asked(request)
    async with database.transaction("reader", user_id=officer.id):
        found = await _found(asked, wish_of(request), officer.timezone)
        people = await database.fetch(_PEOPLE)
    return page(
        request,
        "desk/register_history.html",
        entries=found.items,
        asked=asked,
        registers=[(shown.slug, shown.title) for shown in register_rows.REGISTERS.values()],
        people=[(str(row["id"]), row["full_name"]) for row in people],
        pager=_pager(asked, found),
        zone=officer.timezone,
        path=HISTORY,
        done=_done(request.query_params.get("selesai", "")),
    )


def _done(what: str) -> str:
    sentences = {
        "ubah": say("Perubahan tersimpan."),
        "hapus": say("Baris dihapus."),
        "berkas": say("Isi berkas tersimpan."),
    }
    return sentences.get(what, "")


def _asked(request: AnyRequest) -> Asked:
    given = request.query_params
    slugs = {shown.slug: table for table, shown in register_rows.REGISTERS.items()}
    slug = given.get("daftar", "") if given.get("daftar", "") in slugs else ""
    return Asked(
        slug,
        slugs.get(slug, ""),
        _number(given.get("baris", "")) if slug else 0,
        _number(given.get("petugas", "")),
        _day(given.get("dari", "")),
        _day(given.get("sampai", "")),
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 19 else 0


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat() if len(text) == len("2026-01-31") else ""
    except ValueError:
        return ""


async def _found(asked: Asked, wish: Wish, zone: str) -> Page[Entry]:
    where, arguments = _where(asked, zone)
    than, direction = order(wish, newest_first=True)
    if wish.mark:
        arguments.append(wish.mark.id)
        where.append(f"c.id {than} ${len(arguments)}")
    condition = f"WHERE {' AND '.join(where)}" if where else ""
    rows = await database.fetch(
        f"{_CHANGES} {condition} ORDER BY c.id {direction} LIMIT {PAGE_SIZE + 1}", *arguments
    )
    kept = [(row, _read(row["before"]), _read(row["after"])) for row in rows]
    names = await names_of((row["register"], one) for row, *both in kept for one in both)
    there = await _there(rows)
    return page_of(
        [
            (Mark(row["changed_at"], row["id"]), _entry(row, before, after, names, zone, there))
            for row, before, after in kept
        ],
        wish,
    )


def _where(asked: Asked, zone: str) -> tuple[list[str], list[Any]]:
    first = datetime.combine(date.fromisoformat(asked.first), time(), ZoneInfo(zone)) if asked.first else None
    last = datetime.combine(date.fromisoformat(asked.last), time(), ZoneInfo(zone)) if asked.last else None
    wanted = [
        ("c.register = {}", asked.table),
        ("c.row_id = {}", asked.row),
        ("c.person = {}", asked.person),
        ("c.changed_at >= {}", first),
        ("c.changed_at < {}", last and last + timedelta(days=1)),
    ]
    where: list[str] = []
    arguments: list[Any] = []
    for condition, value in wanted:
        if value:
            arguments.append(value)
            where.append(condition.format(f"${len(arguments)}"))
    return where, arguments


def _read(text: str | None) -> dict[str, Any] | None:
    return json.loads(text) if text else None


async def _there(rows: Sequence[asyncpg.Record]) -> set[tuple[str, int]]:
    """Which of the rows still exist, so that a link leads somewhere."""
    wanted: dict[str, set[int]] = {}
    for row in rows:
        if row["register"] in register_rows.REGISTERS:
            wanted.setdefault(row["register"], set()).add(row["row_id"])
    found: set[tuple[str, int]] = set()
    for table, ids in wanted.items():
        kept = await database.fetch(f'SELECT id FROM "{table}" WHERE id = ANY ($1::bigint[])', list(ids))
        found |= {(table, row["id"]) for row in kept}
    return found


def _entry(
    row: asyncpg.Record,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    names: Names,
    zone: str,
    there: set[tuple[str, int]],
) -> Entry:
    table = row["register"]
    shown = SHOWN_BY_TABLE.get(table)
    return Entry(
        at=row["changed_at"],
        who=row["full_name"] or say("Pemasangan sistem"),
        kind="added" if before is None else "removed" if after is None else "changed",
        register=register_title(table),
        slug=shown.slug if shown else "",
        row=row["row_id"],
        name=row_words(table, after or before or {}, names, zone),
        told=told(table, before, after, names, zone),
        there=(table, row["row_id"]) in there,
    )


def _pager(asked: Asked, found: Page[Entry]) -> Pager:
    def beside(name: str, mark: Mark | None, number: int) -> str | None:
        if mark is None:
            return None
        return f"{HISTORY}?{urlencode({**asked.question(), name: str(mark), 'halaman': str(max(number, 1))})}"

    return Pager(
        found.number,
        beside("sebelum", found.previous, found.number - 1),
        beside("sesudah", found.next, found.number + 1),
    )


_CHANGES = """
SELECT c.id, c.register, c.row_id, c.before, c.after, c.changed_at, p.full_name
FROM register_change c LEFT JOIN person p ON p.id = c.person"""
_PEOPLE = """
SELECT p.id, p.full_name FROM person p
WHERE EXISTS (SELECT FROM register_change c WHERE c.person = p.id) ORDER BY p.full_name, p.id LIMIT 500"""
