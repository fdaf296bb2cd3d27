"""The command line as an administrator uses it: in processes of its own, against real servers."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import secrets
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from lapor import cli, crypto, pack
from lapor.admin import passwords, sessions
from lapor.complaints import desk
from lapor.embedded import remove_home, throwaway_home
from lapor.migrations.m0004_row_security import ID as LAST_OF_FIRST
from lapor.routing.outlines import parse
from lapor.settings import SETTINGS
from tests.ground import EMPTY, PACK, Ground, World

POTHOLE = desk.Filing(type="complaint", text="Jalan berlubang di depan pasar.", category="jalan-rusak")
HISTORY = """\
id,created_at,responded_at,text,address,kecamatan,kelurahan,kecamatan_code,kelurahan_code,topic,agency
1,2022-01-03T01:00:00+00:00,2022-01-03T05:00:00+00:00,Lampu mati,Jalan Contoh,Genteng,,35.78.07,,Lampu,Dinas Contoh
2,2022-01-03T02:00:00+00:00,2022-01-06T02:00:00+00:00,Lampu mati lagi,Jalan Contoh,Genteng,,35.78.07,,Lampu,Dinas Contoh
3,2022-01-03T03:00:00+00:00,2022-01-05T03:00:00+00:00,Tepat 48 jam,Jalan Contoh,Genteng,,35.78.07,,Lampu,Dinas Contoh
4,2022-01-04T03:00:00+00:00,,Belum dijawab,Jalan Contoh,Genteng,,35.78.07,,Lampu,Badan Contoh
"""


@dataclass(frozen=True)
class Said:
    """What a command left: its exit code, its result, its complaints."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line about what went wrong."""
        assert self.err.startswith("lapor: ")
        assert self.err.count("\n") == 1
        return self.err


async def lapor(environ: Mapping[str, str], *words: str) -> Said:
    """Run a command as a process of its own, with no other setting than these."""
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("LAPOR_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "lapor.cli", *words),
        env={**inherited, **environ},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return Said(process.returncode or 0, out.decode(), err.decode())


def addresses(world: World) -> dict[str, str]:
    """The environment in which this test's database is the installation's."""
    return {
        "LAPOR_ENVIRONMENT": "test",
        "LAPOR_DATABASE_URL": world.url("lapor_web"),
        "LAPOR_WORKER_DATABASE_URL": world.url("lapor_work"),
        "LAPOR_OWNER_DATABASE_URL": world.url("lapor_owner"),
        "LAPOR_REDIS_URL": world.settings.redis_url,
    }


@pytest.fixture
def environ(world: World) -> dict[str, str]:
    return addresses(world)


@pytest.fixture
def home() -> Iterator[Path]:
    made = throwaway_home()
    yield made
    remove_home(made)


def told(capsys: pytest.CaptureFixture[str], words: Sequence[str]) -> Said:
    code = cli.main(words)
    out, err = capsys.readouterr()
    return Said(code, out, err)


# --- without a database ------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = told(capsys, [command, "--help"])
    assert said.code == 0
    assert cli.COMMANDS[command].split()[0] in said.out
    assert "  --help" in said.out or "-h, --help" in said.out


@pytest.mark.parametrize(
    "words",
    [["pack", "load"], ["pack", "export"], ["ledger", "verify"], ["person", "add"], ["messages", "resend"]],
)
def test_every_action_explains_itself(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    said = told(capsys, [*words, "--help"])
    assert said.code == 0
    assert f"usage: lapor {' '.join(words)}" in said.out


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    said = told(capsys, ["--help"])
    assert said.code == 0
    lines = [line.split() for line in said.out.splitlines() if line.startswith("    ") and line[4] != " "]
    assert {line[0] for line in lines} >= set(cli.COMMANDS)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["escalate"],
        ["--nonsense"],
        ["pack"],
        ["pack", "burn", "x"],
        ["sweep", "--as-of", "tomorrow"],
        ["sweep", "--as-of", "2026-11-21T09:40:00"],
        ["messages", "resend", "first"],
        ["replay", "x.csv"],
    ],
)
def test_wrong_usage_is_told_apart_from_failure(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, words).code == 2


@pytest.mark.parametrize(
    "words",
    [
        ["ledger", "verify", "/nowhere/ledger.jsonl"],
        ["replay", "/nowhere/history.csv", "--until", "2023-01-01T00:00:00Z"],
    ],
)
def test_a_missing_file_is_one_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    said = told(capsys, words)
    assert said.code == 1
    assert "/nowhere" in said.complaint
    assert "No such file" in said.complaint


def _square(code: str, west: float) -> dict[str, object]:
    east = west + 0.1
    ring = [[west, -7.0], [west + 0.0499, -7.00001], [east, -7.0], [east, -7.1], [west, -7.1], [west, -7.0]]
    return {
        "type": "Feature",
        "properties": {"kode": code},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def test_a_map_becomes_the_outlines_of_a_pack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, file = tmp_path / "pack", tmp_path / "peta.geojson"
    shutil.copytree(PACK, folder)
    features = [_square("33.74.06", 110.2), _square("33.74.05", 110.1), _square("99.99.99", 110.3)]
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    said = told(capsys, ["pack", "outlines", str(folder), str(file), "--code", "kode", "--metres", "500"])
    assert (said.code, said.out) == (0, f"2 outlines written to {folder}\n")
    rows = pack.load(folder).rows("region_outline")
    assert [row["region"] for row in rows] == ["33.74.05", "33.74.06"]
    # The point that is a metre off the straight line is gone.
    assert [len(parse(row["outline"])[0]) for row in rows] == [5, 5]


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("{", "is no GeoJSON"),
        ('{"type": "FeatureCollection", "features": []}', "no feature of"),
    ],
)
def test_what_is_no_map_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], written: str, why: str
) -> None:
    file = tmp_path / "peta.geojson"
    file.write_text(written)
    said = told(capsys, ["pack", "outlines", str(PACK), str(file)])
    assert said.code == 1
    assert why in said.err


def test_a_folder_that_is_no_pack_is_refused_before_any_server_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = told(capsys, ["pack", "load", str(tmp_path)])
    assert said.code == 1
    assert "pack.toml: is missing" in said.err


async def test_settings_are_shown_without_secrets() -> None:
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    given = {"LAPOR_ENCRYPTION_KEYS": f"1:{key}", "LAPOR_PORT": "8123"}
    said = await lapor(given, "settings")
    assert said.code == 0
    assert all(f"LAPOR_{setting.name} = " in said.out for setting in SETTINGS)
    assert "LAPOR_PORT = 8123\n" in said.out
    assert "LAPOR_ENCRYPTION_KEYS = (set)\n" in said.out
    assert key not in said.out


async def test_a_misspelt_setting_is_one_line() -> None:
    said = await lapor({"LAPOR_PROT": "8123"}, "settings")
    assert said.code == 1
    assert "LAPOR_PROT is not a setting" in said.complaint


async def test_production_never_starts_servers_of_its_own(home: Path) -> None:
    given = {"LAPOR_ENVIRONMENT": "production", "LAPOR_HOME": str(home)}
    for words in (["sweep"], ["demo"], ["demo", "--check"]):
        said = await lapor(given, *words)
        assert said.code == 1
        assert "LAPOR_DATABASE_URL is needed in production" in said.complaint
    assert os.listdir(home) == []


# --- on a database -------------------------------------------------------------------------------------------


async def test_a_server_that_does_not_answer_is_one_line(environ: dict[str, str]) -> None:
    environ["LAPOR_WORKER_DATABASE_URL"] = "postgresql://lapor_work:x@127.0.0.1:9/lapor"
    said = await lapor(environ, "sweep")
    assert said.code == 1
    assert "does not answer" in said.complaint


async def test_a_command_names_the_address_that_it_lacks(environ: dict[str, str]) -> None:
    del environ["LAPOR_OWNER_DATABASE_URL"]
    said = await lapor(environ, "migrate")
    assert said.code == 1
    assert "LAPOR_OWNER_DATABASE_URL is needed by this command" in said.complaint


async def test_sweeping_twice_escalates_once(simulated: World) -> None:
    filed = await desk.file(POTHOLE)
    await simulated.advance(49)
    first, second = [await lapor(addresses(simulated), "sweep") for _ in range(2)]
    assert (first.code, second.code) == (0, 0)
    assert not first.out.startswith("0 fired")
    assert second.out == "0 fired, 0 skipped as overtaken, 0 set aside\n"
    escalated = await simulated.fetchval(
        "SELECT count(*) FROM escalation e JOIN clock k ON k.id = e.clock"
        " WHERE k.complaint = $1 AND k.kind = 'response' AND e.step = 'escalate'",
        filed.complaint_id,
    )
    assert escalated == 1


async def test_a_time_to_come_is_swept_in_a_simulation_only(environ: dict[str, str]) -> None:
    said = await lapor(environ, "sweep", "--as-of", "2100-01-01T00:00:00Z")
    assert said.code == 1
    assert "only be swept in a simulation" in said.complaint


async def test_what_was_set_aside_is_taken_up_again(simulated: World) -> None:
    filed = await desk.file(POTHOLE)
    await simulated.execute(
        "UPDATE clock SET next_at = NULL, trouble = 'x' WHERE complaint = $1 AND kind = 'response'",
        filed.complaint_id,
    )
    await simulated.advance(49)
    said = await lapor(addresses(simulated), "sweep", "--retry")
    assert said.out.startswith("1 taken up again\n")
    assert await simulated.fetchval("SELECT count(*) FROM escalation WHERE step = 'escalate'") >= 1


async def test_the_audit_exits_with_one_when_it_finds_something(
    world: World, environ: dict[str, str]
) -> None:
    said = await lapor(environ, "audit")
    assert said.code == 1
    assert "no_heartbeat: 1 " in said.out
    as_json = await lapor(environ, "audit", "--json")
    assert as_json.code == 1
    assert "no_heartbeat" in {finding["code"] for finding in json.loads(as_json.out)}


async def test_the_audit_exits_with_zero_when_all_is_well(world: World, environ: dict[str, str]) -> None:
    await world.execute("INSERT INTO heartbeat (name, beat_at) VALUES ('sweep', lapor_now())")
    person = await world.person()
    await world.execute(
        "INSERT INTO appointment (office, person, kind, starts_at)"
        " SELECT id, $1, 'definitive', lapor_now() - interval '1 day' FROM office",
        person,
    )
    said = await lapor(environ, "audit")
    assert (said.code, said.out) == (0, "nothing found\n")


async def test_a_ledger_leaves_and_is_verified_without_a_database(
    world: World, environ: dict[str, str], tmp_path: Path
) -> None:
    await desk.file(POTHOLE)
    file = tmp_path / "ledger.jsonl"
    exported = await lapor(environ, "ledger", "export", str(file))
    assert exported.code == 0, exported.err
    root = exported.out.split()[-1]
    verified = await lapor({}, "ledger", "verify", str(file), "--root", root)
    assert verified.code == 0
    assert verified.out == exported.out.replace("exported", "verified")
    file.write_text(file.read_text().replace('"actor":"reporter"', '"actor":"officer:1"', 1))
    refused = await lapor({}, "ledger", "verify", str(file))
    assert refused.code == 1
    assert "its content is not what was recorded" in refused.complaint


async def test_a_person_is_added_once_and_gets_a_new_password(world: World, environ: dict[str, str]) -> None:
    office = await world.fetchval("SELECT code FROM office WHERE role = 'administrator' ORDER BY id LIMIT 1")
    words = ("person", "add", "sri.rahayu", "--name", "Sri Rahayu", "--email", "sri@contoh.example")
    unknown = await lapor(environ, *words, "--office", "no-such-office")
    assert "there is no office no-such-office" in unknown.complaint
    added = await lapor(environ, *words, "--office", office, "--kind", "plt")
    assert added.code == 0, added.err
    again = await lapor(environ, *words)
    assert again.code == 1
    assert "there is somebody" in again.complaint
    reset = await lapor(environ, "person", "reset-password", "sri.rahayu")
    name, password = reset.out.split()
    row = (
        await world.fetch("SELECT id, password, must_change_password FROM person WHERE username = $1", name)
    )[0]
    assert await passwords.fits(password, row["password"])
    assert row["must_change_password"]
    assert await world.fetchval("SELECT kind FROM appointment WHERE person = $1", row["id"]) == "plt"
    stranger = await lapor(environ, "person", "reset-password", "nobody")
    assert "there is nobody" in stranger.complaint


async def test_somebody_who_cannot_log_in_is_helped_from_the_server(
    world: World, environ: dict[str, str]
) -> None:
    person = await world.officer("administrator", username="pengelola")
    await sessions.open_session(person, hours=8)
    await world.execute(
        "INSERT INTO second_factor (person, secret, made_at, confirmed_at) VALUES ($1, '', now(), now())",
        person,
    )
    linked = await lapor(environ, "person", "reset-link", "pengelola")
    assert linked.code == 0, linked.err
    name, link = linked.out.split()
    assert name == "pengelola"
    assert "/masuk/sandi-baru/" in link
    token = link.rpartition("/")[2]
    kept = await world.fetch("SELECT token_hash, expires_at - made_at AS lasts FROM password_reset")
    assert kept[0]["token_hash"] == crypto.secret_hash(token)
    assert kept[0]["lasts"].total_seconds() == 3600
    ended = await lapor(environ, "person", "end-sessions", "pengelola")
    assert ended.out == "pengelola  all sessions ended\n"
    assert await world.fetchval("SELECT count(*) FROM session") == 0
    assert (await lapor(environ, "person", "remove-authenticator", "pengelola")).code == 0
    again = await lapor(environ, "person", "remove-authenticator", "pengelola")
    assert "has no authenticator" in again.complaint
    kinds = [row["kind"] for row in await world.fetch("SELECT kind FROM login_event ORDER BY id")]
    assert kinds == ["reset_asked", "all_ended", "factor_removed"]
    for action in ("reset-link", "end-sessions", "remove-authenticator"):
        assert "there is nobody" in (await lapor(environ, "person", action, "nobody")).complaint


async def test_a_dead_message_is_listed_and_sent_again(world: World, environ: dict[str, str]) -> None:
    filed = await desk.file(POTHOLE)
    await world.execute("UPDATE message SET state = 'dead', trouble = 'tidak ada jalan', attempts = 8")
    number = await world.fetchval("SELECT id FROM message WHERE complaint = $1", filed.complaint_id)
    listed = await lapor(environ, "messages", "list-dead")
    assert f"{number}  acknowledgement  {filed.ticket}  pelapor" in listed.out
    assert "tidak ada jalan" in listed.out
    assert (await lapor(environ, "messages", "resend", str(number))).code == 0
    assert await world.fetchval("SELECT state FROM message WHERE id = $1", number) == "waiting"
    assert (await lapor(environ, "messages", "resend", str(number))).code == 1


async def test_the_pack_that_was_loaded_differs_in_nothing(environ: dict[str, str], tmp_path: Path) -> None:
    same = await lapor(environ, "pack", "diff", str(PACK))
    assert (same.code, same.out) == (0, "the database is as the pack says\n")
    exported = await lapor(environ, "pack", "export", str(tmp_path / "own"))
    assert exported.code == 0, exported.err
    loaded = await lapor(environ, "pack", "load", str(tmp_path / "own"))
    assert (loaded.code, loaded.out) == (0, "the database is as the pack says\n")


async def test_migrations_go_back_and_forth(ground: Ground) -> None:
    async with ground.world(EMPTY) as world:
        environ = addresses(world)
        strange = await lapor(environ, "migrate", "--backwards", "2020-01-01T00:00:00:000000")
        assert strange.code == 1
        assert LAST_OF_FIRST in strange.complaint
        undone = await lapor(environ, "migrate", "--backwards", LAST_OF_FIRST)
        assert undone.code == 0, undone.err
        assert f"undone {LAST_OF_FIRST}\n" in undone.out
        refused = await lapor(environ, "web")
        assert refused.code == 1
        done = await lapor(environ, "migrate")
        assert done.out.endswith("up to date\n")
        assert f"applied {LAST_OF_FIRST}\n" in done.out


async def test_a_replay_starts_servers_of_its_own_and_leaves_them_clean(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "history.csv"
    file.write_text(HISTORY)
    words = ("replay", str(file), "--until", "2022-01-10T00:00:00Z", "--json", "--keep", "history")
    # A named database is not touched by a replay; this one would not even answer.
    environ = {"LAPOR_HOME": str(home), "LAPOR_DATABASE_URL": "postgresql://x:y@127.0.0.1:9/live"}
    said = await lapor(environ, *words)
    assert said.code == 0, said.err
    told = json.loads(said.out)
    assert {name: told[name] for name in ("complaints", "answered", "on_time", "escalated", "open")} == {
        "complaints": 4,
        "answered": 3,
        "on_time": 2,
        "escalated": 2,
        "open": 1,
    }
    assert told["double_escalations"] == 0
    assert set(told["agencies"]) == {"Dinas Contoh", "Badan Contoh"}
    taken = await lapor(environ, *words)
    assert taken.code == 1
    assert "choose another name" in taken.complaint
    assert not (home / "servers.json").exists()
