import pytest

from lapor.complaints import desk
from lapor.complaints.desk import Filed, Refused
from tests.complaints.conftest import Scene


async def _emergency(scene: Scene) -> tuple[Filed, str]:
    code = await scene.world.fetchval(
        "SELECT code FROM category WHERE emergency AND NOT protected AND active ORDER BY code LIMIT 1"
    )
    filed = await scene.file("Pohon tumbang menimpa orang", category=code)
    owner = await scene.world.fetchval(
        "SELECT a.code FROM complaint c JOIN agency a ON a.id = c.owner_agency WHERE c.id = $1",
        filed.complaint_id,
    )
    return filed, owner


async def test_a_hand_over_to_the_duty_roster_meets_the_emergency_clock_and_no_other(scene: Scene) -> None:
    filed, owner = await _emergency(scene)
    response = await scene.clock(filed, "response")
    officer = await scene.officer("liaison", owner)
    await desk.hand_over(officer, filed.complaint_id, to="Piket BPBD, Pak Contoh", text="Tim berangkat.")
    clock = await scene.clock(filed, "emergency")
    assert clock["started_at"] <= clock["met_at"] <= clock["due_at"]
    assert await scene.clock(filed, "response") == response
    kinds = await scene.kinds(filed)
    assert kinds[-1] == "handed_over"
    said = await scene.world.fetch("SELECT text, to_reporter FROM statement WHERE kind = 'handover'")
    assert [tuple(row) for row in said] == [("Piket BPBD, Pak Contoh\nTim berangkat.", False)]


async def test_the_coordinating_admin_may_hand_over_and_a_foreign_agency_not(scene: Scene) -> None:
    filed, _ = await _emergency(scene)
    with pytest.raises(Refused):
        await desk.hand_over(
            await scene.officer("staff", "smg-dlh"), filed.complaint_id, to="Piket", text="Ya"
        )
    await desk.hand_over(scene.coordinator, filed.complaint_id, to="Piket", text="Sudah ditelepon.")
    assert (await scene.clock(filed, "emergency"))["met_at"] is not None


async def test_a_hand_over_names_somebody_and_happens_once(scene: Scene) -> None:
    filed, _ = await _emergency(scene)
    for given, field in (({"to": " ", "text": "Ya"}, "to"), ({"to": "Piket", "text": " "}, "text")):
        with pytest.raises(Refused) as refused:
            await desk.hand_over(scene.coordinator, filed.complaint_id, **given)
        assert refused.value.field == field
    await desk.hand_over(scene.coordinator, filed.complaint_id, to="Piket", text="Ya")
    with pytest.raises(Refused):
        await desk.hand_over(scene.coordinator, filed.complaint_id, to="Piket", text="Lagi")


async def test_an_emergency_that_nobody_took_over_escalates_within_minutes(scene: Scene) -> None:
    filed, _ = await _emergency(scene)
    await scene.world.advance(0.3)
    await desk.sweep()
    assert "escalate" in {step for _, step, _, _ in await scene.fired(filed, "emergency")}


async def test_an_ordinary_complaint_has_nobody_to_hand_over_to(scene: Scene) -> None:
    filed = await scene.file()
    with pytest.raises(Refused):
        await desk.hand_over(scene.staff, filed.complaint_id, to="Piket", text="Ya")
