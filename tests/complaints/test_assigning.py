"""A complaint in the hands of one colleague: who may be chosen, and that no clock hears of it."""

from __future__ import annotations

import pytest

from lapor.complaints import desk
from lapor.complaints.desk import Conflict, Filed, NotFound, Refused
from tests.complaints.conftest import Scene, sees

LATEST = "SELECT person FROM assignment WHERE complaint = $1 ORDER BY id DESC LIMIT 1"


async def in_hand(scene: Scene, filed: Filed) -> int | None:
    found: int | None = await scene.world.fetchval(LATEST, filed.complaint_id)
    return found


async def test_the_latest_assignment_counts_and_no_clock_moves(scene: Scene) -> None:
    filed = await scene.file()
    before = await scene.world.fetch("SELECT * FROM clock ORDER BY id")
    await desk.assign(scene.staff, filed.complaint_id, scene.checker.person)
    await desk.assign(scene.checker, filed.complaint_id, scene.staff.person)
    assert await in_hand(scene, filed) == scene.staff.person
    await desk.assign(scene.staff, filed.complaint_id, None)
    assert await in_hand(scene, filed) is None
    assert await scene.world.fetch("SELECT * FROM clock ORDER BY id") == before
    assert (await scene.kinds(filed))[-3:] == ["assigned", "assigned", "unassigned"]


async def test_only_somebody_of_the_responsible_agency_can_be_chosen_and_can_choose(scene: Scene) -> None:
    filed = await scene.file()
    stranger = await scene.officer("staff", "smg-dlh")
    with pytest.raises(Refused) as refusal:
        await desk.assign(scene.staff, filed.complaint_id, stranger.person)
    assert refusal.value.field == "person"
    with pytest.raises(NotFound):
        await desk.assign(stranger, filed.complaint_id, stranger.person)
    with pytest.raises(Refused):
        await desk.assign(scene.coordinator, filed.complaint_id, scene.staff.person)


async def test_what_is_protected_goes_to_named_desks_only(scene: Scene) -> None:
    filed = await scene.file()
    await scene.world.execute("UPDATE complaint SET protected = true")
    await scene.world.execute(
        "UPDATE office SET named_desk = true WHERE id = (SELECT office FROM appointment WHERE person = $1)",
        scene.checker.person,
    )
    with pytest.raises(Refused):
        await desk.assign(scene.checker, filed.complaint_id, scene.staff.person)
    await desk.assign(scene.checker, filed.complaint_id, scene.checker.person)
    assert await in_hand(scene, filed) == scene.checker.person


async def test_an_assignment_lapses_with_the_agency_s_responsibility(scene: Scene) -> None:
    filed = await scene.file()
    await desk.assign(scene.staff, filed.complaint_id, scene.staff.person)
    target = await scene.agency("smg-dlh")
    await desk.offer_transfer(scene.staff, filed.complaint_id, to_agency=target, reason="Sampah.")
    assert await in_hand(scene, filed) == scene.staff.person
    await desk.take_transfer(await scene.officer("staff", "smg-dlh"), filed.complaint_id)
    assert await in_hand(scene, filed) is None


async def test_two_who_assign_at_once_do_not_overwrite_one_another(scene: Scene) -> None:
    filed = await scene.file()
    await desk.assign(scene.staff, filed.complaint_id, scene.staff.person, version=1)
    with pytest.raises(Conflict):
        await desk.assign(scene.checker, filed.complaint_id, scene.checker.person, version=1)


async def test_an_assignment_is_seen_by_those_who_see_the_complaint(scene: Scene) -> None:
    filed = await scene.file()
    await desk.assign(scene.staff, filed.complaint_id, scene.staff.person)
    assert len(await sees(scene.checker.person, "SELECT * FROM assignment")) == 1
    assert not await sees((await scene.officer("staff", "smg-dlh")).person, "SELECT * FROM assignment")
