from datetime import timedelta

import pytest

from lapor.complaints import desk
from lapor.complaints.desk import Conflict, NotFound, Refused
from tests.complaints.conftest import Scene, reporter


async def test_a_final_answer_meets_the_response_clock_and_stops_the_ladder(scene: Scene) -> None:
    filed = await scene.file()
    await desk.sweep()
    await scene.world.advance(10)
    await desk.answer(scene.staff, filed.complaint_id, text="Besok kami tambal.")
    clock = await scene.clock(filed, "response")
    assert clock["met_at"] is not None
    assert clock["next_at"] is None
    assert (await scene.complaint(filed))["status"] == "in_progress"
    await scene.world.advance(100)
    await desk.sweep()
    assert [step for _, step, _, _ in await scene.fired(filed)] == ["notify"]


@pytest.mark.parametrize("verb", ["note", "ask", "offer_transfer", "claim_completion"])
async def test_nothing_but_an_answer_meets_the_response_clock(scene: Scene, verb: str) -> None:
    filed = await scene.file()
    if verb == "claim_completion":
        with pytest.raises(Refused):
            await desk.claim_completion(scene.staff, filed.complaint_id, text="Sudah")
    elif verb == "offer_transfer":
        to = await scene.agency("smg-dlh")
        await desk.offer_transfer(scene.staff, filed.complaint_id, to_agency=to, reason="Ini soal sampah")
    else:
        await getattr(desk, verb)(scene.staff, filed.complaint_id, text="Sedang kami periksa")
    clock = await scene.clock(filed, "response")
    assert clock["met_at"] is None
    await scene.world.advance(49)
    await desk.sweep()
    assert (2, "escalate", False, False) in await scene.fired(filed)


async def test_an_interim_answer_starts_a_promise_that_has_a_ladder_of_its_own(scene: Scene) -> None:
    filed = await scene.file()
    promised = await scene.days_from_now(3)
    await desk.answer_interim(scene.staff, filed.complaint_id, text="Kami jawab Rabu.", promised_for=promised)
    assert (await scene.clock(filed, "response"))["met_at"] is not None
    promise = await scene.clock(filed, "promise")
    assert promise["due_at"] == promised
    assert promise["next_at"] is not None
    await scene.world.advance(24 * 3 + 1)
    await desk.sweep()
    assert "escalate" in [step for _, step, _, _ in await scene.fired(filed, "promise")]
    await desk.answer(scene.staff, filed.complaint_id, text="Ini jawabannya.")
    assert (await scene.clock(filed, "promise"))["met_at"] is not None


@pytest.mark.parametrize("days", [-1, 0, 90])
async def test_a_promise_names_a_day_between_now_and_the_completion_deadline(scene: Scene, days: int) -> None:
    filed = await scene.file()
    with pytest.raises(Refused) as refused:
        await desk.answer_interim(
            scene.staff, filed.complaint_id, text="Nanti", promised_for=await scene.days_from_now(days)
        )
    assert refused.value.field == "promised_for"
    assert (await scene.clock(filed, "response"))["met_at"] is None


async def test_the_second_of_two_officers_learns_that_the_complaint_has_moved_on(scene: Scene) -> None:
    filed = await scene.file()
    await desk.answer(scene.staff, filed.complaint_id, text="Pertama", version=1)
    with pytest.raises(Conflict):
        await desk.answer(scene.checker, filed.complaint_id, text="Kedua", version=1)
    assert (await scene.kinds(filed)).count("answered") == 1


async def test_an_officer_of_another_agency_finds_no_such_complaint(scene: Scene) -> None:
    filed = await scene.file()
    stranger = await scene.officer("staff", "smg-dlh")
    with pytest.raises(NotFound):
        await desk.answer(stranger, filed.complaint_id, text="Halo")


async def test_a_reader_of_the_whole_region_may_not_answer(scene: Scene) -> None:
    filed = await scene.file()
    for role, agency in (("head_of_region", "smg-walikota"), ("coordinator", "smg-diskominfo")):
        with pytest.raises((Refused, NotFound)):
            await desk.answer(await scene.officer(role, agency), filed.complaint_id, text="Halo")


async def test_the_reporter_s_dispute_opens_a_cycle_of_half_the_length(scene: Scene) -> None:
    filed = await scene.file()
    await desk.answer(scene.staff, filed.complaint_id, text="Sudah kami catat.")
    await desk.dispute(reporter(filed), filed.complaint_id, reason="Itu bukan jawaban.")
    clock = await scene.clock(filed, "response", cycle=2)
    assert clock["due_at"] - clock["started_at"] == timedelta(hours=24)
    await desk.answer(scene.staff, filed.complaint_id, text="Besok ditambal.")
    assert (await scene.clock(filed, "response", cycle=2))["met_at"] is not None
    await desk.dispute(reporter(filed), filed.complaint_id, reason="Masih bukan.")
    told = await scene.world.fetch(
        "SELECT o.role FROM message m JOIN office o ON o.id = m.office WHERE m.kind = 'sent_to_arbiter'"
    )
    assert "sekda" in {row["role"] for row in told}


async def test_a_dispute_needs_an_answer_a_reason_and_ten_working_days(scene: Scene) -> None:
    filed = await scene.file()
    with pytest.raises(Refused):
        await desk.dispute(reporter(filed), filed.complaint_id, reason="Bukan jawaban")
    await desk.answer(scene.staff, filed.complaint_id, text="Sudah.")
    with pytest.raises(Refused) as refused:
        await desk.dispute(reporter(filed), filed.complaint_id, reason=" ")
    assert refused.value.field == "reason"
    await scene.world.advance(24 * 40)
    with pytest.raises(Refused):
        await desk.dispute(reporter(filed), filed.complaint_id, reason="Bukan jawaban")


async def test_nobody_but_the_holder_of_the_secret_speaks_for_the_reporter(scene: Scene) -> None:
    filed, other = await scene.file(), await scene.file()
    with pytest.raises(NotFound):
        await desk.reply(reporter(other), filed.complaint_id, text="Saya bukan pelapornya")
    with pytest.raises(Refused):
        await desk.reply(scene.staff, filed.complaint_id, text="Saya petugas")
    await desk.reply(reporter(filed), filed.complaint_id, text="Lubangnya makin besar")
    assert (await scene.kinds(filed))[-1] == "replied"
