"""Outlines laid flat: north above, nothing bent out of shape, a number inside every district."""

from __future__ import annotations

import re

import pytest

from lapor.admin.maps import SIDE, drawn

WEST = "POLYGON ((110.0 0.05, 110.1 0.05, 110.1 -0.05, 110.0 -0.05, 110.0 0.05))"
EAST = "POLYGON ((110.1 0.05, 110.2 0.05, 110.2 -0.05, 110.1 -0.05, 110.1 0.05))"
# A horseshoe, open to the east: its centre lies outside of it.
BENT = (
    "POLYGON ((110.0 0.05, 110.1 0.05, 110.1 0.04, 110.02 0.04, 110.02 -0.04, 110.1 -0.04, 110.1 -0.05,"
    " 110.0 -0.05, 110.0 0.05))"
)


def test_two_squares_lie_side_by_side() -> None:
    found = drawn({"east": EAST, "west": WEST})
    assert found is not None
    assert (found.width, found.height) == (SIDE, SIDE / 2)
    assert (found.shapes["west"].x, found.shapes["east"].x) == (250, 750)
    assert found.shapes["west"].width == found.shapes["west"].room == 500
    assert found.shapes["west"].path == "M0.0 0.0L500.0 0.0L500.0 500.0L0.0 500.0Z"


def test_north_is_above() -> None:
    found = drawn({"north": WEST.replace("0.05", "1.05").replace("-1.05", "0.95"), "south": WEST})
    assert found is not None
    assert found.shapes["north"].y < found.shapes["south"].y


def test_far_from_the_equator_a_degree_of_longitude_is_shorter() -> None:
    found = drawn({"far": "POLYGON ((0 59, 2 59, 2 61, 0 61, 0 59))"})
    assert found is not None
    assert found.height == SIDE
    assert found.width == pytest.approx(SIDE / 2, abs=1)


def test_the_number_of_a_bent_district_stands_inside_it() -> None:
    found = drawn({"bent": BENT})
    assert found is not None
    shape = found.shapes["bent"]
    # Its back is a fifth of its width.
    assert 0 < shape.x < SIDE / 5
    assert not shape.holds("Nama kecamatan yang panjang")
    assert shape.holds("Genuk")


def test_a_path_holds_nothing_but_numbers() -> None:
    found = drawn({"west": WEST, "bent": BENT})
    assert found is not None
    for shape in found.shapes.values():
        assert re.fullmatch(r"[MLZ0-9. -]+", shape.path)


def test_without_an_outline_there_is_no_map() -> None:
    assert drawn({}) is None
