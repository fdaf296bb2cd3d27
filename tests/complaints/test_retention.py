"""What is kept only for a time is erased after it, provably; open complaints keep everything, and texts stay."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from lapor import database
from lapor.complaints import desk, ledger
from lapor.complaints.desk import Filed
from lapor.complaints.retention import Terms, count_due, erase_due
from tests.complaints.conftest import LEAD, Scene, reporter

TERMS = Terms(730, 90, 180)
GIVEN: dict[str, Any] = {
    "name": "Sri Rahayu Contoh",
    "phone": "081200000411",
    "email": "sri.contoh@contoh.example",
    "first_way": "sms",
}
DAYS = 24
KEPT = (
    "name",
    "phone",
    "email",
    "address",
    "external",
    "phone_lookup",
    "email_lookup",
    "external_lookup",
    "secret",
    "first_way",
)


async def _closed(scene: Scene, **more: Any) -> Filed:
    filed = await scene.file(**{**GIVEN, **more})
    await desk.answer(scene.staff, filed.complaint_id, text="Sudah kami tambal.")
    await desk.claim_completion(scene.staff, filed.complaint_id, text="Selesai.")
    await desk.confirm(scene.checker, filed.complaint_id)
    await desk.accept(reporter(filed), filed.complaint_id)
    return filed


async def _rejected(scene: Scene) -> Filed:
    filed = await scene.file(**GIVEN)
    await desk.request_rejection(
        scene.staff, filed.complaint_id, reason_code="court", text="Sudah diputus pengadilan."
    )
    await desk.confirm(scene.checker, filed.complaint_id)
    return filed


async def _referred(scene: Scene, *, answered: bool) -> Filed:
    filed = await scene.file(**GIVEN)
    body = await scene.world.fetchval("SELECT id FROM outside_body ORDER BY id LIMIT 1")
    await desk.request_referral(
        scene.staff, filed.complaint_id, outside_body=body, text="Kami limpahkan kepada yang berwenang."
    )
    await desk.confirm(scene.checker, filed.complaint_id)
    if answered:
        await desk.record_outside_answer(scene.staff, filed.complaint_id, text="Sudah ditangani di sana.")
    return filed


async def _identity(scene: Scene, filed: Filed) -> dict[str, Any]:
    row = (await scene.world.fetch("SELECT * FROM identity WHERE complaint = $1", filed.complaint_id))[0]
    return {name: row[name] for name in KEPT}


async def _delivery(scene: Scene, complaint: int | None, state: str = "read") -> int:
    found: int = await scene.world.fetchval(
        "INSERT INTO inbound (channel, account, external_id, payload, received_at, state, attempts, next_attempt_at,"
        " complaint) VALUES ('partner', 'mitra', gen_random_uuid()::text, 'rahasia', lapor_now(), $2, 1, lapor_now(), $1)"
        " RETURNING id",
        complaint,
        state,
    )
    return found


async def _erase(scene: Scene) -> tuple[int, int, int]:
    done = await erase_due(TERMS)
    return done.identities, done.deliveries, done.references


async def test_who_filed_is_forgotten_after_its_time_and_the_chain_proves_it(
    scene: Scene, tmp_path: Path
) -> None:
    filed = await _closed(scene)
    before = await _identity(scene, filed)
    await scene.world.advance(729 * DAYS)
    assert (await erase_due(TERMS)).identities == 0
    await scene.world.advance(2 * DAYS)
    assert (await count_due(TERMS)).identities == 1
    assert (await _erase(scene))[0] == 1
    assert set((await _identity(scene, filed)).values()) == {None}
    event = (
        await scene.world.fetch(
            "SELECT kind, actor, facts, digest FROM event WHERE complaint = $1 ORDER BY seq DESC LIMIT 1",
            filed.complaint_id,
        )
    )[0]
    assert (event["kind"], event["actor"]) == ("erased", "system")
    facts = json.loads(event["facts"])
    assert facts["identity"] == ["name", "phone", "email", "secret"]
    assert event["facts"] == json.dumps(facts, sort_keys=True, separators=(",", ":"))
    # Whoever still holds the ciphertext, in a backup, can show that it is what was erased.
    parts = [before[name] for name in ("name", "phone", "email", "address", "external", "secret")]
    fields = (b"\xff" * 4 if part is None else len(part).to_bytes(4, "big") + part for part in parts)
    assert event["digest"] == hashlib.sha256(b"".join(fields)).digest()
    words = await scene.world.fetchval("SELECT text FROM content WHERE complaint = $1", filed.complaint_id)
    assert words == "Jalan berlubang di depan pasar"
    await ledger.export(tmp_path / "ledger.jsonl")
    assert ledger.verify(tmp_path / "ledger.jsonl").events > 0
    assert await _erase(scene) == (0, 0, 0)


async def test_every_end_counts_and_nothing_that_is_still_open(scene: Scene) -> None:
    ended = {
        "closed": await _closed(scene),
        "rejected": await _rejected(scene),
        "referred and answered": await _referred(scene, answered=True),
    }
    open_ones = {
        "waiting for an answer": await scene.file(**GIVEN),
        "referred and unanswered": await _referred(scene, answered=False),
    }
    reopened = await _closed(scene)
    await desk.reopen(reporter(reopened), reopened.complaint_id, reason="Berlubang lagi.")
    open_ones["reopened"] = reopened
    deliveries = [await _delivery(scene, one.complaint_id) for one in open_ones.values()]
    await scene.world.advance(4000 * DAYS)
    while (await erase_due(TERMS, batch=1)).total:
        pass
    for name, one in ended.items():
        assert set((await _identity(scene, one)).values()) == {None}, name
    for name, one in open_ones.items():
        assert (await _identity(scene, one))["secret"] is not None, name
    left = await scene.world.fetchval(
        "SELECT count(*) FROM inbound WHERE id = ANY ($1) AND payload <> ''", deliveries
    )
    assert left == len(open_ones)


async def test_raw_deliveries_and_what_providers_said_go_earlier(scene: Scene) -> None:
    filed = await _closed(scene)
    mine = await _delivery(scene, filed.complaint_id)
    waiting = await _delivery(scene, None, "waiting")
    greeting = await _delivery(scene, None, "unreadable")
    await scene.world.execute(
        "UPDATE message SET state = 'sent', sent_at = lapor_now(), provider_reference = '250 ok sri@contoh.example'"
        " WHERE complaint = $1",
        filed.complaint_id,
    )
    sent = await scene.world.fetchval("SELECT count(*) FROM message WHERE provider_reference IS NOT NULL")
    assert sent
    await scene.world.advance(91 * DAYS)
    assert await _erase(scene) == (0, 2, 0)
    await scene.world.advance(91 * DAYS)
    assert await _erase(scene) == (0, 0, sent)
    rows = {row["id"]: row for row in await scene.world.fetch("SELECT * FROM inbound")}
    assert (rows[mine]["payload"], rows[mine]["external_id"]) == (b"", f"erased:{mine}")
    assert rows[greeting]["payload"] == b""
    assert rows[waiting]["payload"] != b""
    assert (
        await scene.world.fetchval("SELECT count(*) FROM message WHERE provider_reference IS NOT NULL") == 0
    )
    assert (await scene.kinds(filed)).count("erased") == 2
    assert (await _identity(scene, filed))["name"] is not None


async def test_a_term_of_nothing_keeps_for_ever(scene: Scene) -> None:
    await _closed(scene)
    await _delivery(scene, None, "unreadable")
    await scene.world.advance(9000 * DAYS)
    assert (await erase_due(Terms(0, 0, 0))).total == 0
    assert (await count_due(Terms(0, 0, 0))).total == 0


async def test_what_somebody_holds_at_this_moment_waits_for_the_next_time(scene: Scene) -> None:
    filed = await _closed(scene)
    await scene.world.advance(800 * DAYS)
    async with scene.world.owner() as holder, holder.transaction():
        await holder.execute("SELECT FROM ledger_head WHERE subject = $1 FOR UPDATE", filed.complaint_id)
        done = await asyncio.wait_for(erase_due(TERMS), 20)
        assert done.identities == 0
    assert (await erase_due(TERMS)).identities == 1


async def test_no_running_role_erases_by_other_means(scene: Scene) -> None:
    filed = await scene.file(**GIVEN)
    far = await scene.days_from_now(9000)
    async with database.transaction("worker"):
        # Asked directly with any date: an open complaint keeps everything.
        assert (
            await database.fetchval("SELECT erase_after_time($1, $2, $2, $2)", filed.complaint_id, far)
            is None
        )
    officer = (await scene.officer("staff", LEAD)).person
    for role in ("reader", "desk", "gate", "intake", "reporter", "public"):
        for act in (
            "SELECT erase_after_time(1, now(), now(), now())",
            "UPDATE identity SET name = NULL",
            "DELETE FROM identity",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with database.transaction(role, user_id=officer):  # type: ignore[arg-type]
                    await database.execute(act)
    for act in ("UPDATE identity SET name = NULL", "DELETE FROM identity"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with database.transaction("worker"):
                await database.execute(act)
