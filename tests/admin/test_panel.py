"""The panel through its own interface: who comes in, what exists for them, what they may change."""

from __future__ import annotations

import httpx
import pytest

from lapor.admin import access, sessions
from lapor.admin.panel_shown import SHOWN
from lapor.complaints import desk
from lapor.complaints.desk import Filing
from tests.ground import World
from tests.visitor import Visitor


async def _filed(**given: object) -> desk.Filed:
    about = {
        "type": "complaint",
        "text": "Jalan berlubang di depan pasar, sudah dua minggu.",
        "address": "Pasar",
    }
    return await desk.file(Filing(**{**about, **given}))  # type: ignore[arg-type]


async def _owner(world: World, filed: desk.Filed) -> str:
    code: str = await world.fetchval(
        "SELECT a.code FROM complaint c JOIN agency a ON a.id = c.owner_agency WHERE c.id = $1",
        filed.complaint_id,
    )
    return code


async def test_nobody_comes_in_without_logging_in(site: Visitor) -> None:
    answer = await site.get("/admin/")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/masuk?lanjut=/admin/"
    assert (await site.get("/admin/api/tables/")).status_code == 401
    assert (await site.get("/admin/public/login/")).headers["location"] == "/masuk"


@pytest.mark.parametrize(
    "path",
    [
        "openapi.json",
        "docs/",
        "public/docs/",
        "public/openapi.json",
        "api/docs/",
        "api/openapi.json",
        "api/change-password/",
        "api/media/",
        "api/mfa-setup/",
    ],
)
async def test_what_the_panel_brings_along_and_nobody_needs_does_not_exist(site: Visitor, path: str) -> None:
    await site.as_role("administrator")
    assert (await site.get(f"/admin/{path}")).status_code == 404


async def test_an_officer_without_an_office_stays_outside(site: Visitor, world: World) -> None:
    await site.as_person(await world.person())
    assert (await site.get("/admin/")).status_code == 403
    assert (await site.panel("GET", "/tables/agency/")).status_code == 403


async def test_the_panel_speaks_indonesian(site: Visitor) -> None:
    await site.as_role("administrator")
    assert '<html lang="id" ' in (await site.get("/admin/")).text
    tables = (await site.panel("GET", "/tables/grouped/")).json()["grouped"]
    assert "aturan_disposisi" in tables["Apa dan ke mana"]
    schema = (await site.panel("GET", "/tables/jabatan/schema/")).json()
    assert schema["properties"]["agency"]["title"] == "Instansi"
    assert schema["properties"]["agency"]["extra"]["foreign_key"]["to"] == "instansi"
    words = (await site.get("/admin/public/translations/id/")).json()
    assert words["translations"]["Save"] == "Simpan"


async def test_the_menu_holds_what_an_office_has_a_use_for(site: Visitor) -> None:
    await site.as_role("liaison")
    assert set((await site.panel("GET", "/tables/grouped/")).json()["grouped"]) == {"Catatan pengaduan"}
    forms = (await site.panel("GET", "/forms/grouped/")).json()["grouped"]
    assert "1. Menjawab" in forms
    assert "7. Akun petugas" not in forms


async def test_every_table_can_be_listed_counted_and_opened(site: Visitor, world: World) -> None:
    await _filed()
    await site.as_role("inspector", await _inspectorate(world))
    for shown in SHOWN:
        for path in ("", "count/", "ids/", "new/", "schema/", "references/"):
            answer = await site.panel("GET", f"/tables/{shown.slug}/{path}", params=_readable(path))
            assert answer.status_code == 200, (shown.slug, path, answer.text)
        rows = (await site.panel("GET", f"/tables/{shown.slug}/")).json()["rows"]
        for row in rows[:1]:
            one = await site.panel("GET", f"/tables/{shown.slug}/{row['id']}/", params=_readable(""))
            assert one.status_code == 200, (shown.slug, one.text)


def _readable(path: str) -> dict[str, str]:
    return {"__readable": "true"} if path == "" else {}


async def _inspectorate(world: World) -> str:
    code: str = await world.fetchval(
        "SELECT a.code FROM agency a JOIN region r ON r.id = a.region JOIN deployment d"
        " ON d.default_region = r.code WHERE a.kind = 'inspektorat'"
    )
    return code


async def test_no_password_no_salt_and_no_secret_is_shown(site: Visitor, world: World) -> None:
    await _filed(phone="081200000001", name="Warga Uji")
    await site.as_role("inspector", await _inspectorate(world))
    for shown in SHOWN:
        text = (await site.panel("GET", f"/tables/{shown.slug}/")).text
        for word in ('"password"', "salt", "reporter_key", "canonical", "Warga Uji", "081200000001"):
            assert word not in text, (shown.slug, word)
    for name in ("identity", "session", "login_attempt", "ledger_head", "inbound", "piccolo_user"):
        assert (await site.panel("GET", f"/tables/{name}/")).status_code == 404


async def test_an_agency_sees_its_own_complaints_and_no_other(site: Visitor, world: World) -> None:
    filed = await _filed()
    mine = await _owner(world, filed)
    other: str = await world.fetchval(
        "SELECT a.code FROM agency a JOIN office o ON o.agency = a.id WHERE o.role = 'liaison'"
        " AND a.code <> $1 AND NOT a.coordinating ORDER BY a.id LIMIT 1",
        mine,
    )
    path = f"/tables/pengaduan/{filed.complaint_id}/"
    await site.as_role("liaison", mine)
    assert (await site.panel("GET", path)).status_code == 200
    assert (await site.panel("GET", "/tables/pengaduan/count/")).json()["count"] == 1
    stranger = await site.another().as_role("liaison", other)
    assert (await stranger.panel("GET", path)).status_code == 404
    for table in ("pengaduan", "isi_pengaduan", "jejak_audit", "batas_waktu", "pesan_keluar"):
        assert (await stranger.panel("GET", f"/tables/{table}/")).json()["rows"] == []
        assert (await stranger.panel("GET", f"/tables/{table}/count/")).json()["count"] == 0
        assert (await stranger.panel("GET", f"/tables/{table}/ids/")).json() == {}


async def test_nothing_is_deleted_or_replaced_and_the_record_is_only_read(
    site: Visitor, world: World
) -> None:
    filed = await _filed()
    await site.as_role("administrator")
    agency = await world.fetchval("SELECT id FROM agency LIMIT 1")
    for method in ("PUT", "DELETE"):
        assert (await site.panel(method, f"/tables/instansi/{agency}/", json={})).status_code == 405
    assert (await site.panel("DELETE", "/tables/instansi/")).status_code == 405
    for shown in SHOWN:
        if not shown.editable:
            assert (await site.panel("POST", f"/tables/{shown.slug}/", json={})).status_code == 405
    change = await site.panel("PATCH", f"/tables/complaint/{filed.complaint_id}/", json={"status": "done"})
    assert change.status_code == 405


async def test_an_administrator_edits_a_register_and_the_change_is_kept(site: Visitor, world: World) -> None:
    await site.as_role("administrator")
    agency = await world.fetchval("SELECT id FROM agency ORDER BY id LIMIT 1")
    answer = await site.panel("PATCH", f"/tables/instansi/{agency}/", json={"phone": "024-000111"})
    assert answer.status_code == 200, answer.text
    assert await world.fetchval("SELECT phone FROM agency WHERE id = $1", agency) == "024-000111"
    kept = await world.fetch("SELECT person, after FROM register_change ORDER BY id DESC LIMIT 1")
    assert kept[0]["person"] == site.person
    assert "024-000111" in kept[0]["after"]


async def test_whoever_keeps_no_register_changes_none(site: Visitor, world: World) -> None:
    await site.as_role("staff")
    agency = await world.fetchval("SELECT id FROM agency ORDER BY id LIMIT 1")
    before = await world.fetchval("SELECT phone FROM agency WHERE id = $1", agency)
    answer = await site.panel("PATCH", f"/tables/instansi/{agency}/", json={"phone": "0"})
    assert answer.status_code == 403
    refused = await site.panel(
        "POST", "/tables/nomor_darurat/", json={"region": 1, "number": "1", "name": "x", "position": 1}
    )
    assert refused.status_code == 403
    assert await world.fetchval("SELECT phone FROM agency WHERE id = $1", agency) == before


async def test_what_the_database_refuses_is_said_in_a_sentence(site: Visitor, world: World) -> None:
    await site.as_role("administrator")
    first, second = await world.fetch("SELECT id, code FROM outside_body ORDER BY id LIMIT 2")
    twice = await site.panel("PATCH", f"/tables/instansi_luar/{first['id']}/", json={"code": second["code"]})
    assert twice.status_code == 422
    assert twice.json() == {"custom_form_error": "Kode ini sudah dipakai."}
    agency = await world.fetchval("SELECT id FROM agency LIMIT 1")
    nowhere = await site.panel("PATCH", f"/tables/instansi/{agency}/", json={"region": 999_999})
    assert nowhere.status_code == 422
    strange = await site.panel("PATCH", f"/tables/instansi/{agency}/", json={"kind": "kerajaan"})
    assert strange.status_code in (400, 422)
    assert "violates" not in twice.text + nowhere.text + strange.text


async def test_a_request_without_the_panels_token_changes_nothing(site: Visitor, world: World) -> None:
    await site.as_role("administrator")
    answer = await site.patch("/admin/api/tables/instansi/1/", json={"phone": "0"})
    assert answer.status_code == 403


async def test_an_oversized_request_is_refused(site: Visitor) -> None:
    await site.as_role("administrator")
    answer = await site.panel("POST", "/forms/jawab-pengaduan/", content=b"x" * 2_000_000)
    assert answer.status_code == 413


async def test_logging_out_of_the_panel_logs_out_of_everything(site: Visitor) -> None:
    await site.as_role("administrator")
    await site.get("/admin/")
    token = {"X-CSRFToken": site.cookies["csrftoken"]}
    answer: httpx.Response = await site.post("/admin/public/logout/", headers=token)
    assert answer.status_code == 200
    assert (await site.get("/sandi")).status_code == 303


async def test_the_panel_ends_unused_whatever_its_page_shows(site: Visitor, world: World) -> None:
    await world.simulate()
    person = await world.officer("administrator", "smg-diskominfo")
    site.cookies.set(access.COOKIE, await sessions.open_session(person, hours=8, shared_minutes=15))
    page = (await site.get("/admin/")).text
    assert 'id="idle"' in page
    assert 'data-seconds="900"' in page
    for _ in range(3):
        await world.advance(14 / 60)
        assert (await site.panel("GET", "/tables/instansi/")).status_code == 200
    await world.advance(15.1 / 60)
    assert (await site.panel("GET", "/tables/instansi/")).status_code == 401
    assert "/masuk" in (await site.get("/admin/")).headers["location"]
