import asyncio
import json
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from lapor import database
from lapor.complaints import desk, escalating, ledger
from tests.complaints.conftest import Scene, reporter
from tests.ground import World


async def _some_history(scene: Scene, path: Path) -> ledger.Verified:
    for _ in range(3):
        filed = await scene.file()
        await desk.answer(scene.staff, filed.complaint_id, text="Jawaban “dengan” tanda — dan é")
        await desk.dispute(reporter(filed), filed.complaint_id, reason="Bukan jawaban")
    await scene.world.advance(200)
    await desk.sweep()
    return await ledger.export(path)


async def test_an_export_verifies_in_another_process_without_a_database(scene: Scene, tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    exported = await _some_history(scene, path)
    program = (
        "import sys; from pathlib import Path; from lapor.complaints.ledger import verify;"
        "print(verify(Path(sys.argv[1]), sys.argv[2]).events)"
    )
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", program, str(path), exported.root],
        capture_output=True,
        text=True,
        check=True,
        env={},
    )
    assert int(done.stdout) == exported.events > 12


async def test_the_session_of_the_exporter_changes_no_byte(scene: Scene, tmp_path: Path) -> None:
    plain = await _some_history(scene, tmp_path / "plain.jsonl")
    async with scene.world.owner() as owner:
        name = await owner.fetchval("SELECT current_database()")
        await owner.execute(f"ALTER DATABASE {name} SET timezone = 'Asia/Jakarta'")
        await owner.execute(f"ALTER DATABASE {name} SET datestyle = 'SQL, DMY'")
    await scene.world.execute("SELECT 1")

    await database.close_pool()
    database.DB.config.pop("server_settings")
    await database.open_pool()
    other = await ledger.export(tmp_path / "other.jsonl")
    assert other == plain
    assert (tmp_path / "other.jsonl").read_bytes() == (tmp_path / "plain.jsonl").read_bytes()
    filed = await scene.file()
    await desk.answer(scene.staff, filed.complaint_id, text="Ditulis di sesi lain")
    again = await ledger.export(tmp_path / "again.jsonl")
    assert ledger.verify(tmp_path / "again.jsonl").root == again.root


def _changed(lines: list[str]) -> list[str]:
    event = json.loads(lines[3])
    event["kind"] = "noted"
    return [*lines[:3], json.dumps(event), *lines[4:]]


def _forged(lines: list[str]) -> list[str]:
    event = json.loads(lines[-5])
    head = next(json.loads(line)["head"] for line in lines if '"head"' in line)
    event.update(complaint=head["subject"], seq=head["seq"] + 1, previous=head["hash"])
    import hashlib

    event["hash"] = hashlib.sha256(bytes.fromhex(head["hash"]) + ledger.canonical(event)).hexdigest()
    place = next(number for number, line in enumerate(lines) if f'"complaint":{head["subject"] + 1},' in line)
    return [*lines[:place], json.dumps(event), *lines[place:]]


FORGERIES = {
    "changed": _changed,
    "dropped": lambda lines: [*lines[:3], *lines[4:]],
    "dropped at the end of a chain": lambda lines: [
        line for line in lines if '"seq":7' not in line or '"head"' in line
    ],
    "swapped": lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]],
    "appended": _forged,
    "cut off": lambda lines: lines[:-1],
    "continued": lambda lines: [*lines, lines[2]],
}


@pytest.mark.parametrize("how", FORGERIES)
async def test_a_forged_export_is_refused(scene: Scene, tmp_path: Path, how: str) -> None:
    path = tmp_path / "ledger.jsonl"
    await _some_history(scene, path)
    lines = path.read_text().splitlines()
    forged = FORGERIES[how](lines)
    assert forged != lines
    path.write_text("\n".join(forged) + "\n")
    with pytest.raises(ledger.LedgerBroken):
        ledger.verify(path)


async def test_a_forger_who_rewrites_everything_is_betrayed_by_the_root_that_was_kept(
    scene: Scene, tmp_path: Path
) -> None:
    kept = await _some_history(scene, tmp_path / "ledger.jsonl")
    await scene.file()
    later = await ledger.export(tmp_path / "later.jsonl")
    assert ledger.verify(tmp_path / "later.jsonl").root == later.root
    with pytest.raises(ledger.LedgerBroken, match="root"):
        ledger.verify(tmp_path / "later.jsonl", kept.root)


async def test_several_clocks_of_one_complaint_in_one_sweep_are_chained_one_after_the_other(
    scene: Scene, tmp_path: Path
) -> None:
    filed = await scene.file()
    await desk.sweep()
    await scene.world.advance(24 * 60)
    async with scene.world.owner() as owner:
        due = await owner.fetchval(
            "SELECT count(*) FROM clock WHERE complaint = $1 AND next_at < lapor_now()", filed.complaint_id
        )
    assert due > 1
    before = await scene.kinds(filed)
    async with database.transaction("worker"):
        at = await database.now()
        clocks = await database.fetch(
            "SELECT id, complaint FROM clock WHERE complaint = $1 AND next_at < $2", filed.complaint_id, at
        )
    await escalating._fire_batch([escalating._Due(*row) for row in clocks], None)
    assert len(await scene.kinds(filed)) == len(before) + due
    exported = await ledger.export(tmp_path / "ledger.jsonl")
    assert ledger.verify(tmp_path / "ledger.jsonl").root == exported.root


@pytest.mark.parametrize("role", ["intake", "desk", "worker"])
async def test_nobody_names_the_place_of_an_event_in_the_chain(scene: Scene, role: str) -> None:
    filed = await scene.file()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction(role):  # type: ignore[arg-type]
            await database.execute(
                "INSERT INTO event (complaint, kind, actor, seq, hash, canonical, previous, occurred_at, recorded_at)"
                " VALUES ($1, 'answered', 'system', 99, '\\x01', '\\x01', '\\x01', lapor_now(), lapor_now())",
                filed.complaint_id,
            )


@pytest.mark.parametrize("role", ["public", "reporter", "intake", "gate", "reader", "desk"])
async def test_only_the_worker_appends_many_events(world: World, role: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction(role):  # type: ignore[arg-type]
            await database.execute("SELECT append_events('{1}', '{closed}', '{1}', '{}')")


@pytest.mark.parametrize("role", ["public", "reporter", "intake", "gate", "reader", "desk", "worker"])
@pytest.mark.parametrize("sql", ["UPDATE event SET kind = 'noted'", "DELETE FROM event", "TRUNCATE event"])
async def test_no_role_of_the_run_time_changes_an_event(world: World, role: str, sql: str) -> None:

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction(role):  # type: ignore[arg-type]
            await database.execute(sql)


@pytest.mark.parametrize("sql", ["UPDATE event SET kind = 'noted'", "DELETE FROM event", "TRUNCATE event"])
async def test_not_even_the_owner_changes_an_event_by_accident(scene: Scene, sql: str) -> None:
    await scene.file()
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
        await scene.world.execute(sql)


async def test_a_deadline_is_written_once(scene: Scene) -> None:
    await scene.file()
    with pytest.raises(asyncpg.CheckViolationError):
        await scene.world.execute("UPDATE clock SET due_at = due_at + interval '1 day'")


async def test_a_text_is_proved_by_its_salt_and_can_be_erased(scene: Scene) -> None:
    from lapor import crypto

    filed = await scene.file("Jalan rusak")
    row = (await scene.world.fetch("SELECT text, salt FROM content"))[0]
    event = (
        await scene.world.fetch(
            "SELECT digest FROM event WHERE complaint = $1 AND seq = 1", filed.complaint_id
        )
    )[0]
    assert crypto.digest(row["salt"], row["text"]) == event["digest"]
