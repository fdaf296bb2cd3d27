import pytest

from lapor.routing.outlines import parse

SQUARE = "110.1 -7.0, 110.2 -7.0, 110.2 -7.1, 110.1 -7.1, 110.1 -7.0"
HOLE = "110.14 -7.04, 110.16 -7.04, 110.16 -7.06, 110.14 -7.04"


def test_a_polygon_gives_its_rings_and_its_holes() -> None:
    rings = parse(f"POLYGON (({SQUARE}), ({HOLE}))")
    assert [len(ring) for ring in rings] == [5, 4]
    assert rings[0][0] == (110.1, -7.0)


def test_islands_are_rings_of_one_region() -> None:
    assert len(parse(f"MULTIPOLYGON ((({SQUARE})), (({HOLE})))")) == 2


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "POLYGON"),
        ("POINT (110 -7)", "POLYGON"),
        (f"POLYGON ({SQUARE})", "POLYGON"),
        (f"MULTIPOLYGON (({SQUARE}))", "POLYGON"),
        (f"POLYGON (({SQUARE})", "POLYGON"),
        (f"POLYGON (({SQUARE}) <script>)", "POLYGON"),
        ("POLYGON ((110.1 -7.0, 110.2 satu, 110.2 -7.1, 110.1 -7.0))", "no longitude"),
        ("POLYGON ((-7.0 110.1, -7.0 110.2, -7.1 110.2, -7.0 110.1))", "beyond the earth"),
        ("POLYGON ((110.1 -7.0, 110.2 -7.0, 110.2 -7.1, 110.1 -7.1))", "where it begins"),
        ("POLYGON ((1e9 1, 2 2, 3 3, 1e9 1))", "no longitude"),
    ],
)
def test_what_is_no_outline_is_refused_in_words(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse(text)
