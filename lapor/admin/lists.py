"""Addresses of the pages of a filtered list: filters stay while one turns pages and tabs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from urllib.parse import urlencode

from lapor.complaints.queries.choices import Choices, Option
from lapor.complaints.queries.filters import Filters
from lapor.complaints.queries.overdue import Late
from lapor.complaints.queries.paging import Mark, Page, Wish
from lapor.complaints.queries.queue import Item
from lapor.locales import current
from lapor.pages import AnyRequest

# Names in the address, for what they filter.
NAMES = {
    "status": "status",
    "agency": "instansi",
    "category": "kategori",
    "district": "kecamatan",
    "words": "cari",
    "person": "petugas",
}
_LONGEST = 200

Line = TypeVar("Line", Item, Late)


@dataclass(frozen=True)
class Pager:
    """The addresses beside a page, or None; as templates/parts/lists.html wants it."""

    page: int
    previous: str | None
    next: str | None
    pages: int | None = None


def filters_of(request: AnyRequest) -> Filters:
    """Return the filters that the address names."""
    given = {field: request.query_params.get(name, "").strip() for field, name in NAMES.items()}
    filters: dict[str, Any] = {field: value[:_LONGEST].replace("\x00", "") for field, value in given.items()}
    return Filters(**filters)


def wish_of(request: AnyRequest) -> Wish:
    """Return the page that the address names; the first when it names none that can be read."""
    asked = request.query_params
    number = asked.get("halaman", "1")
    return Wish(
        after=Mark.read(asked.get("sesudah", "")),
        before=Mark.read(asked.get("sebelum", "")),
        number=int(number) if number.isdecimal() and len(number) < 7 else 1,
    )


def pager(path: str, filters: Filters, page: Page[object]) -> Pager:
    """Return the pager of a page of the list at `path`."""

    def beside(name: str, mark: Mark | None, number: int) -> str | None:
        if mark is None:
            return None
        return address(path, filters, {name: str(mark), "halaman": str(max(number, 1))})

    return Pager(
        page.number,
        beside("sebelum", page.previous, page.number - 1),
        beside("sesudah", page.next, page.number + 1),
    )


def address(path: str, filters: Filters, more: Mapping[str, str] | None = None, *, without: str = "") -> str:
    """Return an address of the list with its filters, all but one if one is named."""
    kept = {name: getattr(filters, field) for field, name in NAMES.items() if field != without}
    question = {name: value for name, value in {**kept, **(more or {})}.items() if value}
    return f"{path}?{urlencode(question)}" if question else path


def category_in_language(name: str | None, english: Mapping[str, str]) -> str | None:
    """Return a category's name in the current language, as far as the register has it."""
    return english.get(name or "", name) if current() == "en" else name


def categories_in_language(choices: Choices) -> Sequence[Option]:
    """Return the categories to filter by, named in the current language."""
    return [(code, category_in_language(name, choices.english) or "") for code, name in choices.categories]


def lines_in_language(lines: Iterable[Line], choices: Choices) -> Sequence[Line]:
    """Return lines of a list with their categories named in the current language."""
    return [replace(line, category=category_in_language(line.category, choices.english)) for line in lines]
