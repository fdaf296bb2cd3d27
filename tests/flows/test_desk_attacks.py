"""What an insider, a thief of a session or a curious colleague might try at the desks, tried through the outer door."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from lapor import crypto
from lapor.complaints import desk
from lapor.complaints.desk import Actor, Filed, Filing, Refused
from tests.admin.cases import DPU, SEAL, confirmed
from tests.admin.second_step import AUTHENTICATOR, SECRET, Telephone
from tests.ground import PASSWORD, World
from tests.visitor import TOKEN, Visitor

INSPECTORATE = "smg-inspektorat"
SETDA = "smg-setda"
DISKOMINFO = "smg-diskominfo"


async def _filed(text: str = "Jalan berlubang di depan pasar", **given: Any) -> Filed:
    return await desk.file(Filing(**{"type": "complaint", "category": "jalan-rusak", "text": text, **given}))


async def _upload(site: Visitor, slug: str, text: str) -> httpx.Response:
    """A register's file, sent and confirmed if it can be."""
    path = f"/meja/daftar/{slug}/unggah"
    token = TOKEN.search((await site.get(path)).text)
    assert token
    sent = await site.post(
        path,
        data={"_csrf_token": token.group(1), "whole": ""},
        files={"file": ("daftar.csv", text.encode(), "text/csv")},
    )
    address = sent.headers.get("location", "")
    found = SEAL.search((await site.get(address)).text) if address else None
    return await site.send_form(address, {"seal": found.group(1)}) if found else sent


async def _own_office(world: World, person: int | None) -> Any:
    rows = await world.fetch(
        "SELECT o.id, o.code, o.role, o.named_desk, g.code AS agency FROM office o JOIN appointment a ON a.office = o.id"
        " JOIN agency g ON g.id = o.agency WHERE a.person = $1",
        person,
    )
    return rows[0]


async def test_an_administrator_does_not_turn_their_own_office_into_the_inspectorates(
    site: Visitor, world: World
) -> None:
    await site.as_role("administrator", DISKOMINFO)
    office = await _own_office(world, site.person)
    inspectorate = await world.fetchval("SELECT id FROM agency WHERE code = $1", INSPECTORATE)
    for wish in ({"role": "inspector"}, {"agency": inspectorate}, {"named_desk": True}):
        answer = await site.panel("PATCH", f"/tables/jabatan/{office['id']}/", json=wish)
        assert (await confirmed(site, answer)).status_code == 403, wish
    await _upload(site, "jabatan", f"code;agency;role\r\n{office['code']};{INSPECTORATE};inspector\r\n")
    assert await _own_office(world, site.person) == office


async def test_an_administrator_still_changes_the_offices_of_others(site: Visitor, world: World) -> None:
    other = await _own_office(world, await world.officer("staff", DPU))
    await site.as_role("administrator", DISKOMINFO)
    answer = await site.panel("PATCH", f"/tables/jabatan/{other['id']}/", json={"named_desk": True})
    assert (await confirmed(site, answer)).status_code in (200, 303)
    assert await world.fetchval("SELECT named_desk FROM office WHERE id = $1", other["id"])


async def test_a_coordinator_does_not_take_a_protected_category_away_to_write_it_anew(
    site: Visitor, world: World
) -> None:
    await world.execute(
        "INSERT INTO category (code, name, protected) VALUES ('perundungan', 'Perundungan', true)"
    )
    category = await world.fetchval("SELECT id FROM category WHERE code = 'perundungan'")
    await site.as_role("coordinator", DISKOMINFO)
    gone = await site.panel("DELETE", f"/tables/kategori/{category}/")
    assert (await confirmed(site, gone)).status_code == 403
    for wish in ({"active": False}, {"code": "lain"}):
        changed = await site.panel("PATCH", f"/tables/kategori/{category}/", json=wish)
        assert (await confirmed(site, changed)).status_code == 403, wish
    await _upload(
        site,
        "kategori",
        "code;name;type;completion_class;publish\r\nterbuka;Terbuka;complaint;complaint;automatic\r\n",
    )
    rows = await world.fetch(
        "SELECT protected, active FROM category WHERE code IN ('perundungan', 'terbuka')"
    )
    assert [tuple(row) for row in rows] == [(True, True)]


async def test_a_coordinator_still_teaches_ordinary_categories(site: Visitor, world: World) -> None:
    await site.as_role("coordinator", DISKOMINFO)
    added = await _upload(
        site,
        "kategori",
        "code;name;type;completion_class;publish\r\npagar;Pagar;complaint;complaint;officer\r\n",
    )
    category = await world.fetchval("SELECT id FROM category WHERE code = 'pagar'")
    assert category, added.text
    gone = await confirmed(site, await site.panel("DELETE", f"/tables/kategori/{category}/"))
    assert gone.status_code == 303, gone.text


async def test_a_complaint_is_not_moved_to_a_place_of_another_region(site: Visitor, world: World) -> None:
    await world.execute(
        "INSERT INTO region (code, name, kind, parent, timezone) SELECT '33.99', 'Kota Jauh', 'city', id, timezone"
        " FROM region WHERE code = '33'"
    )
    await world.execute(
        "INSERT INTO region (code, name, kind, parent, timezone) SELECT '33.99.01', 'Jauh', 'district', id, timezone"
        " FROM region WHERE code = '33.99'"
    )
    filed = await _filed()
    await site.as_role("staff", DPU)
    page = f"/meja/aduan/{filed.complaint_id}"
    fields = {"category": "jalan-rusak", "type": "complaint", "district": "33.99.01", "village": ""}
    answer = await site.send_form(f"{page}/perbaikan", {**fields, "reason": "Salah tempat"}, page=page)
    assert answer.status_code == 422, answer.headers
    assert await world.fetchval("SELECT district FROM complaint WHERE id = $1", filed.complaint_id) is None


async def test_whoever_sits_down_at_an_open_session_does_not_set_up_their_own_authenticator(
    site: Visitor, world: World
) -> None:
    await site.as_role("liaison", DPU)
    opened = await site.get(AUTHENTICATOR)
    secret = SECRET.search(opened.text)
    assert secret
    code = await Telephone(world, secret.group(1)).code()
    for stolen in ({"code": code}, {"code": code, "current": "tebakan-pencuri-1"}):
        assert (await site.send_form(AUTHENTICATOR, stolen)).status_code == 422
    assert not await world.fetchval(
        "SELECT EXISTS (SELECT FROM second_factor WHERE confirmed_at IS NOT NULL)"
    )
    done = await site.send_form(AUTHENTICATOR, {"code": code, "current": PASSWORD})
    assert done.status_code == 200


async def test_a_link_by_mail_opens_nothing_once_the_password_was_changed_in_another_way(
    site: Visitor, world: World
) -> None:
    person = await world.officer("liaison", DPU, username="penghubung")
    token = crypto.new_secret()
    await world.execute(
        "INSERT INTO password_reset (person, made_at, token_hash, expires_at)"
        " VALUES ($1, lapor_now(), $2, lapor_now() + interval '1 hour')",
        person,
        crypto.secret_hash(token),
    )
    await site.as_person(person)
    new = "empat kucing di atap"
    changed = await site.send_form("/sandi", {"current": PASSWORD, "new": new, "again": new})
    assert changed.status_code == 303
    thief = site.another()
    assert (await thief.get(f"/masuk/sandi-baru/{token}")).status_code == 404


async def test_an_agency_admin_does_not_enter_by_the_account_of_a_named_desk(
    site: Visitor, world: World
) -> None:
    victim = await world.officer("liaison", DPU, username="meja-khusus")
    await world.execute(
        "UPDATE office SET named_desk = true WHERE id = (SELECT office FROM appointment WHERE person = $1)",
        victim,
    )
    await site.as_role("agency_admin", DPU)
    before = await world.fetchval("SELECT password FROM person WHERE id = $1", victim)
    answer = await site.panel("POST", "/forms/atur-ulang-kata-sandi/", json={"username": "meja-khusus"})
    assert answer.status_code >= 400, answer.text
    assert await world.fetchval("SELECT password FROM person WHERE id = $1", victim) == before


async def test_an_agency_admin_puts_nobody_at_a_named_desk(site: Visitor, world: World) -> None:
    held = await _own_office(world, await world.officer("liaison", DPU))
    plain = await _own_office(world, await world.officer("staff", DPU))
    await world.execute("UPDATE office SET named_desk = true WHERE id = $1", held["id"])
    friend, other = await world.person(), await world.officer("checker", DPU)
    await site.as_role("agency_admin", DPU)
    wish = {"person": friend, "kind": "definitive", "starts_at": "2026-01-01T00:00:00Z"}
    path = "/tables/pemegang_jabatan/"
    assert (await site.panel("POST", path, json={**wish, "office": held["id"]})).status_code == 403
    appointment = "SELECT id FROM appointment WHERE office = $1"
    for office, change in (
        (held["id"], {"person": friend}),
        ((await _own_office(world, other))["id"], {"office": held["id"]}),
    ):
        row = await world.fetchval(appointment, office)
        answer = await confirmed(site, await site.panel("PATCH", f"{path}{row}/", json=change))
        assert answer.status_code == 403, change
    added = await site.panel("POST", path, json={**wish, "office": plain["id"]})
    assert added.status_code == 201, added.text
    sitting = await world.fetch("SELECT person FROM appointment WHERE office = $1", held["id"])
    assert friend not in {row["person"] for row in sitting}


async def test_a_link_tells_nobody_of_a_complaint_that_is_hidden_from_them(
    site: Visitor, world: World
) -> None:
    hidden = await _filed("Pejabat meminta uang", category=None, about_official=True)
    plain = await _filed("Uang diminta di loket", category=None)
    inspectorate = await world.fetchval("SELECT id FROM agency WHERE code = $1", INSPECTORATE)
    await world.execute(
        "UPDATE complaint SET owner_agency = $1, status = 'routed' WHERE id = $2",
        inspectorate,
        plain.complaint_id,
    )
    inspector = Actor.officer(await world.officer("inspector", INSPECTORATE))
    for one, other in ((hidden, plain), (plain, hidden)):
        with pytest.raises(Refused):
            await desk.link(inspector, one.complaint_id, to=other.ticket, reason="Kejadian yang sama")
    await site.as_role("sekda", SETDA)
    seen = await site.panel("GET", "/tables/jejak_audit/")
    kinds = {row["kind"] for row in seen.json()["rows"] if row["complaint"] == plain.complaint_id}
    assert "filed" in kinds
    assert "linked" not in kinds
