import asyncio
import contextvars
from typing import Any

import pytest

from lapor import database
from lapor.complaints import desk
from lapor.complaints.desk import Actor, Filed, NotFound, Refused
from tests.complaints.conftest import LEAD, Scene, sees


async def _late(scene: Scene, count: int = 2) -> list[Filed]:
    filed = [await scene.file() for _ in range(count)]
    await scene.world.advance(49)
    await desk.sweep()
    return filed


async def _mayor(scene: Scene) -> Actor:
    return await scene.officer("head_of_region", "smg-walikota")


async def _instruct(scene: Scene, actor: Actor, filed: list[Filed], **given: Any) -> int:
    return await desk.instruct(
        actor,
        **{
            "agency": await scene.agency(LEAD),
            "complaints": [one.complaint_id for one in filed],
            "text": "Jawab semua laporan ini.",
            "due_at": await scene.days_from_now(2),
            **given,
        },
    )


async def _row(scene: Scene, instruction: int) -> dict[str, Any]:
    return dict((await scene.world.fetch("SELECT * FROM instruction WHERE id = $1", instruction))[0])


async def test_one_instruction_about_many_complaints_has_one_clock_and_stands_in_every_chain(
    scene: Scene,
) -> None:
    filed = await _late(scene, 3)
    due = await scene.days_from_now(2)
    instruction = await _instruct(scene, await _mayor(scene), filed[::-1], due_at=due)
    clocks = await scene.world.fetch("SELECT * FROM clock WHERE kind = 'instruction'")
    assert [(row["complaint"], row["subject"], row["due_at"]) for row in clocks] == [
        (filed[0].complaint_id, instruction, due)
    ]
    for one in filed:
        assert (await scene.kinds(one))[-1] == "instructed"
        assert (await scene.complaint(one))["version"] == 2
    told = await scene.world.fetch(
        "SELECT o.role FROM message m JOIN office o ON o.id = m.office WHERE m.kind = 'instructed'"
    )
    assert {row["role"] for row in told} == {"liaison", "agency_head"}


async def test_staff_of_the_leadership_orders_in_the_name_of_the_head(scene: Scene) -> None:
    filed = await _late(scene, 1)
    mayor = await scene.world.fetchval("SELECT id FROM office WHERE code = 'smg-walikota.kepala'")
    staff = await scene.officer("leadership_staff", "smg-walikota")
    row = await _row(scene, await _instruct(scene, staff, filed))
    assert (row["given_by"], row["in_name_of"]) == (staff.person, mayor)
    sekda = await scene.officer("sekda", "smg-setda")
    row = await _row(scene, await _instruct(scene, sekda, filed))
    assert row["in_name_of"] == await scene.world.fetchval(
        "SELECT id FROM office WHERE role = 'sekda' AND agency = $1", await scene.agency("smg-setda")
    )


@pytest.mark.parametrize(
    ("role", "agency"), [("inspector", "smg-inspektorat"), ("coordinator", "smg-diskominfo"), ("staff", LEAD)]
)
async def test_nobody_else_orders(scene: Scene, role: str, agency: str) -> None:
    filed = await _late(scene, 1)
    with pytest.raises(Refused):
        await _instruct(scene, await scene.officer(role, agency), filed)


async def test_another_region_finds_nothing_to_order_about(scene: Scene) -> None:
    filed = await _late(scene, 1)
    with pytest.raises(NotFound):
        await _instruct(scene, await scene.officer("head_of_region", "jtg-gubernur"), filed)


async def test_what_cannot_be_ordered_is_refused_with_its_reason(scene: Scene) -> None:
    filed = await _late(scene, 1)
    mayor = await _mayor(scene)
    fresh = await scene.file()
    foreign = await scene.file(category="sampah", text="Sampah menumpuk")
    for given in (
        {"complaints": []},
        {"complaints": [filed[0].complaint_id, fresh.complaint_id]},
        {"complaints": [filed[0].complaint_id, foreign.complaint_id]},
        {"text": " "},
        {"due_at": await scene.days_from_now(-1)},
    ):
        with pytest.raises(Refused):
            await _instruct(scene, mayor, filed, **given)
    assert await scene.world.fetchval("SELECT count(*) FROM instruction") == 0


async def test_a_complaint_about_an_office_gets_an_instruction_of_its_own(scene: Scene) -> None:
    filed = [
        await scene.file(text="Petugas minta uang", category=None, reported_agency="smg-dpu")
        for _ in range(2)
    ]
    owner = (await scene.complaint(filed[0]))["owner_agency"]
    await scene.world.advance(49)
    mayor = await _mayor(scene)
    with pytest.raises(Refused, match="tersendiri"):
        await _instruct(scene, mayor, filed, agency=owner)
    await _instruct(scene, mayor, filed[:1], agency=owner)


async def test_the_reported_party_does_not_read_what_was_ordered_about_it(scene: Scene) -> None:
    filed = await scene.file(text="Auditor minta uang", category=None, reported_agency="smg-inspektorat")
    owner = (await scene.complaint(filed))["owner_agency"]
    await scene.world.advance(49)
    await _instruct(scene, await _mayor(scene), [filed], agency=owner)
    accused = await scene.officer("inspector", "smg-inspektorat")
    assert await sees(accused.person, "SELECT * FROM instruction") == []
    assert await sees(accused.person, "SELECT * FROM instruction_item") == []
    other = await scene.officer("deputy_head", "smg-walikota")
    assert len(await sees(other.person, "SELECT * FROM instruction")) == 1


async def test_the_same_words_sent_twice_are_one_instruction(scene: Scene) -> None:
    filed = await _late(scene, 1)
    mayor = await _mayor(scene)
    first = await _instruct(scene, mayor, filed)
    assert await _instruct(scene, mayor, filed) == first
    assert await scene.world.fetchval("SELECT count(*) FROM instruction") == 1


async def test_the_agency_reports_and_the_giver_hears_of_it(scene: Scene) -> None:
    filed = await _late(scene)
    instruction = await _instruct(scene, await _mayor(scene), filed)
    with pytest.raises(NotFound):
        await desk.carry_out(await scene.officer("staff", "smg-dlh"), instruction, text="Sudah")
    await desk.carry_out(scene.staff, instruction, text="Semua sudah dijawab.")
    clock = await scene.clock(filed[0], "instruction")
    assert clock["met_at"] is not None
    assert clock["met_at"] < clock["due_at"]
    row = await _row(scene, instruction)
    assert (row["carried_out_by"], row["report"]) == (scene.staff.person, "Semua sudah dijawab.")
    for one in filed:
        assert (await scene.kinds(one))[-1] == "instruction_done"
    told = await scene.world.fetch(
        "SELECT o.role FROM message m JOIN office o ON o.id = m.office WHERE m.kind = 'instruction_done'"
    )
    assert {row["role"] for row in told} == {"head_of_region", "leadership_staff"}
    with pytest.raises(Refused, match="sudah dilaporkan"):
        await desk.carry_out(scene.staff, instruction, text="Sekali lagi")


async def test_a_report_reaches_a_complaint_that_has_gone_to_another_agency(scene: Scene) -> None:
    filed = await _late(scene)
    instruction = await _instruct(scene, await _mayor(scene), filed)
    taker = await scene.officer("staff", "smg-dlh")
    other = await scene.agency("smg-dlh")
    await desk.offer_transfer(scene.staff, filed[0].complaint_id, to_agency=other, reason="Sampah")
    await desk.take_transfer(taker, filed[0].complaint_id)
    await desk.carry_out(scene.staff, instruction, text="Sudah kami teruskan.")
    assert (await scene.clock(filed[0], "instruction"))["met_at"] is not None
    assert (await scene.kinds(filed[0]))[-1] == "instruction_done"


async def test_an_instruction_that_is_not_carried_out_escalates_by_a_ladder_of_its_own(scene: Scene) -> None:
    filed = await _late(scene)
    await _instruct(scene, await _mayor(scene), filed)
    await scene.world.advance(49)
    await desk.sweep()
    steps = [step for _, step, _, _ in await scene.fired(filed[0], "instruction")]
    assert steps[0] == "notify"
    assert steps[-1] == "escalate"


async def test_an_instruction_leaves_every_other_clock_alone(scene: Scene) -> None:
    filed = (await _late(scene, 1))[0]
    before = [await scene.clock(filed, kind) for kind in ("response", "completion")]
    instruction = await _instruct(scene, await _mayor(scene), [filed])
    await desk.carry_out(scene.staff, instruction, text="Kami sudah rapat.")
    assert [await scene.clock(filed, kind) for kind in ("response", "completion")] == before


async def test_the_chains_stay_whole_when_two_leaders_order_at_once(scene: Scene) -> None:
    filed = await _late(scene, 4)
    actors = [await _mayor(scene), await scene.officer("sekda", "smg-setda")]
    await asyncio.gather(
        _instruct(scene, actors[0], filed), _instruct(scene, actors[1], filed[::-1], text="Segera.")
    )
    for one in filed:
        assert (await scene.kinds(one)).count("instructed") == 2


async def test_a_report_that_waited_while_a_rung_fired_was_given_after_it(scene: Scene) -> None:
    filed = await _late(scene)
    instruction = await _instruct(scene, await _mayor(scene), filed)
    await scene.world.advance(47.99)
    await desk.sweep()
    async with database.transaction("desk", user_id=scene.staff.person):
        begun = await database.now()
        await scene.world.advance(0.02)
        await asyncio.create_task(desk.sweep(), context=contextvars.Context())
        await desk.carry_out(scene.staff, instruction, text="Sesaat sebelum batas waktu.")
    clock = await scene.clock(filed[0], "instruction")
    fired_at = await scene.world.fetchval(
        "SELECT fired_at FROM escalation WHERE clock = $1 AND step = 'escalate'", clock["id"]
    )
    assert begun < clock["due_at"] < fired_at == clock["met_at"]
    assert (await _row(scene, instruction))["carried_out_at"] == fired_at


async def test_who_was_told_to_act_is_reminded_though_the_oldest_complaint_has_gone_to_another_agency(
    scene: Scene,
) -> None:
    filed = await _late(scene)
    await _instruct(scene, await _mayor(scene), filed)
    other = await scene.agency("smg-dlh")
    await desk.offer_transfer(scene.staff, filed[0].complaint_id, to_agency=other, reason="Sampah")
    await desk.take_transfer(await scene.officer("staff", "smg-dlh"), filed[0].complaint_id)
    for hours in (1, 49):
        await scene.world.advance(hours)
        await desk.sweep()
    heard = await scene.world.fetch(
        "SELECT DISTINCT o.agency, o.role FROM message m JOIN clock k ON k.id = m.clock JOIN office o ON o.id = m.office"
        " WHERE k.kind = 'instruction' AND m.kind LIKE 'rung%'"
    )
    lead = await scene.agency(LEAD)
    assert {row["role"] for row in heard if row["agency"] == lead} == {"liaison", "agency_head"}
    assert other not in {row["agency"] for row in heard}
    assert "head_of_region" in {row["role"] for row in heard}
    told = await scene.world.fetch(
        'SELECT DISTINCT agency FROM event WHERE complaint = $1 AND facts LIKE \'%"clock":"instruction"%\'',
        filed[0].complaint_id,
    )
    assert [row["agency"] for row in told] == [lead]
    # Every other clock of that complaint speaks to the agency that has it now.
    silent = await scene.world.fetch(
        "SELECT DISTINCT o.agency FROM message m JOIN clock k ON k.id = m.clock JOIN office o ON o.id = m.office"
        " WHERE k.kind = 'completion' AND m.complaint = $1",
        filed[0].complaint_id,
    )
    assert lead not in {row["agency"] for row in silent}
