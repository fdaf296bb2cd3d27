import pytest

from lapor.complaints import desk
from lapor.complaints.desk import NotFound, Refused
from tests.complaints.conftest import Scene


async def test_the_giver_stays_responsible_until_the_other_takes_it(scene: Scene) -> None:
    filed = await scene.file()
    other = await scene.agency("smg-dlh")
    taker = await scene.officer("staff", "smg-dlh")
    before = await scene.clock(filed, "response")
    await desk.offer_transfer(scene.staff, filed.complaint_id, to_agency=other, reason="Ini soal sampah")
    assert (await scene.complaint(filed))["owner_agency"] == await scene.agency("smg-dpu")
    await desk.take_transfer(taker, filed.complaint_id)
    row = await scene.complaint(filed)
    assert (row["owner_agency"], row["offered_agency"]) == (other, None)
    after = await scene.clock(filed, "response")
    assert (after["due_at"], after["started_at"], after["met_at"]) == (
        before["due_at"],
        before["started_at"],
        None,
    )
    with pytest.raises(NotFound):
        await desk.answer(scene.staff, filed.complaint_id, text="Halo")
    await desk.answer(taker, filed.complaint_id, text="Kami angkut besok.")


async def test_a_refused_transfer_disappears_from_the_refusing_agency(scene: Scene) -> None:
    filed = await scene.file()
    taker = await scene.officer("staff", "smg-dlh")
    await desk.offer_transfer(
        scene.staff, filed.complaint_id, to_agency=await scene.agency("smg-dlh"), reason="Soal sampah"
    )
    await desk.refuse_transfer(taker, filed.complaint_id, reason="Bukan sampah, ini lubang")
    assert (await scene.complaint(filed))["offered_agency"] is None
    assert (await scene.clock(filed, "transfer"))["met_at"] is not None
    with pytest.raises(NotFound):
        await desk.note(taker, filed.complaint_id, text="Halo")


async def test_silence_on_a_transfer_goes_to_the_sekda(scene: Scene) -> None:
    filed = await scene.file()
    await desk.offer_transfer(
        scene.staff, filed.complaint_id, to_agency=await scene.agency("smg-dlh"), reason="Soal sampah"
    )
    await scene.world.advance(25)
    await desk.sweep()
    told = await scene.world.fetch(
        "SELECT o.role FROM message m JOIN office o ON o.id = m.office JOIN clock k ON k.id = m.clock"
        " WHERE k.kind = 'transfer' AND m.kind = 'rung_escalate'"
    )
    assert {row["role"] for row in told} == {"sekda"}


async def test_the_coordinating_admin_places_what_no_rule_could(scene: Scene) -> None:
    filed = await scene.file("Mohon dibantu", category=None)
    await desk.route(
        scene.coordinator,
        filed.complaint_id,
        agency=await scene.agency("jtg-dpubmck"),
        reason="Jalan provinsi",
    )
    row = await scene.complaint(filed)
    assert row["status"] == "routed"
    assert row["owner_agency"] == await scene.agency("jtg-dpubmck")
    assert row["region"] == await scene.world.fetchval("SELECT id FROM region WHERE code = '33'")
    assert (await scene.clock(filed, "triage"))["met_at"] is not None
    assert (await scene.clock(filed, "response"))["met_at"] is None


async def test_a_complaint_is_never_given_to_the_party_that_it_reports(scene: Scene) -> None:
    filed = await scene.file("Petugas meminta uang", category=None, reported_agency="smg-dpu")
    inspector = await scene.officer("inspector", "smg-inspektorat")
    for verb in ("offer_transfer",):
        with pytest.raises(Refused):
            await getattr(desk, verb)(
                inspector, filed.complaint_id, to_agency=await scene.agency("smg-dpu"), reason="Silakan"
            )
    with pytest.raises(NotFound):
        await desk.note(scene.staff, filed.complaint_id, text="Kami lihat")
