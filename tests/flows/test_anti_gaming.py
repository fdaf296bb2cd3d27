"""What somebody might try so that a figure looks better, each through the pages: no clock is fooled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lapor.complaints import desk
from tests.admin import cases
from tests.admin.cases import DPU, file, submit, where
from tests.ground import World
from tests.visitor import Visitor

LIST = "/pimpinan/eskalasi"


async def _clock(world: World, complaint: int, kind: str = "response") -> dict[str, Any]:
    rows = await world.fetch(
        "SELECT * FROM clock WHERE complaint = $1 AND kind = $2 ORDER BY cycle DESC LIMIT 1", complaint, kind
    )
    return dict(rows[0])


async def _body(world: World) -> str:
    return str(await world.fetchval("SELECT min(id) FROM outside_body"))


async def test_the_acknowledgement_leaves_the_response_clock_alone(site: Visitor, world: World) -> None:
    complaint = (await file(email="warga@contoh.example")).complaint_id
    assert await world.fetchval("SELECT count(*) FROM message WHERE kind = 'acknowledgement'") == 1
    assert (await _clock(world, complaint))["met_at"] is None


@pytest.mark.parametrize(
    ("act", "fields"),
    [
        ("catatan", {"text": "Sudah dilihat."}),
        ("pertanyaan", {"text": "Di depan rumah nomor berapa?"}),
        ("jeda", {"text": "Di depan rumah nomor berapa?"}),
        ("publikasi", {"text": "Jalan berlubang."}),
        ("penolakan", {"text": "Sudah diputus.", "reason_code": "court"}),
        ("pelimpahan", {"text": "Jalan nasional.", "outside_body": "?"}),
        ("alih-tangan", {"reason": "Urusan sampah.", "to_agency": "?"}),
    ],
)
async def test_what_is_no_answer_leaves_the_response_clock_alone(
    site: Visitor, simulated: World, act: str, fields: dict[str, str]
) -> None:
    complaint = (await file()).complaint_id
    before = await _clock(simulated, complaint)
    await site.as_role("liaison", DPU)
    known = {"outside_body": await _body(simulated), "to_agency": str(await cases.agency("smg-dlh"))}
    sent = await submit(
        site, complaint, act, **{name: known.get(name, text) for name, text in fields.items()}
    )
    assert sent.status_code == 303, sent.text
    assert await _clock(simulated, complaint) == before
    await simulated.advance(49)
    await desk.sweep()
    await site.as_role("head_of_region", "smg-walikota")
    assert f'href="/pimpinan/aduan/{complaint}"' in (await site.get(LIST)).text


async def test_a_disposition_and_a_taken_transfer_leave_the_response_clock_alone(
    site: Visitor, simulated: World
) -> None:
    complaint = (await file()).complaint_id
    before = await _clock(simulated, complaint)
    await site.as_role("liaison", DPU)
    target = str(await cases.agency("smg-dlh"))
    assert (
        await submit(site, complaint, "alih-tangan", to_agency=target, reason="Sampah.")
    ).status_code == 303
    await site.as_role("liaison", "smg-dlh")
    assert (await submit(site, complaint, "alih-tangan/terima")).status_code == 303
    await site.as_role("coordinator", "smg-diskominfo")
    back = str(await cases.agency(DPU))
    assert (await submit(site, complaint, "disposisi", agency=back, reason="Jalan.")).status_code == 303
    assert await _clock(simulated, complaint) == before


async def test_an_answer_of_an_agency_that_is_not_responsible_any_more_counts_for_nothing(
    site: Visitor, simulated: World
) -> None:
    complaint = (await file()).complaint_id
    giving = await cases.officer(simulated, "liaison")
    await desk.offer_transfer(giving, complaint, to_agency=await cases.agency("smg-dlh"), reason="Sampah.")
    await desk.take_transfer(await cases.officer(simulated, "staff", "smg-dlh"), complaint)
    await site.as_role("liaison", DPU)
    sent = await site.send_form(where(complaint, "jawaban"), {"text": "Sudah."}, page="/meja")
    assert sent.status_code == 404
    assert (await _clock(simulated, complaint))["met_at"] is None


async def test_an_interim_answer_without_a_date_is_refused_and_with_one_starts_a_promise(
    site: Visitor, simulated: World
) -> None:
    complaint = (await file()).complaint_id
    await site.as_role("liaison", DPU)
    sent = await submit(site, complaint, "jawaban-sementara", text="Kami upayakan.")
    assert sent.status_code == 422
    assert (await _clock(simulated, complaint))["met_at"] is None
    day = ((await simulated.now()) + timedelta(days=3)).date().isoformat()
    sent = await submit(site, complaint, "jawaban-sementara", text="Kami jadwalkan.", promised_for=day)
    assert sent.status_code == 303
    assert (await _clock(simulated, complaint))["met_at"] is not None
    promise = await _clock(simulated, complaint, "promise")
    assert promise["met_at"] is None
    await simulated.advance(24 * 5)
    await desk.sweep()
    await site.as_role("head_of_region", "smg-walikota")
    assert "Jawaban yang dijanjikan" in (await site.get(LIST)).text


async def test_a_late_answer_stays_on_the_list_until_a_leader_has_seen_it(
    site: Visitor, simulated: World
) -> None:
    complaint = (await file()).complaint_id
    await simulated.advance(49)
    await site.as_role("liaison", DPU)
    assert (await submit(site, complaint, "jawaban", text="Maaf, baru sekarang.")).status_code == 303
    await desk.sweep()
    fired = await simulated.fetch("SELECT answered_late FROM escalation WHERE step = 'escalate'")
    assert [row["answered_late"] for row in fired] == [True]
    await site.as_role("head_of_region", "smg-walikota")
    assert "Dijawab terlambat" in (await site.get(LIST)).text
    await site.send_form(f"/pimpinan/aduan/{complaint}/dilihat", page=LIST)
    assert f'href="/pimpinan/aduan/{complaint}"' not in (await site.get(LIST)).text
    clock = await _clock(simulated, complaint)
    assert clock["met_at"] > clock["due_at"]


@pytest.mark.parametrize(
    ("act", "fields"),
    [
        ("penyelesaian", {"text": "Sudah ditambal."}),
        ("penolakan", {"text": "Sudah diputus.", "reason_code": "court"}),
        ("pelimpahan", {"text": "Jalan nasional.", "outside_body": "?"}),
    ],
)
async def test_what_ends_a_complaint_needs_a_second_person(
    site: Visitor, simulated: World, act: str, fields: dict[str, str]
) -> None:
    complaint = (await file()).complaint_id
    await desk.answer(await cases.officer(simulated, "staff"), complaint, text="Kami kerjakan.")
    before = await _clock(simulated, complaint, "completion")
    await site.as_role("agency_head", DPU)
    claiming = site.person or 0
    known = {"outside_body": await _body(simulated)}
    sent = await submit(
        site, complaint, act, **{name: known.get(name, text) for name, text in fields.items()}
    )
    assert sent.status_code == 303, sent.text
    assert await _clock(simulated, complaint, "completion") == before
    assert (await submit(site, complaint, "persetujuan")).status_code == 422
    assert await _clock(simulated, complaint, "completion") == before
    await site.as_role("checker", DPU)
    assert site.person != claiming
    assert (await submit(site, complaint, "persetujuan")).status_code == 303
    assert (await _clock(simulated, complaint, "completion"))["met_at"] is not None


async def test_where_one_person_works_alone_the_office_above_is_the_second_person(
    site: Visitor, simulated: World
) -> None:
    village = (
        await simulated.fetch(
            "SELECT a.code, p.code AS parent FROM agency a JOIN agency p ON p.id = a.parent"
            " WHERE a.kind = 'kelurahan' ORDER BY a.code LIMIT 1"
        )
    )[0]
    complaint = (await file()).complaint_id
    await site.as_role("coordinator", "smg-diskominfo")
    target = str(await cases.agency(village["code"]))
    assert (await submit(site, complaint, "disposisi", agency=target, reason="Kelurahan.")).status_code == 303
    await site.as_role("liaison", village["code"])
    assert (await submit(site, complaint, "jawaban", text="Kami kerjakan.")).status_code == 303
    assert (await submit(site, complaint, "penyelesaian", text="Sudah.")).status_code == 303
    assert (await submit(site, complaint, "persetujuan")).status_code == 422
    await site.as_role("agency_head", village["parent"])
    assert (await submit(site, complaint, "persetujuan")).status_code == 303
    assert await simulated.fetchval("SELECT status FROM complaint WHERE id = $1", complaint) == "done"


async def test_a_pause_is_shown_with_its_old_and_new_deadline_and_ends_with_the_reply(
    site: Visitor, simulated: World
) -> None:
    filed = await file()
    complaint = filed.complaint_id
    await site.as_role("liaison", DPU)
    before = await _clock(simulated, complaint, "completion")
    assert (await submit(site, complaint, "jeda", text="Di tiang nomor berapa?")).status_code == 303
    page = (await site.get(where(complaint))).text
    assert "Menunggu pelapor, paling lama sampai" in page
    assert "tenggat penyelesaian dari" in page
    assert f'action="{where(complaint, "jeda")}"' not in page
    resident = site.another()
    own = (await resident.get(f"/laporan/{filed.ticket}/buka/{filed.secret}")).headers["location"]
    assert "Di tiang nomor berapa?" in (await resident.get(own)).text
    replied = await resident.send_form(f"{own}/balasan", {"text": "Nomor 12."}, page=own)
    assert replied.status_code == 303
    assert (await _clock(simulated, complaint, "completion"))["due_at"] == before["due_at"]
    assert "Menunggu pelapor, paling lama sampai" not in (await site.get(where(complaint))).text


async def test_the_same_words_to_many_are_flagged_on_the_desk_and_for_the_leaders(
    site: Visitor, simulated: World
) -> None:
    officer = await cases.officer(simulated, "staff")
    filed = [(await file()).complaint_id for _ in range(7)]
    await desk.answer(officer, filed[0], text="Jawaban khusus untuk Anda.")
    for complaint in filed[1:]:
        await desk.answer(officer, complaint, text="Terima kasih, sudah kami teruskan.")
    await site.as_role("liaison", DPU)
    assert "Jawaban seragam" not in (await site.get(where(filed[1]))).text
    more = (await file()).complaint_id
    await desk.answer(officer, more, text="terima kasih. SUDAH kami teruskan")
    page = (await site.get(where(filed[1]))).text
    assert "Jawaban seragam" in page
    assert "kata-kata yang sama sudah dikirim ke 6 laporan lain" in page
    assert "Jawaban seragam" not in (await site.get(where(filed[0]))).text
    await site.as_role("head_of_region", "smg-walikota")
    assert "Jawaban seragam" in (await site.get(f"/pimpinan/aduan/{more}")).text


async def test_the_time_in_each_agency_s_hands_is_shown(site: Visitor, simulated: World) -> None:
    complaint = (await file()).complaint_id
    giving = await cases.officer(simulated, "liaison")
    await simulated.advance(26)
    await desk.offer_transfer(giving, complaint, to_agency=await cases.agency("smg-dlh"), reason="Sampah.")
    await desk.take_transfer(await cases.officer(simulated, "staff", "smg-dlh"), complaint)
    await simulated.advance(3)
    await site.as_role("head_of_region", "smg-walikota")
    page = (await site.get(f"/pimpinan/aduan/{complaint}")).text
    shown = page[page.index("Waktu sampai jawaban pertama") :][:400]
    assert ": 1 hari 2 jam" in shown
    assert ": 3 jam" in shown


async def test_an_emergency_is_handed_over_from_the_desk(site: Visitor, simulated: World) -> None:
    code = await simulated.fetchval("SELECT code FROM category WHERE emergency AND NOT protected LIMIT 1")
    complaint = (await file(category=code, text="Kebakaran di pasar.")).complaint_id
    owner = await cases.owner_of(simulated, complaint)
    await site.as_role("liaison", owner)
    assert "Serahkan ke petugas piket" in (await site.get(where(complaint))).text
    empty = await submit(site, complaint, "penyerahan-piket", text="Berangkat.")
    assert empty.status_code == 422
    assert 'id="f-to-wrong"' in empty.text
    sent = await submit(site, complaint, "penyerahan-piket", to="Regu 1, Pak Contoh", text="Berangkat.")
    assert sent.status_code == 303
    assert (await _clock(simulated, complaint, "emergency"))["met_at"] is not None
    assert (await _clock(simulated, complaint))["met_at"] is None
    assert "Regu 1, Pak Contoh" in (await site.get(where(complaint))).text


async def test_the_answer_of_a_body_outside_reaches_the_reporter(site: Visitor, simulated: World) -> None:
    filed = await file()
    complaint = filed.complaint_id
    await desk.request_referral(
        await cases.officer(simulated, "staff"),
        complaint,
        outside_body=int(await _body(simulated)),
        text="Jalan nasional.",
    )
    await desk.confirm(await cases.officer(simulated, "checker"), complaint)
    await site.as_role("liaison", DPU)
    sent = await submit(site, complaint, "jawaban-instansi-luar", text="Balai jalan menambalnya Jumat.")
    assert sent.status_code == 303
    assert (await _clock(simulated, complaint, "referral"))["met_at"] is not None
    resident = site.another()
    own = (await resident.get(f"/laporan/{filed.ticket}/buka/{filed.secret}")).headers["location"]
    assert "Balai jalan menambalnya Jumat." in (await resident.get(own)).text


# What may be taken away again: public copies, log-ins, links that have run out.
DELETABLE = {"publication", "session", "login_attempt", "list_link"}
# What belongs to a log-in: an authenticator that is taken off, codes that were used, links that were sent.
DELETABLE |= {"second_factor", "recovery_code", "password_reset", "login_event"}
# Sums that are counted anew from the record, and changes that nobody has confirmed.
DELETABLE |= {"figure_fact", "figure_cell", "figure_gap", "register_proposal"}
# A conversation that led to nothing, files that came with it, and that somebody wanted no more messages until MULAI.
DELETABLE |= {"dialogue", "channel_media", "channel_stop"}
# Under which ids somebody was known of whom nothing was heard for long.
DELETABLE |= {"sender_pair"}
# How fast a way is used.
DELETABLE |= {"outlet"}
# Rows of registers on which nothing hangs: a trigger refuses the others, and the history keeps what they were.
REGISTERS = {
    *(
        "agency",
        "office",
        "appointment",
        "category",
        "category_question",
        "routing_rule",
        "policy",
        "policy_rung",
    ),
    *(
        "calendar_year",
        "calendar_day",
        "office_hours",
        "emergency_number",
        "outside_body",
        "answer_template",
        "region",
    ),
}


async def test_nothing_of_the_record_can_be_deleted_by_anybody_at_run_time(world: World) -> None:
    rows = await world.fetch(
        "SELECT DISTINCT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " CROSS JOIN pg_roles r"
        " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND r.rolname LIKE 'lapor\\_%'"
        " AND r.rolname <> 'lapor_owner' AND NOT r.rolsuper"
        " AND (has_table_privilege(r.oid, c.oid, 'DELETE') OR has_table_privilege(r.oid, c.oid, 'TRUNCATE'))"
    )
    assert {row["relname"] for row in rows} - DELETABLE - REGISTERS == set()


@pytest.mark.parametrize(
    "table", ["complaint", "content", "event", "clock", "escalation", "statement", "approval", "transfer"]
)
async def test_what_was_recorded_cannot_be_rewritten_by_anybody_at_run_time(world: World, table: str) -> None:
    rows = await world.fetch(
        "SELECT a.attname FROM pg_attribute a CROSS JOIN pg_roles r WHERE a.attrelid = $1::regclass"
        " AND a.attnum > 0 AND NOT a.attisdropped AND r.rolname LIKE 'lapor\\_%' AND r.rolname <> 'lapor_owner'"
        " AND NOT r.rolsuper AND has_column_privilege(r.oid, a.attrelid, a.attnum, 'UPDATE')",
        table,
    )
    told = {
        "ticket",
        "filed_at",
        "text",
        "salt",
        "hash",
        "facts",
        "started_at",
        "kind",
        "made_at",
        "fired_at",
    }
    assert not {row["attname"] for row in rows} & (
        told | {"reporter_key", "asked_at", "requested_at", "complaint"}
    )
