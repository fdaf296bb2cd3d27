"""Alarms: raised by what nobody could reach and by what the watchman finds, shown, told once, and over when it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from lapor.complaints.desk import Filing, file, sweep
from lapor.intake import letters
from lapor.intake.outbound import drain
from lapor.intake.outbox import look
from lapor.settings import Settings
from lapor.sla import alarms
from lapor.sla.audit import CODES, watch
from lapor.sla.worker import beat, turn
from tests.ground import World
from tests.intake.post_office import PostOffice
from tests.sla.workshop import at_work, until
from tests.visitor import Visitor

ROAD = Filing(type="complaint", text="Jalan berlubang.", category="jalan-rusak")
ADMIN = "pengelola@contoh.example"
CITY = "smg-walikota"


@pytest.fixture
def mailing(simulated: World, post: PostOffice) -> Settings:
    return replace(simulated.settings, smtp_url=post.url, mail_from="lapor@contoh.example")


async def _open(world: World, code: str) -> list[str]:
    rows = await world.fetch("SELECT sentence FROM alarm WHERE code = $1 AND cleared_at IS NULL", code)
    return [row["sentence"] for row in rows]


async def _unreached(world: World, mailing: Settings) -> None:
    """An escalation for a head of region whose office is empty and whose agency has no address."""
    await world.execute("UPDATE agency SET email = '' WHERE code = $1", CITY)
    await file(ROAD)
    await world.advance(49)
    await sweep()
    await drain(mailing)


async def test_nobody_to_reach_raises_an_alarm_and_the_rung_has_fired_all_the_same(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    await simulated.officer("administrator", username="pengelola")
    await _unreached(simulated, mailing)
    (sentence,) = await _open(simulated, alarms.UNREACHED)
    title = await simulated.fetchval("SELECT title FROM office WHERE code = 'smg-walikota.kepala'")
    assert title in sentence
    assert letters.NO_HOLDER in sentence
    assert await simulated.fetchval("SELECT count(*) FROM escalation WHERE step = 'escalate'") >= 1
    await drain(mailing)
    assert any(title in mail.body for mail in post.to(ADMIN))


async def test_the_administrators_are_told_once_however_often_it_happens(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    await simulated.officer("administrator", username="pengelola")
    await _unreached(simulated, mailing)
    for _ in range(2):
        await file(ROAD)
        await simulated.advance(49)
        await sweep()
        await drain(mailing)
    (times,) = await simulated.fetch("SELECT times FROM alarm WHERE code = $1", alarms.UNREACHED)
    assert times["times"] > 1
    title = await simulated.fetchval("SELECT title FROM office WHERE code = 'smg-walikota.kepala'")
    assert len([mail for mail in post.to(ADMIN) if title in mail.body]) == 1


async def test_a_new_holder_ends_the_alarm_and_gets_what_was_missed_in_one_letter(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    for _ in range(6):
        await file(ROAD)
    await _unreached(simulated, mailing)
    assert (await look()).sent_after_all == 0
    await simulated.officer("head_of_region", CITY, username="walikota")
    # One letter stood for all seven.
    assert (await look()).sent_after_all == 1
    assert await _open(simulated, alarms.UNREACHED) == []
    await drain(mailing)
    (mail,) = post.to("walikota@contoh.example")
    assert "7 laporan" in str(mail.letter["Subject"])


async def test_a_finding_raises_an_alarm_that_ends_with_it(simulated: World) -> None:
    await file(ROAD)
    await simulated.advance(49)
    await beat("sweep")
    await watch(whole=False)
    assert await _open(simulated, "overdue_not_escalated") == [
        "1 batas waktu sudah lewat dan belum dieskalasikan."
    ]
    await watch(whole=False)
    assert len(await _open(simulated, "overdue_not_escalated")) == 1
    told = "SELECT count(*) FROM message WHERE kind = 'alarm' AND dedupe_key LIKE 'alarm:' || $1 || ':%'"
    number = await simulated.fetchval("SELECT id::text FROM alarm WHERE code = 'overdue_not_escalated'")
    administrators = await simulated.fetchval("SELECT count(*) FROM office WHERE role = 'administrator'")
    assert await simulated.fetchval(told, number) == administrators
    await turn()
    await watch(whole=False)
    assert await _open(simulated, "overdue_not_escalated") == []


async def test_only_the_whole_audit_says_that_a_chain_is_mended(simulated: World) -> None:
    await beat("sweep")
    await simulated.execute(
        "INSERT INTO alarm (code, subject, sentence, raised_at) VALUES ('chain_broken', 'audit', 'x', lapor_now())"
    )
    await watch(whole=False)
    assert await _open(simulated, "chain_broken") == ["x"]
    await watch(whole=True)
    assert await _open(simulated, "chain_broken") == []


async def test_a_year_that_nobody_has_loaded_is_found_ninety_days_before(simulated: World) -> None:
    await beat("sweep")
    regions = await simulated.fetchval(
        "SELECT count(DISTINCT region) FROM agency WHERE active AND region IN (SELECT id FROM region WHERE code = '33.74')"
    )
    assert regions == 1
    await simulated.execute(
        "DELETE FROM calendar_year WHERE year = extract(year FROM lapor_now() + interval '1 year')"
    )
    before = {finding.code: finding.count for finding in await watch()}
    ahead = await simulated.fetchval(
        "SELECT extract(year FROM lapor_now() + interval '90 days') > extract(year FROM lapor_now())"
    )
    assert ("calendar_missing" in before) == ahead
    await simulated.execute("DELETE FROM calendar_year")
    await watch()
    assert len(await _open(simulated, "calendar_missing")) == 1


async def test_a_rule_that_cannot_be_read_is_found(simulated: World) -> None:
    await simulated.execute(
        "UPDATE routing_rule SET words = ARRAY[''] WHERE code = (SELECT min(code) FROM routing_rule WHERE active)"
    )
    found = {finding.code: finding for finding in await watch()}
    named = await simulated.fetchval("SELECT min(code) FROM routing_rule WHERE active")
    assert found["rule_unreadable"].count == 1
    assert found["rule_unreadable"].sentence.endswith(f": {named}")


async def test_a_policy_that_cannot_be_read_is_found_and_named(simulated: World) -> None:
    await simulated.execute("UPDATE policy SET source = '' WHERE code = 'triage'")
    found = {finding.code: finding for finding in await watch()}
    assert found["policy_unreadable"].count == 1
    assert found["policy_unreadable"].sentence.endswith(": triage")
    assert len(await _open(simulated, "policy_unreadable")) == 1
    await simulated.execute("UPDATE policy SET source = 'Peraturan daerah' WHERE code = 'triage'")
    await watch()
    assert await _open(simulated, "policy_unreadable") == []


def test_every_finding_has_a_sentence_for_people() -> None:
    assert set(CODES) == set(alarms.SENTENCES)


async def test_coordinators_and_administrators_see_alarms_above_every_page_and_others_do_not(
    site: Visitor, simulated: World
) -> None:
    await beat("sweep")
    sentence = "Tidak ada yang dapat dihubungi pada jabatan <Walikota>."
    await simulated.execute(
        "INSERT INTO alarm (code, subject, sentence, raised_at) VALUES ('x', 'y', $1, lapor_now())", sentence
    )
    shown = "jabatan &lt;Walikota&gt;"
    coordinator = await site.as_role("coordinator")
    for path in ("/meja", "/admin/", "/sandi"):
        assert shown in (await coordinator.get(path)).text
    administrator = await site.another().as_role("administrator")
    assert shown in (await administrator.get("/admin/")).text
    for role in ("liaison", "head_of_region"):
        other = await site.another().as_role(role)
        assert shown not in (await other.get("/sandi")).text
        assert shown not in (await other.get("/admin/")).text
    await simulated.execute("UPDATE alarm SET cleared_at = lapor_now()")
    assert shown not in (await coordinator.get("/meja")).text


async def test_a_worker_that_is_gone_is_seen_without_its_help(site: Visitor, simulated: World) -> None:
    await beat("sweep")
    coordinator = await site.as_role("coordinator")
    gone = alarms.SENTENCES["no_heartbeat"]
    assert gone not in (await coordinator.get("/meja")).text
    await simulated.advance(0.05)
    assert gone in (await coordinator.get("/meja")).text


async def test_the_worker_audits_sounds_the_alarm_and_beats(
    world: World, post: PostOffice, tmp_path: Path
) -> None:
    await world.officer("administrator", username="pengelola")
    settings = replace(world.settings, smtp_url=post.url, mail_from="lapor@contoh.example")
    async with at_work(world, settings, tmp_path) as working:
        await until(lambda: _told(post))
        await until(lambda: _beating(world))
        assert "task_failed" not in working.said()
    (mail,) = post.to(ADMIN)
    assert "jabatan kepala belum ada pemegangnya" in mail.body


async def _told(post: PostOffice) -> bool:
    return bool(post.to(ADMIN))


async def _beating(world: World) -> bool:
    return (
        int(await world.fetchval("SELECT count(*) FROM heartbeat WHERE name IN ('sweep','audit','outbox')"))
        == 3
    )


async def test_a_monitor_on_this_machine_reads_counts_and_nobody_else_does(
    site: Visitor, simulated: World, mailing: Settings
) -> None:
    await beat("sweep")
    await beat("audit", overdue_not_escalated=3, fired_twice=0)
    await beat("outbox", waiting=5, dead=2, oldest_seconds=7, alarms=1)
    page = await site.get("/metrics")
    assert page.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = page.text.splitlines()
    for line in (
        'lapor_audit_findings{kind="overdue_not_escalated"} 3',
        'lapor_audit_findings{kind="fired_twice"} 0',
        "lapor_messages_waiting 5",
        "lapor_messages_dead 2",
        "lapor_alarms_open 1",
    ):
        assert line in lines
    assert any(line.startswith('lapor_heartbeat_age_seconds{task="sweep"} ') for line in lines)
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        assert (await site.get("/metrics", headers={header: "127.0.0.1"})).status_code == 404
    assert isinstance(site._transport, httpx.ASGITransport)
    site._transport.client = ("203.0.113.9", 1)
    assert (await site.get("/metrics")).status_code == 404
