"""What somebody might try to see, silence or delay, tried against the verbs and the registers."""

from __future__ import annotations

import time

import asyncpg
import pytest

from lapor import database
from lapor.complaints import desk
from lapor.complaints.desk import NotFound, Refused
from lapor.complaints.masking import mask
from tests.complaints.conftest import Scene, reporter, sees


async def test_who_sees_only_the_clocks_cannot_route_a_complaint_to_himself(scene: Scene) -> None:
    filed = await scene.file("Petugas meminta uang", category=None, reported_agency="smg-dpu")
    with pytest.raises(NotFound):
        await desk.route(
            scene.coordinator,
            filed.complaint_id,
            agency=await scene.agency("smg-diskominfo"),
            reason="Saya saja",
        )
    with pytest.raises(NotFound):
        await desk.note(scene.coordinator, filed.complaint_id, text="Saya saja")


async def test_a_complaint_about_an_unnamed_official_reaches_no_leader(scene: Scene) -> None:
    filed = await scene.file("Pejabat itu menerima uang", category=None, about_official=True)
    await scene.world.advance(200)
    await desk.sweep()
    told = await scene.world.fetch(
        "SELECT DISTINCT o.role FROM message m JOIN office o ON o.id = m.office WHERE m.complaint = $1",
        filed.complaint_id,
    )
    assert {row["role"] for row in told} <= {"inspector", "liaison", "agency_head", "checker", "staff"}
    assert "rung_escalate" in await scene.kinds(filed)


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO office (code, agency, title, role, named_desk, active)"
        " SELECT 'x', id, 'x', 'staff', true, true FROM agency WHERE code = 'smg-dpu'",
        "INSERT INTO appointment (office, person, kind, starts_at)"
        " SELECT o.id, app_user(), 'definitive', now() FROM office o WHERE o.code = 'smg-dpu.pemeriksa'",
    ],
)
async def test_an_agency_admin_gives_himself_nothing(scene: Scene, sql: str) -> None:
    admin = await scene.officer("agency_admin")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await sees(admin.person, sql)


async def test_not_even_an_administrator_appoints_himself(scene: Scene) -> None:
    admin = await scene.officer("administrator", "smg-diskominfo")
    sql = (
        "INSERT INTO appointment (office, person, kind, starts_at) SELECT o.id, $1, 'definitive', now() FROM office o"
        " WHERE o.role = 'inspector' LIMIT 1"
    )
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await sees(admin.person, sql, admin.person)
    await sees(admin.person, sql, await scene.world.person())


async def test_a_later_go_live_date_does_not_silence_a_running_clock(scene: Scene) -> None:
    await scene.file()
    await scene.world.execute("UPDATE region SET live_from = now() + interval '9 years' WHERE code = '33.74'")
    await scene.world.advance(49)
    await desk.sweep()
    assert await scene.world.fetchval("SELECT count(*) FROM message WHERE kind = 'rung_escalate'") == 2


async def test_a_bad_register_row_stops_no_filing(scene: Scene) -> None:
    await scene.world.execute("UPDATE region SET timezone = 'Mars/X' WHERE code = '33'")
    await scene.world.execute(
        "INSERT INTO policy (code, clock, amount, unit, valid_from, source) VALUES"
        " ('broken', 'response', 1, 'hours', '2030-01-01', 'x')"
    )
    await scene.world.execute(
        "INSERT INTO policy_rung (policy, number, step, base, offset_minutes, audience, repeat_minutes)"
        " SELECT id, n, 'notify', 'due', 0, '{}', 60 FROM policy, generate_series(0, 1) n WHERE code = 'broken'"
    )
    assert (await scene.file()).ticket


async def test_a_rung_cannot_be_moved_into_a_policy_that_is_in_use(scene: Scene) -> None:
    await scene.file()
    await scene.world.execute(
        "INSERT INTO policy (code, clock, amount, unit, valid_from, source)"
        " VALUES ('spare', 'response', 1, 'hours', '2030-01-01', 'x')"
    )
    await scene.world.execute(
        "INSERT INTO policy_rung (policy, number, step, base, offset_minutes, audience)"
        " SELECT id, 9, 'notify', 'due', 0, '{}' FROM policy WHERE code = 'spare'"
    )
    with pytest.raises(asyncpg.CheckViolationError):
        await scene.world.execute(
            "UPDATE policy_rung SET policy = (SELECT id FROM policy WHERE code = 'response') WHERE number = 9"
        )


async def test_routing_ends_a_claim_of_the_former_agency(scene: Scene) -> None:
    filed = await scene.file()
    await desk.request_rejection(scene.staff, filed.complaint_id, reason_code="unclear", text="Tidak jelas")
    await desk.route(
        scene.coordinator, filed.complaint_id, agency=await scene.agency("smg-dlh"), reason="Ini sampah"
    )
    other = await scene.officer("staff", "smg-dlh")
    await desk.answer(other, filed.complaint_id, text="Kami angkut")
    await desk.claim_completion(other, filed.complaint_id, text="Sudah diangkut")


async def test_completion_is_not_claimed_over_an_open_question_of_the_reporter(scene: Scene) -> None:
    filed = await scene.file()
    await desk.answer(scene.staff, filed.complaint_id, text="Sudah dicatat")
    await desk.dispute(reporter(filed), filed.complaint_id, reason="Itu bukan jawaban")
    with pytest.raises(Refused, match="belum dijawab"):
        await desk.claim_completion(scene.staff, filed.complaint_id, text="Selesai")
    await desk.answer(scene.staff, filed.complaint_id, text="Besok ditambal")
    await desk.claim_completion(scene.staff, filed.complaint_id, text="Selesai")
    await desk.confirm(scene.checker, filed.complaint_id)
    await desk.accept(reporter(filed), filed.complaint_id)
    open_clocks = "SELECT count(*) FROM clock WHERE complaint = $1 AND met_at IS NULL"
    assert await scene.world.fetchval(open_clocks, filed.complaint_id) == 0


async def test_a_protected_complaint_goes_only_where_somebody_may_read_it(scene: Scene) -> None:
    filed = await scene.file("Anak itu dipukul", category="kekerasan")
    named = await scene.officer("liaison", "smg-dp3a")
    with pytest.raises(Refused, match="petugas khusus"):
        await desk.offer_transfer(
            named, filed.complaint_id, to_agency=await scene.agency("smg-dpu"), reason="Silakan"
        )


async def test_events_say_nothing_of_what_a_complaint_is_about(scene: Scene) -> None:
    filed = await scene.file("Anak itu dipukul", category="kekerasan")
    facts = await scene.world.fetch("SELECT facts FROM event WHERE complaint = $1", filed.complaint_id)
    assert not [row["facts"] for row in facts if "kekerasan" in row["facts"]]


async def test_nobody_marks_the_lateness_of_their_own_office_as_seen(scene: Scene) -> None:
    filed = await scene.file("Mohon bantuan", category=None, reported_agency="smg-inspektorat")
    sekda = await scene.officer("sekda", "smg-setda")
    await scene.world.advance(49)
    await desk.answer(sekda, filed.complaint_id, text="Terlambat")
    await desk.sweep()
    with pytest.raises(Refused):
        await desk.see_escalation(sekda, filed.complaint_id)
    await desk.see_escalation(await scene.officer("head_of_region", "smg-walikota"), filed.complaint_id)


async def test_only_an_administrator_opens_a_protected_category(scene: Scene) -> None:
    sql = "UPDATE category SET protected = false WHERE code = 'kekerasan' RETURNING id"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await sees(scene.coordinator.person, sql)
    assert await sees((await scene.officer("administrator", "smg-diskominfo")).person, sql)


def test_masking_a_long_word_takes_no_longer_than_reading_it() -> None:
    began = time.perf_counter()
    assert mask("a" * 10_000) == "a" * 10_000
    assert time.perf_counter() - began < 0.5


async def test_a_reporter_is_found_by_no_other_table(scene: Scene) -> None:
    await scene.file(name="Sri Rahayu")
    async with database.transaction("worker"):
        rows = await database.fetch("SELECT name FROM identity")
    assert b"Sri" not in rows[0]["name"]
