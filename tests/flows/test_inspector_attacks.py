"""Whoever gives out offices and passwords does not thereby become the two persons whom an identity asks for."""

from __future__ import annotations

from dataclasses import replace

import asyncpg
import pytest

from lapor import database
from lapor.complaints import desk
from lapor.complaints.desk import Filed, Filing
from lapor.intake.outbound import drain
from tests.admin.cases import confirmed
from tests.admin.second_step import site_with
from tests.ground import World
from tests.intake.post_office import open_post_office
from tests.visitor import Visitor

INSPECTORATE = "smg-inspektorat"
DISKOMINFO = "smg-diskominfo"
NAME = "Sri Rahayu Rahasia"
PAGE = "/inspektorat"
WAITS = "baru saja diubah"


async def _filed(site: Visitor) -> Filed:
    await site.world.simulate()
    return await desk.file(
        Filing(type="complaint", category="jalan-rusak", text="Kata gembok", name=NAME, anonymous=True)
    )


async def _appoint(site: Visitor, person: int, role: str = "inspector", code: str = INSPECTORATE) -> None:
    office = await site.world.fetchval(
        "SELECT o.id FROM office o JOIN agency a ON a.id = o.agency WHERE o.role = $1 AND a.code = $2",
        role,
        code,
    )
    wish = {"office": office, "person": person, "kind": "definitive", "starts_at": "2020-01-01T00:00:00Z"}
    answer = await site.panel("POST", "/tables/pemegang_jabatan/", json=wish)
    assert answer.status_code == 201, answer.text


async def _form(site: Visitor, form: str, person: int) -> None:
    username = await site.world.fetchval("SELECT username FROM person WHERE id = $1", person)
    answer = await site.panel("POST", f"/forms/{form}/", json={"username": username})
    assert answer.status_code == 200, answer.text
    # As if the thief had set a password of their own with it.
    await site.world.execute("UPDATE person SET must_change_password = false WHERE id = $1", person)


async def _administrator(site: Visitor) -> Visitor:
    await site.as_public()
    return await site.as_role("administrator", DISKOMINFO)


async def _ask(site: Visitor, person: int, filed: Filed) -> str:
    await site.as_public()
    await site.as_person(person)
    fields = {"ticket": filed.ticket, "reason": "Ada ancaman."}
    answer = await site.send_form(f"{PAGE}/permintaan", fields, page=PAGE)
    return answer.headers.get("location", "") or answer.text


async def _allow(site: Visitor, person: int) -> str:
    return await _act(site, person, "putusan", {"decision": "ya"})


async def _open(site: Visitor, person: int) -> str:
    return await _act(site, person, "identitas", {})


async def _act(site: Visitor, person: int, act: str, fields: dict[str, str]) -> str:
    await site.as_public()
    await site.as_person(person)
    number = await site.world.fetchval("SELECT max(id) FROM reveal")
    answer = await site.send_form(f"{PAGE}/permintaan/{number}/{act}", fields, page=PAGE)
    return answer.headers.get("location", "") or answer.text


async def _asked_by_the_first_and_two_reset(site: Visitor) -> list[int]:
    """Three inspectors: the first has asked, then one administrator has reset the first and the second."""
    filed = await _filed(site)
    inspectors = [await site.world.officer("inspector", INSPECTORATE) for _ in range(3)]
    assert "diminta" in await _ask(site, inspectors[0], filed)
    await _administrator(site)
    for person in inspectors[:2]:
        await _form(site, "atur-ulang-kata-sandi", person)
    return inspectors


async def test_two_persons_whom_an_administrator_appoints_open_nothing_before_it_was_noticed(
    site: Visitor,
) -> None:
    filed = await _filed(site)
    first, second = await site.world.person(), await site.world.person()
    await _administrator(site)
    for person in (first, second):
        await _appoint(site, person)
    assert WAITS in await _ask(site, first, filed)
    assert "Menunggu setelah perubahan" in (await site.get(PAGE)).text
    await site.world.advance(71)
    assert "1 jam lagi" in await _ask(site, first, filed)
    await site.world.advance(1.1)
    assert "diminta" in await _ask(site, first, filed)
    assert "diizinkan" in await _allow(site, second)
    assert NAME in await _open(site, first)


async def test_an_account_that_was_taken_over_neither_allows_nor_opens_what_its_owner_had_begun(
    site: Visitor,
) -> None:
    first, second, third = await _asked_by_the_first_and_two_reset(site)
    assert WAITS in await _allow(site, second)
    assert "diizinkan" in await _allow(site, third)
    assert WAITS in await _open(site, first)
    assert NAME not in await _open(site, first)


async def test_both_persons_of_a_reveal_were_not_let_in_by_one_administrator_since_it_was_asked(
    site: Visitor,
) -> None:
    first, second, third = await _asked_by_the_first_and_two_reset(site)
    await site.world.advance(100)
    assert "orang yang sama" in await _allow(site, second)
    assert "diizinkan" in await _allow(site, third)
    assert NAME in await _open(site, first)


async def test_the_database_itself_waits_whatever_a_page_asks(site: Visitor) -> None:
    filed = await _filed(site)
    first, second = [await site.world.officer("inspector", INSPECTORATE) for _ in range(2)]
    await _ask(site, first, filed)
    await _allow(site, second)
    await _administrator(site)
    await _form(site, "atur-ulang-kata-sandi", first)
    number = await site.world.fetchval("SELECT max(id) FROM reveal")
    for question in ("reveal_identity($1, interval '72 hours')", "reveal_identity($1)"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with database.transaction("desk", user_id=first):
                await database.fetch(f"SELECT * FROM {question}", number)


async def test_every_way_to_become_an_inspector_or_to_come_in_as_one_is_noted_and_told(site: Visitor) -> None:
    await site.world.simulate()
    world = site.world
    inspector = await world.officer("inspector", INSPECTORATE, username="pemeriksa-lama")
    await world.officer("head_of_region", "smg-walikota", username="kepala")
    clerk = await world.officer("liaison", INSPECTORATE, username="penghubung-inspektorat")
    newcomer = await world.person("orang-baru")
    other = await world.officer("staff", "smg-dpu")
    await _administrator(site)
    await _appoint(site, newcomer)
    office = await world.fetchval("SELECT office FROM appointment WHERE person = $1", clerk)
    for path, wish in (
        (f"/tables/jabatan/{office}/", {"role": "inspector"}),
        (f"/tables/petugas/{inspector}/", {"email": "pencuri@contoh.example"}),
    ):
        answer = await confirmed(site, await site.panel("PATCH", path, json=wish))
        assert answer.status_code in (200, 303), answer.text
    await _form(site, "atur-ulang-kata-sandi", inspector)
    await world.execute(
        "INSERT INTO second_factor (person, secret, made_at, confirmed_at, last_step)"
        " VALUES ($1, '', lapor_now(), lapor_now(), 0)",
        inspector,
    )
    await _form(site, "lepas-autentikator", inspector)
    await _form(site, "atur-ulang-kata-sandi", other)
    rows = await world.fetch("SELECT person, kind, by_person FROM inspector_change ORDER BY id")
    assert [(row["person"], row["kind"]) for row in rows] == [
        (newcomer, "appointed"),
        (clerk, "office_changed"),
        (inspector, "account_changed"),
        (inspector, "password_given"),
        (inspector, "factor_removed"),
    ]
    assert {row["by_person"] for row in rows} == {site.person}
    async with open_post_office() as post:
        await drain(replace(world.settings, smtp_url=post.url, mail_from="lapor@contoh.example"))
        letters = [
            mail for mail in post.to("kepala@contoh.example") if "Inspektorat" in mail.letter["subject"]
        ]
        # Told from the moment on at which the office itself became an inspector's.
        assert len(post.to("penghubung-inspektorat@contoh.example")) == 4
    assert len(letters) == 5
    assert "Petugas orang-baru: ditunjuk memegang jabatan pemeriksa" in letters[0].body
    await site.as_public()
    await site.as_person(clerk)
    shown = (await site.get(PAGE)).text
    for words in ("ditunjuk memegang jabatan pemeriksa", "surel atau nama penggunanya diganti", "orang-baru"):
        assert words in shown


async def test_an_appointment_of_anybody_else_is_no_news_for_the_inspectorate(site: Visitor) -> None:
    person = await site.world.person()
    await _administrator(site)
    await _appoint(site, person, "staff", "smg-dpu")
    assert await site.world.fetchval("SELECT count(*) FROM inspector_change") == 0


async def test_the_waiting_time_is_a_setting(world: World) -> None:
    async with site_with(world, reveal_wait_hours=5) as site:
        filed = await _filed(site)
        person = await world.person()
        await _administrator(site)
        await _appoint(site, person)
        assert "5 jam lagi" in await _ask(site, person, filed)
        await world.advance(5.1)
        assert "diminta" in await _ask(site, person, filed)


async def test_no_running_role_changes_what_was_noted(site: Visitor) -> None:
    await _administrator(site)
    await _appoint(site, await site.world.person())
    for role in ("reader", "desk", "worker", "gate", "intake"):
        for change in ("DELETE FROM inspector_change", "UPDATE inspector_change SET by_person = NULL"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with database.transaction(role, user_id=site.person):  # type: ignore[arg-type]
                    await database.execute(change)
