"""A map of districts as SVG: outlines laid flat, and where the number of each stands."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from lapor.routing import outlines
from lapor.routing.outlines import Point, Ring

# The longer side of the map, in its own units.
SIDE = 1000.0
# A name stands so far beneath its number, and takes so much room per letter and below its own line.
NAME_BELOW = 40.0
_LETTER, _UNDER = 17.0, 12.0
# Where a district is narrower than this its number is written small.
_NARROW = 85.0


@dataclass(frozen=True)
class Shape:
    """A district on the map: its outline as a path, where its number stands, how wide it is there, and how much room
    a name has beneath it."""

    path: str
    x: float
    y: float
    width: float
    room: float

    @property
    def name_y(self) -> float:
        """On which line a name stands."""
        return self.y + NAME_BELOW

    @property
    def narrow(self) -> bool:
        """Whether its number is to be written small."""
        return self.width < _NARROW

    def holds(self, name: str) -> bool:
        """Whether there is room for a name beneath the number."""
        return len(name) * _LETTER <= self.room


@dataclass(frozen=True)
class DrawnMap:
    """The shapes by code, and how large all of it is."""

    width: float
    height: float
    shapes: Mapping[str, Shape]


def drawn(found: Mapping[str, str]) -> DrawnMap | None:
    """Return the map of these outlines (well-known text by code), north above; None without any."""
    return _drawn(tuple(sorted(found.items()))) if found else None


# Outlines change when a pack is loaded, screens ask every few seconds.
@lru_cache(maxsize=64)
def _drawn(found: tuple[tuple[str, str], ...]) -> DrawnMap:
    parsed = {code: outlines.parse(text) for code, text in found}
    points = [point for rings in parsed.values() for ring in rings for point in ring]
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    # A degree of longitude is shorter than one of latitude, by the cosine of the latitude.
    narrow = math.cos(math.radians((south + north) / 2))
    scale = SIDE / max((east - west) * narrow, north - south, 1e-9)

    def flat(point: Point) -> Point:
        return (point[0] - west) * narrow * scale, (north - point[1]) * scale

    shapes = {
        code: _shape([[flat(point) for point in ring] for ring in rings]) for code, rings in parsed.items()
    }
    return DrawnMap(round((east - west) * narrow * scale, 1), round((north - south) * scale, 1), shapes)


def _shape(rings: Sequence[Ring]) -> Shape:
    path = " ".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in ring[:-1]) + "Z" for ring in rings)
    largest = max(rings, key=lambda ring: abs(_area(ring)))
    y = _middle(largest)
    left, right = max(_spans(largest, y), key=lambda span: span[1] - span[0], default=_sides(largest))
    x = (left + right) / 2
    room = min(_room(largest, x, y + NAME_BELOW + further) for further in (-_UNDER, _UNDER))
    return Shape(path, round(x, 1), round(y, 1), round(right - left, 1), round(room, 1))


def _area(ring: Ring) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring)) / 2


def _middle(ring: Ring) -> float:
    """How far down the centre of a ring's area lies."""
    area = _area(ring)
    if not area:
        return sum(y for _, y in ring) / len(ring)
    return sum((a[1] + b[1]) * (a[0] * b[1] - b[0] * a[1]) for a, b in pairwise(ring)) / (6 * area)


def _sides(ring: Ring) -> tuple[float, float]:
    return min(x for x, _ in ring), max(x for x, _ in ring)


def _spans(ring: Ring, y: float) -> Sequence[tuple[float, float]]:
    """From where to where the ring is inside on a level, piece by piece."""
    crossings = sorted(
        a[0] + (y - a[1]) * (b[0] - a[0]) / (b[1] - a[1])
        for a, b in pairwise(ring)
        if (a[1] <= y) != (b[1] <= y)
    )
    return list(zip(crossings[::2], crossings[1::2], strict=False))


def _room(ring: Ring, x: float, y: float) -> float:
    """How wide something may be whose middle is at a point; 0 outside of the ring."""
    return max(
        (2 * min(x - left, right - x) for left, right in _spans(ring, y) if left <= x <= right), default=0
    )
