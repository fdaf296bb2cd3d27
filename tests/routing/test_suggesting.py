import csv
import tomllib
from pathlib import Path

import pytest

from lapor.routing.rules import Rule
from lapor.routing.suggesting import MOST, CategoryWords, Named

PACK = Path(__file__).parents[2] / "packs" / "contoh"


def _words() -> CategoryWords:
    with (PACK / "categories.csv").open() as rows:
        named = [Named(row["code"], row["name"], row["hint"]) for row in csv.DictReader(rows)]
    rules = [
        Rule(
            code=rule["code"],
            position=rule["position"],
            categories=frozenset(rule.get("categories", ())),
            words=frozenset(rule.get("words", ())),
            target_agency=rule.get("agency"),
            office_of=rule.get("office_of"),
        )
        for rule in tomllib.loads((PACK / "rules.toml").read_text())["rule"]
    ]
    return CategoryWords(named, rules)


WORDS = _words()


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ("Lampu jalan di depan masjid mati sejak tiga hari lalu", "lampu-jalan"),
        ("rumah tetangga terbakar", "kebakaran"),
        ("air pam keruh dan bau", "air-bersih"),
        ("tukang parkir minta uang", "parkir-liar"),
        ("sampah numpuk seminggu", "sampah"),
        ("dalan bolong neng ngarep omahku", "jalan-rusak"),
        ("BANJIR!!! setinggi lutut", "banjir"),
        ("minta surat pengantar", "surat-kelurahan"),
    ],
)
def test_what_is_said_proposes_its_topic_first(said: str, first: str) -> None:
    assert WORDS.suggest(said)[0] == first


@pytest.mark.parametrize("said", ["", "halo selamat pagi", "saya mau lapor", "1234 !!!"])
def test_words_that_say_nothing_propose_nothing(said: str) -> None:
    assert WORDS.suggest(said) == []


def test_no_more_is_proposed_than_somebody_in_a_hurry_can_read() -> None:
    everything = " ".join(path.read_text() for path in (PACK / "categories.csv", PACK / "rules.toml"))
    assert len(WORDS.suggest(everything)) == MOST


def test_a_rule_speaks_only_for_categories_that_there_are() -> None:
    rule = Rule(
        "r", 1, categories=frozenset({"gone"}), words=frozenset({"pju"}), target_agency="a", reason=""
    )
    assert CategoryWords([Named("lamp", "Lampu")], [rule]).suggest("pju mati") == []
