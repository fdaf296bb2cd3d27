"""How content the reporter was: once for each cycle, whatever way it ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from lapor import database
from lapor.complaints import desk
from lapor.complaints.desk import Filed, Refused
from tests.complaints.conftest import Scene, reporter, sees


async def _done(scene: Scene) -> Filed:
    filed = await scene.file()
    await desk.answer(scene.staff, filed.complaint_id, text="Kami kerjakan.")
    await desk.claim_completion(scene.staff, filed.complaint_id, text="Sudah ditambal.")
    await desk.confirm(scene.checker, filed.complaint_id)
    return filed


async def _agreed(scene: Scene) -> Filed:
    filed = await _done(scene)
    await desk.accept(reporter(filed), filed.complaint_id)
    return filed


async def _closed_by_itself(scene: Scene) -> Filed:
    filed = await _done(scene)
    await scene.world.advance(24 * 30)
    await desk.sweep()
    assert (await scene.complaint(filed))["status"] == "closed"
    return filed


async def _rejected(scene: Scene) -> Filed:
    filed = await scene.file()
    await desk.request_rejection(scene.staff, filed.complaint_id, reason_code="unclear", text="Mohon maaf.")
    await desk.confirm(scene.checker, filed.complaint_id)
    return filed


async def _referred(scene: Scene) -> Filed:
    filed = await scene.file()
    body = await scene.world.fetchval("SELECT min(id) FROM outside_body")
    await desk.request_referral(scene.staff, filed.complaint_id, outside_body=body, text="Ke sana.")
    await desk.confirm(scene.checker, filed.complaint_id)
    return filed


ENDINGS = [_done, _agreed, _closed_by_itself, _rejected, _referred]


@pytest.mark.parametrize("ending", ENDINGS)
async def test_no_ending_takes_the_rating_away(
    scene: Scene, ending: Callable[[Scene], Awaitable[Filed]]
) -> None:
    filed = await ending(scene)
    before = (await scene.complaint(filed))["status"]
    await desk.rate(reporter(filed), filed.complaint_id, stars=2, text="Lama sekali.")
    assert (await scene.complaint(filed))["status"] == before, "a rating moves nothing"
    assert (await scene.kinds(filed))[-1] == "rated"
    given = await sees(
        scene.staff.person, "SELECT stars FROM rating WHERE complaint = $1", filed.complaint_id
    )
    assert [row["stars"] for row in given] == [2]


@pytest.mark.parametrize("ending", [_done, _agreed, _closed_by_itself])
async def test_no_closing_takes_reopening_away(
    scene: Scene, ending: Callable[[Scene], Awaitable[Filed]]
) -> None:
    filed = await ending(scene)
    await desk.rate(reporter(filed), filed.complaint_id, stars=1)
    await desk.reopen(reporter(filed), filed.complaint_id, reason="Berlubang lagi.")
    assert (await scene.complaint(filed))["status"] == "in_progress"
    assert (await scene.clock(filed, "response", cycle=2))["met_at"] is None


async def test_a_rated_completion_can_still_be_disputed(scene: Scene) -> None:
    filed = await _done(scene)
    await desk.rate(reporter(filed), filed.complaint_id, stars=1)
    await desk.dispute(reporter(filed), filed.complaint_id, reason="Itu jalan lain.")
    assert (await scene.complaint(filed))["cycle"] == 2


async def test_each_cycle_is_rated_once(scene: Scene) -> None:
    filed = await _done(scene)
    await desk.rate(reporter(filed), filed.complaint_id, stars=1)
    with pytest.raises(Refused, match="sudah kami terima"):
        await desk.rate(reporter(filed), filed.complaint_id, stars=5)
    await desk.reopen(reporter(filed), filed.complaint_id, reason="Berlubang lagi.")
    with pytest.raises(Refused, match="berstatus"):
        await desk.rate(reporter(filed), filed.complaint_id, stars=5)
    await desk.answer(scene.staff, filed.complaint_id, text="Kami tambal lagi.")
    await desk.claim_completion(scene.staff, filed.complaint_id, text="Sudah.")
    await desk.confirm(scene.checker, filed.complaint_id)
    await desk.rate(reporter(filed), filed.complaint_id, stars=5)
    rows = await scene.world.fetch("SELECT cycle, stars FROM rating ORDER BY cycle")
    assert [tuple(row) for row in rows] == [(1, 1), (2, 5)]


@pytest.mark.parametrize("stars", [0, 6, -1])
async def test_only_one_to_five_counts(scene: Scene, stars: int) -> None:
    filed = await _done(scene)
    with pytest.raises(Refused) as refused:
        await desk.rate(reporter(filed), filed.complaint_id, stars=stars)
    assert refused.value.field == "stars"


async def test_nobody_rates_for_the_reporter(scene: Scene) -> None:
    filed, other = await _done(scene), await _done(scene)
    for actor in (scene.staff, scene.checker, reporter(other)):
        with pytest.raises(Refused):
            await desk.rate(actor, filed.complaint_id, stars=5)


async def test_a_rating_is_not_changed_and_not_published(scene: Scene) -> None:
    filed = await _done(scene)
    await desk.publish(scene.staff, filed.complaint_id, text="Jalan berlubang di depan pasar")
    await desk.rate(reporter(filed), filed.complaint_id, stars=1, text="Petugasnya kasar.")
    assert await scene.world.fetchval("SELECT count(*) FROM publication WHERE text LIKE '%kasar%'") == 0
    for role in database.WEB_LOGIN_ROLES:
        async with database.transaction(role):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await database.execute("UPDATE rating SET stars = 5")
