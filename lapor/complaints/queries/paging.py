"""Pages of a long list by keyset: a page begins after the last row of the one before, however deep it lies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, TypeVar

PAGE_SIZE = 50
COUNT_LIMIT = 1000

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Mark:
    """A row's place in a list: what it is sorted by, and its id."""

    at: datetime
    id: int

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.id}"

    @classmethod
    def read(cls, text: str) -> "Mark | None":
        """Return the mark that an address carries, or None when it carries none that can be read."""
        at, _, number = text.partition("~")
        try:
            mark = cls(datetime.fromisoformat(at), int(number))
        except ValueError:
            return None
        return mark if mark.at.tzinfo and 0 <= mark.id < 2**63 else None


@dataclass(frozen=True)
class Wish:
    """Which page is asked for: the first, or the one beside a mark."""

    after: Mark | None = None
    before: Mark | None = None
    number: int = 1

    @property
    def backward(self) -> bool:
        """Whether the page before a mark is wanted."""
        return self.before is not None and self.after is None

    @property
    def mark(self) -> Mark | None:
        """The mark beside which the page lies."""
        return self.after or self.before


@dataclass(frozen=True)
class Page(Generic[T_co]):
    """One page of a list, with the marks of its neighbours where there are any."""

    items: Sequence[T_co]
    number: int
    previous: Mark | None
    next: Mark | None


def order(wish: Wish, *, newest_first: bool = False) -> tuple[Literal["<", ">"], Literal["ASC", "DESC"]]:
    """Return the comparison with the mark and the direction in which rows are read."""
    return ("<", "DESC") if wish.backward != newest_first else (">", "ASC")


def page(found: Sequence[tuple[Mark, T]], wish: Wish, size: int = PAGE_SIZE) -> Page[T]:
    """Return the page from rows read in the direction of `order`, one more than the page holds if there are more."""
    more = len(found) > size
    rows = list(found[:size])
    if wish.backward:
        rows.reverse()
    first, last = (rows[0][0], rows[-1][0]) if rows else (None, None)
    has_previous = more if wish.backward else wish.after is not None
    has_next = wish.backward or more
    return Page(
        [item for _, item in rows],
        max(wish.number, 1),
        first if has_previous else None,
        last if has_next else None,
    )
