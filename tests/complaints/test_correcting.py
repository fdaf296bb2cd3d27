"""Category, type and place are put right; no clock moves, and no protection is lost by the agency's own hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lapor.complaints import desk
from lapor.complaints.desk import Actor, Filed, Filing, NotFound, Refused
from tests.complaints.conftest import Scene, reporter, sees

PLACE = {"district": "33.74.10", "village": "33.74.10.1009", "address": "Jalan Sambiroto"}
ABUSE = "kekerasan"


async def _correct(scene: Scene, filed: Filed, actor: Actor | None = None, **given: Any) -> None:
    await desk.correct(actor or scene.staff, filed.complaint_id, **{"reason": "Salah pilih.", **given})


async def _facts(scene: Scene, filed: Filed) -> dict[str, Any]:
    found: str = await scene.world.fetchval(
        "SELECT facts FROM event WHERE complaint = $1 AND kind = 'corrected' ORDER BY seq DESC LIMIT 1",
        filed.complaint_id,
    )
    facts: dict[str, Any] = json.loads(found)
    return facts


async def _clocks(scene: Scene, filed: Filed) -> list[dict[str, Any]]:
    rows = await scene.world.fetch("SELECT * FROM clock WHERE complaint = $1 ORDER BY id", filed.complaint_id)
    return [dict(row) for row in rows]


async def _code(scene: Scene, filed: Filed, column: str, register: str) -> str | None:
    found: str | None = await scene.world.fetchval(
        f"SELECT r.code FROM complaint c JOIN {register} r ON r.id = c.{column} WHERE c.id = $1",
        filed.complaint_id,
    )
    return found


async def test_category_type_and_place_are_corrected_with_codes_before_and_after(scene: Scene) -> None:
    filed = await scene.file(**PLACE)
    await _correct(
        scene,
        filed,
        category="lampu-jalan",
        type="service",
        village="33.74.10.1011",
        address=" Jalan Ketileng ",
    )
    assert await _code(scene, filed, "category", "category") == "lampu-jalan"
    assert await _code(scene, filed, "village", "region") == "33.74.10.1011"
    assert (await scene.complaint(filed))["type"] == "service"
    assert (
        await scene.world.fetchval("SELECT address FROM content WHERE complaint = $1", filed.complaint_id)
        == "Jalan Ketileng"
    )
    assert await _facts(scene, filed) == {
        "changed": ["category", "type", "village", "address"],
        "before": {"category": "jalan-rusak", "type": "complaint", "village": "33.74.10.1009"},
        "after": {"category": "lampu-jalan", "type": "service", "village": "33.74.10.1011"},
    }
    note = (await scene.world.fetch("SELECT text, kind, to_reporter FROM statement"))[0]
    assert tuple(note) == ("Salah pilih.", "note", False)
    assert (await scene.complaint(filed))["version"] == 2


async def test_no_clock_moves_although_the_new_category_has_another_deadline(scene: Scene) -> None:
    filed = await scene.file()
    await scene.world.advance(30)
    await desk.sweep()
    before = await _clocks(scene, filed)
    await scene.world.execute("UPDATE category SET completion_days = 1 WHERE code = 'lampu-jalan'")
    await scene.world.execute("UPDATE deployment SET register_version = register_version + 1")
    await _correct(scene, filed, category="lampu-jalan", type="information")
    assert await _clocks(scene, filed) == before


async def test_a_correction_to_an_emergency_starts_its_clock_and_moves_no_other(scene: Scene) -> None:
    code = await scene.world.fetchval("SELECT code FROM category WHERE emergency AND NOT protected LIMIT 1")
    filed = await scene.file()
    before = await _clocks(scene, filed)
    await _correct(scene, filed, category=code)
    clocks = await _clocks(scene, filed)
    assert clocks[: len(before)] == before
    assert [clock["kind"] for clock in clocks[len(before) :]] == ["emergency"]
    assert (await scene.complaint(filed))["emergency"]
    # The agency does not take the urgency away again, and its clock runs on.
    await _correct(scene, filed, category="jalan-rusak")
    assert (await scene.complaint(filed))["emergency"]
    assert await _clocks(scene, filed) == clocks


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "category"),
        ({"category": "jalan-rusak"}, "category"),
        ({"category": "tidak-ada"}, "category"),
        ({"category": ""}, "category"),
        ({"type": "pujian"}, "type"),
        ({"district": "33.74"}, "district"),
        ({"village": "33.74.10"}, "village"),
        ({"district": "33.74.01"}, "village"),
        ({"address": "x" * 301}, "address"),
        ({"category": "lampu-jalan", "reason": " "}, "reason"),
    ],
)
async def test_what_is_in_no_list_or_does_not_fit_is_refused_beside_its_field(
    scene: Scene, given: dict[str, str], field: str
) -> None:
    filed = await scene.file(**PLACE)
    with pytest.raises(Refused) as refusal:
        await _correct(scene, filed, **given)
    assert refusal.value.field == field
    assert "corrected" not in await scene.kinds(filed)


async def test_a_place_can_be_taken_away(scene: Scene) -> None:
    filed = await scene.file(**PLACE)
    await _correct(scene, filed, district="", village="", address="")
    row = await scene.complaint(filed)
    assert (row["district"], row["village"]) == (None, None)


async def test_the_exact_place_of_an_anonymous_reporter_is_not_written_down(scene: Scene) -> None:
    filed = await scene.file(**PLACE, anonymous=True)
    with pytest.raises(Refused) as refusal:
        await _correct(scene, filed, address="Rumah nomor 3")
    assert refusal.value.field == "address"
    await _correct(scene, filed, village="33.74.10.1011")


async def test_only_the_responsible_agency_the_coordinator_and_the_inspectorate_correct(scene: Scene) -> None:
    filed = await scene.file()
    for role, agency in (("staff", "smg-dlh"), ("head_of_region", "jtg-gubernur")):
        with pytest.raises(NotFound):
            await _correct(scene, filed, await scene.officer(role, agency), category="lampu-jalan")
    for actor in (await scene.officer("head_of_region", "smg-walikota"), reporter(filed)):
        with pytest.raises(Refused):
            await _correct(scene, filed, actor, category="lampu-jalan")
    await _correct(scene, filed, scene.coordinator, category="lampu-jalan")
    await _correct(scene, filed, await scene.officer("inspector", "smg-inspektorat"), category="sampah")


async def test_a_complaint_that_has_ended_is_not_corrected(scene: Scene) -> None:
    filed = await scene.file()
    await desk.request_rejection(scene.staff, filed.complaint_id, reason_code="unclear", text="Mohon maaf")
    await desk.confirm(scene.checker, filed.complaint_id)
    with pytest.raises(Refused):
        await _correct(scene, filed, category="lampu-jalan")


async def _named(scene: Scene, filed: Filed) -> Actor:
    """Somebody of the named desk, to whom the complaint is given first."""
    await desk.route(
        scene.coordinator, filed.complaint_id, agency=await scene.agency("smg-dp3a"), reason="Menyangkut anak"
    )
    return await scene.officer("liaison", "smg-dp3a")


async def test_a_category_that_protects_hides_the_complaint_at_once_and_names_no_code(scene: Scene) -> None:
    filed = await scene.file(**PLACE)
    named = await _named(scene, filed)
    await desk.publish(named, filed.complaint_id, text="Jalan rusak.")
    await _correct(scene, filed, named, category=ABUSE, village="33.74.10.1011")
    row = await scene.complaint(filed)
    assert (row["protected"], row["published"]) == (True, False)
    assert await scene.world.fetchval("SELECT count(*) FROM publication") == 0
    assert await _facts(scene, filed) == {"changed": ["category", "village"]}
    assert ABUSE not in str(await scene.world.fetch("SELECT facts FROM event"))
    head = await scene.officer("head_of_region", "smg-walikota")
    assert await sees(head.person, "SELECT * FROM content") == []
    notes = [row["text"] for row in await sees(named.person, "SELECT text FROM statement ORDER BY id")]
    assert notes[-1].splitlines()[1:] == [
        f"kategori: jalan-rusak → {ABUSE}",
        "kelurahan atau desa: 33.74.10.1009 → 33.74.10.1011",
    ]


async def test_where_nobody_may_read_it_a_complaint_is_not_protected_out_of_sight(scene: Scene) -> None:
    filed = await scene.file()
    with pytest.raises(Refused) as refusal:
        await _correct(scene, filed, category=ABUSE)
    assert refusal.value.field == "category"


async def test_the_agency_cannot_take_protection_away_but_the_inspectorate_can(scene: Scene) -> None:
    filed = await scene.file("Anak dipukul", category=ABUSE)
    named = await scene.officer("liaison", "smg-dp3a")
    await _correct(scene, filed, named, category="jalan-rusak")
    assert (await scene.complaint(filed))["protected"]
    with pytest.raises(NotFound):
        await _correct(scene, filed, scene.coordinator, category="sampah")
    inspector = await scene.officer("inspector", "smg-inspektorat")
    await _correct(scene, filed, inspector, type="service")
    assert (await scene.complaint(filed))["protected"], "nothing but another category opens it"
    await _correct(scene, filed, inspector, category="sampah")
    assert not (await scene.complaint(filed))["protected"]


async def test_whether_it_is_about_an_official_is_nobody_s_to_correct(scene: Scene) -> None:
    filed = await scene.file(category=None, reported_agency="smg-dpu")
    inspector = await scene.officer("inspector", "smg-inspektorat")
    await _correct(scene, filed, inspector, category="jalan-rusak")
    row = await scene.complaint(filed)
    assert row["about_official"]
    assert row["reported_agency"] is not None
    assert await _facts(scene, filed) == {"changed": ["category"]}


async def test_a_public_copy_moves_to_the_corrected_category_and_district(scene: Scene) -> None:
    filed = await desk.file(Filing(type="complaint", text="Jalan rusak", category="jalan-rusak", **PLACE))
    if not (await scene.complaint(filed))["published"]:
        await desk.publish(scene.staff, filed.complaint_id, text="Jalan rusak.")
    await _correct(scene, filed, category="lampu-jalan", district="33.74.01", village="", address="")
    row = (
        await scene.world.fetch(
            "SELECT g.code AS category, r.code AS district, p.text FROM publication p"
            " JOIN category g ON g.id = p.category JOIN region r ON r.id = p.district"
        )
    )[0]
    assert (row["category"], row["district"], row["text"]) == ("lampu-jalan", "33.74.01", "Jalan rusak.")
