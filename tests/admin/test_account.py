"""One's own account: sessions seen and ended, idle ends, forgotten passwords, and what happened is told."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from lapor import logs
from lapor.admin import access, login_events
from lapor.intake.outbound import drain
from tests.admin.second_step import log_in, site_with
from tests.ground import PASSWORD, World
from tests.intake.post_office import PostOffice
from tests.visitor import TOKEN, Visitor

NEW = "empat kucing di atap"
PHONE = (
    "Mozilla/5.0 (Linux; Android 14; SM-A155F) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/131.0.0.0 Mobile Safari/537.36"
)
LINK = re.compile(r"http://lapor\.test(/masuk/sandi-baru/\S+)")


async def _kinds(world: World, person: int) -> list[str]:
    rows = await world.fetch("SELECT kind FROM login_event WHERE person = $1 ORDER BY id", person)
    return [row["kind"] for row in rows]


async def test_sessions_are_listed_as_their_owner_knows_them(site: Visitor, world: World) -> None:
    await world.officer("liaison", username="penghubung")
    site.headers["user-agent"] = PHONE
    await log_in(site, "penghubung", shared="1")
    page = await site.get("/akun")
    assert "Chrome di Android" in page.text
    assert "perangkat ini" in page.text
    assert "komputer bersama" in page.text
    assert "127.0.0.0/24" in page.text
    assert "127.0.0.1" not in page.text
    assert "Masuk</b>" in page.text


async def test_one_session_is_ended_and_the_panel_knows_at_once(site: Visitor, world: World) -> None:
    person = await world.officer("liaison", username="penghubung")
    other = await site.another().as_person(person)
    await site.as_person(person)
    assert (await other.panel("GET", "/tables/pengaduan/")).status_code == 200
    number = await world.fetchval("SELECT min(id) FROM session WHERE user_id = $1", person)
    ended = await site.send_form(f"/akun/sesi/{number}/tutup", page="/akun")
    assert ended.headers["location"] == "/akun?selesai=sesi"
    assert (await other.panel("GET", "/tables/pengaduan/")).status_code == 401
    assert (await other.get("/meja")).status_code == 303
    assert (await site.get("/meja")).status_code == 200
    assert "session_ended" in await _kinds(world, person)


async def test_all_others_are_ended(site: Visitor, world: World) -> None:
    person = await world.officer("liaison", username="penghubung")
    others = [await site.another().as_person(person) for _ in range(2)]
    await site.as_person(person)
    assert (await site.send_form("/akun/sesi/tutup", page="/akun")).status_code == 303
    for other in others:
        assert (await other.get("/meja")).status_code == 303
    assert (await site.get("/akun")).status_code == 200


async def test_nobody_ends_or_sees_somebody_elses_session(site: Visitor, world: World) -> None:
    victim = await site.another().as_person(await world.officer("liaison", username="penghubung"))
    number = await world.fetchval("SELECT max(id) FROM session")
    await site.as_role("staff")
    for wish in (number, 2**31, 2**70):
        assert (await site.send_form(f"/akun/sesi/{wish}/tutup", page="/akun")).status_code in (303, 400, 404)
    assert (await victim.get("/meja")).status_code == 200
    assert f"/akun/sesi/{number}/tutup" not in (await site.get("/akun")).text
    own = await world.fetchval("SELECT max(id) FROM session")
    assert (await site.post(f"/akun/sesi/{own}/tutup")).status_code == 403


async def test_a_session_on_a_shared_computer_ends_unused_and_lives_on_in_use(
    site: Visitor, simulated: World
) -> None:
    await simulated.officer("liaison", username="penghubung")
    answer = await log_in(site, "penghubung", shared="1")
    assert "max-age" not in answer.headers["set-cookie"].lower()
    minutes = simulated.settings.shared_session_minutes
    for _ in range(3):
        await simulated.advance((minutes - 2) / 60)
        assert (await site.get("/meja")).status_code == 200
    await simulated.advance((minutes + 1) / 60)
    assert (await site.get("/meja")).headers["location"] == "/masuk?lanjut=/meja"


async def test_news_that_a_page_fetches_by_itself_is_no_use_and_writing_is(
    site: Visitor, simulated: World
) -> None:
    await simulated.officer("liaison", username="penghubung")
    await log_in(site, "penghubung", shared="1")
    page = await site.get("/akun")
    token = TOKEN.search(page.text)
    assert token
    await simulated.advance(10 / 60)
    fetched = await site.get("/meja", headers={"sec-fetch-dest": "empty"})
    assert fetched.status_code == 200
    assert 200 < (await site.get("/akun/sesi")).json()["seconds"] <= 300
    stayed = await site.post("/akun/sesi", headers={"x-lapor-csrf": token.group(1)})
    assert stayed.json()["seconds"] > 800
    assert (await site.post("/akun/sesi")).status_code == 403
    await simulated.advance(16 / 60)
    assert (await site.get("/akun/sesi")).status_code == 303


async def test_a_session_in_use_ends_after_its_days(site: Visitor, simulated: World) -> None:
    await site.as_role("liaison")
    for _ in range(simulated.settings.session_days * 4 - 1):
        await simulated.advance(6)
        assert (await site.get("/sandi")).status_code == 200
    await simulated.advance(6.1)
    assert (await site.get("/sandi")).status_code == 303


async def test_a_session_ends_with_the_appointment(site: Visitor, world: World) -> None:
    await site.as_role("liaison")
    assert (await site.panel("GET", "/tables/pengaduan/")).status_code == 200
    await world.execute("UPDATE appointment SET ends_at = lapor_now() WHERE person = $1", site.person)
    assert (await site.panel("GET", "/tables/pengaduan/")).status_code == 401
    assert (await site.get("/akun")).status_code == 303
    # Whoever logs in afterwards is let in, to nothing but their account.
    await site.as_person(site.person or 0)
    assert (await site.get("/akun")).status_code == 200
    assert (await site.get("/meja")).status_code == 403


async def test_a_log_in_gives_a_token_that_nobody_planted(site: Visitor, world: World) -> None:
    await world.officer("liaison", username="penghubung")
    site.cookies.set(access.COOKIE, "ditanam-orang-lain", domain="lapor.test", path="/")
    answer = await log_in(site, "penghubung")
    assert answer.status_code == 303
    assert "ditanam-orang-lain" not in answer.headers["set-cookie"]
    assert await access.officer_of("ditanam-orang-lain") is None
    before = re.search(r"id=([^;]+)", answer.headers["set-cookie"])
    assert before
    await site.send_form("/sandi", {"current": PASSWORD, "new": NEW, "again": NEW})
    assert await access.officer_of(before.group(1)) is None


async def test_an_administrator_puts_somebody_out(site: Visitor, world: World) -> None:
    person = await world.officer("liaison", username="penghubung")
    other = await site.another().as_person(person)
    await site.as_role("administrator")
    done = await site.panel("POST", "/forms/akhiri-sesi-seseorang/", json={"username": "penghubung"})
    assert done.status_code == 200, done.text
    assert (await other.get("/meja")).status_code == 303
    again = await site.another().as_person(person)
    assert "oleh Petugas" in (await again.get("/akun")).text
    stranger = await site.another().as_role("liaison")
    refused = await stranger.panel("POST", "/forms/akhiri-sesi-seseorang/", json={"username": "penghubung"})
    assert refused.status_code >= 400
    assert (await again.get("/meja")).status_code == 200


async def test_what_happened_is_told_to_its_person_and_logged_without_names(
    site: Visitor, simulated: World
) -> None:
    lines = io.StringIO()
    logs.configure("INFO", "production", lines)
    try:
        person = await simulated.officer("liaison", username="penghubung")
        for _ in range(simulated.settings.login_attempts + 3):
            await log_in(site, "penghubung", "tebakan-yang-salah")
        await log_in(site, "tidak-ada", "tebakan-yang-salah")
        await simulated.advance(1)
        await log_in(site, "penghubung")
    finally:
        logs.configure("INFO", "test")
    kinds = await _kinds(simulated, person)
    assert kinds == ["wrong_password"] * simulated.settings.login_attempts + ["locked", "logged_in"]
    assert await simulated.fetchval("SELECT count(*) FROM login_event") == len(kinds)
    page = await site.get("/akun")
    assert login_events.KINDS["locked"] in page.text
    written = lines.getvalue()
    assert written.count('"login_security"') == len(kinds)
    for secret in ("penghubung", "127.0.0", "tebakan", "tidak-ada"):
        assert secret not in written
    await site.as_public()
    await site.as_role("staff")
    assert login_events.KINDS["locked"] not in (await site.get("/akun")).text


async def test_administrators_read_what_happened_to_everybody_and_others_their_own(
    site: Visitor, world: World
) -> None:
    await world.officer("liaison", username="penghubung")
    await world.officer("staff", username="petugas")
    liaison, staff = site.another(), site.another()
    await log_in(liaison, "penghubung")
    await log_in(staff, "petugas")
    await site.as_role("administrator")
    assert (await site.panel("GET", "/tables/kejadian_masuk/count/")).json()["count"] == 2
    assert (await staff.panel("GET", "/tables/kejadian_masuk/count/")).json()["count"] == 1
    refused = await site.panel("PATCH", "/tables/kejadian_masuk/1/", json={"kind": "logged_out"})
    assert refused.status_code == 405


async def test_events_are_added_and_never_changed(world: World) -> None:
    rows = await world.fetch(
        "SELECT privilege_type FROM information_schema.role_table_grants"
        " WHERE table_name = 'login_event' AND grantee <> 'lapor_owner'"
    )
    assert "UPDATE" not in {row["privilege_type"] for row in rows}


@pytest_asyncio.fixture
async def mailing(simulated: World, post: PostOffice) -> AsyncIterator[Visitor]:
    async with site_with(simulated, smtp_url=post.url, mail_from="lapor@contoh.example") as visitor:
        yield visitor


async def _ask(site: Visitor, who: str) -> str:
    answer = await site.send_form("/masuk/lupa", {"username": who})
    assert answer.status_code == 200
    return TOKEN.sub("", answer.text)


async def _letters(site: Visitor, post: PostOffice) -> list[str]:
    settings = replace(site.world.settings, smtp_url=post.url, mail_from="lapor@contoh.example")
    await drain(settings)
    return [found.group(1) for mail in post.mails if (found := LINK.search(mail.body))]


@pytest.mark.parametrize("who", ["penghubung", "PENGHUBUNG@contoh.example"])
async def test_a_forgotten_password_is_set_through_a_link_by_mail(
    mailing: Visitor, simulated: World, post: PostOffice, who: str
) -> None:
    person = await simulated.officer("liaison", username="penghubung")
    inside = await mailing.another().as_person(person)
    for _ in range(simulated.settings.login_attempts):
        await log_in(mailing, "penghubung", "tebakan-yang-salah")
    await _ask(mailing, who)
    (link,) = await _letters(mailing, post)
    assert await simulated.fetchval("SELECT count(*) FROM password_reset WHERE token_hash = $1", link) == 0
    opened = await mailing.get(link)
    assert opened.status_code == 200
    assert opened.headers["cache-control"] == "no-store"
    assert (await mailing.send_form(link, {"new": "pendek", "again": "pendek"})).status_code == 422
    assert (await mailing.send_form(link, {"new": NEW, "again": NEW + "x"})).status_code == 422
    done = await mailing.send_form(link, {"new": NEW, "again": NEW})
    assert done.headers["location"] == "/masuk?kabar=sandi"
    assert (await inside.get("/meja")).status_code == 303
    assert (await mailing.get(link)).status_code == 404
    assert (await log_in(mailing.another(), "penghubung", NEW)).status_code == 303
    assert (await log_in(mailing.another(), "penghubung", PASSWORD)).status_code == 422
    assert {"reset_asked", "reset_used"} <= set(await _kinds(simulated, person))


async def test_unknown_names_look_alike_and_nobody_is_flooded(
    mailing: Visitor, simulated: World, post: PostOffice
) -> None:
    await simulated.officer("liaison", username="penghubung")
    known = await _ask(mailing, "penghubung")
    assert known == await _ask(mailing, "tidak-ada") == await _ask(mailing, "penghubung")
    assert len(await _letters(mailing, post)) == 1
    await simulated.advance(0.3)
    await _ask(mailing, "penghubung")
    assert len(await _letters(mailing, post)) == 2


async def test_asking_again_and_again_is_slowed_down(mailing: Visitor, simulated: World) -> None:
    for _ in range(simulated.settings.login_attempts * 4):
        await _ask(mailing, "siapa-saja")
    refused = await mailing.send_form("/masuk/lupa", {"username": "siapa-saja"})
    assert refused.status_code == 429
    assert "retry-after" in refused.headers


async def test_a_link_is_over_after_an_hour_and_a_late_letter_holds_none(
    mailing: Visitor, simulated: World, post: PostOffice
) -> None:
    await simulated.officer("liaison", username="penghubung")
    await _ask(mailing, "penghubung")
    (link,) = await _letters(mailing, post)
    await simulated.advance(1.02)
    assert (await mailing.get(link)).status_code == 404
    await _ask(mailing, "penghubung")
    await simulated.advance(1.02)
    assert len(await _letters(mailing, post)) == 1
    assert (await mailing.get("/masuk/sandi-baru/" + "x" * 32)).status_code == 404


async def test_without_mail_the_page_says_whom_to_ask(site: Visitor, world: World) -> None:
    page = await site.get("/masuk/lupa")
    assert "admin instansi" in page.text
    assert "<form" not in page.text.partition("<main")[2]


async def test_account_pages_speak_english(site: Visitor) -> None:
    site.headers["accept-language"] = "en"
    await site.as_role("liaison")
    page = await site.get("/akun")
    assert "Devices that are logged in" in page.text
    assert "Set up an authenticator" in (await site.get("/akun/autentikator")).text
    assert (
        "Forgotten password"
        in (await site.another().get("/masuk/lupa", headers={"accept-language": "en"})).text
    )
