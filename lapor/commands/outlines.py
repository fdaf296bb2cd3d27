"""`lapor pack outlines`: the outlines of a pack's districts out of a file of a map."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lapor import pack
from lapor.commands import Failed
from lapor.pack.registers import REGION, REGION_OUTLINE
from lapor.routing import outlines

# Metres per degree of latitude.
_DEGREE = 111_320
_COARSER = 2.0


def write(folder: Path, file: Path, code: str, metres: float) -> int:
    """Write `outlines.csv` of a pack from a GeoJSON file (RFC 7946); return how many regions it names.

    `code` is the property that holds a region's code. Neighbours keep their common border while it is made simpler.
    Raises Failed in words.
    """
    try:
        import shapely  # type: ignore[import-untyped]
    except ImportError as missing:
        raise Failed("a map is read with shapely: install it with `pip install lapor[maps]`") from missing
    known = {row["code"] for row in pack.load(folder).rows(REGION.table)}
    shapes = {name: shape for name, shape in _features(file, code) if name in known}
    if not shapes:
        raise Failed(f"no feature of {file} has the code of a region of the pack in its property {code!r}")
    try:
        made = [shapely.make_valid(shapely.geometry.shape(shape)) for shape in shapes.values()]
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        raise Failed(f"{file} holds a shape that cannot be read: {wrong}") from wrong
    rows = []
    for name, outline in zip(shapes, shapely.coverage_simplify(made, metres / _DEGREE), strict=True):
        rows.append((name, _short_enough(shapely, name, outline, metres / _DEGREE)))
    with (folder / REGION_OUTLINE.file).open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["region", "outline"])
        writer.writerows(sorted(rows))
    return len(rows)


def _features(file: Path, code: str) -> Iterator[tuple[str, Any]]:
    try:
        features = json.loads(file.read_text(encoding="utf-8"))["features"]
        for feature in features:
            if feature["geometry"] and feature["geometry"]["type"] in ("Polygon", "MultiPolygon"):
                yield str(feature["properties"].get(code)), feature["geometry"]
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as wrong:
        raise Failed(f"{file} is no GeoJSON with features: {wrong}") from wrong


def _short_enough(shapely: Any, name: str, outline: Any, tolerance: float) -> str:
    """The outline as text, simpler and simpler until it fits; only its areas count."""
    parts = [part for part in getattr(outline, "geoms", [outline]) if part.geom_type == "Polygon"]
    shape = shapely.geometry.MultiPolygon(parts) if len(parts) != 1 else parts[0]
    text: str
    while len(text := shapely.to_wkt(shape, rounding_precision=5)) > outlines.LONGEST:
        tolerance *= _COARSER
        shape = shapely.simplify(shape, tolerance)
    try:
        outlines.parse(text)
    except ValueError as wrong:
        raise Failed(f"the outline of {name} {wrong}") from wrong
    return text
