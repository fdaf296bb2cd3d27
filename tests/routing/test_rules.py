from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lapor.routing.rules import AgencyFact, Decision, Directory, Facts, Rule, Rulebook, decide
from lapor.routing.words import Phrases, spelled

MIROTO = ("33.74.01.1001", "33.74.01", "33.74", "33")
AGENCIES = (
    AgencyFact("gubernur", "pimpinan", "33"),
    AgencyFact("inspektorat-prov", "inspektorat", "33", parent="gubernur"),
    AgencyFact("kominfo-prov", "dinas", "33", parent="gubernur"),
    AgencyFact("walikota", "pimpinan", "33.74"),
    AgencyFact("setda", "sekretariat", "33.74", parent="walikota"),
    AgencyFact("inspektorat", "inspektorat", "33.74", parent="walikota"),
    AgencyFact("kominfo", "dinas", "33.74", parent="setda"),
    AgencyFact("dpu", "dinas", "33.74", parent="setda"),
    AgencyFact("dinkes", "dinas", "33.74", parent="setda"),
    AgencyFact("rsud", "rsud", "33.74", parent="dinkes"),
    AgencyFact("bubar", "dinas", "33.74", parent="setda", active=False),
    AgencyFact("kec-tengah", "kecamatan", "33.74", place="33.74.01", parent="setda"),
    AgencyFact("kel-miroto", "kelurahan", "33.74", place="33.74.01.1001", parent="kec-tengah"),
)
CITY = Directory({one.code: one for one in AGENCIES}, {"33.74": "kominfo", "33": "kominfo-prov"})
POTHOLE = Facts("complaint", "jalan-rusak", "Jalan berlubang di depan pasar", MIROTO)

# A busy machine is no reason to fail.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def rule(code: str, position: int = 100, **more: Any) -> Rule:
    sets = {key: frozenset(value) if isinstance(value, list) else value for key, value in more.items()}
    return Rule(code, position, reason=f"Alasan {code}.", **sets)


ROADS = rule("jalan", categories=["jalan-rusak"], target_agency="dpu")


def decided(facts: Facts, *rules: Rule, directory: Directory = CITY) -> Decision:
    return decide(Rulebook(rules), facts, directory)


def without(*codes: str) -> Directory:
    return replace(CITY, agencies={code: one for code, one in CITY.agencies.items() if code not in codes})


def test_the_first_rule_in_order_decides_and_says_why() -> None:
    late = rule("umum", 900, target_agency="kominfo")
    assert decided(POTHOLE, late, ROADS) == Decision("dpu", "jalan", "Alasan jalan.", needs_triage=False)


def test_rules_of_one_position_are_ordered_by_their_code() -> None:
    first, second = rule("a", target_agency="dpu"), rule("b", target_agency="kominfo")
    assert decided(POTHOLE, second, first).rule == "a"


def test_what_no_rule_can_route_goes_to_the_coordinating_agency() -> None:
    decision = decided(replace(POTHOLE, category="sampah"), ROADS)
    assert (decision.agency, decision.rule, decision.needs_triage) == ("kominfo", None, True)


@pytest.mark.parametrize(
    ("facts", "agency"),
    [
        (Facts("complaint", None, "x", (), region="33.74"), "kominfo"),
        (Facts("complaint", None, "x", ("33.01.02", "33.01", "33"), region="33.74"), "kominfo-prov"),
        (Facts("complaint", None, "x", (), region="33.74.01"), "kominfo"),
        (Facts("complaint", None, "x", ("91.01", "91")), None),
        (Facts("complaint", None, "x"), None),
    ],
)
def test_triage_belongs_to_the_region_of_the_place_or_else_of_the_filing(
    facts: Facts, agency: str | None
) -> None:
    assert decided(facts).agency == agency
    assert decided(facts).needs_triage


@pytest.mark.parametrize(
    ("condition", "fits", "fits_not"),
    [
        ({"categories": ["a", "b"]}, {"category": "b"}, {"category": None}),
        ({"types": ["service"]}, {"type": "service"}, {"type": "complaint"}),
        ({"channels": ["whatsapp"]}, {"channel": "whatsapp"}, {"channel": "web"}),
        ({"places": ["33.74.01"]}, {"place_codes": MIROTO}, {"place_codes": ("33.74.02", "33.74")}),
        ({"words": ["air mati"]}, {"text": "AIR-MATI sejak pagi"}, {"text": "air sudah mati"}),
        (
            {"words": ["selokan"], "categories": ["a"]},
            {"text": "selokan mampet", "category": "a"},
            {"text": "selokan mampet", "category": "b"},
        ),
    ],
)
def test_every_condition_of_a_rule_has_to_match(
    condition: dict[str, Any], fits: dict[str, Any], fits_not: dict[str, Any]
) -> None:
    one = rule("satu", target_agency="dpu", **condition)
    assert decided(replace(POTHOLE, **fits), one).rule == "satu"
    assert decided(replace(POTHOLE, **fits_not), one).rule is None


@pytest.mark.parametrize(
    ("word", "text", "found"),
    [
        ("air", "Air keruh!", True),
        ("air", "pengairan sawah", False),
        ("pohon tumbang", "ada POHON\n  tumbang.", True),
        ("pohon tumbang", "pohon besar tumbang", False),
        ("café", "di depan Cafe baru", True),
        ("cafe", "di depan CAFÉ baru", True),
        ("lampu jalan", "lampu_jalan,lampu/jalan", True),
        ("2x24 jam", "sudah 2x24 jam", True),
        ("jalan", "", False),
    ],
)
def test_words_are_whole_words_without_case_and_accents(word: str, text: str, found: bool) -> None:
    assert Phrases([(word, 7)]).found_in(text) == ({7} if found else set())


@UNHURRIED
@given(st.text(), st.text())
def test_a_phrase_is_found_exactly_where_its_spelling_stands(phrase: str, text: str) -> None:
    if spelled(phrase).strip():
        assert bool(Phrases([(phrase, 1)]).found_in(text)) == (spelled(phrase) in spelled(text))


def test_a_phrase_without_a_word_is_refused() -> None:
    with pytest.raises(ValueError, match="no word"):
        Rulebook([rule("kosong", words=["--"], target_agency="dpu")])


@pytest.mark.parametrize("target", [{}, {"target_agency": "dpu", "office_of": "kelurahan"}])
def test_a_rule_has_exactly_one_target(target: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="rule dua"):
        rule("dua", **target)


@pytest.mark.parametrize(
    ("kind", "office"), [("kelurahan", "kel-miroto"), ("desa", "kel-miroto"), ("kecamatan", "kec-tengah")]
)
def test_a_rule_can_name_the_office_of_a_kind_at_the_place(kind: str, office: str) -> None:
    assert decided(POTHOLE, rule("kantor", office_of=kind)).agency == office


def test_a_place_without_such_an_office_goes_on_to_the_next_rule() -> None:
    decision = decided(replace(POTHOLE, place_codes=MIROTO[1:]), rule("a", office_of="kelurahan"), ROADS)
    assert decision.agency == "dpu"
    assert "aturan a dilewati karena tidak ada kelurahan" in decision.reason


@pytest.mark.parametrize(("target", "trouble"), [("bubar", "tidak aktif"), ("hilang", "tidak ada")])
def test_a_target_that_is_not_alive_is_skipped_and_named(target: str, trouble: str) -> None:
    decision = decided(POTHOLE, rule("a", target_agency=target), ROADS)
    assert decision.agency == "dpu"
    assert f"instansi {target} {trouble}" in decision.reason


@pytest.mark.parametrize(
    ("reported", "agency", "supporting"),
    [
        ("kel-miroto", "kec-tengah", ("inspektorat",)),
        ("kec-tengah", "inspektorat", ()),
        ("dpu", "inspektorat", ()),
        ("rsud", "inspektorat", ()),
        ("kominfo", "inspektorat", ()),
        ("inspektorat", "setda", ()),
        ("setda", "inspektorat-prov", ()),
        ("walikota", "inspektorat-prov", ()),
    ],
)
def test_the_reported_party_never_receives_it(
    reported: str, agency: str, supporting: tuple[str, ...]
) -> None:
    everybody = [rule(one.code, target_agency=one.code) for one in AGENCIES]
    decision = decided(replace(POTHOLE, reported_agency=reported, about_official=True), *everybody)
    assert (decision.agency, decision.supporting, decision.needs_triage) == (agency, supporting, False)


def test_a_complaint_about_the_head_of_the_province_is_to_be_referred_outside() -> None:
    decision = decided(replace(POTHOLE, reported_agency="gubernur"))
    assert (decision.agency, decision.refer_outside) == ("inspektorat-prov", True)
    assert "instansi luar" in decision.reason


def test_a_village_whose_parent_is_unknown_is_supervised_by_the_district_of_its_place() -> None:
    orphan = {**CITY.agencies, "kel-miroto": replace(CITY.agencies["kel-miroto"], parent=None)}
    facts = replace(POTHOLE, reported_agency="kel-miroto")
    assert decided(facts, directory=replace(CITY, agencies=orphan)).agency == "kec-tengah"


def test_a_village_without_a_district_office_is_supervised_by_the_inspectorate() -> None:
    facts = replace(POTHOLE, reported_agency="kel-miroto")
    assert decided(facts, directory=without("kec-tengah")).agency == "inspektorat"


def test_without_an_inspectorate_rules_pass_over_the_reported_party_and_its_units() -> None:
    facts = replace(POTHOLE, reported_agency="dinkes")
    rules = [
        rule("a", target_agency="rsud"),
        rule("b", target_agency="dinkes"),
        rule("c", target_agency="dpu"),
    ]
    decision = decided(facts, *rules, directory=without("inspektorat", "inspektorat-prov"))
    assert decision.agency == "dpu"
    assert "rsud adalah terlapor atau berada di bawahnya" in decision.reason
    assert "aturan b dilewati" in decision.reason


def test_triage_passes_over_a_coordinating_agency_that_is_reported() -> None:
    facts = replace(POTHOLE, reported_agency="kominfo")
    assert decided(facts, directory=without("inspektorat", "inspektorat-prov")).agency == "kominfo-prov"


def test_an_official_of_an_unknown_office_goes_to_the_inspectorate_and_never_by_rule() -> None:
    facts = replace(POTHOLE, about_official=True)
    assert decided(facts, ROADS).agency == "inspektorat"
    nobody = without("inspektorat", "inspektorat-prov")
    assert decided(facts, ROADS, directory=nobody) == decided(
        replace(POTHOLE, category=None), directory=nobody
    )


def test_a_directory_whose_parents_run_in_a_circle_ends() -> None:
    circle = {
        "a": AgencyFact("a", "dinas", "33", parent="b"),
        "b": AgencyFact("b", "dinas", "33", parent="a"),
    }
    decision = decided(
        replace(POTHOLE, reported_agency="x"), rule("r", target_agency="a"), directory=Directory(circle)
    )
    assert decision.agency == "a"


WORDS = st.sampled_from(["air", "mati", "jalan", "lampu", "sampah"])
RULES = st.lists(
    st.builds(
        lambda number, categories, words, target: (number, categories, words, target),
        st.integers(0, 5),
        st.frozensets(st.sampled_from(["a", "b"])),
        st.frozensets(st.lists(WORDS, min_size=1, max_size=2).map(" ".join), max_size=2),
        st.sampled_from(["dpu", "dinkes", "kominfo", "bubar"]),
    ),
    max_size=12,
)


@UNHURRIED
@given(RULES, st.sampled_from(["a", "b", None]), st.lists(WORDS, max_size=6).map(" ".join))
def test_the_index_finds_what_trying_every_rule_in_order_finds(
    drawn: list[tuple[int, frozenset[str], frozenset[str], str]], category: str | None, text: str
) -> None:
    rules = [
        Rule(f"r{n:02}", position, categories, words, target_agency=target)
        for n, (position, categories, words, target) in enumerate(drawn)
    ]
    facts = replace(POTHOLE, category=category, text=text)
    expected = next(
        (
            one.code
            for one in sorted(rules, key=lambda one: (one.position, one.code))
            if (not one.categories or category in one.categories)
            and (not one.words or any(f" {word} " in f" {text} " for word in one.words))
            and one.target_agency != "bubar"
        ),
        None,
    )
    assert decided(facts, *rules).rule == expected
