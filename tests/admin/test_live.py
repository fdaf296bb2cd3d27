"""Live pages: who hears of what, when a stream ends, and what is asked again by whoever has no stream."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import asyncpg
import pytest

from lapor import database
from lapor.admin import access, live, live_watch, sessions
from lapor.complaints import desk
from tests.admin import cases
from tests.admin.cases import DPU, file
from tests.listener import listening
from tests.visitor import Visitor

STREAM = "/meja/arus"
ONCE = f"{STREAM}?sekali=1"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds as short as a test can bear."""
    monkeypatch.setattr(live_watch, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(live, "GATHER_SECONDS", 0.1)
    monkeypatch.setattr(live, "BEAT_SECONDS", 0.5)
    monkeypatch.setattr(live_watch, "TROUBLE_SECONDS", 0.1)


async def test_a_stranger_hears_nothing(site: Visitor) -> None:
    answer = await site.get(ONCE)
    assert (answer.status_code, answer.headers["location"][:6]) == (303, "/masuk")
    async with listening(site, STREAM) as stream:
        assert stream.status == 303


async def test_an_officer_hears_of_a_new_complaint_in_numbers_only(site: Visitor) -> None:
    await site.as_role("liaison", DPU)
    async with listening(site, STREAM) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert stream.headers["cache-control"] == "no-store"
        first = await stream.next()
        assert (first["changed"], first["tabs"]["tugas"]) == (0, 0)
        filed = await file()
        told = await stream.next()
        assert (told["changed"], told["tabs"]["tugas"]) == (1, 1)
        assert set(told) == {"mark", "tabs", "total", "changed", "many"}
        assert filed.ticket not in str(told)


async def test_an_officer_of_another_agency_hears_nothing_of_it(site: Visitor) -> None:
    await site.as_role("liaison", "smg-dlh")
    async with listening(site, STREAM) as stream:
        await stream.next()
        await file()
        with pytest.raises(TimeoutError):
            await stream.next(seconds=1.5)
    assert (await site.get(ONCE)).json()["tabs"]["tugas"] == 0


async def test_a_protected_complaint_wakes_nobody_but_its_named_desk(site: Visitor) -> None:
    await site.as_role("staff", DPU)
    async with listening(site, STREAM) as stream:
        await stream.next()
        filed = await file()
        assert (await stream.next())["changed"] == 1
        await site.world.execute("UPDATE complaint SET protected = true WHERE id = $1", filed.complaint_id)
        await site.world.execute(
            "INSERT INTO event (complaint, kind, actor, facts) VALUES ($1, 'noted', 'system', '{}')",
            filed.complaint_id,
        )
        told = await stream.next()
        assert (told["changed"], told["tabs"]["tugas"]) == (0, 0)


async def test_only_what_the_open_tab_shows_counts_as_changed(site: Visitor) -> None:
    await site.as_role("liaison", DPU)
    async with listening(site, f"{STREAM}?bagian=selesai") as stream:
        await stream.next()
        await file()
        told = await stream.next()
        assert (told["changed"], told["tabs"]["tugas"]) == (0, 1)


async def test_what_happens_at_once_is_told_at_once(site: Visitor) -> None:
    await site.as_role("liaison", DPU)
    async with listening(site, STREAM) as stream:
        await stream.next()
        for _ in range(5):
            await file()
        changed = 0
        messages = 0
        while changed < 5:
            changed += (await stream.next())["changed"]
            messages += 1
        assert messages < 5


async def test_a_stream_that_was_cut_is_told_what_it_missed(site: Visitor) -> None:
    await site.as_role("liaison", DPU)
    mark = (await site.get(ONCE)).json()["mark"]
    await file()
    assert (await site.get(f"{ONCE}&sejak={mark}")).json()["changed"] == 1
    async with listening(site, STREAM, **{"last-event-id": str(mark)}) as stream:
        first = await stream.next()
        assert first["changed"] == 1
    assert (await site.get(f"{ONCE}&sejak={first['mark']}")).json()["changed"] == 0


async def test_a_stream_ends_with_its_session(site: Visitor) -> None:
    await site.as_role("liaison", DPU)
    async with listening(site, STREAM) as stream:
        await stream.next()
        await sessions.close_session(site.cookies[access.COOKIE])
        await file()
        await stream.next("akhir")
        async with asyncio.timeout(2):
            await stream.ended.wait()


async def test_a_stream_ends_with_the_office(site: Visitor) -> None:
    await site.as_role("liaison", DPU)
    async with listening(site, STREAM) as stream:
        await stream.next()
        await site.world.execute(
            "UPDATE appointment SET ends_at = lapor_now() WHERE person = $1", site.person
        )
        await stream.next("akhir")


async def test_a_silent_stream_shows_that_it_lives(site: Visitor) -> None:
    await site.as_role("liaison", DPU)
    async with listening(site, STREAM) as stream:
        await stream.next()
        await stream.next("detak")
        await stream.next("detak")


async def test_no_viewer_holds_a_connection_of_the_database(site: Visitor) -> None:
    await site.as_role("liaison", DPU)
    pool = database.DB.pool
    assert pool
    async with (
        listening(site, STREAM) as one,
        listening(site, STREAM) as two,
        listening(site, STREAM) as three,
    ):
        for stream in (one, two, three):
            await stream.next()
        for _ in range(50):
            if pool.get_size() == pool.get_idle_size():
                break
            await asyncio.sleep(0.02)
        assert pool.get_size() == pool.get_idle_size()


async def test_nothing_is_lost_while_the_database_is_away(site: Visitor) -> None:
    await site.as_role("liaison", DPU)
    async with listening(site, STREAM) as stream:
        await stream.next()
        await _cut_connections(site)
        await _filed_in_the_end()
        assert (await stream.next())["changed"] == 1


async def _filed_in_the_end() -> None:
    """Until the pool has noticed which of its connections are gone, a filing may meet one of them."""
    for _ in range(5):
        with suppress(*live_watch.TROUBLES):
            await file()
            return


async def _cut_connections(site: Visitor) -> None:
    async with site.world.owner() as connection:
        admin = await asyncpg.connect(site.world.ground.servers.admin_url())
        try:
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> $2",
                site.world.name,
                connection.get_server_pid(),
            )
        finally:
            await admin.close()


async def test_whoever_finds_the_house_full_is_sent_to_ask_now_and_then(
    site: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_watch, "MOST_VIEWERS", 0)
    await site.as_role("liaison", DPU)
    async with listening(site, STREAM) as stream:
        assert stream.status == 503
    assert (await site.get(ONCE)).status_code == 200


async def test_an_answer_of_a_colleague_is_a_change(site: Visitor) -> None:
    filed = await file()
    await site.as_role("liaison", DPU)
    async with listening(site, STREAM) as stream:
        await stream.next()
        await desk.answer(await cases.officer(site.world, "staff"), filed.complaint_id, text="Segera.")
        assert (await stream.next())["changed"] == 1
