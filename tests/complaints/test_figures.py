"""Figures, as the record gives them: what is counted, on whom, and who may see it."""

from __future__ import annotations

from collections.abc import Callable

import asyncpg
import pytest

from lapor import database
from lapor.complaints import desk
from lapor.complaints.closing_months import close_due
from lapor.complaints.counting import count_all, gaps
from lapor.complaints.queries.figures import By, Period, Scope, Table, figures, ranked
from lapor.complaints.queries.received_late import received_late
from lapor.complaints.sealing import broken_seals
from tests.complaints.conftest import LEAD, Scene
from tests.complaints.figures_by_hand import Raw, Row, by_hand, hidden, month_of
from tests.complaints.histories import History


async def counted(scope: Scope, by: By = "", *, person: int | None = None, role: str = "worker") -> Table:
    """The figures of the last two years, as a role sees them."""
    await count_all()
    async with database.transaction(role, user_id=person):  # type: ignore[arg-type]
        now = await database.now()
        return await figures(scope, by, period=Period.months(now.date(), 24))


async def test_a_first_answer_is_counted_on_the_agency_and_the_person_that_gave_it(scene: Scene) -> None:
    quick, late, _ = [await scene.file() for _ in range(3)]
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


async def test_every_figure_is_what_a_hand_computes_from_the_raw_rows(scene: Scene) -> None:
    history = History(scene, 3)
    await history.play(50)
    # Counted in between and again at the end, so that facts are also renewed and not only made.
    await count_all()
    await history.play(110, hours=6)
    await count_all()
    raw = await Raw.read(scene.world)
    leads = {row["id"]: str(row["id"]) for row in raw.tables["agency"]}
    codes = {str(row["id"]): row["code"] for row in raw.tables["agency"]}

    def keyed(column: str) -> Callable[[Row, int, int], str]:
        return lambda one, _agency, _person: "0" if hidden(one) else str(one[column] or 0)

    groups: dict[By, Callable[[Row, int, int], str | None]] = {
        "": lambda *_: "",
        "unit": lambda _, agency, __: leads[agency],
        "person": lambda _, __, person: str(person) if person else None,
        "category": keyed("category"),
        "district": keyed("district"),
        "channel": lambda one, *_: one["channel"],
        "month": lambda one, *_: month_of(one),
    }
    for by, group in groups.items():
        expected = by_hand(raw, group)
        table = await counted(Scope(), by)
        found = {row.key: row.values for row in table.rows} if by else {"": table.total.values}
        assert found.keys() == expected.keys(), by
        for key, values in expected.items():
            for code, value in values.items():
                assert found[key][code] == pytest.approx(value), f"{by} {codes.get(key, key)} {code}"
    total = (await counted(Scope())).total.values
    # A history in which nothing of a kind happens would prove nothing about it.
    assert [code for code, value in total.items() if value is None and code != "emergency"] == []
    assert all(total[code] for code in ("handed_on", "overdue", "answered_late"))


async def test_a_seal_holds_until_somebody_touches_what_it_closed(scene: Scene) -> None:
    filed = await scene.file()
    await desk.answer(scene.staff, filed.complaint_id, text="Sudah")
    await scene.world.advance(24 * 50)
    assert [one.disputed for one in await close_due(7)] == [False]
    async with database.transaction("worker"):
        assert await broken_seals() == []
    for attack in (
        "UPDATE figure_frozen SET answered = 5",
        "DELETE FROM figure_seal",
        "UPDATE figure_cell SET reports = 1 WHERE frozen",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await scene.world.execute(attack)
    await scene.world.execute("ALTER TABLE figure_frozen DISABLE TRIGGER USER")
    await scene.world.execute("UPDATE figure_frozen SET answered = 5 WHERE answered = 1")
    async with database.transaction("worker"):
        assert len(await broken_seals()) == 1


async def test_what_was_received_late_in_a_closed_month_stays_with_the_agency_that_had_it(
    scene: Scene,
) -> None:
    await scene.file()
    filed = await scene.file(written_at=await scene.days_from_now(-6))
    month = Period.month((await scene.complaint(filed))["filed_at"].date())
    roads, greens = await scene.agency(LEAD), await scene.agency("smg-dlh")
    people = (scene.coordinator, await scene.officer("liaison"), await scene.officer("liaison", "smg-dlh"))

    async def told(*agencies: int | None) -> list[list[int]]:
        await count_all()
        found = []
        for person in people:
            async with database.transaction("reader", user_id=person.person):
                found.append([await received_late(month, agency=one) for one in agencies])
        return found

    before = await told(None, roads, greens)
    assert before == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]
    await scene.world.advance(24 * 50)
    assert await close_due(7)
    await desk.offer_transfer(scene.staff, filed.complaint_id, to_agency=greens, reason="Milik dinas lain")
    await desk.take_transfer(await scene.officer("staff", "smg-dlh"), filed.complaint_id)
    assert (await scene.complaint(filed))["owner_agency"] == greens
    assert await told(None, roads, greens) == before


async def test_an_agency_that_is_put_under_another_keeps_its_row_in_the_months_that_are_closed(
    scene: Scene,
) -> None:
    filed = await scene.file()
    await desk.answer(scene.staff, filed.complaint_id, text="Sudah")
    month = Period.month((await scene.complaint(filed))["filed_at"].date())
    roads, greens = await scene.agency(LEAD), await scene.agency("smg-dlh")

    async def told(
        period: Period, *, as_now: bool = False
    ) -> tuple[list[tuple[str, int]], list[float | None]]:
        await count_all()
        async with database.transaction("worker"):
            rows = (await figures(Scope(), "agency", period=period, as_now=as_now)).rows
            alone = [
                (await figures(Scope(agency=one), period=period, as_now=as_now)).total["reports"]
                for one in (roads, greens)
            ]
        return [(row.key, row.measures["reports"]) for row in rows], alone

    await scene.world.advance(24 * 50)
    assert await close_due(7)
    as_closed = ([(str(roads), 1)], [1, 0])
    assert await told(month) == as_closed
    await scene.world.execute("UPDATE agency SET parent = $1 WHERE id = $2", greens, roads)
    assert await told(month) == as_closed
    moved = ([(str(greens), 1)], [1, 1])
    assert await told(month, as_now=True) == moved
    # A month that closes from now on is closed with whom it belongs to now, whatever comes after.
    later = Period.month((await scene.complaint(await scene.file()))["filed_at"].date())
    assert await told(later) == moved
    await scene.world.advance(24 * 50)
    assert await close_due(7)
    await scene.world.execute("UPDATE agency SET parent = NULL WHERE id = $1", roads)
    assert await told(later) == moved
    assert await told(month) == as_closed
    both = Period(month.first, later.last)
    assert (await told(both))[0] == [(str(greens), 1), (str(roads), 1)]


async def test_an_event_written_under_an_older_number_is_counted_when_it_comes(scene: Scene) -> None:
    filed = await scene.file()
    await count_all()
    # As if a transaction that is still open had taken the next number before another one was counted.
    await scene.world.execute("SELECT nextval('event_id_seq')")
    await scene.file()
    await count_all()
    await scene.world.advance(3)
    gap = await scene.world.fetch("SELECT first, last FROM figure_gap")
    assert [row["first"] == row["last"] for row in gap] == [True]
    await scene.world.execute(
        "UPDATE clock SET met_at = started_at + interval '2 hours' WHERE kind = 'response' AND complaint = $1",
        filed.complaint_id,
    )
    await scene.world.execute(
        "INSERT INTO event (id, complaint, kind, actor) VALUES ($1, $2, 'noted', 'system')",
        gap[0]["first"],
        filed.complaint_id,
    )
    assert (await counted(Scope())).total.measures["answered"] == 1
    assert await scene.world.fetchval("SELECT count(*) FROM figure_gap") == 0


async def test_nobody_is_ranked_by_volume(scene: Scene) -> None:
    for category in ("jalan-rusak", "jalan-rusak", "lampu-jalan"):
        filed = await scene.file(category=category)
    await scene.world.advance(1)
    await desk.route(
        scene.coordinator, filed.complaint_id, agency=await scene.agency(LEAD), reason="Milik PU"
    )
    await desk.answer(scene.staff, filed.complaint_id, text="Sudah")
    table = await counted(Scope(), "category")
    assert ranked(table, "median").rows[0]["median"] is not None
    with pytest.raises(ValueError, match="volume"):
        ranked(table, "reports")
    with pytest.raises(ValueError, match="one of"):
        await counted(Scope(category=1), "district")
