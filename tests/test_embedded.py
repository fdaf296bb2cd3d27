"""The embedded servers, started for real: owned by one, found again after a crash, gone after a stop."""

import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import asyncpg
import pytest
import redis.asyncio

from lapor import processes
from lapor.embedded import EmbeddedError, Servers, remove_home, throwaway_home
from lapor.embedded_postgres import NAMES as POSTGRES
from lapor.embedded_redis import NAMES as REDIS

PROJECT = Path(__file__).resolve().parent.parent
DEBIAN_POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture(scope="module")
def home():
    """One home for the tests that do not mind what the others left in its cluster."""
    place = throwaway_home()
    yield place
    remove_home(place)


@pytest.fixture
def empty_home():
    place = throwaway_home()
    yield place
    remove_home(place)


def supervise(home: Path, then: str = "time.sleep(600)") -> tuple[subprocess.Popen, str]:
    """Another process that starts the servers of a home, and the line that it prints when they are ready."""
    script = f"""
        import subprocess, sys, time
        from pathlib import Path
        from lapor.embedded import Servers
        with Servers.start(Path({str(home)!r})) as servers:
            child = subprocess.Popen(["sleep", "600"], stdout=subprocess.DEVNULL)
            servers.remember(child.pid)
            print(servers.owner, servers.postgres_pid, servers.redis_pid, child.pid, flush=True)
            {then}
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline()


def end(process: subprocess.Popen, number: signal.Signals) -> None:
    process.send_signal(number)
    process.communicate(timeout=60)


def modes_above(home: Path) -> dict[Path, int]:
    return {path: stat.S_IMODE(path.stat().st_mode) for path in home.parents}


def left_running(servers: Servers) -> list[int]:
    run, data = servers.redis.run, servers.postgres.data
    return processes.all_serving(run, REDIS) + processes.all_serving(data, POSTGRES)


async def run(servers: Servers, statement: str) -> object:
    connection = await asyncpg.connect(servers.admin_url())
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def keep_a_row(servers: Servers) -> None:
    await run(servers, "DROP TABLE IF EXISTS kept")
    await run(servers, "CREATE TABLE kept AS SELECT 7 AS number")


async def ping(servers: Servers) -> bool:
    client = redis.asyncio.from_url(servers.redis_url)
    try:
        return await client.ping()
    finally:
        await client.aclose()


async def test_both_servers_answer_on_private_sockets_and_on_no_network(home):
    before = modes_above(home)
    with Servers.start(home) as servers:
        assert servers.owner
        assert await run(servers, "SHOW listen_addresses") == ""
        assert await run(servers, "SHOW data_checksums") == "on"
        assert await run(servers, "SHOW fsync") == "on"
        assert await run(servers, "SHOW server_encoding") == "UTF8"
        assert await run(servers, "SHOW server_version_num") >= "180000"
        assert await ping(servers)
        client = redis.asyncio.from_url(servers.redis_url)
        assert await client.config_get("port") in ({b"port": b"0"}, {"port": "0"})
        await client.aclose()
        assert stat.S_IMODE(servers.redis.run.stat().st_mode) == 0o700
        assert stat.S_IMODE((home / "servers.env").stat().st_mode) == 0o600
        pids = [servers.postgres_pid, servers.redis_pid]
        if os.geteuid() == 0:
            assert all(os.stat(f"/proc/{pid}").st_uid != 0 for pid in pids)
    assert not any(processes.alive(pid) for pid in pids)
    assert left_running(servers) == []
    assert modes_above(home) == before


async def test_a_wrong_password_is_refused(home):
    with Servers.start(home) as servers, pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(servers.url("postgres", "wrong", "postgres"))


async def test_a_second_process_attaches_and_leaves_the_servers_running(home):
    process, ready = supervise(home)
    owner, postgres_pid, redis_pid, _ = ready.split()
    assert owner == "True"
    with Servers.start(home) as attached:
        assert not attached.owner
        assert (attached.postgres_pid, attached.redis_pid) == (int(postgres_pid), int(redis_pid))
        assert await run(attached, "SELECT 1") == 1
        assert await ping(attached)
        with pytest.raises(EmbeddedError, match="only the process that started"):
            attached.restart_redis()
        with pytest.raises(EmbeddedError, match="stop it first"):
            Servers.start(home, fresh=True)
    assert processes.alive(int(postgres_pid))
    end(process, signal.SIGINT)
    assert left_running(attached) == []


async def test_after_a_kill_the_next_start_takes_over_and_its_stop_leaves_no_process(home):
    before = modes_above(home)
    process, ready = supervise(home)
    with Servers.start(home) as attached:
        await keep_a_row(attached)
    end(process, signal.SIGKILL)
    orphans = [int(pid) for pid in ready.split()[1:]]
    assert all(processes.alive(pid) for pid in orphans)
    with Servers.start(home) as servers:
        assert servers.owner
        assert not any(processes.alive(pid) for pid in orphans)
        assert await run(servers, "SELECT number FROM kept") == 7
        assert await ping(servers)
    assert left_running(servers) == []
    assert modes_above(home) == before


async def test_ctrl_c_stops_everything(home):
    process, ready = supervise(home)
    end(process, signal.SIGINT)
    assert not any(processes.alive(int(pid)) for pid in ready.split()[1:3])
    os.kill(int(ready.split()[3]), signal.SIGKILL)


def test_an_id_file_that_names_a_stranger_neither_stops_the_start_nor_harms_the_stranger(home):
    with Servers.start(home) as servers:
        data, user = servers.postgres.data, servers.postgres.user
    with subprocess.Popen(["sleep", "600"], cwd=data, **user.options()) as stranger:
        for path in (data / "postmaster.pid", servers.redis.run / "redis.pid"):
            path.write_text(f"{stranger.pid}\n{data}\n")
            user.owns(path)
        with Servers.start(home) as servers:
            assert servers.postgres_pid != stranger.pid
            assert servers.redis_pid != stranger.pid
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.parametrize("mode", ["fast", "immediate", "kill"])
async def test_committed_rows_survive_a_restart_of_postgresql(home, mode):
    with Servers.start(home) as servers:
        await keep_a_row(servers)
        pid = servers.postgres_pid
        servers.restart_postgres(mode)
        assert servers.postgres_pid != pid
        assert await run(servers, "SELECT number FROM kept") == 7


async def test_redis_keeps_its_address_and_nothing_else(home):
    with Servers.start(home) as servers:
        client = redis.asyncio.from_url(servers.redis_url)
        await client.set("key", "value")
        await client.aclose()
        servers.restart_redis()
        client = redis.asyncio.from_url(servers.redis_url)
        assert await client.get("key") is None
        await client.aclose()


async def test_a_server_that_ended_by_itself_is_started_again(home):
    with Servers.start(home) as servers:
        assert servers.heal() == []
        os.kill(servers.redis_pid, signal.SIGKILL)
        os.kill(servers.postgres_pid, signal.SIGKILL)
        assert processes.wait_until(
            lambda: not servers.redis.running() and not servers.postgres.running(), 10
        )
        assert servers.heal() == ["redis", "postgres"]
        assert await run(servers, "SELECT 1") == 1
        assert await ping(servers)


async def test_fresh_starts_over(home):
    with Servers.start(home) as servers:
        await keep_a_row(servers)
    (home / "postgres18.unfinished-left").mkdir()
    with Servers.start(home, fresh=True) as servers:
        assert await run(servers, "SELECT to_regclass('kept')") is None
    assert [path.name for path in home.iterdir() if "unfinished" in path.name] == []


async def test_a_home_with_a_long_path_has_its_sockets_elsewhere(empty_home):
    with Servers.start(empty_home / ("long" * 25)) as servers:
        assert await run(servers, "SELECT 1") == 1
        assert await ping(servers)
        assert stat.S_IMODE(servers.redis.run.stat().st_mode) == 0o700
    remove_home(servers.home)
    assert not servers.redis.run.exists()


async def test_what_residents_write_does_not_reach_the_servers_log(home):
    with Servers.start(home) as servers:
        await run(servers, "CREATE TABLE one (name text PRIMARY KEY)")
        with pytest.raises(asyncpg.UniqueViolationError):
            await run(servers, "INSERT INTO one VALUES ('Bu Tini Samirono'), ('Bu Tini Samirono')")
    assert "Samirono" not in servers.postgres.log.read_text()


@pytest.mark.parametrize("programs", [DEBIAN_POSTGRES_15] if DEBIAN_POSTGRES_15.exists() else [None])
async def test_every_version_found_runs_with_data_of_its_own(empty_home, programs):
    with Servers.start(empty_home, postgres_bin=programs) as servers:
        version = str(await run(servers, "SHOW server_version")).partition(".")[0]
        assert version == ("18" if programs is None else "15")
        assert servers.postgres.data.name == f"postgres{version}"


def test_servers_of_a_left_throwaway_home_are_cleared_away():
    left = throwaway_home()
    process, ready = supervise(left)
    end(process, signal.SIGKILL)
    long_ago = time.time() - 3600
    os.utime(left, (long_ago, long_ago))
    remove_home(throwaway_home())
    assert not left.exists()
    assert not any(processes.alive(int(pid)) for pid in ready.split()[1:])


def test_a_folder_that_others_may_enter_is_not_used_for_sockets(empty_home):
    (empty_home / "run").mkdir(mode=0o755)
    with pytest.raises(EmbeddedError, match="not a private folder"):
        Servers.start(empty_home)


def test_a_folder_without_programs_is_named(empty_home):
    with pytest.raises(EmbeddedError, match="no PostgreSQL programs"):
        Servers.start(empty_home, postgres_bin=empty_home)
