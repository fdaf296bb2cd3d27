"""Grave changes of registers ask first, say what they touch, and are carried out only as they were shown."""

from __future__ import annotations

import re

import httpx

from lapor.complaints import desk
from lapor.complaints.desk import Filing
from tests.admin.cases import DPU
from tests.ground import World
from tests.visitor import Visitor

SEAL = re.compile(r'name="seal" value="(\w+)"')


async def _filed(category: str = "jalan-rusak") -> desk.Filed:
    return await desk.file(
        Filing(type="complaint", category=category, text="Jalan berlubang di depan pasar.", address="Pasar")
    )


async def _agency(world: World, code: str = DPU) -> int:
    found: int = await world.fetchval("SELECT id FROM agency WHERE code = $1", code)
    return found


async def _confirm(site: Visitor, address: str) -> httpx.Response:
    opened = await site.get(address)
    assert opened.status_code == 200, opened.text
    found = SEAL.search(opened.text)
    assert found
    return await site.send_form(address, {"seal": found.group(1)})


async def test_an_agency_with_open_complaints_is_not_ended_before_somebody_has_read_what_that_touches(
    site: Visitor, world: World
) -> None:
    await _filed()
    await site.as_role("administrator")
    agency = await _agency(world)
    refused = await site.panel("PATCH", f"/tables/instansi/{agency}/", json={"active": False})
    assert refused.status_code == 422
    answer = refused.json()
    assert "1 laporan yang belum selesai ada pada instansi ini" in answer["custom_form_error"]
    assert await world.fetchval("SELECT active FROM agency WHERE id = $1", agency)
    shown = await site.get(answer["confirm"])
    assert "1 laporan yang belum selesai ada pada instansi ini" in shown.text
    assert "aturan disposisi menunjuk instansi ini" in shown.text
    done = await _confirm(site, answer["confirm"])
    assert done.status_code == 303
    assert not await world.fetchval("SELECT active FROM agency WHERE id = $1", agency)
    kept = await site.get(done.headers["location"])
    assert "Perubahan tersimpan." in kept.text
    assert (await site.get(answer["confirm"])).status_code == 404


async def test_a_change_that_touches_nothing_else_is_not_asked_about(site: Visitor, world: World) -> None:
    await _filed()
    await site.as_role("administrator")
    agency = await _agency(world)
    answer = await site.panel("PATCH", f"/tables/instansi/{agency}/", json={"phone": "024-9", "active": True})
    assert answer.status_code == 200, answer.text


async def test_what_changed_meanwhile_is_shown_again_before_it_is_done(site: Visitor, world: World) -> None:
    await _filed()
    await site.as_role("administrator")
    agency = await _agency(world)
    address = (await site.panel("PATCH", f"/tables/instansi/{agency}/", json={"active": False})).json()[
        "confirm"
    ]
    found = SEAL.search((await site.get(address)).text)
    assert found
    await _filed()
    again = await site.send_form(address, {"seal": found.group(1)})
    assert again.status_code == 409
    assert "2 laporan yang belum selesai" in again.text
    assert await world.fetchval("SELECT active FROM agency WHERE id = $1", agency)


async def test_a_dropped_proposal_changes_nothing_and_is_nobody_elses(site: Visitor, world: World) -> None:
    await _filed()
    await site.as_role("administrator")
    agency = await _agency(world)
    address = (await site.panel("PATCH", f"/tables/instansi/{agency}/", json={"active": False})).json()[
        "confirm"
    ]
    stranger = await site.another().as_role("administrator")
    assert (await stranger.get(address)).status_code == 404
    assert (
        await stranger.send_form(address, {"seal": "x"}, page="/meja/daftar/wilayah/unggah")
    ).status_code == 404
    dropped = await site.send_form(f"{address}/batal", page=address)
    assert dropped.headers["location"] == f"/admin/#/instansi/{agency}/"
    assert (await site.get(address)).status_code == 404
    assert await world.fetchval("SELECT active FROM agency WHERE id = $1", agency)


async def test_ending_the_only_holder_of_an_office_says_that_nobody_is_left(
    site: Visitor, world: World
) -> None:
    await world.officer("liaison", DPU)
    appointment = await world.fetchval("SELECT max(id) FROM appointment")
    await site.as_role("administrator")
    path = f"/tables/pemegang_jabatan/{appointment}/"
    ends = (await world.now()).isoformat()
    refused = await site.panel("PATCH", path, json={"ends_at": ends})
    assert refused.status_code == 422, refused.text
    assert "tidak punya pemegang" in refused.json()["custom_form_error"]
    office = await world.fetchval("SELECT office FROM appointment WHERE id = $1", appointment)
    await world.execute(
        "INSERT INTO appointment (office, person, kind, starts_at) VALUES ($1, $2, 'plt', lapor_now() - interval '1 day')",
        office,
        await world.person(),
    )
    assert (await site.panel("PATCH", path, json={"ends_at": ends})).status_code == 200


async def test_a_category_and_a_rule_say_what_they_decide(site: Visitor, world: World) -> None:
    filed = await _filed()
    await site.as_role("coordinator")
    category = await world.fetchval("SELECT category FROM complaint WHERE id = $1", filed.complaint_id)
    refused = await site.panel("PATCH", f"/tables/kategori/{category}/", json={"active": False})
    assert "1 laporan yang belum selesai memakai kategori ini" in refused.json()["custom_form_error"]
    rule = await world.fetchval(
        "SELECT r.id FROM routing_rule r JOIN complaint c ON c.rule = r.code WHERE c.id = $1",
        filed.complaint_id,
    )
    moved = await site.panel("PATCH", f"/tables/aturan_disposisi/{rule}/", json={"position": 1})
    assert "menentukan 1 laporan dalam 30 hari" in moved.json()["custom_form_error"]
    assert (
        await site.panel("PATCH", f"/tables/aturan_disposisi/{rule}/", json={"reason": "Jalan kota."})
    ).status_code == 200


async def test_a_rule_names_only_codes_that_exist(site: Visitor, world: World) -> None:
    await site.as_role("coordinator")
    rule = await world.fetchval("SELECT id FROM routing_rule ORDER BY id LIMIT 1")
    wrong = await site.panel("PATCH", f"/tables/aturan_disposisi/{rule}/", json={"categories": ["tak-ada"]})
    assert wrong.status_code == 422
    assert wrong.json()["custom_form_error"] == "Kode ini tidak ada: tak-ada."
    empty = {"code": "semua", "position": 1, "agency": DPU, "reason": "x", "active": True}
    lists = {name: [] for name in ("categories", "words", "places", "types", "channels")}
    added = await site.panel("POST", "/tables/aturan_disposisi/", json={**empty, **lists})
    assert added.status_code == 422
    assert "mengambil semua laporan" in added.json()["custom_form_error"]


async def test_a_row_without_history_is_deleted_after_it_was_confirmed(site: Visitor, world: World) -> None:
    await site.as_role("administrator")
    number = await world.fetchval("SELECT id FROM emergency_number ORDER BY id LIMIT 1")
    path = f"/tables/nomor_darurat/{number}/"
    asked = await site.panel("DELETE", path)
    assert asked.status_code == 422
    assert await world.fetchval("SELECT count(*) FROM emergency_number WHERE id = $1", number) == 1
    done = await _confirm(site, asked.json()["confirm"])
    assert done.status_code == 303
    assert await world.fetchval("SELECT count(*) FROM emergency_number WHERE id = $1", number) == 0
    assert "Baris dihapus." in (await site.get(done.headers["location"])).text


async def test_the_database_refuses_to_delete_what_history_hangs_on_and_the_page_says_why(
    site: Visitor, world: World
) -> None:
    filed = await _filed()
    await world.officer("liaison", DPU)
    await site.as_role("administrator")
    category, rule, policy = (
        await world.fetch(
            "SELECT c.category, r.id AS rule, k.policy FROM complaint c JOIN routing_rule r ON r.code = c.rule"
            " JOIN clock k ON k.complaint = c.id AND k.kind = 'response' WHERE c.id = $1",
            filed.complaint_id,
        )
    )[0]
    appointment = await world.fetchval("SELECT max(id) - 1 FROM appointment")
    this_year = await world.fetchval(
        "SELECT id FROM calendar_year WHERE year <= extract(year FROM lapor_now()) LIMIT 1"
    )
    for slug, row, sentence in (
        ("kategori", category, "Ada laporan dengan kategori ini."),
        ("aturan_disposisi", rule, "pernah menentukan tujuan laporan"),
        ("kebijakan_batas_waktu", policy, "Ada batas waktu yang memakai kebijakan ini."),
        ("pemegang_jabatan", appointment, "Masa jabatan ini sudah dimulai."),
        ("tahun_kalender", this_year, "Tenggat sudah pernah dihitung"),
    ):
        asked = await site.panel("DELETE", f"/tables/{slug}/{row}/")
        assert asked.status_code == 422, (slug, asked.text)
        refused = await _confirm(site, asked.json()["confirm"])
        assert refused.status_code == 422, (slug, refused.status_code)
        assert sentence in refused.text, slug


async def test_whoever_may_not_change_a_row_cannot_propose_it_either(site: Visitor, world: World) -> None:
    await _filed()
    agency = await _agency(world)
    for role in ("staff", "coordinator"):
        officer = await site.another().as_role(role)
        answer = await officer.panel("PATCH", f"/tables/instansi/{agency}/", json={"active": False})
        assert answer.status_code == 403
    liaison = await site.another().as_role("liaison")
    assert (await liaison.get("/meja/daftar")).status_code == 403
    assert (await liaison.get("/meja/daftar/usulan/1")).status_code == 403
    assert await world.fetchval("SELECT count(*) FROM register_proposal") == 0
