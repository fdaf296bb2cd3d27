"""How many answers missed their deadline on each of the last ninety days, as this officer's offices see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from lapor import database

DAYS = 90


@dataclass(frozen=True)
class LateDay:
    """A day: how many answers became late on it, and how many of those were given since."""

    day: date
    late: int
    answered: int

    @property
    def waiting(self) -> int:
        """How many of them still wait."""
        return self.late - self.answered


async def late_days(zone: str) -> Sequence[LateDay]:
    """Return the last ninety days of a zone, oldest first, today included."""
    return [
        LateDay(**dict(row)) for row in await database.fetch("SELECT * FROM late_days($1, $2)", zone, DAYS)
    ]
