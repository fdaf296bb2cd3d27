import pytest

from lapor.routing.places import Place, PlaceNames

NAMES = PlaceNames(
    Place(code, name)
    for code, name in {
        "33": "Jawa Tengah",
        "33.74": "Kota Semarang",
        "33.22": "Kabupaten Semarang",
        "33.74.01": "Semarang Tengah",
        "33.74.01.1001": "Miroto",
        "33.74.01.1015": "Kauman",
        "33.74.10": "Tembalang",
        "33.74.10.1006": "Tembalang",
        "33.22.04": "Tengaran",
        "33.22.04.2001": "Karangduren",
        "33.11": "Kabupaten Sukoharjo",
        "33.11.05": "Grogol",
        "33.11.05.2003": "Kauman",
    }.items()
)


@pytest.mark.parametrize(
    ("text", "code", "sure"),
    [
        ("Selokan di Miroto mampet", "33.74.01.1001", False),
        ("Selokan di Kel. Miroto mampet", "33.74.01.1001", True),
        ("di Miroto, SEMARANG TENGAH", "33.74.01.1001", True),
        ("kecamatan Semarang Tengah gelap", "33.74.01", True),
        ("Kauman, Semarang Tengah", "33.74.01.1015", True),
        ("desa Kauman Grogol Sukoharjo", "33.11.05.2003", True),
        ("kecamatan Tembalang", "33.74.10", True),
        ("kelurahan Tembalang", "33.74.10.1006", True),
        ("Kabupaten Semarang", "33.22", True),
        ("Kota Semarang banjir", "33.74", True),
        ("Tembalang, Kota Semarang", "33.74.10", False),
        ("Karangduren dekat Tembalang", "33.22.04.2001", False),
    ],
)
def test_the_smallest_place_that_the_text_names_is_found(text: str, code: str, sure: bool) -> None:
    guess = NAMES.find(text)
    assert guess.codes[0] == code
    assert guess.sure is sure


def test_of_a_district_and_its_village_of_one_name_only_the_district_is_certain() -> None:
    assert NAMES.find("di Tembalang saja").codes == ("33.74.10", "33.74", "33")


def test_the_path_leads_from_the_village_up_to_the_province() -> None:
    assert NAMES.find("Miroto").codes == ("33.74.01.1001", "33.74.01", "33.74", "33")


def test_a_name_that_repeats_gives_only_what_its_places_share() -> None:
    guess = NAMES.find("sampah di Kauman")
    assert guess.candidates == ("33.11.05.2003", "33.74.01.1015")
    assert guess.codes == ("33",)
    assert not guess.sure


def test_the_region_of_the_filing_settles_a_name_that_repeats() -> None:
    assert NAMES.find("sampah di Kauman", within="33.74").codes[0] == "33.74.01.1015"
    assert NAMES.find("sampah di Grogol", within="33.74").codes == ()


DIVIDED = PlaceNames(
    Place(code, name)
    for code, name in {
        "33": "Jawa Tengah",
        "33.74": "Kota Semarang",
        "33.74.06": "Pedurungan",
        "33.74.06.1004": "Tlogosari Kulon",
        "33.74.06.1005": "Tlogosari Wetan",
        "33.74.06.1006": "Pedurungan Kidul",
        "33.74.06.1007": "Pedurungan Lor",
        "33.74.05.1001": "Kauman Kulon",
        "33.74.04.1001": "Kauman Wetan",
        "33.74.04.1002": "Sumber Lor",
        "33.74.04.1003": "Pasar Lor",
        "33.74.04.1004": "Pasar Kidul",
    }.items()
)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("RT 3 RW 5 Tlogosari", ("33.74.06", "33.74", "33")),
        ("Tlogosari Wetan", ("33.74.06.1005", "33.74.06", "33.74", "33")),
        ("Pedurungan", ("33.74.06", "33.74", "33")),
        # In two districts, or one village alone: nobody knows which was meant.
        ("Kauman", ()),
        ("Sumber", ()),
        ("di depan pasar", ()),
    ],
)
def test_the_old_name_of_a_divided_village_says_its_district(text: str, codes: tuple[str, ...]) -> None:
    guess = DIVIDED.find(text)
    assert guess.codes == codes
    assert not guess.sure


@pytest.mark.parametrize(
    "text", ["lampu di Jalan Kauman mati", "Jl. Miroto", "pasar Kauman kotor", "Pak Grogol", "tidak ada", ""]
)
def test_streets_buildings_and_people_are_no_places(text: str) -> None:
    assert NAMES.find(text).codes == ()


def test_a_deployment_without_regions_finds_nothing() -> None:
    assert PlaceNames([]).find("Miroto").codes == ()
