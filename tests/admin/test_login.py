"""Coming in, staying out, and changing the password, as a browser does it."""

from __future__ import annotations

import asyncio

from lapor.admin import access, offices
from tests.ground import PASSWORD, World
from tests.visitor import Visitor

NEW = "empat kucing di atap"


async def _try(site: Visitor, username: str, password: str, **more: str) -> int:
    answer = await site.send_form("/masuk", {"username": username, "password": password, **more})
    return answer.status_code


async def test_an_officer_logs_in_and_lands_at_their_work(site: Visitor, world: World) -> None:
    await world.officer("liaison", username="penghubung")
    answer = await site.send_form("/masuk", {"username": "penghubung", "password": PASSWORD})
    assert answer.status_code == 303
    assert answer.headers["location"] == offices.QUEUE
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()


async def test_the_head_of_region_lands_at_the_escalations(site: Visitor, world: World) -> None:
    await world.officer("head_of_region", username="kepala")
    answer = await site.send_form("/masuk", {"username": "kepala", "password": PASSWORD})
    assert answer.headers["location"] == offices.ESCALATIONS


async def test_the_database_keeps_only_a_hash_of_the_session(site: Visitor, world: World) -> None:
    await site.as_role("liaison")
    assert not await world.fetchval(
        "SELECT count(*) FROM session WHERE token = $1", site.cookies[access.COOKIE]
    )
    assert (await site.get("/sandi")).status_code == 200


async def test_an_unknown_name_and_a_wrong_password_get_the_same_answer(site: Visitor, world: World) -> None:
    await world.officer("liaison", username="penghubung")
    wrong = await site.send_form("/masuk", {"username": "penghubung", "password": "bukan-yang-ini"})
    unknown = await site.send_form("/masuk", {"username": "siapa-saja", "password": "bukan-yang-ini"})
    assert wrong.status_code == unknown.status_code == 422
    assert wrong.text.replace("penghubung", "") == unknown.text.replace("siapa-saja", "")


async def test_guessing_locks_the_name_and_the_lock_ends(site: Visitor, simulated: World) -> None:
    await simulated.officer("liaison", username="penghubung")
    for _ in range(simulated.settings.login_attempts):
        assert await _try(site, "penghubung", "tebakan-yang-salah") == 422
    assert await _try(site, "penghubung", PASSWORD) == 429
    await simulated.advance(simulated.settings.login_lock_minutes / 60 + 0.01)
    assert await _try(site, "penghubung", PASSWORD) == 303


async def test_many_guesses_at_once_are_all_counted(site: Visitor, world: World) -> None:
    await world.officer("liaison", username="penghubung")
    await site.get("/masuk")
    answers = await asyncio.gather(*(_try(site, "penghubung", "tebakan-yang-salah") for _ in range(12)))
    assert answers.count(422) == world.settings.login_attempts
    assert answers.count(429) == 12 - world.settings.login_attempts


async def test_a_form_without_its_token_is_refused(site: Visitor, world: World) -> None:
    await world.officer("liaison", username="penghubung")
    answer = await site.post("/masuk", data={"username": "penghubung", "password": PASSWORD})
    assert answer.status_code == 403
    assert access.COOKIE not in answer.cookies


async def test_logging_out_ends_the_session(site: Visitor, world: World) -> None:
    await site.as_role("liaison")
    token = site.cookies[access.COOKIE]
    assert (await site.send_form("/keluar", page="/sandi")).status_code == 303
    assert await access.officer_of(token) is None


async def test_a_session_ends_after_its_hours(site: Visitor, simulated: World) -> None:
    await site.as_role("liaison")
    await simulated.advance(simulated.settings.session_hours + 0.1)
    answer = await site.get("/sandi")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/masuk?lanjut=/sandi"


async def test_a_one_time_password_must_be_changed_first(site: Visitor, world: World) -> None:
    person = await world.officer("liaison", username="penghubung")
    await world.execute("UPDATE person SET must_change_password = true WHERE id = $1", person)
    answer = await site.send_form("/masuk", {"username": "penghubung", "password": PASSWORD})
    assert answer.headers["location"] == offices.PASSWORD
    refused = await site.send_form("/sandi", {"current": PASSWORD, "new": "pendek", "again": "pendek"})
    assert refused.status_code == 422
    changed = await site.send_form("/sandi", {"current": PASSWORD, "new": NEW, "again": NEW})
    assert changed.headers["location"] == offices.QUEUE
    assert await _try(site.another(), "penghubung", PASSWORD) == 422
    assert await _try(site.another(), "penghubung", NEW) == 303


async def test_a_new_password_puts_other_devices_out(site: Visitor, world: World) -> None:
    person = await world.officer("liaison", username="penghubung")
    other = await site.another().as_person(person)
    await site.as_person(person)
    await site.send_form("/sandi", {"current": PASSWORD, "new": NEW, "again": NEW})
    assert (await other.get("/sandi")).status_code == 303
    assert (await site.get("/sandi")).status_code == 200


async def test_nobody_is_sent_to_another_site_after_the_log_in(site: Visitor, world: World) -> None:
    await world.officer("liaison", username="penghubung")
    for wish in ("https://jahat.example/", "//jahat.example/", "/\\jahat.example", "/\tjahat"):
        visitor = site.another()
        answer = await visitor.send_form(
            "/masuk", {"username": "penghubung", "password": PASSWORD, "lanjut": wish}
        )
        assert answer.headers["location"] == offices.QUEUE


async def test_whoever_has_left_is_out_at_once(site: Visitor, world: World) -> None:
    await site.as_role("liaison")
    await world.execute("UPDATE person SET active = false WHERE id = $1", site.person)
    assert (await site.get("/sandi")).status_code == 303
