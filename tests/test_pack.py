"""The region pack: read, checked, applied, compared and written again."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lapor import database, pack
from lapor.pack import Pack, PackError
from lapor.routing.rules import AgencyFact, Directory, Facts, Rule, Rulebook, decide
from tests.ground import EMPTY, Ground, World

EXAMPLE = Path(__file__).parent.parent / "packs" / "contoh"
Edit = Callable[[str, str, str], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "contoh"))


@pytest.fixture
def edit(folder: Path) -> Edit:
    def replace_once(name: str, old: str, new: str) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return replace_once


def problems(folder: Path) -> list[str]:
    with pytest.raises(PackError) as caught:
        pack.load(folder)
    return [str(problem) for problem in caught.value.problems]


def without(loaded: Pack, table: str, code: str) -> Pack:
    kept = tuple(row for row in loaded.rows(table) if row["code"] != code)
    return replace(loaded, registers={**loaded.registers, table: kept})


def changed(loaded: Pack, table: str, code: str, **columns: object) -> Pack:
    rows = tuple({**row, **columns} if row["code"] == code else row for row in loaded.rows(table))
    return replace(loaded, registers={**loaded.registers, table: rows})


def directory(loaded: Pack) -> Directory:
    agencies = {
        row["code"]: AgencyFact(row["code"], row["kind"], row["region"], row["place"], row["parent"])
        for row in loaded.rows("agency")
    }
    coordinating = {row["region"]: row["code"] for row in loaded.rows("agency") if row["coordinating"]}
    return Directory(agencies, coordinating)


def rulebook(loaded: Pack) -> Rulebook:
    lists = ("categories", "words", "places", "types", "channels")
    return Rulebook(
        Rule(
            code=row["code"],
            position=row["position"],
            target_agency=row["agency"],
            office_of=row["office_of"],
            reason=row["reason"],
            **{name: frozenset(row[name]) for name in lists},
        )
        for row in loaded.rows("routing_rule")
    )


def test_the_example_pack_is_a_whole_region() -> None:
    loaded = pack.load(EXAMPLE)
    assert len(loaded.rows("agency")) >= 12
    assert len(loaded.rows("category")) >= 25
    assert len(loaded.rows("routing_rule")) >= 25
    assert {row["kind"] for row in loaded.rows("agency")} >= {"dinas", "badan", "kelurahan", "rsud", "bumd"}
    assert all(row["email"].endswith(".example") for row in loaded.rows("agency"))


def test_every_category_of_the_example_is_decided_by_a_rule_or_left_to_words() -> None:
    loaded = pack.load(EXAMPLE)
    rules, agencies = rulebook(loaded), directory(loaded)
    place = ("33.74.06.1004", "33.74.06", "33.74", "33")
    undecided = set()
    for category in loaded.rows("category"):
        facts = Facts(category["type"], category["code"], "Mohon dibantu.", place, region="33.74")
        if decide(rules, facts, agencies).needs_triage:
            undecided.add(category["code"])
    assert undecided == {"aspirasi-pembangunan", "informasi-layanan"}


def test_a_pack_that_is_written_reads_back_as_the_same_pack(tmp_path: Path) -> None:
    loaded = pack.load(EXAMPLE)
    pack.write(loaded, tmp_path / "again")
    assert pack.load(tmp_path / "again") == loaded


def test_a_pack_with_semicolons_and_a_byte_order_mark_is_read(folder: Path) -> None:
    path = folder / "emergency.csv"
    path.write_text("\ufeffregion;number;name;position\n33.74;112;Panggilan darurat;10\n", encoding="utf-8")
    assert [row["number"] for row in pack.load(folder).rows("emergency_number")] == ["112"]


def test_live_from_is_midnight_in_the_zone_of_the_region(edit: Edit, folder: Path) -> None:
    edit(
        "regions.csv", "33.74,Kota Semarang,city,33,Asia/Jakarta", "33.74,Kota Semarang,city,33,Asia/Jayapura"
    )
    city = next(row for row in pack.load(folder).rows("region") if row["code"] == "33.74")
    assert city["live_from"].isoformat() == "2019-12-31T15:00:00+00:00"


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        (
            "agencies.csv",
            "dinas,33.74,smg-setda",
            "dinass,33.74,smg-setda",
            "row 14: kind cannot be 'dinass'",
        ),
        ("agencies.csv", "jtg-setda,Sek", ",Sek", "agencies.csv, row 3: code is missing"),
        (
            "agencies.csv",
            "kecamatan,33.74,smg-setda,33.74.01",
            "kecamatan,33.74,smg-setda,",
            "needs its district",
        ),
        ("agencies.csv", "pimpinan,33.74,,", "pimpinan,33.74,smg-setda,", "stands above itself"),
        ("agencies.csv", "gubernur@jateng.example", "gubernur jateng", "email cannot be"),
        ("agencies.csv", ",phone", ",phone,password", "has a column 'password'"),
        ("offices.csv", "smg-dpu.kepala,smg-dpu", "smg-dpu.kepala,smg-dpux", "there is no agency 'smg-dpux'"),
        ("offices.csv", "smg-dpu.kepala", "smg-dpu.petugas", "stands already in"),
        ("regions.csv", "33.74.01.1001", "33.75.01.1001", "33.75.01.1001 cannot stand under 33.74.01"),
        ("regions.csv", "Asia/Jakarta", "Asia/Semarang", "timezone cannot be 'Asia/Semarang'"),
        (
            "categories.csv",
            "service,5,automatic",
            "service,lima,automatic",
            "completion_days is a whole number",
        ),
        ("categories.csv", "yes,no,complaint", "mungkin,no,complaint", "emergency is yes or no"),
        ("rules.toml", 'categories = ["kebakaran"]', "", "has no condition"),
        (
            "rules.toml",
            'agency = "smg-damkar"',
            "",
            "rule 2 (kebakaran): names either an agency or office_of",
        ),
        ("rules.toml", 'categories = ["banjir"]', 'categories = ["banjr"]', "there is no category 'banjr'"),
        ("policies.toml", 'unit = "hours"', 'unit = "jam"', "policy 1 (response): unit cannot be 'jam'"),
        ("policies.toml", 'audience = ["agency"]', 'audience = ["semua"]', "nobody is called 'semua'"),
        ("policies.toml", 'clock = "emergency"', 'clock = "triage"', "no policy gives every emergency clock"),
        ("policies.toml", 'source = "2x24', 'sumber = "2x24', "source is missing"),
        ("calendar.toml", "closing = 16:00:00", "closing = 07:00:00", "opens no earlier than it closes"),
        ("calendar.toml", "year = 2025", 'year = "dua ribu"', "year is a whole number"),
        ("pack.toml", 'default_region = "33.74"', 'default_region = "33.99"', "default_region is no"),
        ("pack.toml", "name =", "nama =", "pack.toml: does not know 'nama'"),
    ],
)
def test_a_mistake_is_told_with_its_file_and_row(
    folder: Path, edit: Edit, name: str, old: str, new: str, told: str
) -> None:
    edit(name, old, new)
    found = problems(folder)
    assert any(problem.startswith(name) and told in problem for problem in found), found


def test_all_mistakes_are_told_at_once(folder: Path, edit: Edit) -> None:
    edit("agencies.csv", "gubernur@jateng.example", "gubernur")
    edit("rules.toml", 'agency = "smg-damkar"', 'agency = "smg-damkr"')
    edit("offices.csv", "head_of_region", "raja")
    (folder / "policies.toml").write_text("[[policy]\n", encoding="utf-8")
    found = "\n".join(problems(folder))
    for name in ("agencies.csv", "rules.toml", "offices.csv", "policies.toml"):
        assert name in found


def test_a_folder_without_a_pack_is_refused(tmp_path: Path) -> None:
    assert "is no region pack" in problems(tmp_path)[0]


def test_a_file_that_is_not_utf_8_is_refused(folder: Path) -> None:
    (folder / "categories.csv").write_bytes("code,name\nx,caf\xe9\n".encode("latin-1"))
    assert any("categories.csv: is not UTF-8" in problem for problem in problems(folder))


async def as_owner(world: World) -> None:
    await database.close_pool()
    database.configure(world.url("lapor_owner"))


async def test_a_pack_fills_an_empty_database_and_comes_back_from_it(ground: Ground, tmp_path: Path) -> None:
    async with ground.world(EMPTY) as world:
        await as_owner(world)
        loaded = pack.load(EXAMPLE)
        changes = await pack.apply(loaded)
        assert {change.kind for change in changes} == {"add"}
        assert await world.fetchval("SELECT default_region FROM deployment") == "33.74"
        shutil.copy(EXAMPLE / "pack.toml", tmp_path)
        assert await pack.export(tmp_path) == loaded
        assert pack.load(tmp_path) == loaded


async def test_applying_a_pack_again_changes_nothing(world: World) -> None:
    await as_owner(world)
    loaded = pack.load(EXAMPLE)
    version = await world.fetchval("SELECT register_version FROM deployment")
    assert await pack.diff(loaded) == []
    assert await pack.apply(loaded) == []
    assert await world.fetchval("SELECT register_version FROM deployment") == version


async def test_a_row_that_left_the_pack_becomes_inactive_and_comes_back(world: World) -> None:
    await as_owner(world)
    loaded = pack.load(EXAMPLE)
    smaller = without(loaded, "category", "hewan-liar")
    assert [str(change) for change in await pack.diff(smaller)] == ["retire category hewan-liar"]
    await pack.apply(smaller)
    assert await world.fetchval("SELECT active FROM category WHERE code = 'hewan-liar'") is False
    assert await pack.diff(smaller) == []
    assert [str(change) for change in await pack.apply(loaded)] == [
        "change category hewan-liar: active again"
    ]
    assert await world.fetchval("SELECT active FROM category WHERE code = 'hewan-liar'") is True


async def test_a_change_is_told_column_by_column_and_kept_in_the_history(world: World) -> None:
    await as_owner(world)
    moved = changed(pack.load(EXAMPLE), "agency", "smg-rsud", parent="smg-setda", name="RSUD Kota")
    assert [change.fields() for change in await pack.diff(moved)] == [["name", "parent"]]
    await pack.apply(moved)
    parent = "SELECT p.code FROM agency a JOIN agency p ON p.id = a.parent WHERE a.code = 'smg-rsud'"
    assert await world.fetchval(parent) == "smg-setda"
    told = "SELECT count(*) FROM register_change WHERE register = 'agency' AND before LIKE '%Wongsonegoro%'"
    assert await world.fetchval(told) == 1


async def test_agencies_of_other_regions_are_not_the_packs_to_retire(world: World) -> None:
    await world.execute(
        "INSERT INTO region (code, name, kind, timezone) VALUES ('35', 'Jauh', 'province', 'Asia/Jakarta')"
    )
    await world.execute(
        "INSERT INTO agency (code, name, short_name, kind, region, coordinating, email, phone, active)"
        " SELECT 'lain', 'Dinas lain', 'Lain', 'dinas', id, false, '', '', true FROM region WHERE code = '35'"
    )
    await as_owner(world)
    assert await pack.diff(pack.load(EXAMPLE)) == []


async def test_a_policy_that_left_the_pack_ends(world: World) -> None:
    await as_owner(world)
    smaller = without(pack.load(EXAMPLE), "policy", "response-examination")
    await pack.apply(smaller)
    ended = "SELECT valid_until < lapor_now()::date FROM policy WHERE code = 'response-examination'"
    assert await world.fetchval(ended) is True
    assert await pack.diff(smaller) == []


async def test_a_policy_by_which_clocks_run_keeps_its_length(world: World) -> None:
    await world.execute(
        "INSERT INTO clock (complaint, subject_kind, subject, kind, cycle, policy, started_at, due_at, rung)"
        " SELECT 1, 'complaint', 1, 'response', 1, id, now(), now(), 0 FROM policy WHERE code = 'response'"
    )
    await as_owner(world)
    loaded = pack.load(EXAMPLE)
    with pytest.raises(PackError, match="clocks run by response"):
        await pack.apply(changed(without(loaded, "category", "hewan-liar"), "policy", "response", amount=72))
    assert await pack.diff(loaded) == []
    await pack.apply(changed(loaded, "policy", "response", source="Peraturan Wali Kota"))
    await pack.apply(changed(loaded, "policy", "triage", amount=12))
    lengths = await world.fetch(
        "SELECT code, amount FROM policy WHERE code IN ('response', 'triage') ORDER BY 1"
    )
    assert [(row["code"], row["amount"]) for row in lengths] == [("response", 48), ("triage", 12)]


async def test_a_new_ladder_of_an_unused_policy_replaces_the_old(
    world: World, edit: Edit, folder: Path
) -> None:
    await as_owner(world)
    edit("policies.toml", "offset_hours = 36", "offset_hours = 30")
    assert [str(change) for change in await pack.apply(pack.load(folder))] == [
        "change policy response: another ladder"
    ]
    rungs = await world.fetch(
        "SELECT r.offset_minutes FROM policy_rung r JOIN policy p ON p.id = r.policy"
        " WHERE p.code = 'response' ORDER BY r.number"
    )
    assert [row["offset_minutes"] for row in rungs] == [0, 1800, 0, 2880]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('category = "lampu-jalan"', 'category = "lampu"', "category: there is no category 'lampu'"),
        ('kind = "yes_no"', 'kind = "slider"', "kind cannot be 'slider', only one of: text, choice, yes_no"),
        ('kind = "yes_no"', 'kind = "choice"', "a choice has from 2 to 12 choices"),
        ('kind = "choice"', 'kind = "text"', "has choices and is no choice"),
        ('"One", ', "", "choices_en has another length than choices"),
        ('"Satu"', f'"{"a" * 101}"', "a choice has at most 100 characters"),
        ('code = "lampu-jumlah"', 'code = "lampu-tiang"', "stands already in"),
    ],
)
def test_a_question_that_cannot_be_asked_is_named(
    edit: Edit, folder: Path, old: str, new: str, problem: str
) -> None:
    edit("questions.toml", old, new)
    found = problems(folder)
    assert len(found) >= 1
    assert found[0].startswith("questions.toml, question ")
    assert problem in found[0]


def test_a_pack_without_questions_is_whole(folder: Path) -> None:
    (folder / "questions.toml").unlink()
    assert pack.load(folder).rows("category_question") == ()


async def test_a_question_that_left_the_pack_ends_and_one_that_comes_back_is_asked_again(
    world: World,
) -> None:
    await as_owner(world)
    loaded = pack.load(EXAMPLE)
    assert [
        str(change) for change in await pack.apply(without(loaded, "category_question", "jalan-luka"))
    ] == ["retire category_question jalan-luka"]
    assert [str(change) for change in await pack.apply(loaded)] == [
        "change category_question jalan-luka: active again"
    ]
    assert await pack.diff(loaded) == []


def test_an_outline_that_is_none_is_named(edit: Edit, folder: Path) -> None:
    edit("outlines.csv", '"POLYGON ((110.395', '"POLIGON ((110.395')
    assert problems(folder) == [
        "outlines.csv, row 2: outline is written as POLYGON ((…)) or MULTIPOLYGON (((…)))"
    ]


def test_a_pack_needs_no_outlines(folder: Path) -> None:
    (folder / "outlines.csv").unlink()
    assert pack.load(folder).rows("region_outline") == ()
