"""Every verb as a form of the panel, sent as the panel sends it."""

from __future__ import annotations

from typing import Any

import httpx

from lapor.admin import form_models, offices
from lapor.complaints import desk, tickets
from lapor.complaints.desk import Filing
from lapor.routing.tables import COMPLAINT_TYPES
from tests.ground import World
from tests.visitor import Visitor

ROAD = "jalan-rusak"


async def _send(site: Visitor, form: str, **fields: Any) -> httpx.Response:
    return await site.panel("POST", f"/forms/{form}/", json=fields)


async def _filed(world: World, **given: Any) -> tuple[str, int, str]:
    """The ticket, the id and the agency of a new complaint."""
    about = {"type": "complaint", "text": "Jalan berlubang dalam sekali di depan pasar.", "category": ROAD}
    filed = await desk.file(Filing(**{**about, **given}))
    owner: str = await world.fetchval(
        "SELECT a.code FROM complaint c JOIN agency a ON a.id = c.owner_agency WHERE c.id = $1",
        filed.complaint_id,
    )
    return filed.ticket, filed.complaint_id, owner


async def _status(world: World, complaint: int) -> str:
    status: str = await world.fetchval("SELECT status FROM complaint WHERE id = $1", complaint)
    return status


async def test_an_answer_through_the_panel_meets_the_clock_once(site: Visitor, world: World) -> None:
    ticket, complaint, owner = await _filed(world)
    await site.as_role("liaison", owner)
    answer = await _send(site, "jawab-pengaduan", ticket=tickets.show(ticket), text="Ditambal hari Kamis.")
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"custom_form_success": "Jawaban dikirim kepada pelapor."}
    assert await _status(world, complaint) == "in_progress"
    assert await world.fetchval(
        "SELECT met_at FROM clock WHERE complaint = $1 AND kind = 'response'", complaint
    )


async def test_a_refused_verb_says_why_and_changes_nothing(site: Visitor, world: World) -> None:
    ticket, complaint, owner = await _filed(world)
    await site.as_role("liaison", owner)
    before = await world.fetchval("SELECT count(*) FROM event WHERE complaint = $1", complaint)
    empty = await _send(site, "jawab-pengaduan", ticket=ticket, text="   ")
    assert empty.status_code == 422
    assert empty.json() == {"custom_form_error": "Tulis isinya dahulu."}
    nobody_asked = await _send(site, "setujui-pengajuan", ticket=ticket)
    assert nobody_asked.status_code == 422
    assert await world.fetchval("SELECT count(*) FROM event WHERE complaint = $1", complaint) == before


async def test_a_missing_field_is_named_in_indonesian(site: Visitor) -> None:
    await site.as_role("liaison")
    answer = await _send(site, "jawab-pengaduan", ticket="x")
    assert answer.json() == {"custom_form_error": "Isi: wajib diisi."}


async def test_a_foreign_complaint_and_an_unknown_one_look_alike(site: Visitor, world: World) -> None:
    ticket, _, owner = await _filed(world)
    stranger: str = await world.fetchval(
        "SELECT a.code FROM agency a JOIN office o ON o.agency = a.id WHERE o.role = 'liaison'"
        " AND a.code <> $1 AND NOT a.coordinating ORDER BY a.id LIMIT 1",
        owner,
    )
    await site.as_role("liaison", stranger)
    foreign = await _send(site, "jawab-pengaduan", ticket=ticket, text="Bukan urusan saya")
    unknown = await _send(site, "jawab-pengaduan", ticket=tickets.new_ticket(), text="Bukan urusan saya")
    assert foreign.status_code == unknown.status_code == 422
    assert foreign.json() == unknown.json()


async def test_completion_needs_a_second_person(site: Visitor, world: World) -> None:
    ticket, complaint, owner = await _filed(world)
    await site.as_role("liaison", owner)
    await _send(site, "jawab-pengaduan", ticket=ticket, text="Kami kerjakan.")
    claimed = await _send(site, "nyatakan-selesai", ticket=ticket, text="Lubang sudah ditambal.")
    assert claimed.status_code == 200, claimed.text
    own = await _send(site, "setujui-pengajuan", ticket=ticket)
    assert own.status_code == 422
    second = await site.another().as_role("agency_head", owner)
    confirmed = await _send(second, "setujui-pengajuan", ticket=ticket)
    assert confirmed.status_code == 200, confirmed.text
    assert await _status(world, complaint) == "done"


async def test_a_transfer_is_offered_and_taken(site: Visitor, world: World) -> None:
    ticket, complaint, owner = await _filed(world)
    other = await world.fetch(
        "SELECT a.id, a.code, a.name FROM agency a JOIN office o ON o.agency = a.id WHERE o.role = 'liaison'"
        " AND a.code <> $1 AND a.active AND a.region = (SELECT region FROM complaint WHERE id = $2)"
        " ORDER BY a.id LIMIT 1",
        owner,
        complaint,
    )
    await site.as_role("liaison", owner)
    offered = await _send(
        site, "serahkan-ke-instansi-lain", ticket=ticket, agency=other[0]["name"], reason="Jalan provinsi."
    )
    assert offered.status_code == 200, offered.text
    taker = await site.another().as_role("liaison", other[0]["code"])
    taken = await _send(taker, "terima-alih-tangan", ticket=ticket)
    assert taken.status_code == 200, taken.text
    assert (
        await world.fetchval("SELECT owner_agency FROM complaint WHERE id = $1", complaint) == other[0]["id"]
    )


async def test_an_interim_answer_is_read_in_the_officers_own_time(site: Visitor, world: World) -> None:
    ticket, complaint, owner = await _filed(world)
    await site.as_role("liaison", owner)
    local = await world.fetchval(
        "SELECT to_char(lapor_now() AT TIME ZONE 'Asia/Jakarta' + interval '2 days', 'YYYY-MM-DD\"T\"HH24:MI')"
    )
    answer = await _send(
        site, "beri-jawaban-sementara", ticket=ticket, text="Kami periksa.", promised_for=local
    )
    assert answer.status_code == 200, answer.text
    promised = await world.fetchval(
        "SELECT to_char(due_at AT TIME ZONE 'Asia/Jakarta', 'YYYY-MM-DD\"T\"HH24:MI') FROM clock"
        " WHERE complaint = $1 AND kind = 'promise'",
        complaint,
    )
    assert promised == local


async def test_a_look_at_the_contact_leaves_a_trace(site: Visitor, world: World) -> None:
    ticket, complaint, owner = await _filed(world, phone="081200000007", name="Warga Uji")
    await site.as_role("liaison", owner)
    answer = await _send(site, "lihat-kontak-pelapor", ticket=ticket)
    assert "Warga Uji" in answer.json()["custom_form_success"]
    seen = await world.fetch(
        "SELECT actor FROM event WHERE complaint = $1 AND kind = 'contact_seen'", complaint
    )
    assert [row["actor"] for row in seen] == [f"officer:{site.person}"]


async def test_the_contact_of_an_anonymous_reporter_is_not_shown(site: Visitor, world: World) -> None:
    ticket, _, owner = await _filed(world, phone="081200000007", name="Warga Uji", anonymous=True)
    await site.as_role("liaison", owner)
    answer = await _send(site, "lihat-kontak-pelapor", ticket=ticket)
    assert answer.status_code == 422
    assert "Warga Uji" not in answer.text


async def test_an_operator_writes_down_what_somebody_tells_at_the_counter(
    site: Visitor, world: World
) -> None:
    await site.as_role("coordinator")
    answer = await _send(site, "catat-laporan", text="Lampu jalan mati di depan masjid.", channel="phone")
    assert answer.status_code == 200, answer.text
    assert "Kode rahasia pelapor" in answer.json()["custom_form_success"]
    assert await world.fetchval("SELECT channel FROM complaint") == "phone"


async def test_what_is_chosen_is_typed_in_words(site: Visitor, world: World) -> None:
    assert set(form_models.REASONS.values()) == set(desk.REJECTION_REASONS)
    assert set(form_models.TYPES.values()) == set(COMPLAINT_TYPES)
    await site.as_role("coordinator")
    fields = {"text": "Lampu jalan mati di depan masjid.", "type": "Layanan", "category": ROAD}
    answer = await _send(site, "catat-laporan", **fields, channel="telepon")
    assert answer.status_code == 200, answer.text
    filed = (await world.fetch("SELECT channel, type, ticket FROM complaint"))[0]
    assert (filed["channel"], filed["type"]) == ("phone", "service")
    assert (await _send(site, "catat-laporan", **fields)).status_code == 200
    assert await world.fetchval("SELECT count(*) FROM complaint WHERE channel = 'counter'") == 1
    wrong = await _send(site, "catat-laporan", **fields, channel="merpati")
    assert wrong.json() == {"custom_form_error": "Kanalnya loket, telepon, atau anjungan."}
    owner = await world.fetchval(
        "SELECT a.code FROM complaint c JOIN agency a ON a.id = c.owner_agency WHERE c.ticket = $1",
        filed["ticket"],
    )
    await site.as_role("liaison", owner)
    asked = {"ticket": filed["ticket"], "text": "Sudah diputus.", "reason_code": "pengadilan"}
    assert (await _send(site, "ajukan-tidak-dapat-ditindaklanjuti", **asked)).status_code == 200
    assert await world.fetchval("SELECT reason_code FROM approval") == "court"


async def test_an_account_is_made_with_a_password_for_one_time(site: Visitor, world: World) -> None:
    await site.as_role("administrator")
    fields = {"username": "baru.datang", "full_name": "Baru Datang", "email": "baru@contoh.example"}
    made = await _send(site, "buat-akun", **fields)
    assert made.status_code == 200, made.text
    password = made.json()["custom_form_success"].rsplit(" ", 1)[1]
    newcomer = site.another()
    first = await newcomer.send_form("/masuk", {"username": "baru.datang", "password": password})
    assert first.headers["location"] == offices.PASSWORD
    again = await _send(site, "buat-akun", **fields)
    assert again.json() == {"custom_form_error": "Nama pengguna atau surel ini sudah dipakai."}


async def test_only_those_who_keep_the_registers_make_accounts(site: Visitor, world: World) -> None:
    await site.as_role("staff")
    made = await _send(
        site, "buat-akun", username="penyusup", full_name="Pe Nyusup", email="penyusup@contoh.example"
    )
    assert made.status_code == 403
    assert not await world.fetchval("SELECT count(*) FROM person WHERE username = 'penyusup'")


async def test_an_agency_admin_resets_passwords_in_their_own_agency_only(site: Visitor, world: World) -> None:
    agency: str = await world.fetchval(
        "SELECT a.code FROM agency a JOIN office o ON o.agency = a.id WHERE o.role = 'agency_admin' LIMIT 1"
    )
    await world.officer("liaison", agency, username="rekan")
    await world.officer("head_of_region", username="kepala")
    await site.as_role("agency_admin", agency)
    assert (await _send(site, "atur-ulang-kata-sandi", username="rekan")).status_code == 200
    refused = await _send(site, "atur-ulang-kata-sandi", username="kepala")
    assert refused.status_code == 422
