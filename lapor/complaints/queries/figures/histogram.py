"""How long first answers took, as one number that PostgreSQL adds up as fast as any other.

A sum keeps how many answers took one begun hour, two, three … in a decimal number with eight digits for each step, the
first step lowest: 3 answers within one hour and 2 within two are 2 0000 0003. Adding such numbers adds every step at
once, and taking away undoes it, so a year of a whole region is one sum() over a few rows. No step overflows before
there are a hundred million answers in it.
"""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Final

DIGITS: Final = 8
# Begun hours one by one up to four days, after that begun days, as `measures` counts them.
LAST_HOUR: Final = 96


def one_sql(hours: str) -> str:
    """Return the SQL of the number that stands for one answer after so many hours."""
    step = (
        f"CASE WHEN {hours} <= {LAST_HOUR} THEN {hours} ELSE {LAST_HOUR - LAST_HOUR // 24} + {hours} / 24 END"
    )
    return f"('1e' || {DIGITS} * ({step} - 1))::numeric"


def steps(number: str) -> list[int]:
    """Return how many answers each step holds, the quickest first, out of the digits of a sum."""
    found = [int(number[max(end - DIGITS, 0) : end]) for end in range(len(number), 0, -DIGITS)]
    return found if any(found) else []


def added(one: list[int], other: list[int]) -> list[int]:
    """Return the steps of both together."""
    return [a + b for a, b in zip_longest(one, other, fillvalue=0)]


def hours_of(counts: list[int]) -> Iterator[tuple[int, int]]:
    """Yield (hours, answers) of every step that holds one, the quickest first."""
    for step, answers in enumerate(counts, start=1):
        if answers:
            yield step if step <= LAST_HOUR else (step - LAST_HOUR + LAST_HOUR // 24) * 24, answers


def covering(counts: list[int], percent: int, base: int) -> int | None:
    """Return in how many hours so many of 100 of `base` answers had come, None when never."""
    upto = 0
    for hours, answers in hours_of(counts):
        upto += answers
        if 100 * upto >= percent * base:
            return hours
    return None
