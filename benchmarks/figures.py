"""Rates and times of a measurement, and how they are printed."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Round:
    """What some clients did in some seconds: the time of each success in seconds, and how many failed."""

    seconds: float
    times: Sequence[float]
    errors: int = 0

    @property
    def rate(self) -> float:
        """Successes per second."""
        return len(self.times) / self.seconds

    def percentile(self, share: float) -> float:
        """The time in milliseconds below which this share of the successes lies; 0 without any."""
        if not self.times:
            return 0.0
        ordered = sorted(self.times)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def summary(rounds: Sequence[Round]) -> dict[str, float]:
    """The medians over the rounds, the spread of their rates, and all errors."""
    return {
        "per_second": round(median(one.rate for one in rounds), 1),
        "per_second_lowest": round(min(one.rate for one in rounds), 1),
        "per_second_highest": round(max(one.rate for one in rounds), 1),
        "median_ms": round(median(one.percentile(0.5) for one in rounds), 2),
        "p90_ms": round(median(one.percentile(0.9) for one in rounds), 2),
        "p99_ms": round(median(one.percentile(0.99) for one in rounds), 2),
        "count": sum(len(one.times) for one in rounds),
        "errors": sum(one.errors for one in rounds),
    }


def machine() -> dict[str, Any]:
    """What it ran on; `load` is the load of the machine before the measurement, which others may cause."""
    return {
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def show(
    title: str, sides: Mapping[str, Mapping[str, float]], others: Mapping[str, Any], as_json: bool
) -> None:
    """Print a table with one line per side and the other figures beneath, or all of it as one JSON object."""
    if as_json:
        print(json.dumps({"benchmark": title, **sides, **others}, ensure_ascii=False))
        return
    print(title)
    names = list(dict.fromkeys(name for side in sides.values() for name in side))
    widths = [max(len(name), 9) + 2 for name in names]
    print(" " * 14 + "".join(f"{name:>{width}}" for name, width in zip(names, widths, strict=True)))
    for label, side in sides.items():
        cells = (f"{side.get(name, ''):>{width}}" for name, width in zip(names, widths, strict=True))
        print(f"{label:<14}" + "".join(cells))
    for name, value in others.items():
        print(f"{name}: {value}")


def note(line: str) -> None:
    """Say what is being done, beside the result."""
    print(line, file=sys.stderr, flush=True)
