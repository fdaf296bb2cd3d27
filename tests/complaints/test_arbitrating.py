from typing import Any

import pytest

from lapor import database
from lapor.complaints import desk
from lapor.complaints.arbiter import brought
from lapor.complaints.desk import Actor, Filed, Refused
from lapor.complaints.queries.before_arbiter import Quarrel, before_arbiter
from lapor.complaints.queries.held_time import held_times
from tests.complaints.conftest import LEAD, Scene, reporter

OTHER = "smg-dlh"


async def _sekda(scene: Scene) -> Actor:
    return await scene.officer("sekda", "smg-setda")


async def _list(actor: Actor) -> list[Quarrel]:
    async with database.transaction("reader", user_id=actor.person):
        return list(await before_arbiter())


async def _disputed_twice(scene: Scene) -> Filed:
    filed = await scene.file()
    for _ in range(2):
        await desk.answer(scene.staff, filed.complaint_id, text="Sudah kami catat.")
        await desk.dispute(reporter(filed), filed.complaint_id, reason="Itu bukan jawaban.")
    return filed


async def _passed_around(scene: Scene, refusals: int = 3) -> Filed:
    filed = await scene.file()
    taker = await scene.officer("staff", OTHER)
    other = await scene.agency(OTHER)
    for _ in range(refusals):
        await desk.offer_transfer(scene.staff, filed.complaint_id, to_agency=other, reason="Sampah")
        await desk.refuse_transfer(taker, filed.complaint_id, reason="Bukan sampah")
    return filed


async def test_the_second_dispute_goes_before_the_arbiter(scene: Scene) -> None:
    filed = await scene.file()
    sekda = await _sekda(scene)
    await desk.answer(scene.staff, filed.complaint_id, text="Sudah kami catat.")
    await desk.dispute(reporter(filed), filed.complaint_id, reason="Itu bukan jawaban.")
    assert await _list(sekda) == []
    await desk.answer(scene.staff, filed.complaint_id, text="Tetap kami catat.")
    await desk.dispute(reporter(filed), filed.complaint_id, reason="Masih bukan.")
    found = await _list(sekda)
    assert [(one.id, one.causes, one.silent) for one in found] == [
        (filed.complaint_id, frozenset({"dispute"}), False)
    ]
    assert (await scene.kinds(filed)).count("sent_to_arbiter") == 1
    assert (await scene.complaint(filed))["arbiter_since"] is not None


async def test_an_upheld_dispute_leaves_the_agency_its_clock_and_tells_the_reporter(scene: Scene) -> None:
    filed = await _disputed_twice(scene)
    before = await scene.clock(filed, "response", cycle=3)
    sekda = await _sekda(scene)
    await desk.rule_dispute(sekda, filed.complaint_id, upheld=True, reason="Jawaban tidak menyebut tanggal.")
    assert await scene.clock(filed, "response", cycle=3) == before
    row = await scene.complaint(filed)
    assert (row["arbiter_since"], row["cycle"]) == (None, 3)
    said = await scene.world.fetch("SELECT kind, agency, to_reporter FROM statement ORDER BY id DESC LIMIT 1")
    assert tuple(said[0]) == ("ruling", await scene.agency("smg-setda"), True)
    assert (
        await scene.world.fetchval("SELECT count(*) FROM message WHERE kind = 'ruled' AND office IS NULL")
        == 1
    )
    assert await _list(sekda) == []
    with pytest.raises(Refused):
        await desk.rule_dispute(sekda, filed.complaint_id, upheld=True, reason="Sekali lagi.")


async def test_an_upheld_dispute_opens_another_cycle_when_the_agency_has_answered_meanwhile(
    scene: Scene,
) -> None:
    filed = await _disputed_twice(scene)
    await desk.answer(scene.staff, filed.complaint_id, text="Sama seperti tadi.")
    await desk.claim_completion(scene.staff, filed.complaint_id, text="Selesai.")
    await desk.confirm(scene.checker, filed.complaint_id)
    await desk.rule_dispute(await _sekda(scene), filed.complaint_id, upheld=True, reason="Belum dijawab.")
    row = await scene.complaint(filed)
    assert (row["status"], row["cycle"]) == ("in_progress", 4)
    clock = await scene.clock(filed, "response", cycle=4)
    assert (clock["due_at"] - clock["started_at"]).total_seconds() == 24 * 3600
    assert (await scene.clock(filed, "completion", cycle=4))["met_at"] is None
    assert (await scene.clock(filed, "reporter_window", cycle=3))["met_at"] is not None


async def test_a_dispute_that_is_not_upheld_ends_the_clock_and_cannot_be_disputed_again(scene: Scene) -> None:
    filed = await _disputed_twice(scene)
    await desk.rule_dispute(
        await _sekda(scene), filed.complaint_id, upheld=False, reason="Jawaban itu lengkap."
    )
    assert (await scene.clock(filed, "response", cycle=3))["met_at"] is not None
    with pytest.raises(Refused):
        await desk.dispute(reporter(filed), filed.complaint_id, reason="Tetap bukan.")


async def test_silence_on_a_transfer_goes_before_the_arbiter_with_nobody_doing_anything(scene: Scene) -> None:
    filed = await scene.file()
    sekda = await _sekda(scene)
    await desk.offer_transfer(
        scene.staff, filed.complaint_id, to_agency=await scene.agency(OTHER), reason="Sampah"
    )
    await scene.world.advance(23)
    assert await _list(sekda) == []
    with pytest.raises(Refused):
        await desk.rule_transfer(
            sekda, filed.complaint_id, agency=await scene.agency(OTHER), reason="Terlalu cepat"
        )
    await scene.world.advance(1.1)
    assert [(one.id, one.causes, one.silent) for one in await _list(sekda)] == [
        (filed.complaint_id, frozenset({"transfer"}), True)
    ]
    await desk.rule_transfer(
        sekda, filed.complaint_id, agency=await scene.agency(OTHER), reason="Tugas kebersihan."
    )
    row = await scene.complaint(filed)
    assert (row["owner_agency"], row["offered_agency"]) == (await scene.agency(OTHER), None)
    assert (await scene.clock(filed, "transfer"))["met_at"] is not None
    assert await _list(sekda) == []


async def test_the_third_transfer_goes_before_the_arbiter_and_no_fourth_is_offered(scene: Scene) -> None:
    filed = await _passed_around(scene, 2)
    sekda = await _sekda(scene)
    assert await _list(sekda) == []
    other = await scene.agency(OTHER)
    await desk.offer_transfer(scene.staff, filed.complaint_id, to_agency=other, reason="Sampah")
    assert [one.causes for one in await _list(sekda)] == [frozenset({"transfer"})]
    taker = await scene.officer("staff", OTHER)
    await desk.refuse_transfer(taker, filed.complaint_id, reason="Bukan")
    with pytest.raises(Refused, match="menunggu keputusan"):
        await desk.offer_transfer(scene.staff, filed.complaint_id, to_agency=other, reason="Sampah")
    before = await scene.clock(filed, "response")
    await desk.rule_transfer(
        sekda, filed.complaint_id, agency=await scene.agency(LEAD), reason="Lubang jalan: PU."
    )
    assert await scene.clock(filed, "response") == before
    assert (await scene.complaint(filed))["arbiter_since"] is None
    await desk.offer_transfer(scene.staff, filed.complaint_id, to_agency=other, reason="Sampah")


async def test_a_third_transfer_that_is_taken_after_all_needs_no_ruling(scene: Scene) -> None:
    filed = await _passed_around(scene, 2)
    await desk.offer_transfer(
        scene.staff, filed.complaint_id, to_agency=await scene.agency(OTHER), reason="Sampah"
    )
    await desk.take_transfer(await scene.officer("staff", OTHER), filed.complaint_id)
    assert (await scene.complaint(filed))["arbiter_since"] is None


@pytest.mark.parametrize("role", ["inspector", "leadership_staff", "deputy_head", "coordinator"])
async def test_only_the_sekda_and_the_head_of_region_rule(scene: Scene, role: str) -> None:
    filed = await _disputed_twice(scene)
    agency = await scene.world.fetchval(
        "SELECT a.code FROM office o JOIN agency a ON a.id = o.agency WHERE o.role = $1 AND a.code LIKE 'smg-%' LIMIT 1",
        role,
    )
    with pytest.raises(Refused):
        await desk.rule_dispute(
            await scene.officer(role, agency), filed.complaint_id, upheld=True, reason="Begitu."
        )
    await desk.rule_dispute(
        await scene.officer("head_of_region", "smg-walikota"),
        filed.complaint_id,
        upheld=True,
        reason="Begitu.",
    )


async def test_nobody_rules_in_their_own_offices_case(scene: Scene) -> None:
    filed = await scene.file(category=None, text="Mohon bantuan")
    setda = await scene.agency("smg-setda")
    await desk.route(scene.coordinator, filed.complaint_id, agency=setda, reason="Sekretariat")
    staff = await scene.officer("staff", "smg-setda")
    for _ in range(2):
        await desk.answer(staff, filed.complaint_id, text="Sudah kami catat.")
        await desk.dispute(reporter(filed), filed.complaint_id, reason="Itu bukan jawaban.")
    told = await scene.world.fetch(
        "SELECT o.role FROM message m JOIN office o ON o.id = m.office WHERE m.kind = 'sent_to_arbiter'"
    )
    assert [row["role"] for row in told] == ["head_of_region"]
    with pytest.raises(Refused, match="Kantor Anda sendiri"):
        await desk.rule_dispute(await _sekda(scene), filed.complaint_id, upheld=False, reason="Cukup.")


async def test_the_arbiter_gives_nothing_to_the_reported_party(scene: Scene) -> None:
    filed = await scene.file(text="Petugas minta uang", category=None, reported_agency=LEAD)
    owner = (await scene.complaint(filed))["owner_agency"]
    code = await scene.world.fetchval("SELECT code FROM agency WHERE id = $1", owner)
    inspector = await scene.officer("inspector", code)
    await desk.offer_transfer(
        inspector, filed.complaint_id, to_agency=await scene.agency(OTHER), reason="Ke sana"
    )
    await scene.world.advance(25)
    with pytest.raises(Refused, match="pihak yang dilaporkan"):
        await desk.rule_transfer(
            await _sekda(scene), filed.complaint_id, agency=await scene.agency(LEAD), reason="Kembali"
        )


async def test_the_time_that_each_agency_held_a_complaint_is_charged_to_it(scene: Scene) -> None:
    filed = await scene.file()
    taker = await scene.officer("staff", OTHER)
    await scene.world.advance(10)
    await desk.offer_transfer(
        scene.staff, filed.complaint_id, to_agency=await scene.agency(OTHER), reason="Sampah"
    )
    await scene.world.advance(5)
    await desk.take_transfer(taker, filed.complaint_id)
    await scene.world.advance(7)
    assert await _hours(scene, filed) == {LEAD: 15, OTHER: 7}
    await desk.answer(taker, filed.complaint_id, text="Kami angkut.")
    await scene.world.advance(100)
    assert await _hours(scene, filed) == {LEAD: 15, OTHER: 7}


async def test_the_time_after_a_ruling_is_charged_to_whom_it_was_given(scene: Scene) -> None:
    filed = await scene.file()
    await desk.offer_transfer(
        scene.staff, filed.complaint_id, to_agency=await scene.agency(OTHER), reason="Sampah"
    )
    await scene.world.advance(30)
    sekda = await _sekda(scene)
    await desk.rule_transfer(sekda, filed.complaint_id, agency=await scene.agency(OTHER), reason="Sampah")
    await scene.world.advance(4)
    assert await _hours(scene, filed) == {LEAD: 30, OTHER: 4}


async def _hours(scene: Scene, filed: Filed) -> dict[str, int]:
    async with database.transaction("reader", user_id=scene.coordinator.person):
        found = await held_times([filed.complaint_id])
    return {one.agency: round(one.seconds / 3600) for one in found[filed.complaint_id]}


@pytest.mark.parametrize(
    ("happened", "waiting"),
    [
        ([], set()),
        ([("sent_to_arbiter", {"cause": "dispute"})], {"dispute"}),
        ([("sent_to_arbiter", {"cause": "dispute"}), ("ruled", {"cause": "dispute"})], set()),
        ([("sent_to_arbiter", {"cause": "transfer"}), ("ruled", {"cause": "dispute"})], {"transfer"}),
        ([("sent_to_arbiter", {"cause": "transfer"}), ("transfer_taken", {})], set()),
        ([("sent_to_arbiter", {"cause": "dispute"}), ("transfer_taken", {})], {"dispute"}),
        ([("sent_to_arbiter", {"cause": "dispute"}), ("rejected", {})], set()),
        ([("ruled", {"cause": "dispute"}), ("sent_to_arbiter", {"cause": "dispute"})], {"dispute"}),
    ],
)
def test_what_waits_follows_from_what_happened(happened: list[tuple[str, Any]], waiting: set[str]) -> None:
    assert brought(happened) == waiting
