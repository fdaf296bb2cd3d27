"""The outline of a region as a map needs it: rings of longitude and latitude, written as well-known text.

Source of the notation: OGC Simple Features (ISO 19125-1), `POLYGON` and `MULTIPOLYGON`.
"""

import re
from collections.abc import Sequence

Point = tuple[float, float]
Ring = Sequence[Point]

LONGEST = 20_000
_SHAPE = re.compile(r"\s*(MULTI)?POLYGON\s*(\(.*\))\s*", re.DOTALL | re.IGNORECASE)
_RING = re.compile(r"\(([^()]*)\)")
_NUMBER = r"[-+]?\d+(?:\.\d+)?"
_POINT = re.compile(rf"\s*({_NUMBER})\s+({_NUMBER})\s*")


def parse(text: str) -> Sequence[Ring]:
    """Return the rings of a polygon or of several, holes among them; a ring ends where it begins.

    Raises ValueError, in words, for anything that is no such shape on this earth.
    """
    shape = _SHAPE.fullmatch(text)
    if shape is None or not _balanced(shape[2], 3 if shape[1] else 2):
        raise ValueError("is written as POLYGON ((…)) or MULTIPOLYGON (((…)))")
    return [_ring(ring) for ring in _RING.findall(shape[2])]


def _balanced(text: str, depth: int) -> bool:
    """Whether brackets are closed, go exactly so deep, and hold nothing but rings."""
    level = deepest = 0
    for character in text:
        level += (character == "(") - (character == ")")
        deepest = max(deepest, level)
        if level < 0:
            return False
    return level == 0 and deepest == depth and not set(_RING.sub("", text)) - set("(), \n\r\t")


def _ring(text: str) -> Ring:
    points = []
    for written in text.split(","):
        numbers = _POINT.fullmatch(written)
        if numbers is None:
            raise ValueError(f"has a point {written.strip()[:40]!r} that is no longitude and latitude")
        longitude, latitude = float(numbers[1]), float(numbers[2])
        if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
            raise ValueError(f"has a point {written.strip()[:40]!r} beyond the earth")
        points.append((longitude, latitude))
    if len(points) < 4 or points[0] != points[-1]:
        raise ValueError("has a ring that does not end where it begins")
    return points
