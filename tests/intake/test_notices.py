"""Notices: over which channel, when, how many at once, and what a leader's link opens."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lapor import words
from lapor.complaints.actor import Actor
from lapor.complaints.desk import Filed, Filing, answer, file, sweep
from lapor.intake import morning
from lapor.intake.letters import ATTEMPTS_BEFORE_NEXT, NO_ADDRESS
from lapor.intake.outbound import Drained, drain
from lapor.intake.recipients import Holder
from lapor.settings import Settings
from tests.ground import World
from tests.intake.post_office import Mail, PostOffice
from tests.sla.workshop import at_work, until
from tests.visitor import Visitor

WIB = ZoneInfo("Asia/Jakarta")
# A Wednesday without a holiday near it.
WEDNESDAY = datetime(2027, 2, 3, tzinfo=WIB)
CITY = "smg-walikota"
HEAD = "walikota@contoh.example"
ROAD = Filing(type="complaint", text="Jalan berlubang di tikungan.", category="jalan-rusak")
DPU = "smg-dpu"


@pytest.fixture
def mailing(simulated: World, post: PostOffice) -> Settings:
    return replace(
        simulated.settings, smtp_url=post.url, mail_from="lapor@contoh.example", base_url="http://lapor.test"
    )


async def _set_clock(world: World, hours: float) -> None:
    """Set the database's clock to so many hours after Wednesday's midnight in Semarang."""
    await world.execute(
        "UPDATE deployment SET clock_offset_seconds = round(extract(epoch FROM $1::timestamptz - now()) + $2)",
        WEDNESDAY,
        hours * 3600,
    )


async def _head(world: World) -> int:
    return await world.officer("head_of_region", CITY, username="walikota")


async def _file(count: int, **more: object) -> list[Filed]:
    return [await file(replace(ROAD, text=f"Lubang nomor {n}.", **more)) for n in range(count)]  # type: ignore[arg-type]


async def _quiet(world: World, person: int, begin: int, end: int) -> None:
    await world.execute(
        "UPDATE person SET quiet_from = $2, quiet_until = $3 WHERE id = $1", person, time(begin), time(end)
    )


async def _states(world: World, kind: str, role: str) -> list[str]:
    rows = await world.fetch(
        "SELECT m.state FROM message m JOIN office o ON o.id = m.office WHERE m.kind = $1 AND o.role = $2"
        " AND m.clock IN (SELECT id FROM clock WHERE kind = 'response') ORDER BY m.id",
        kind,
        role,
    )
    return [row["state"] for row in rows]


def _tickets(mail: Mail, filed: list[Filed]) -> list[str]:
    return [one.ticket for one in filed if words.ticket(one.ticket) in mail.body]


async def test_a_message_takes_the_channel_that_its_holder_chose(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    officer = await simulated.officer("liaison", DPU, username="penghubung")
    await simulated.execute(
        "UPDATE person SET notice_channels = '{telegram,console,email}' WHERE id = $1", officer
    )
    await _file(1)
    await simulated.advance(0.01)
    await sweep()
    # Nobody can choose what does not exist: without a console the mail comes.
    await drain(replace(mailing, console_channel=True))
    assert not post.to("penghubung@contoh.example")
    found = await simulated.fetchval("SELECT channel FROM message WHERE person = $1", officer)
    assert found == "console"
    await _file(1)
    await simulated.advance(0.01)
    await sweep()
    await drain(mailing)
    assert len(post.to("penghubung@contoh.example")) == 1


async def test_an_address_that_is_refused_for_good_is_followed_by_the_agencys_own(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    await simulated.officer("liaison", DPU, username="penghubung")
    await _file(1)
    await simulated.advance(0.01)
    await sweep()
    post.unknown = {"penghubung@contoh.example"}
    await drain(mailing)
    row = (await simulated.fetch("SELECT * FROM message WHERE trouble = 'server surel menjawab 550'"))[0]
    assert (row["state"], row["attempts"]) == ("waiting", ATTEMPTS_BEFORE_NEXT)
    await simulated.advance(0.05)
    assert (await drain(mailing)).sent == 1
    agency = await simulated.fetchval("SELECT email FROM agency WHERE code = $1", DPU)
    assert post.to(agency)


async def test_a_server_that_is_away_for_a_while_does_not_change_the_way_at_once(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    await simulated.officer("liaison", DPU, username="penghubung")
    await _file(1)
    await simulated.advance(0.01)
    await sweep()
    for _ in range(ATTEMPTS_BEFORE_NEXT - 1):
        post.refusals = ["451 4.7.1 later"] * 4
        await drain(mailing)
        await simulated.advance(0.5)
    post.refusals = []
    await drain(mailing)
    assert len(post.to("penghubung@contoh.example")) == 1


@pytest.mark.parametrize(
    ("begin", "end", "at", "until_hour"),
    [(21, 6, 22, 30), (21, 6, 5, 6), (21, 6, 6, None), (21, 6, 20, None), (12, 13, 12, 13), (9, 9, 9, None)],
)
def test_quiet_hours_end_in_the_morning_that_follows(
    begin: int, end: int, at: int, until_hour: int | None
) -> None:
    holder = Holder(1, "a@b.example", (), time(begin), time(end))
    found = holder.quiet_end(WEDNESDAY.replace(hour=at), "Asia/Jakarta")
    expected = None
    if until_hour is not None:
        expected = WEDNESDAY.replace(day=3 + until_hour // 24, hour=until_hour % 24)
    assert found == expected


async def test_a_notice_waits_for_the_end_of_quiet_hours_and_an_emergency_does_not(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    await _set_clock(simulated, 22)
    officer = await simulated.officer("liaison", DPU, username="penghubung")
    await _quiet(simulated, officer, 21, 6)
    (waiting,) = await _file(1)
    await simulated.advance(0.01)
    await sweep()
    done = await drain(mailing)
    assert done.held >= 1
    assert not post.to("penghubung@contoh.example")
    assert await drain(mailing) == Drained()
    assert (
        await simulated.fetchval(
            "SELECT attempts FROM message WHERE office IS NOT NULL AND state = 'waiting'"
        )
        == 0
    )

    urgent = await file(replace(ROAD, text="Pohon menimpa rumah.", category="pohon-tumbang"))
    agency = await simulated.fetchval(
        "SELECT a.code FROM complaint c JOIN agency a ON a.id = c.owner_agency WHERE c.id = $1",
        urgent.complaint_id,
    )
    on_duty = await simulated.officer("liaison", agency, username="piket")
    await _quiet(simulated, on_duty, 21, 6)
    await simulated.advance(0.01)
    await sweep()
    await drain(mailing)
    assert any(words.ticket(urgent.ticket) in mail.body for mail in post.to("piket@contoh.example"))

    await _set_clock(simulated, 30.1)
    await drain(mailing)
    assert _tickets(post.to("penghubung@contoh.example")[0], [waiting])


async def test_the_heads_escalation_waits_at_most_until_the_morning(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    await _set_clock(simulated, 23 - 48)
    await _quiet(simulated, await _head(simulated), 20, 11)
    (filed,) = await _file(1)
    await _set_clock(simulated, 23.1)
    await sweep()
    await drain(mailing)
    assert not post.to(HEAD)
    await _set_clock(simulated, 31.4)
    await drain(mailing)
    assert not post.to(HEAD)
    await _set_clock(simulated, 31.6)
    await drain(mailing)
    assert _tickets(post.to(HEAD)[0], [filed])


async def test_after_an_outage_one_letter_stands_for_many_and_every_rung_keeps_its_record(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    await _set_clock(simulated, 10 - 49)
    await _head(simulated)
    filed = await _file(7)
    hidden = await file(replace(ROAD, text="Rahasia.", confidential=True))
    await _set_clock(simulated, 10)
    await sweep()
    await asyncio.gather(drain(mailing), drain(mailing))
    (mail,) = post.to(HEAD)
    assert len(_tickets(mail, filed)) == 7
    assert "Eskalasi: 8 laporan" in str(mail.letter["Subject"])
    about_hidden = mail.body.split(words.ticket(hidden.ticket))[1].splitlines()[1]
    assert about_hidden.strip() == "Rinciannya hanya dapat dibaca setelah masuk."
    assert sorted(await _states(simulated, "rung_escalate", "head_of_region")) == ["bundled"] * 7 + ["sent"]
    bundles = await simulated.fetch(
        "SELECT DISTINCT b.state, b.person FROM message m JOIN message b ON b.id = m.bundle"
        " JOIN office o ON o.id = m.office WHERE o.role = 'head_of_region'"
    )
    assert [row["state"] for row in bundles] == ["sent"]
    fired = await simulated.fetchval(
        "SELECT count(*) FROM escalation e JOIN clock k ON k.id = e.clock WHERE k.kind = 'response'"
        " AND e.step = 'escalate'"
    )
    assert fired == 8
    assert await drain(mailing) == Drained()


async def test_a_few_messages_leave_one_by_one(simulated: World, post: PostOffice, mailing: Settings) -> None:
    await _set_clock(simulated, 10 - 49)
    await _head(simulated)
    await _file(3)
    await _set_clock(simulated, 10)
    await sweep()
    await drain(mailing)
    assert len(post.to(HEAD)) == 3
    assert await _states(simulated, "rung_escalate", "head_of_region") == ["sent"] * 3


async def test_a_letter_for_many_that_fails_is_tried_again_with_all_of_them(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    await _set_clock(simulated, 10 - 49)
    await _head(simulated)
    filed = await _file(7)
    await _set_clock(simulated, 10)
    await sweep()
    post.refusals = ["451 4.7.1 later"] * 40
    await drain(mailing)
    post.refusals = []
    more = await file(replace(ROAD, text="Yang baru."))
    await simulated.advance(0.1)
    await drain(mailing)
    (mail,) = post.to(HEAD)
    assert len(_tickets(mail, filed)) == 7
    assert not _tickets(mail, [more])


async def test_what_was_told_twice_comes_again_only_in_the_digest_of_the_morning(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    await _set_clock(simulated, 10 - 49)
    await _head(simulated)
    (filed,) = await _file(1)
    for hour in (10, 10 + 48):
        await _set_clock(simulated, hour)
        await sweep()
        await drain(mailing)
    assert len(post.to(HEAD)) == 2
    await _set_clock(simulated, 10 + 72)
    await sweep()
    await drain(mailing)
    assert len(post.to(HEAD)) == 2
    assert (await _states(simulated, "rung_escalate", "head_of_region"))[-1] == "waiting"
    # Saturday, 07:31: the digest comes on every day of the week.
    await _set_clock(simulated, 72 + 24 + 7.52)
    await asyncio.gather(morning.make(), morning.make())
    await morning.make()
    await drain(mailing)
    mail = post.to(HEAD)[2]
    assert len(post.to(HEAD)) == 3
    assert str(mail.letter["Subject"]).startswith("Ringkasan eskalasi: 1 laporan")
    assert _tickets(mail, [filed])
    assert (await _states(simulated, "rung_escalate", "head_of_region"))[-1] == "bundled"


async def test_without_the_morning_what_was_put_off_leaves_by_itself(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    await _set_clock(simulated, 10 - 49)
    await _head(simulated)
    await _file(1)
    await _set_clock(simulated, 10 + 72)
    await sweep()
    await drain(mailing)
    assert len(post.to(HEAD)) == 2
    await _set_clock(simulated, 72 + 24 + 7.7)
    await drain(mailing)
    assert len(post.to(HEAD)) == 3


async def test_the_list_of_the_day_comes_once_to_everybody_who_has_work(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    await _set_clock(simulated, 7 - 46)
    for role in ("liaison", "agency_head", "staff", "checker", "agency_admin"):
        await simulated.officer(role, DPU, username=role)
    await simulated.officer("liaison", "smg-dlh", username="lain")
    filed = await _file(2)
    answered = (await _file(1))[0]
    hidden = await file(replace(ROAD, text="Rahasia.", confidential=True))
    await _set_clock(simulated, 7.4)
    await answer(Actor.officer(await simulated.officer("staff", DPU)), answered.complaint_id, text="Sudah.")
    assert await morning.make() == 0
    await _set_clock(simulated, 7.51)
    assert await morning.make() > 0
    await asyncio.gather(morning.make(), morning.make())
    await simulated.execute("DELETE FROM heartbeat")
    await morning.make()
    await drain(mailing)
    for name in ("liaison", "agency_head", "staff", "checker"):
        lists = [
            m for m in post.to(f"{name}@contoh.example") if "Daftar hari ini" in str(m.letter["Subject"])
        ]
        assert len(lists) == 1
        assert str(lists[0].letter["Subject"]) == "Daftar hari ini: 3 jatuh tempo hari ini"
        assert len(_tickets(lists[0], filed)) == 2
        assert not _tickets(lists[0], [answered])
        after = lists[0].body.split(words.ticket(hidden.ticket))[1].splitlines()[1]
        assert after.strip() == "Rinciannya hanya dapat dibaca setelah masuk."
    for name in ("agency_admin", "lain"):
        assert not post.to(f"{name}@contoh.example")


async def test_there_is_no_list_on_a_day_off_and_a_late_worker_still_sends_one(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    await _set_clock(simulated, 0)
    await simulated.officer("liaison", DPU, username="penghubung")
    await _file(1)
    lists = "SELECT count(*) FROM message WHERE kind = 'day_list'"
    await _set_clock(simulated, 4 * 24 + 9)
    await morning.make()
    assert await simulated.fetchval(lists) == 0
    await _set_clock(simulated, 5 * 24 + 15)
    await morning.make()
    assert await simulated.fetchval(lists) == 1
    await drain(mailing)
    (mail,) = (
        m for m in post.to("penghubung@contoh.example") if "Daftar hari ini" in str(m.letter["Subject"])
    )
    assert "1 lewat tenggat" in str(mail.letter["Subject"])


async def test_a_list_that_was_settled_meanwhile_is_not_sent(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    await _set_clock(simulated, 8 - 47)
    officer = await simulated.officer("liaison", DPU, username="penghubung")
    (filed,) = await _file(1)
    await _set_clock(simulated, 7.6)
    await morning.make()
    await answer(Actor.officer(officer), filed.complaint_id, text="Sudah ditambal.")
    await drain(mailing)
    assert await simulated.fetchval("SELECT state FROM message WHERE kind = 'day_list'") == "cancelled"


async def test_an_imported_backlog_keeps_its_dates_and_reaches_the_head_in_one_digest(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    await _set_clock(simulated, 10)
    await _head(simulated)
    written = WEDNESDAY.replace(year=2026, month=11, day=4)
    filed = await _file(6, written_at=written)
    started = await simulated.fetchval("SELECT max(started_at) FROM clock WHERE kind = 'response'")
    assert started == written
    await sweep()
    fired = await simulated.fetch(
        "SELECT e.due_at FROM escalation e JOIN clock k ON k.id = e.clock WHERE k.kind = 'response'"
        " AND e.step = 'escalate' AND e.rung = 2"
    )
    assert len(fired) == 6
    assert all(row["due_at"] < WEDNESDAY for row in fired)
    await drain(mailing)
    assert not post.to(HEAD)
    await _set_clock(simulated, 24 + 7.55)
    await morning.make()
    await drain(mailing)
    (mail,) = post.to(HEAD)
    assert len(_tickets(mail, filed)) == 6


async def test_before_its_region_is_live_a_head_hears_nothing_through_the_worker_and_the_agency_does(
    world: World, post: PostOffice, tmp_path: Path
) -> None:
    await world.execute("UPDATE region SET live_from = now() + interval '1 year' WHERE code = '33.74'")
    await _head(world)
    await world.officer("liaison", DPU, username="penghubung")
    await file(replace(ROAD, written_at=datetime.now(WIB).replace(microsecond=0).replace(year=2025)))
    await file(replace(ROAD, text="Yang baru."))
    settings = replace(world.settings, smtp_url=post.url, mail_from="lapor@contoh.example", sweep_seconds=1)
    async with at_work(world, settings, tmp_path):
        await until(lambda: _fired(world))
        await until(lambda: _arrived(post, "penghubung@contoh.example"))
        await until(lambda: _nothing_waits(world))
    assert not post.to(HEAD)
    trial = await world.fetchval("SELECT bool_and(trial) FROM escalation WHERE step = 'escalate'")
    assert trial is True


async def _fired(world: World) -> bool:
    return bool(await world.fetchval("SELECT count(*) FROM escalation WHERE step = 'escalate'"))


async def _arrived(post: PostOffice, address: str) -> bool:
    return bool(post.to(address))


async def _nothing_waits(world: World) -> bool:
    waiting = (
        "SELECT count(*) FROM message WHERE state IN ('waiting', 'sending') AND next_attempt_at <= now()"
    )
    return not await world.fetchval(waiting)


async def _linked(world: World, post: PostOffice, mailing: Settings) -> tuple[str, list[Filed], Filed]:
    """The address in the head's letter, ordinary complaints, and a confidential one."""
    await _set_clock(world, 10 - 49)
    await _head(world)
    filed = await _file(2)
    hidden = await file(replace(ROAD, text="Jangan diketahui.", confidential=True))
    await _set_clock(world, 10)
    await sweep()
    await drain(mailing)
    found = {match for mail in post.to(HEAD) for match in re.findall(r"/pimpinan/daftar/\S+", mail.body)}
    # The letter about the confidential one holds no such link, and each link is its own.
    assert len(found) == 2
    return found.pop(), filed, hidden


async def test_a_leaders_link_opens_the_list_without_words_and_without_what_is_confidential(
    site: Visitor, simulated: World, post: PostOffice, mailing: Settings
) -> None:
    path, filed, hidden = await _linked(simulated, post, mailing)
    page = await site.get(path)
    assert page.status_code == 200
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert page.headers["Cache-Control"] == "no-store"
    for one in filed:
        assert words.ticket(one.ticket) in page.text
        assert f"/aduan/{one.complaint_id}" not in page.text
    assert filed[0].agency_name in page.text
    assert words.ticket(hidden.ticket) not in page.text
    for word in ("Lubang nomor", "Jangan diketahui", "jalan-rusak", "Jalan berlubang"):
        assert word not in page.text
    assert "/masuk?lanjut=/pimpinan/eskalasi" in page.text
    assert (await site.get("/pimpinan/eskalasi")).status_code == 303
    token = path.rsplit("/", 1)[1]
    assert await simulated.fetchval("SELECT count(*) FROM list_link WHERE token_hash = $1", token) == 0


async def test_a_leaders_link_ends_with_its_time_and_with_the_appointment(
    site: Visitor, simulated: World, post: PostOffice, mailing: Settings
) -> None:
    path, _, _ = await _linked(simulated, post, mailing)
    assert (await site.get(path)).status_code == 200
    assert (await site.post(path)).status_code in (403, 405)
    assert (await site.get("/pimpinan/daftar/tebakan")).status_code == 404
    ended = "UPDATE appointment SET ends_at = CASE WHEN $1 THEN lapor_now() END"
    await simulated.execute(ended, True)
    gone = await site.get(path)
    assert gone.status_code == 404
    assert gone.headers["X-Robots-Tag"] == "noindex, nofollow"
    await simulated.execute(ended, False)
    assert (await site.get(path)).status_code == 200
    await simulated.advance(12.1)
    assert (await site.get(path)).status_code == 404
    assert await simulated.fetchval("SELECT count(*) FROM list_link") == 0


async def test_an_officer_chooses_channels_and_quiet_hours(site: Visitor, simulated: World) -> None:
    await site.as_role("liaison", DPU)
    row = "SELECT quiet_from, quiet_until FROM person WHERE id = $1"
    wrong = await site.send_form("/pemberitahuan", {"quiet_from": "21:00", "quiet_until": ""})
    assert wrong.status_code == 422
    assert "Isi kedua jamnya" in wrong.text
    saved = await site.send_form("/pemberitahuan", {"quiet_from": "21:00", "quiet_until": "05:30"})
    assert saved.status_code == 303
    assert tuple((await simulated.fetch(row, site.person))[0]) == (time(21), time(5, 30))
    assert 'value="05:30"' in (await site.get("/pemberitahuan")).text


async def test_a_person_without_an_address_gets_no_list_and_that_is_seen(
    simulated: World, mailing: Settings
) -> None:
    await _set_clock(simulated, 8 - 47)
    officer = await simulated.officer("liaison", DPU)
    await simulated.execute("UPDATE person SET email = '' WHERE id = $1", officer)
    await _file(1)
    await _set_clock(simulated, 7.6)
    await morning.make()
    await drain(mailing)
    row = (await simulated.fetch("SELECT state, trouble FROM message WHERE kind = 'day_list'"))[0]
    assert tuple(row) == ("dead", NO_ADDRESS)
