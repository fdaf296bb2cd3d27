"""Our mailbox on a real IMAP server: every mail once, whatever happens in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from lapor import crypto
from lapor.intake import imap, mailbox
from lapor.intake.inbound import payload_context, read_waiting
from lapor.intake.mailbox import ALARM, FAILURES_BEFORE_ALARM, collect
from tests.ground import World
from tests.images import jpeg
from tests.intake.letters_in import LAMP, OURS, mail, switch_on
from tests.intake.mail_server import PASSWORD, PROGRAM, MailServer, open_mail_server
from tests.sla.workshop import at_work, until

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="dovecot is not installed")


@pytest_asyncio.fixture(scope="module")
async def server() -> AsyncIterator[MailServer]:
    with open_mail_server() as opened:
        yield opened


@pytest.fixture
def owner(world: World) -> str:
    """A mailbox of this test's own."""
    return world.name


async def _alarms(world: World) -> list[str]:
    rows = await world.fetch("SELECT sentence FROM alarm WHERE code = $1 AND cleared_at IS NULL", ALARM)
    return [row["sentence"] for row in rows]


async def _later(world: World) -> None:
    """The next try is due."""
    await world.execute("UPDATE channel_account SET paused_until = NULL")


async def _stored(world: World) -> int:
    return int(await world.fetchval("SELECT count(*) FROM inbound"))


async def test_what_comes_after_the_mailbox_is_connected_is_stored_encrypted_and_marked_as_read(
    world: World, server: MailServer, owner: str
) -> None:
    server.deliver(owner, mail("Surel lama yang sudah diurus orang."))
    await switch_on(world, server.settings(owner), password=PASSWORD)
    assert await collect() == 0
    server.deliver(owner, mail(message_id="baru@warga.example"), mail(message_id="kedua@warga.example"))
    assert await collect() == 2
    assert await collect() == 0
    rows = await world.fetch("SELECT * FROM inbound ORDER BY id")
    assert [(row["channel"], row["account"], row["external_id"]) for row in rows] == [
        ("email", OURS, "baru@warga.example"),
        ("email", OURS, "kedua@warga.example"),
    ]
    assert b"Lampu" not in rows[0]["payload"]
    context = payload_context("email", "baru@warga.example")
    assert b"Lampu" in crypto.keyring().decrypt(rows[0]["payload"], context)
    # What lay there before is still unread.
    assert server.unread(owner) == 1


async def test_a_mail_that_comes_twice_is_one_complaint(world: World, server: MailServer, owner: str) -> None:
    await switch_on(world, server.settings(owner), password=PASSWORD)
    await collect()
    server.deliver(owner, mail(message_id="sama@warga.example"))
    await collect()
    server.deliver(owner, b"Received: from elsewhere\r\n" + mail(message_id="sama@warga.example"))
    assert await collect() == 0
    assert await read_waiting() == 1
    assert await world.fetchval("SELECT count(*) FROM complaint") == 1


async def test_a_mailbox_whose_numbers_begin_anew_is_looked_through_again_without_doubles(
    world: World, server: MailServer, owner: str
) -> None:
    with server.open(owner) as box:
        box.folder.create("Masuk")
    await switch_on(world, server.settings(owner, folder="Masuk"), password=PASSWORD)
    await collect()
    first = mail(message_id="satu@warga.example")
    server.deliver(owner, first, folder="Masuk")
    assert await collect() == 1
    before = await world.fetchval("SELECT uidvalidity FROM mailbox")
    await asyncio.sleep(1.1)
    with server.open(owner) as box:
        box.folder.delete("Masuk")
        box.folder.create("Masuk")
    server.deliver(owner, first, mail(message_id="dua@warga.example"), folder="Masuk")
    assert await collect() == 1
    assert await world.fetchval("SELECT uidvalidity FROM mailbox") != before
    assert await _stored(world) == 2
    server.deliver(owner, mail(message_id="tiga@warga.example"), folder="Masuk")
    assert await collect() == 1


async def test_a_wrong_password_is_told_at_once_and_is_over_when_it_fits(
    world: World, server: MailServer, owner: str
) -> None:
    await switch_on(world, server.settings(owner), password="salah")
    assert await collect() == 0
    told = await _alarms(world)
    assert len(told) == 1
    assert "menolak nama pengguna atau kata sandi" in told[0]
    # Until the pause is over nothing is tried.
    await switch_on(world, server.settings(owner), password=PASSWORD)
    await collect()
    assert len(await _alarms(world)) == 1
    await _later(world)
    await collect()
    assert await _alarms(world) == []
    assert await world.fetchval("SELECT failures FROM channel_account") == 0


async def test_a_folder_that_is_not_there_and_a_certificate_that_nobody_vouches_for_are_told(
    world: World, server: MailServer, owner: str
) -> None:
    await switch_on(world, server.settings(owner, folder="Tidak Ada"), password=PASSWORD)
    await collect()
    assert "folder yang diminta tidak ada" in (await _alarms(world))[0]
    await _later(world)
    await switch_on(
        world, server.settings(owner, security="tls", port=str(server.tls_port)), password=PASSWORD
    )
    await collect()
    assert "sertifikat server surel tidak dapat dipercaya" in (await _alarms(world))[0]
    await _later(world)
    await switch_on(world, server.settings(owner, port="bukan angka"), password=PASSWORD)
    await collect()
    assert "pengaturan kotak surel belum benar" in (await _alarms(world))[0]
    await _later(world)
    await switch_on(world, server.settings(owner, host="imap.contoh.example"), password=PASSWORD)
    await collect()
    assert "tanpa pengaman" in (await _alarms(world))[0]


async def test_a_server_that_is_away_is_left_alone_longer_and_longer_and_told_of_at_the_third_time(
    world: World, owner: str
) -> None:
    with open_mail_server() as server:
        await switch_on(world, server.settings(owner), password=PASSWORD)
        await collect()
        server.deliver(owner, mail())
        server.stop()
        pauses = []
        for number in range(1, FAILURES_BEFORE_ALARM + 1):
            assert await _alarms(world) == []
            await _later(world)
            await collect()
            assert await world.fetchval("SELECT failures FROM channel_account") == number
            pauses.append(
                await world.fetchval(
                    "SELECT extract(epoch FROM paused_until - lapor_now())::float FROM channel_account"
                )
            )
        assert pauses == sorted(pauses)
        assert 40 < pauses[0] < 80
        assert len(await _alarms(world)) == 1
        server.start()
        await _later(world)
        assert await collect() == 1
        assert await _alarms(world) == []


async def test_a_mailbox_that_is_switched_off_is_not_read_and_alarms_nobody(
    world: World, server: MailServer, owner: str
) -> None:
    await switch_on(world, server.settings(owner), password="salah")
    await collect()
    assert len(await _alarms(world)) == 1
    await world.execute("UPDATE channel_account SET active = false")
    await _later(world)
    assert await collect() == 0
    assert await _alarms(world) == []


async def test_a_huge_mail_is_taken_over_as_far_as_it_may_go(
    world: World, server: MailServer, owner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "MOST_BYTES", 20_000)
    await switch_on(world, server.settings(owner), password=PASSWORD)
    await collect()
    server.deliver(owner, mail(photos=(jpeg(1, (1600, 1200), quality=95),)))
    assert await collect() == 1
    await read_waiting()
    row = (await world.fetch("SELECT state, complaint, trouble FROM inbound"))[0]
    assert (row["state"], row["trouble"]) == ("read", "lampiran: 1-rusak")
    assert await world.fetchval("SELECT text FROM content WHERE complaint = $1", row["complaint"]) == (
        f"Lampu jalan mati\n\n{LAMP}"
    )


async def test_more_mails_than_one_visit_takes_come_in_the_order_in_which_they_arrived(
    world: World, server: MailServer, owner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "_BATCH", 3)
    monkeypatch.setattr(mailbox, "_MOST_AT_ONCE", 7)
    await switch_on(world, server.settings(owner), password=PASSWORD)
    await collect()
    server.deliver(owner, *(mail(message_id=f"{number}@warga.example") for number in range(10)))
    assert await collect() == 7
    assert await collect() == 3
    rows = await world.fetch("SELECT external_id FROM inbound ORDER BY id")
    assert [row["external_id"] for row in rows] == [f"{number}@warga.example" for number in range(10)]


async def test_a_worker_that_is_killed_in_the_middle_loses_no_mail_and_files_none_twice(
    world: World, server: MailServer, owner: str, tmp_path: Path
) -> None:
    count = 60
    await switch_on(world, server.settings(owner), password=PASSWORD)
    await collect()
    server.deliver(
        owner,
        *(
            mail(f"Lampu mati di gang nomor {number} sejak Senin.", sender=f"warga{number}@warga.example")
            for number in range(count)
        ),
    )
    settings = replace(world.settings, console_channel=True)

    async def complaints() -> int:
        return int(await world.fetchval("SELECT count(*) FROM complaint"))

    async with at_work(world, settings, tmp_path) as worker:
        await until(lambda: _at_least(complaints, 5), 60)
        await worker.kill()
    assert await complaints() < count
    async with at_work(world, settings, tmp_path):
        await until(lambda: _at_least(complaints, count), 60)
    assert await _stored(world) == count
    assert await complaints() == count
    assert await world.fetchval("SELECT count(DISTINCT complaint) FROM inbound WHERE state = 'read'") == count


async def _at_least(counted: object, least: int) -> bool:
    return bool(await counted() >= least)  # type: ignore[operator]
