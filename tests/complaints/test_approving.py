import pytest

from lapor.complaints import desk
from lapor.complaints.desk import Refused
from tests.complaints.conftest import Scene, reporter


async def _answered(scene: Scene):  # type: ignore[no-untyped-def]
    filed = await scene.file()
    await desk.answer(scene.staff, filed.complaint_id, text="Kami kerjakan.")
    return filed


async def test_completion_needs_a_second_person(scene: Scene) -> None:
    filed = await _answered(scene)
    await desk.claim_completion(scene.checker, filed.complaint_id, text="Sudah ditambal.")
    assert (await scene.complaint(filed))["status"] == "in_progress"
    for who in (scene.checker, scene.staff):
        with pytest.raises(Refused):
            await desk.confirm(who, filed.complaint_id)
    await desk.confirm(await scene.officer("agency_head"), filed.complaint_id)
    assert (await scene.complaint(filed))["status"] == "done"
    assert (await scene.clock(filed, "completion"))["met_at"] is not None
    assert (await scene.clock(filed, "reporter_window"))["met_at"] is None


async def test_a_refused_completion_leaves_the_complaint_where_it_was(scene: Scene) -> None:
    filed = await _answered(scene)
    await desk.claim_completion(scene.staff, filed.complaint_id, text="Sudah ditambal.")
    await desk.refuse(scene.checker, filed.complaint_id, reason="Fotonya lubang lain")
    assert (await scene.complaint(filed))["status"] == "in_progress"
    await desk.claim_completion(scene.staff, filed.complaint_id, text="Sekarang sungguh sudah.")
    await desk.confirm(scene.checker, filed.complaint_id)


async def test_what_a_colleague_claims_is_not_shown_to_the_reporter_before_it_is_confirmed(
    scene: Scene,
) -> None:
    filed = await _answered(scene)
    await desk.claim_completion(scene.staff, filed.complaint_id, text="Sudah ditambal.")
    shown = "SELECT to_reporter FROM statement WHERE kind = 'completion'"
    assert await scene.world.fetchval(shown) is False
    await desk.confirm(scene.checker, filed.complaint_id)
    assert await scene.world.fetchval(shown) is True


async def test_an_approved_rejection_meets_the_response_clock_at_that_moment(scene: Scene) -> None:
    filed = await scene.file()
    await desk.request_rejection(scene.staff, filed.complaint_id, reason_code="unclear", text="Mohon maaf")
    assert (await scene.clock(filed, "response"))["met_at"] is None
    await scene.world.advance(5)
    await desk.confirm(scene.checker, filed.complaint_id)
    clock = await scene.clock(filed, "response")
    assert (clock["met_at"] - clock["started_at"]).total_seconds() >= 5 * 3600
    assert (await scene.complaint(filed))["status"] == "rejected"


async def test_a_referral_is_tracked_by_a_clock_of_its_own(scene: Scene) -> None:
    filed = await scene.file()
    body = await scene.world.fetchval("SELECT id FROM outside_body ORDER BY id LIMIT 1")
    await desk.request_referral(
        scene.staff, filed.complaint_id, outside_body=body, text="Kami teruskan ke sana"
    )
    await desk.confirm(scene.checker, filed.complaint_id)
    assert (await scene.complaint(filed))["status"] == "referred"
    assert (await scene.clock(filed, "referral"))["met_at"] is None


async def test_where_one_person_works_alone_the_office_above_is_the_second_person(scene: Scene) -> None:
    village = await scene.world.fetch(
        "SELECT a.code, p.code AS parent FROM agency a JOIN agency p ON p.id = a.parent WHERE a.kind = 'kelurahan'"
        " ORDER BY a.code LIMIT 1"
    )
    alone = await scene.officer("liaison", village[0]["code"])
    above = await scene.officer("agency_head", village[0]["parent"])
    filed = await scene.file(category=None, text="Mohon bantuan")
    await desk.route(
        scene.coordinator,
        filed.complaint_id,
        agency=await scene.agency(village[0]["code"]),
        reason="Kelurahan",
    )
    await desk.answer(alone, filed.complaint_id, text="Kami kerjakan")
    await desk.claim_completion(alone, filed.complaint_id, text="Sudah")
    with pytest.raises(Refused):
        await desk.confirm(alone, filed.complaint_id)
    await desk.confirm(above, filed.complaint_id)
    assert (await scene.complaint(filed))["status"] == "done"


async def test_a_done_complaint_closes_by_itself_unless_the_reporter_speaks(scene: Scene) -> None:
    silent, spoken = await _answered(scene), await _answered(scene)
    for filed in (silent, spoken):
        await desk.claim_completion(scene.staff, filed.complaint_id, text="Sudah ditambal.")
        await desk.confirm(scene.checker, filed.complaint_id)
    await desk.reopen(reporter(spoken), spoken.complaint_id, reason="Berlubang lagi")
    await scene.world.advance(24 * 30)
    await desk.sweep()
    assert (await scene.complaint(silent))["status"] == "closed"
    assert (await scene.complaint(spoken))["status"] == "in_progress"
    assert (await scene.clock(spoken, "response", cycle=2))["met_at"] is None


async def test_a_dispute_after_the_window_is_not_overtaken_by_a_late_sweep(scene: Scene) -> None:
    filed = await _answered(scene)
    await desk.claim_completion(scene.staff, filed.complaint_id, text="Sudah ditambal.")
    await desk.confirm(scene.checker, filed.complaint_id)
    await scene.world.advance(24 * 30)
    await desk.reopen(reporter(filed), filed.complaint_id, reason="Berlubang lagi")
    await desk.sweep()
    assert (await scene.complaint(filed))["status"] == "in_progress"


async def test_the_reporter_can_agree(scene: Scene) -> None:
    filed = await _answered(scene)
    await desk.claim_completion(scene.staff, filed.complaint_id, text="Sudah ditambal.")
    await desk.confirm(scene.checker, filed.complaint_id)
    await desk.accept(reporter(filed), filed.complaint_id)
    assert (await scene.complaint(filed))["status"] == "closed"
    assert (await scene.clock(filed, "reporter_window"))["met_at"] is not None


async def test_the_answer_of_the_body_outside_meets_the_referral_clock_and_goes_to_the_reporter(
    scene: Scene,
) -> None:
    filed = await scene.file()
    body = await scene.world.fetchval("SELECT id FROM outside_body ORDER BY id LIMIT 1")
    with pytest.raises(Refused):
        await desk.record_outside_answer(scene.staff, filed.complaint_id, text="Belum dilimpahkan")
    await desk.request_referral(scene.staff, filed.complaint_id, outside_body=body, text="Kami teruskan")
    await desk.confirm(scene.checker, filed.complaint_id)
    await desk.record_outside_answer(scene.staff, filed.complaint_id, text="Mereka memasang tiang besok.")
    assert (await scene.clock(filed, "referral"))["met_at"] is not None
    assert (await scene.complaint(filed))["status"] == "referred"
    assert await scene.world.fetchval("SELECT to_reporter FROM statement WHERE kind = 'outside_answer'")
    assert await scene.world.fetchval(
        "SELECT office IS NULL FROM message WHERE kind = 'outside_answered' AND statement IS NOT NULL"
    )


async def test_what_the_reporter_added_before_is_not_published(scene: Scene) -> None:
    filed = await _answered(scene)
    await desk.reply(reporter(filed), filed.complaint_id, text="Saya tinggal di sebelahnya.")
    await desk.dispute(reporter(filed), filed.complaint_id, reason="Saya tetangganya, itu bukan jawaban.")
    await desk.publish(scene.staff, filed.complaint_id, text="Jalan berlubang.")
    kinds = await scene.world.fetch("SELECT kind FROM publication ORDER BY id")
    assert [row["kind"] for row in kinds] == ["complaint", "final"]
