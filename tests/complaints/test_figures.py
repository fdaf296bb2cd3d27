"""Figures, as the record gives them: what is counted, on whom, and who may see it."""

from __future__ import annotations

import pytest

from lapor import database
from lapor.complaints import desk
from lapor.complaints.counting import count_all, gaps
from lapor.complaints.queries.figures import Period, Scope, Table, figures
from tests.complaints.conftest import Scene


async def counted(scope: Scope, by: str = "", *, person: int | None = None, role: str = "worker") -> Table:
    """The figures of the last two years, as a role sees them."""
    await count_all()
    async with database.transaction(role, user_id=person):  # type: ignore[arg-type]
        now = await database.now()
        return await figures(scope, by, period=Period.months(now.date(), 24))  # type: ignore[arg-type]


async def test_a_first_answer_is_counted_on_the_agency_and_the_person_that_gave_it(scene: Scene) -> None:
    quick, late, open_ = [await scene.file() for _ in range(3)]
    await scene.world.advance(1.5)
    await desk.answer(scene.staff, quick.complaint_id, text="Sudah kami perbaiki.")
    await scene.world.advance(48.5)
    await desk.sweep()
    await desk.answer(scene.staff, late.complaint_id, text="Maaf, baru kami kerjakan.")
    table = await counted(Scope(), "agency")
    assert [row.label for row in table.rows] == ["Dinas Pekerjaan Umum Kota Semarang"]
    row = table.rows[0]
    assert (row["reports"], row["overdue"], row["answered_late"]) == (3, 1, 1)
    assert (row["within_24"], row["within_48"]) == (1 / 3, 1 / 3)
    # Two of three within 51 hours; the last of ten is not answered at all.
    assert (row["median"], row["p90"]) == (51, float("inf"))
    people = await counted(Scope(), "person")
    assert [(row["reports"], row["median"]) for row in people.rows] == [(2, 2)]


@pytest.mark.parametrize(
    ("after", "ids", "missing"),
    [(0, [1, 2, 3], []), (3, [5, 6, 9], [(4, 4), (7, 8)]), (7, [], [])],
)
def test_numbers_that_are_missing_are_found(
    after: int, ids: list[int], missing: list[tuple[int, int]]
) -> None:
    assert gaps(after, ids) == missing
