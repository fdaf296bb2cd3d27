"""A process of Lapor whose own clock runs ahead: `python benchmarks/ahead.py SECONDS worker`.

Everything that Python tells about the time of day is moved, before anything of Lapor is loaded. What the database
says is not.
"""

from __future__ import annotations

import datetime
import sys
import time
from typing import Any

REAL = datetime.datetime


class _Kind(type):
    """Moments that other modules made before, or in C, still count as moments."""

    def __instancecheck__(cls, one: Any) -> bool:
        return isinstance(one, REAL)

    def __subclasscheck__(cls, kind: type) -> bool:
        return issubclass(kind, REAL)


def move(seconds: float) -> None:
    """Set the time of day of this process ahead."""
    ahead = datetime.timedelta(seconds=seconds)
    tell, tell_ns = time.time, time.time_ns

    class Ahead(REAL, metaclass=_Kind):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            return REAL.now(tz) + ahead

        @classmethod
        def utcnow(cls) -> Any:
            return REAL.now(datetime.UTC).replace(tzinfo=None) + ahead

        @classmethod
        def today(cls) -> Any:
            return REAL.now() + ahead

    datetime.datetime = Ahead  # type: ignore[misc]
    time.time = lambda: tell() + seconds
    time.time_ns = lambda: tell_ns() + int(seconds * 1e9)


if __name__ == "__main__":
    move(float(sys.argv[1]))
    from lapor.cli import main

    sys.exit(main(sys.argv[2:]))
