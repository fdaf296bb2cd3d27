"""`lapor channels simulate`: a command of its own, a site on a port, and the worker's tasks beside it."""

from __future__ import annotations

import asyncio
import base64
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from os import environ

import pytest

from lapor import database
from lapor.intake.channels.interface import Part
from lapor.intake.inbound import read_waiting
from lapor.intake.mail_parsing import message_id_of
from lapor.intake.media_fetching import fetch_waiting
from lapor.intake.outbound import drain
from lapor.intake.storing import store
from lapor.settings import Settings
from tests.at_a_port import at_a_port
from tests.ground import World
from tests.intake.meta_says import open_account as open_page
from tests.intake.post_office import PostOffice, open_post_office
from tests.intake.switched_on import switched_on
from tests.intake.telegram_says import open_account as open_bot
from tests.intake.whatsapp_says import open_account


async def _work(settings: Settings, done: asyncio.Event) -> None:
    while not done.is_set():
        await read_waiting()
        await fetch_waiting()
        await drain(settings)
        await asyncio.sleep(0.1)


async def _command(settings: Settings, channel: str, *words: str) -> tuple[int, str, str]:
    given = {name: text for name, text in environ.items() if not name.startswith("LAPOR_")}
    keys = {
        f"LAPOR_{name.upper()}": ",".join(
            f"{key.version}:{_base64(key.key)}" for key in getattr(settings, name)
        )
        for name in ("encryption_keys", "lookup_keys")
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "lapor.cli", "channels", "simulate", channel, *words),
        env={
            **given,
            **keys,
            "LAPOR_ENVIRONMENT": "test",
            "LAPOR_WORKER_DATABASE_URL": settings.worker_database_url,
            "LAPOR_BASE_URL": settings.base_url,
            "LAPOR_PARTNER_SECRETS": ",".join("=".join(pair) for pair in settings.partner_secrets),
            "LAPOR_PARTNER_SENSORS": ",".join(settings.partner_sensors),
            "LAPOR_SMTP_URL": settings.smtp_url,
            "LAPOR_MAIL_FROM": settings.mail_from,
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(120):
        out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


def _base64(key: bytes) -> str:
    return base64.b64encode(key).decode()


@asynccontextmanager
async def _installation(world: World) -> AsyncIterator[Settings]:
    """The site on a port of its own, with a worker beside it."""
    async with at_a_port(world) as settings:
        done = asyncio.Event()
        working = asyncio.create_task(_work(settings, done))
        try:
            yield settings
        finally:
            done.set()
            await working


def _free() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"http://127.0.0.1:{free.getsockname()[1]}"


async def test_a_rehearsal_ends_in_one_complaint_with_its_photos_and_an_addition(world: World) -> None:
    await open_account(world, f"{_free()}/v23.0")
    async with _installation(world) as settings:
        code, out, err = await _command(settings, "whatsapp", "--photos", "4")
        assert (code, err) == (0, ""), err
        assert "laporan Anda sudah kami terima" in out
        assert out.count("warga  >") == 7
        assert await world.fetchval("SELECT count(*) FROM complaint") == 1
        assert await world.fetchval("SELECT count(*) FROM attachment") == 4
        assert await world.fetchval("SELECT count(*) FROM statement WHERE kind = 'reply'") == 1
        assert await world.fetchval("SELECT receipt FROM message WHERE kind = 'acknowledgement'") == "read"


async def test_telegram_is_rehearsed_with_an_album_a_venue_and_an_edit(world: World) -> None:
    await open_bot(world, _free())
    async with _installation(world) as settings:
        code, out, err = await _command(settings, "telegram", "--photos", "3")
        assert (code, err) == (0, ""), err
        assert "laporan Anda sudah kami terima" in out
        assert await world.fetchval("SELECT count(*) FROM complaint") == 1
        assert await world.fetchval("SELECT count(*) FROM attachment") == 3
        assert await world.fetchval("SELECT count(*) FROM statement WHERE kind = 'reply'") == 2


@pytest.mark.parametrize("provider", ["", "twilio"])
async def test_sms_is_rehearsed_with_a_receipt_an_addition_and_a_stop(world: World, provider: str) -> None:
    secrets = {"webhook_token": "token-uji", "auth_token": "rahasia-uji"}
    account = {"api": _free(), "provider": provider, "account_sid": "AC1", "fields": "from=pengirim"}
    await switched_on(world, "sms", "62811000111", secrets, account)
    async with _installation(world) as settings:
        code, out, err = await _command(settings, "sms")
        assert (code, err) == (0, ""), err
        assert "laporan Anda sudah kami terima" in out
        assert "kirim MULAI" in out
        assert await world.fetchval("SELECT count(*) FROM complaint") == 1
        assert await world.fetchval("SELECT count(*) FROM statement WHERE kind = 'reply'") == 1
        assert (
            await world.fetchval("SELECT receipt FROM message WHERE kind = 'acknowledgement'") == "delivered"
        )
        assert await world.fetchval("SELECT count(*) FROM channel_stop") == 1


@pytest.mark.parametrize("channel", ["messenger", "instagram"])
async def test_meta_is_rehearsed_with_an_album_an_addition_and_comments(world: World, channel: str) -> None:
    await open_page(world, f"{_free()}/v23.0")
    async with _installation(world) as settings:
        code, out, err = await _command(settings, channel, "--photos", "4")
        assert (code, err) == (0, ""), err
        assert "laporan Anda sudah kami terima" in out
        await _until(world, "SELECT count(*) = 2 FROM complaint WHERE channel = 'social'")
        await _until(world, "SELECT count(*) = 4 FROM attachment")
        assert await world.fetchval("SELECT count(*) FROM statement WHERE kind = 'reply'") == 1
        assert await world.fetchval("SELECT count(*) FROM social_thread WHERE comment IS NOT NULL") == 1
        receipt = await world.fetchval(
            "SELECT receipt FROM message WHERE kind = 'acknowledgement' ORDER BY id"
        )
        assert receipt == ("delivered" if channel == "messenger" else None)


async def test_a_mail_is_rehearsed_as_postmark_delivers_it(world: World) -> None:
    await switched_on(world, "email", "lapor@kota.example", {"webhook_password": "sandi-uji"}, {})
    async with _installation(world) as settings:
        code, out, err = await _command(settings, "email", "--photos", "2")
        assert (code, err) == (0, ""), err
        assert out.count("lapor  < laporan ") == 2
        assert await world.fetchval("SELECT count(*) FROM complaint WHERE channel = 'email'") == 1
        assert await world.fetchval("SELECT count(*) FROM attachment") == 2
        assert await world.fetchval("SELECT count(*) FROM statement WHERE kind = 'reply'") == 1


async def test_a_mail_is_rehearsed_by_smtp_where_there_is_a_mailbox(world: World) -> None:
    name = "lapor@kota.example"
    await switched_on(world, "email", name, {}, {"host": "imap.kota.example"})
    async with open_post_office() as office, _installation(world) as settings:
        brought = asyncio.create_task(_bring(office, name))
        try:
            sending = replace(settings, smtp_url=office.url, mail_from=name)
            code, _, err = await _command(sending, "email", "--photos", "1")
        finally:
            brought.cancel()
        assert (code, err) == (0, ""), err
        assert await world.fetchval("SELECT count(*) FROM complaint WHERE channel = 'email'") == 1
        assert await world.fetchval("SELECT count(*) FROM statement WHERE kind = 'reply'") == 1


async def _bring(office: PostOffice, name: str) -> None:
    """What the mail server has taken lies in the mailbox, and is collected from there."""
    taken = 0
    while True:
        for mail in office.mails[taken:]:
            taken += 1
            raw = mail.letter.as_bytes()
            async with database.transaction("worker"):
                await store("email", [Part(name, message_id_of(raw), raw)])
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("who", ["partner", "sensor"])
async def test_a_partner_and_a_sensor_are_rehearsed_with_a_forged_delivery(world: World, who: str) -> None:
    sensors = tuple(pair.partner for pair in world.settings.partner_secrets[:1]) if who == "sensor" else ()
    marked = replace(world, settings=replace(world.settings, partner_sensors=sensors))
    async with _installation(marked) as settings:
        code, out, err = await _command(settings, who)
        assert (code, err) == (0, ""), err
        assert out.count("lapor  < laporan ") == 1
        assert "ditolak, 401" in out
        assert await world.fetchval("SELECT count(*) FROM complaint WHERE channel = 'partner'") == 1
        secret = await world.fetchval("SELECT secret FROM identity")
        assert (secret is None) is (who == "sensor")


async def test_where_somebody_else_stands_in_the_rehearsal_goes_on_unheard(world: World) -> None:
    taken = socket.create_server(("127.0.0.1", 0))
    await open_account(world, f"http://127.0.0.1:{taken.getsockname()[1]}/v23.0")
    async with _installation(world) as settings:
        with taken:
            code, out, _ = await _command(settings, "whatsapp", "--photos", "0")
            assert code == 0
            assert "is answered by somebody else" in out
            assert "lapor  <" not in out


async def _until(world: World, question: str) -> None:
    async with asyncio.timeout(20):
        while not await world.fetchval(question):  # noqa: ASYNC110 (the database cannot wake us)
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("channel", ["partner", "sensor"])
async def test_without_a_partner_it_says_what_to_set(world: World, settings: Settings, channel: str) -> None:
    code, _, err = await _command(replace(settings, partner_secrets=()), channel)
    assert code == 1
    assert "see LAPOR_PARTNER_SECRETS" in err


@pytest.mark.parametrize("channel", ["whatsapp", "telegram", "sms", "messenger", "instagram", "email"])
async def test_without_an_account_it_says_what_to_do(world: World, settings: Settings, channel: str) -> None:
    code, _, err = await _command(settings, channel)
    assert code == 1
    assert "open the page Kanal" in err
