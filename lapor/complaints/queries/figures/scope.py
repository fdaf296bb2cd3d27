"""What a figure is asked about: where, whose, in which months, and by what it is laid out."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, Literal

By = Literal["", "region", "agency", "unit", "person", "category", "district", "channel", "month"]
BY: Final[tuple[By, ...]] = (
    "",
    "region",
    "agency",
    "unit",
    "person",
    "category",
    "district",
    "channel",
    "month",
)
# These lie in the sums under keys of their own: one of them at a time, laid out or as a filter.
KEYED: Final = ("person", "category", "district", "channel")


@dataclass(frozen=True)
class Period:
    """Whole months of receipt, both included; a day of a month stands for the month."""

    first: date
    last: date

    @classmethod
    def month(cls, day: date) -> "Period":
        """Return the month of this day."""
        return cls(day.replace(day=1), day.replace(day=1))

    @classmethod
    def months(cls, last: date, count: int) -> "Period":
        """Return so many months, the one of `last` being the last."""
        first = last.replace(day=1)
        for _ in range(count - 1):
            first = (first.replace(day=1) - _DAY).replace(day=1)
        return cls(first, last.replace(day=1))

    def __post_init__(self) -> None:
        if self.first.day != 1 or self.last.day != 1:
            raise ValueError("a period begins and ends with the first day of a month")


_DAY: Final = date(2000, 1, 2) - date(2000, 1, 1)


@dataclass(frozen=True)
class Scope:
    """Where and whose; ids as they stand in the registers, None is all that the asker may see.

    `agency` takes in its units. Of the keyed dimensions one at a time is a filter. `outside` suppresses small groups
    even for those who may see them: for what is shown in public.
    """

    region: int | None = None
    agency: int | None = None
    person: int | None = None
    category: int | None = None
    district: int | None = None
    channel: str | None = None
    outside: bool = False

    def keyed(self, by: By) -> tuple[str, str | None]:
        """Return the dimension to read and the one key wanted of it; ValueError when two would be needed."""
        given = {name: value for name in KEYED if (value := getattr(self, name)) is not None}
        if len(given) > 1 or (given and by in KEYED and by not in given):
            raise ValueError(
                "figures are laid out and narrowed by one of person, category, district, channel"
            )
        if given:
            name, value = next(iter(given.items()))
            return name, str(value)
        return (by, None) if by in KEYED else ("all", None)

    def within(self, **narrower: Any) -> "Scope":
        """Return the same scope, narrowed."""
        return replace(self, **narrower)
