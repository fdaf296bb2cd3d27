"""What officers do together on the page of one complaint."""

from __future__ import annotations

from tests.admin import cases
from tests.admin.cases import DPU, file
from tests.admin.test_desk_pages import send, where
from tests.ground import World
from tests.visitor import Visitor


async def test_a_complaint_is_assigned_to_a_colleague_and_taken_off_again(
    site: Visitor, world: World
) -> None:
    complaint = (await file()).complaint_id
    colleague = await cases.officer(world, "staff")
    await site.as_role("liaison", DPU)
    assert await send(site, complaint, "penugasan", person=str(colleague.person)) == 303
    page = (await site.get(where(complaint))).text
    name = await world.fetchval("SELECT full_name FROM person WHERE id = $1", colleague.person)
    assert f"<dt>Dikerjakan oleh</dt><dd>{name}</dd>" in page
    assert f"menugaskan laporan kepada {name}" in page
    assert f'<option value="{colleague.person}" selected>' in page
    assert await send(site, complaint, "penugasan", person="") == 303
    assert "Dikerjakan oleh" not in (await site.get(where(complaint))).text


async def test_somebody_from_elsewhere_cannot_be_assigned(site: Visitor, world: World) -> None:
    complaint = (await file()).complaint_id
    stranger = await cases.officer(world, "staff", "smg-dlh")
    await site.as_role("liaison", DPU)
    sent = await site.send_form(
        where(complaint, "penugasan"), {"person": str(stranger.person), "version": "1"}, page=where(complaint)
    )
    assert sent.status_code == 422
    assert 'id="f-person-wrong"' in sent.text
