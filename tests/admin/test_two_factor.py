"""The second step of a log-in: who has to have one, what a code opens, and what guessing leads to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pyotp
import pytest
import pytest_asyncio

from lapor.admin import access, offices, two_factor
from tests.admin.second_step import AUTHENTICATOR, SECRET, forget_steps, log_in, set_up, site_with
from tests.ground import PASSWORD, World
from tests.visitor import TOKEN, Visitor

CODE = "/masuk/kode"


@pytest_asyncio.fixture
async def strict(world: World) -> AsyncIterator[Visitor]:
    """The site as production runs it."""
    async with site_with(world, two_factor="required") as visitor:
        yield visitor


async def _kinds(world: World, person: int) -> list[str]:
    rows = await world.fetch("SELECT kind FROM login_event WHERE person = $1 ORDER BY id", person)
    return [row["kind"] for row in rows]


@pytest.mark.parametrize("role", sorted(offices.CODE_ROLES))
async def test_whoever_sees_identities_or_changes_rules_sets_one_up_before_anything_else(
    strict: Visitor, role: str
) -> None:
    await strict.as_role(role)
    for address in (
        "/meja",
        "/pimpinan/eskalasi",
        "/admin/",
        "/sandi",
        "/akun",
        "/pemberitahuan",
        "/akun/sesi",
    ):
        answer = await strict.get(address)
        assert answer.status_code == 303, address
        assert answer.headers["location"] == AUTHENTICATOR, address
    assert (await strict.panel("GET", "/tables/pengaduan/")).status_code == 403
    opened = await strict.get(AUTHENTICATOR)
    assert opened.status_code == 200
    assert '<li><a href="/meja"' not in opened.text
    await set_up(strict)
    assert (await strict.get("/akun")).status_code == 200
    assert (await strict.panel("GET", "/tables/pengaduan/")).status_code == 200


async def test_others_choose(strict: Visitor) -> None:
    await strict.as_role("liaison")
    assert (await strict.get("/meja")).status_code == 200
    await set_up(strict)
    assert (await strict.get("/meja")).status_code == 200


async def test_a_first_password_is_changed_before_the_authenticator_is_set_up(
    strict: Visitor, world: World
) -> None:
    person = await world.officer("coordinator", username="koordinator")
    await world.execute("UPDATE person SET must_change_password = true WHERE id = $1", person)
    answer = await log_in(strict, "koordinator")
    assert answer.headers["location"] == offices.PASSWORD
    assert (await strict.get(AUTHENTICATOR)).headers["location"] == offices.PASSWORD
    new = "empat kucing di atap"
    changed = await strict.send_form("/sandi", {"current": PASSWORD, "new": new, "again": new})
    assert changed.status_code == 303
    assert (await strict.get(changed.headers["location"])).headers["location"] == AUTHENTICATOR


async def test_a_password_alone_opens_nothing_once_there_is_a_code(site: Visitor, world: World) -> None:
    person = await world.officer("liaison", username="penghubung")
    await site.as_person(person)
    telephone, _ = await set_up(site)
    other = site.another()
    answer = await log_in(other, "penghubung", lanjut="/meja?cari=lubang")
    assert answer.headers["location"] == f"{CODE}?lanjut=/meja%3Fcari%3Dlubang"
    half = other.cookies[access.COOKIE]
    for address in ("/meja", "/akun", "/sandi", "/admin/", AUTHENTICATOR):
        assert "/masuk" in (await other.get(address)).headers["location"], address
    assert (await other.panel("GET", "/tables/pengaduan/")).status_code == 401
    await forget_steps(world)
    inside = await other.send_form(
        CODE, {"code": await telephone.code(), "lanjut": "/meja?cari=lubang"}, page=CODE
    )
    assert inside.status_code == 303
    assert inside.headers["location"] == "/meja?cari=lubang"
    assert other.cookies[access.COOKIE] != half
    assert (await other.get("/meja")).status_code == 200
    assert await access.officer_of(half) is None
    assert (await _kinds(world, person))[-1] == "logged_in"


async def test_a_code_is_accepted_once(site: Visitor, world: World) -> None:
    person = await world.officer("liaison", username="penghubung")
    await site.as_person(person)
    telephone, _ = await set_up(site)
    await forget_steps(world)
    code = await telephone.code()
    first, second = site.another(), site.another()
    for visitor in (first, second):
        await log_in(visitor, "penghubung")
    assert (await first.send_form(CODE, {"code": code})).status_code == 303
    assert (await second.send_form(CODE, {"code": code})).status_code == 422
    assert (await second.get("/meja")).headers["location"].startswith("/masuk")


async def test_of_many_at_once_with_the_same_code_one_comes_in(site: Visitor, world: World) -> None:
    person = await world.officer("liaison", username="penghubung")
    await site.as_person(person)
    telephone, codes = await set_up(site)
    await forget_steps(world)
    code = await telephone.code()
    for typed in ({"code": code}, {"cadangan": codes[0]}):
        await world.execute("DELETE FROM login_attempt")
        visitors = [site.another() for _ in range(4)]
        for visitor in visitors:
            await log_in(visitor, "penghubung")
        answers = await asyncio.gather(*(visitor.send_form(CODE, typed) for visitor in visitors))
        assert sorted(answer.status_code for answer in answers) == [303, 422, 422, 422]


def test_a_code_of_the_step_before_or_after_is_forgiven_and_no_other() -> None:
    secret = pyotp.random_base32()
    at = datetime(2026, 11, 22, 3, 0, 10, tzinfo=UTC)
    present = int(at.timestamp()) // 30
    code = pyotp.TOTP(secret).generate_otp
    for drift in (-1, 0, 1):
        assert two_factor.matching_step(secret, code(present + drift), at, 0) == present + drift
    for drift in (-3, -2, 2, 3):
        assert two_factor.matching_step(secret, code(present + drift), at, 0) is None
    assert two_factor.matching_step(secret, code(present - 1), at, present) is None
    assert two_factor.matching_step(secret, f" {code(present)[:3]} {code(present)[3:]} ", at, 0) == present
    for typed in ("", "12345", "1234567", "abcdef", "１２３４５６", "٠١٢٣٤٥"):
        assert two_factor.matching_step(secret, typed, at, 0) is None


async def test_guessing_codes_locks_whatever_session_they_come_from_and_the_lock_ends(
    site: Visitor, simulated: World
) -> None:
    person = await simulated.officer("liaison", username="penghubung")
    await site.as_person(person)
    telephone, _ = await set_up(site)
    await forget_steps(simulated)
    wrong = await telephone.code(50)
    most = simulated.settings.login_attempts
    for _ in range(most):
        visitor = site.another()
        await log_in(visitor, "penghubung")
        assert (await visitor.send_form(CODE, {"code": wrong})).status_code == 422
    visitor = site.another()
    assert (await log_in(visitor, "penghubung")).status_code == 303
    refused = await visitor.send_form(CODE, {"code": await telephone.code()})
    assert refused.status_code == 429
    assert "retry-after" in refused.headers
    assert (await _kinds(simulated, person)).count("wrong_code") == most
    assert (await _kinds(simulated, person))[-1] == "locked"
    await simulated.advance(simulated.settings.login_lock_minutes / 60 + 0.01)
    await log_in(visitor, "penghubung")
    assert (await visitor.send_form(CODE, {"code": await telephone.code()})).status_code == 303


async def test_many_guesses_at_a_code_at_once_are_all_counted(site: Visitor, world: World) -> None:
    person = await world.officer("liaison", username="penghubung")
    await site.as_person(person)
    telephone, _ = await set_up(site)
    visitor = site.another()
    await log_in(visitor, "penghubung")
    wrong = await telephone.code(50)
    answers = await asyncio.gather(*(visitor.send_form(CODE, {"code": wrong}) for _ in range(9)))
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(422) == world.settings.login_attempts
    assert statuses.count(429) == 9 - world.settings.login_attempts


async def test_a_recovery_code_stands_in_once(site: Visitor, world: World) -> None:
    person = await world.officer("liaison", username="penghubung")
    await site.as_person(person)
    _, codes = await set_up(site)
    assert len(set(codes)) == 10
    stored = await world.fetch("SELECT lookup FROM recovery_code WHERE person = $1", person)
    assert not any(code.replace("-", "") in row["lookup"] for code in codes for row in stored)
    lost = site.another()
    await log_in(lost, "penghubung")
    inside = await lost.send_form(CODE, {"cadangan": codes[3].upper().replace("-", " ")})
    assert inside.headers["location"] == AUTHENTICATOR
    assert "Tersisa 9 kode cadangan" in (await lost.get(AUTHENTICATOR)).text
    again = site.another()
    await log_in(again, "penghubung")
    assert (await again.send_form(CODE, {"cadangan": codes[3]})).status_code == 422
    assert "recovery_used" in await _kinds(world, person)


async def test_somebody_elses_code_opens_nothing(site: Visitor, world: World) -> None:
    one = await world.officer("liaison", username="satu")
    two = await world.officer("staff", username="dua")
    await site.as_person(one)
    telephone, codes = await set_up(site)
    await set_up(await site.another().as_person(two))
    await forget_steps(world)
    visitor = site.another()
    await log_in(visitor, "dua")
    assert (await visitor.send_form(CODE, {"code": await telephone.code()})).status_code == 422
    assert (await visitor.send_form(CODE, {"cadangan": codes[0]})).status_code == 422


async def test_setting_one_up_ends_sessions_that_came_in_without(site: Visitor, world: World) -> None:
    person = await world.officer("liaison", username="penghubung")
    older = await site.another().as_person(person)
    await site.as_person(person)
    before = site.cookies[access.COOKIE]
    await set_up(site)
    assert (await older.get("/akun")).status_code == 303
    assert await access.officer_of(before) is None
    assert (await site.get("/akun")).status_code == 200


async def test_a_secret_is_shown_to_one_session_and_kept_encrypted(site: Visitor, world: World) -> None:
    person = await world.officer("liaison", username="penghubung")
    await site.as_person(person)
    first = SECRET.search((await site.get(AUTHENTICATOR)).text)
    again = SECRET.search((await site.get(AUTHENTICATOR)).text)
    other = await site.another().as_person(person)
    elsewhere = SECRET.search((await other.get(AUTHENTICATOR)).text)
    assert first
    assert again
    assert elsewhere
    assert first.group(1) == again.group(1) != elsewhere.group(1)
    kept = await world.fetchval("SELECT secret FROM second_factor WHERE person = $1", person)
    assert elsewhere.group(1).replace(" ", "").encode() not in kept
    # The first session holds a secret that counts no more.
    opened = await site.get("/akun")
    token = TOKEN.search(opened.text)
    assert token
    code = pyotp.TOTP(first.group(1).replace(" ", "")).now()
    fields = {"code": code, "current": PASSWORD, "_csrf_token": token.group(1)}
    refused = await site.post(AUTHENTICATOR, data=fields)
    assert refused.status_code == 422


async def test_a_page_with_a_secret_is_kept_by_nobody(site: Visitor) -> None:
    await site.as_role("liaison")
    opened = await site.get(AUTHENTICATOR)
    assert opened.headers["cache-control"] == "no-store"
    assert "<svg" in opened.text
    assert "style=" not in opened.text
    await set_up(site)
    assert SECRET.search((await site.get(AUTHENTICATOR)).text) is None


@pytest.mark.parametrize("act", ["lepas", "cadangan"])
async def test_taking_it_away_and_new_codes_need_password_and_code(
    site: Visitor, world: World, act: str
) -> None:
    person = await world.officer("liaison", username="penghubung")
    await site.as_person(person)
    telephone, codes = await set_up(site)
    await forget_steps(world)
    address = f"{AUTHENTICATOR}/{act}"
    for wrong in (
        {"current": "salah sekali ini", "code": await telephone.code()},
        {"current": PASSWORD, "code": await telephone.code(50)},
        {"current": PASSWORD, "code": ""},
        {},
    ):
        refused = await site.send_form(address, wrong, page=AUTHENTICATOR)
        assert refused.status_code == 422
    assert await world.fetchval("SELECT count(*) FROM recovery_code WHERE person = $1", person) == 10
    await world.execute("DELETE FROM login_attempt")
    done = await site.send_form(
        address, {"current": PASSWORD, "code": await telephone.code()}, page=AUTHENTICATOR
    )
    if act == "lepas":
        assert done.headers["location"] == f"{AUTHENTICATOR}?selesai=dilepas"
        assert await world.fetchval("SELECT count(*) FROM second_factor") == 0
        assert (await log_in(site.another(), "penghubung")).headers["location"] == offices.QUEUE
    else:
        assert codes[0] not in done.text
        lost = site.another()
        await log_in(lost, "penghubung")
        assert (await lost.send_form(CODE, {"cadangan": codes[0]})).status_code == 422


async def test_an_administrator_takes_a_lost_one_away_but_not_their_own(site: Visitor, world: World) -> None:
    lost = await world.officer("inspector", username="inspektur")
    other = await site.another().as_person(lost)
    await set_up(other)
    admin = await world.officer("administrator", username="pengelola")
    await site.as_person(admin)
    await set_up(site)
    form = "/forms/lepas-autentikator/"
    assert (await site.panel("POST", form, json={"username": "pengelola"})).status_code >= 400
    assert await world.fetchval("SELECT count(*) FROM second_factor") == 2
    done = await site.panel("POST", form, json={"username": "inspektur"})
    assert done.status_code == 200, done.text
    assert (await other.get("/akun")).status_code == 303
    rows = await world.fetch("SELECT kind, by_person FROM login_event WHERE person = $1 ORDER BY id", lost)
    assert (rows[-1]["kind"], rows[-1]["by_person"]) == ("factor_removed", admin)
    await set_up(await site.another().as_person(lost))
    keeper = await site.another().as_role("agency_admin")
    assert (await keeper.panel("POST", form, json={"username": "inspektur"})).status_code >= 400


async def test_a_half_open_log_in_is_over_soon(site: Visitor, simulated: World) -> None:
    person = await simulated.officer("liaison", username="penghubung")
    await site.as_person(person)
    telephone, _ = await set_up(site)
    visitor = site.another()
    await log_in(visitor, "penghubung")
    page = await visitor.get(CODE)
    token = TOKEN.search(page.text)
    assert token
    await simulated.advance(11 / 60)
    await forget_steps(simulated)
    answer = await visitor.post(CODE, data={"code": await telephone.code(), "_csrf_token": token.group(1)})
    assert answer.headers["location"] == "/masuk"
    assert (await visitor.get("/meja")).headers["location"].startswith("/masuk")


async def test_a_code_without_the_forms_token_is_refused(site: Visitor, world: World) -> None:
    person = await world.officer("liaison", username="penghubung")
    await site.as_person(person)
    telephone, _ = await set_up(site)
    await forget_steps(world)
    visitor = site.another()
    await log_in(visitor, "penghubung")
    assert (await visitor.post(CODE, data={"code": await telephone.code()})).status_code == 403


async def test_the_code_leads_to_no_other_site(site: Visitor, world: World) -> None:
    person = await world.officer("liaison", username="penghubung")
    await site.as_person(person)
    telephone, _ = await set_up(site)
    for wish in ("https://jahat.example/", "//jahat.example/", "/\\jahat.example"):
        await forget_steps(world)
        visitor = site.another()
        assert (await log_in(visitor, "penghubung", lanjut=wish)).headers["location"] == CODE
        asked = await visitor.get(CODE, params={"lanjut": wish})
        assert 'name="lanjut" value=""' in asked.text
        inside = await visitor.send_form(CODE, {"code": await telephone.code(), "lanjut": wish})
        assert inside.headers["location"] == offices.QUEUE
