"""Every page has a budget of statements, which more complaints do not raise."""

from __future__ import annotations

import pytest

from lapor.complaints import desk
from lapor.complaints.counting import count_all
from lapor.complaints.desk import Filing
from tests.admin import cases
from tests.flows.test_accessibility import AGENCIES, OFFICES, PAGES
from tests.ground import World
from tests.visitor import Visitor

# A page of somebody who is logged in spends one on who they are.
BUDGET = 25


async def _file(world: World, count: int) -> list[desk.Filed]:
    filed = [
        await desk.file(Filing(type="complaint", text=f"Jalan berlubang {number}", category="jalan-rusak"))
        for number in range(count)
    ]
    await world.advance(60)
    await desk.sweep()
    await count_all()
    return filed


@pytest.mark.parametrize("role", PAGES, ids=lambda role: role or "resident")
async def test_no_page_takes_more_statements_for_more_complaints(site: Visitor, role: str) -> None:
    world = site.world
    await world.simulate()
    late, *_, open_ = await _file(world, 2)
    city = await world.fetchval("SELECT region FROM agency WHERE code = 'smg-walikota'")
    named = {"ticket": open_.ticket, "secret": open_.secret, "city": city}
    named |= {"complaint": open_.complaint_id, "late": late.complaint_id}
    if role:
        await site.as_person(await world.officer(*OFFICES.get(role, (role, AGENCIES.get(role)))))
    few = await _spent(site, role, named)
    await _file(world, 12)
    many = await _spent(site, role, named)
    assert {
        page: (few[page], many[page]) for page in few if many[page] > few[page] or few[page] > BUDGET
    } == {}


async def _spent(site: Visitor, role: str, named: dict[str, object]) -> dict[str, int]:
    spent = {}
    for path in PAGES[role]:
        address = path.format(**named)
        # What is read once and kept is not a page's own.
        await site.get(address)
        async with cases.counted() as statements:
            await site.get(address)
        spent[path] = len(statements)
    return spent
