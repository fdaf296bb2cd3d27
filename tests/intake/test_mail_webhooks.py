"""Mail that Postmark and Mailgun hand over, through the outer door."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote_from_bytes

import httpx
import pytest
import pytest_asyncio

from lapor.intake.inbound import read_waiting
from lapor.intake.webhooks import MOST_MAIL
from tests.ground import World
from tests.images import jpeg
from tests.intake.letters_in import OURS, mail, switch_on
from tests.visitor import Visitor

PASSWORD = "kata-sandi-antar-7"
KEY = "kunci-tanda-tangan-9"
MAILGUN = "/hooks/email?sebagai=mime"


@pytest_asyncio.fixture
async def door(site: Visitor, world: World) -> AsyncIterator[Visitor]:
    """The site with an account that both providers may deliver to."""
    await switch_on(world, {}, webhook_password=PASSWORD, mailgun_signing_key=KEY)
    yield site


async def _postmark(client: httpx.AsyncClient, body: Any, password: str = PASSWORD) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await client.post("/hooks/email", content=content, auth=("lapor", password))


def _delivery(raw: bytes, recipient: str = OURS) -> dict[str, str]:
    return {
        "MessageID": secrets.token_hex(8),
        "OriginalRecipient": recipient,
        "RawEmail": raw.decode("latin-1"),
    }


def _signed(raw: bytes | None, *, key: str = KEY, at: float | None = None) -> dict[str, bytes]:
    """The fields of a delivery by Mailgun; what is signed is the time stamp and the token, run together."""
    stamp, token = str(int(time.time() if at is None else at)), secrets.token_hex(25)
    signature = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    fields = {"timestamp": stamp, "token": token, "signature": signature, "recipient": OURS}
    packed = {name: text.encode() for name, text in fields.items()}
    return packed if raw is None else {**packed, "body-mime": raw}


async def _mailgun(
    client: httpx.AsyncClient, fields: dict[str, bytes], *, form: str = "urlencoded"
) -> httpx.Response:
    if form == "multipart":
        files = [(name, (None, content)) for name, content in fields.items()]
        return await client.post(MAILGUN, files=files)
    body = "&".join(f"{name}={quote_from_bytes(content)}" for name, content in fields.items())
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return await client.post(MAILGUN, content=body, headers=kind)


async def _stored(world: World) -> int:
    return int(await world.fetchval("SELECT count(*) FROM inbound"))


async def test_a_mail_from_postmark_becomes_a_complaint_with_its_photo(door: Visitor, world: World) -> None:
    answer = await _postmark(door, _delivery(mail(photos=(jpeg(1),), message_id="pm@warga.example")))
    assert answer.status_code == 200
    assert answer.json() == {"received": True, "id": "pm@warga.example", "repeated": False}
    assert await read_waiting() == 1
    assert await world.fetchval("SELECT channel FROM complaint") == "email"
    assert await world.fetchval("SELECT count(*) FROM attachment") == 1
    assert await world.fetchval("SELECT account FROM inbound") == OURS


@pytest.mark.parametrize("form", ["urlencoded", "multipart"])
async def test_a_mail_from_mailgun_becomes_a_complaint(door: Visitor, world: World, form: str) -> None:
    raw = mail("Lampu “mati” di gang kami sejak Senin.", photos=(jpeg(2),))
    answer = await _mailgun(door, _signed(raw), form=form)
    assert answer.status_code == 200, answer.text
    await read_waiting()
    assert "Lampu “mati”" in await world.fetchval("SELECT text FROM content")
    assert await world.fetchval("SELECT count(*) FROM attachment") == 1


async def test_the_same_mail_by_every_way_is_one_complaint(door: Visitor, world: World) -> None:
    raw = mail(message_id="sama@warga.example")
    answers = [await _postmark(door, _delivery(raw)), await _mailgun(door, _signed(raw))]
    assert [answer.json()["repeated"] for answer in answers] == [False, True]
    await read_waiting()
    assert await world.fetchval("SELECT count(*) FROM complaint") == 1


async def test_whoever_has_no_secret_is_refused_and_nothing_is_kept(door: Visitor, world: World) -> None:
    raw = mail()
    refused = [
        await _postmark(door, _delivery(raw), "salah"),
        await _postmark(door, _delivery(raw), ""),
        await _mailgun(door, _signed(raw, key="salah")),
        await _mailgun(door, _signed(raw, at=time.time() - 10 * 3600)),
        await _mailgun(door, _signed(raw, at=time.time() + 3600)),
        await _mailgun(door, {**_signed(raw), "token": b"lain"}),
        await _mailgun(door, {"body-mime": raw}),
        await door.post("/hooks/email", content=raw),
        await door.post("/hooks/email", content=raw, headers={"authorization": "Basic ###"}),
        await door.post("/hooks/email", content=raw, headers={"authorization": "Bearer x"}),
        await door.post("/hooks/email", content=raw, headers={"content-type": "multipart/form-data"}),
    ]
    assert {answer.status_code for answer in refused} == {401}
    assert await _stored(world) == 0


@pytest.mark.parametrize("secret", [{}, {"webhook_password": "", "mailgun_signing_key": ""}])
async def test_without_a_secret_everything_is_refused(
    site: Visitor, world: World, secret: dict[str, str]
) -> None:
    await switch_on(world, {}, **secret)
    assert (await _postmark(site, _delivery(mail()), "")).status_code == 401
    assert (await _mailgun(site, _signed(mail(), key=""))).status_code == 401
    assert await _stored(world) == 0


async def test_a_genuine_delivery_without_the_raw_mail_is_kept_for_a_person(
    door: Visitor, world: World
) -> None:
    answers = [
        await _postmark(door, {"TextBody": "Lampu mati."}),
        await _postmark(door, b"bukan JSON"),
        await _mailgun(door, _signed(None)),
    ]
    assert {answer.status_code for answer in answers} == {200}
    await read_waiting()
    rows = await world.fetch("SELECT state, complaint FROM inbound")
    assert [(row["state"], row["complaint"]) for row in rows] == [("unreadable", None)] * 3


async def test_a_mail_with_large_photos_is_taken_and_one_beyond_reason_is_not(
    door: Visitor, world: World
) -> None:
    large = base64.encodebytes(b"x" * 4_000_000).decode()
    assert (await _postmark(door, {"RawEmail": mail(large).decode()})).status_code == 200
    assert (await _postmark(door, b"x" * (MOST_MAIL + 1))).status_code == 413
    assert await _stored(world) == 1
