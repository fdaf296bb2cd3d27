"""Sums of figures: hours in one number, only what differs is written, and the sums are those of the facts."""

from __future__ import annotations

import random

from lapor import database
from lapor.complaints import desk
from lapor.complaints.counting import count_all, recount
from lapor.complaints.queries.figures import histogram
from lapor.complaints.tables_figures import MEASURES
from tests.complaints.conftest import Scene
from tests.complaints.histories import History
from tests.ground import World

# Every sum once more, from the facts: agency by agency and for the whole region.
_SUMS_OF_FACTS = """
SELECT f.region, f.month, d.agency, d.dimension, d.key, {sums}, array_agg(f.hours ORDER BY f.hours)
  FILTER (WHERE f.hours IS NOT NULL) AS hours
FROM figure_fact f CROSS JOIN LATERAL (VALUES
  (f.agency, 'all', ''), (f.agency, 'category', f.category::text), (f.agency, 'district', f.district::text),
  (f.agency, 'channel', f.channel), (f.agency, 'person', f.person::text), (0, 'all', ''),
  (0, 'category', f.category::text), (0, 'district', f.district::text), (0, 'channel', f.channel)
) AS d (agency, dimension, key)
WHERE d.dimension <> 'person' OR f.person <> 0 GROUP BY 1, 2, 3, 4, 5"""


async def test_hours_are_added_and_taken_away_as_one_number(world: World) -> None:
    chance = random.Random(3)
    steps = [*range(1, 97), *range(120, 24 * 900, 24)]
    hours = [chance.choice(steps) for _ in range(500)]
    gone = hours[:200]
    number = await world.fetchval(
        f"SELECT (sum({histogram.one_sql('h')}) - (SELECT sum({histogram.one_sql('g')}) FROM unnest($2::int[]) g))::text"
        " FROM unnest($1::int[]) h",
        hours,
        gone,
    )
    left = sorted(hours[200:])
    found = histogram.steps(number)
    assert [hour for hour, answers in histogram.hours_of(found) for _ in range(answers)] == left
    assert histogram.covering(found, 50, 300) == left[149]
    assert histogram.covering(found, 90, 300) == left[269]
    assert histogram.covering(found, 90, 400) is None
    assert histogram.steps("0") == []


async def test_the_sums_are_those_of_the_facts_however_often_they_were_moved(scene: Scene) -> None:
    history = History(scene, 5)
    for _ in range(3):
        await history.play(25, hours=9)
        await count_all()
    keys = "region, month, agency, dimension, key"
    columns = ", ".join(f"sum(f.{name})::bigint AS {name}" for name in MEASURES)
    expected = {
        tuple(row[name] for name in keys.split(", ")): row
        for row in await scene.world.fetch(_SUMS_OF_FACTS.format(sums=columns))
    }
    found = await scene.world.fetch("SELECT *, hours_taken::text AS taken FROM figure_cell WHERE NOT frozen")
    used = {tuple(row[name] for name in keys.split(", ")): row for row in found if row["taken"] != "0"}
    assert {key for key, row in expected.items() if row["hours"]} == used.keys()
    for row in found:
        wanted = expected.get(tuple(row[name] for name in keys.split(", ")))
        assert [row[name] for name in MEASURES] == [wanted[name] if wanted else 0 for name in MEASURES]
        hours = [h for h, n in histogram.hours_of(histogram.steps(row["taken"])) for _ in range(n)]
        assert hours == ((wanted["hours"] or []) if wanted else [])


async def test_counting_what_has_not_changed_writes_no_sum(scene: Scene) -> None:
    filed = await scene.file()
    await desk.answer(scene.staff, filed.complaint_id, text="Sudah")
    await count_all()
    written = "SELECT sum(xmin::text::bigint) FROM {}"
    before = [await scene.world.fetchval(written.format(table)) for table in ("figure_cell", "figure_fact")]
    async with database.transaction("worker"):
        await recount([filed.complaint_id], await database.now())
    assert before == [
        await scene.world.fetchval(written.format(table)) for table in ("figure_cell", "figure_fact")
    ]
