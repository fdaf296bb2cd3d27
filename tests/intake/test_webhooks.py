"""What the outside delivers, through the outer door."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from lapor import crypto, database
from lapor.app import create_app
from lapor.complaints.draft import identity_context
from lapor.crypto import Undecipherable
from lapor.database import transaction
from lapor.intake.inbound import ATTEMPTS, payload_context, read_again, read_waiting
from lapor.setting_values import PartnerSecret
from lapor.settings import Settings
from tests.ground import World
from tests.intake.partner import COMPLAINT, deliver, secret_of, signed
from tests.visitor import Visitor, running

DOCUMENT = Path(__file__).parents[2] / "docs" / "channels" / "partner.md"


@asynccontextmanager
async def serving(world: World, settings: Settings) -> AsyncIterator[Visitor]:
    """The site with other settings."""
    await database.close_pool()
    async with running(create_app(settings)) as application:
        transport = httpx.ASGITransport(application)  # type: ignore[arg-type]
        async with Visitor(world, transport) as client:
            yield client


async def _stored(world: World) -> int:
    return int(await world.fetchval("SELECT count(*) FROM inbound"))


async def _complaints(world: World) -> int:
    return int(await world.fetchval("SELECT count(*) FROM complaint"))


async def test_a_signed_delivery_is_kept_encrypted_and_becomes_one_complaint(
    site: Visitor, world: World, settings: Settings
) -> None:
    answer = await deliver(site, secret_of(settings), delivery="msg_1")
    assert answer.status_code == 200
    assert answer.json() == {"received": True, "id": "msg_1", "repeated": False}
    kept = (await world.fetch("SELECT * FROM inbound"))[0]
    assert (kept["channel"], kept["account"], kept["external_id"]) == ("partner", "mitra", "msg_1")
    assert b"Lampu" not in kept["payload"]
    assert b"Lampu" in crypto.keyring().decrypt(kept["payload"], payload_context("partner", "msg_1"))

    assert await read_waiting() == 1
    assert await read_waiting() == 0
    complaint = (await world.fetch("SELECT * FROM complaint"))[0]
    assert complaint["channel"] == "partner"
    # The reporter was heard when the delivery came in, not when the worker got to it.
    assert complaint["filed_at"] == kept["received_at"]
    kept = (await world.fetch("SELECT * FROM inbound"))[0]
    assert (kept["state"], kept["complaint"], kept["trouble"]) == ("read", complaint["id"], None)
    identity = (await world.fetch("SELECT * FROM identity"))[0]
    opened = crypto.keyring().decrypt(identity["external"], identity_context(complaint["id"], "external"))
    assert opened == b"mitra:warga-77"


async def test_fifty_deliveries_at_once_are_one_row_and_one_complaint(
    site: Visitor, world: World, settings: Settings
) -> None:
    body = json.dumps(COMPLAINT).encode()
    headers = signed(secret_of(settings), body, delivery="msg_50")
    answers = await asyncio.gather(
        *(site.post("/hooks/partner", content=body, headers=headers) for _ in range(50))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert [answer.json()["repeated"] for answer in answers].count(False) == 1
    assert await _stored(world) == 1
    await asyncio.gather(*(read_waiting() for _ in range(5)))
    assert await _complaints(world) == 1
    # It comes once more after it was read.
    assert (await site.post("/hooks/partner", content=body, headers=headers)).json()["repeated"] is True
    assert await read_waiting() == 0
    assert await _complaints(world) == 1


async def test_two_partners_may_use_the_same_delivery_id(world: World, settings: Settings) -> None:
    other = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
    both = replace(settings, partner_secrets=(*settings.partner_secrets, PartnerSecret("mitra-dua", other)))
    async with serving(world, both) as client:
        await deliver(client, secret_of(settings), delivery="same")
        assert (await deliver(client, other, delivery="same")).json()["repeated"] is False
        await read_waiting()
    assert await _complaints(world) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "nonsense"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,%%%"},
        {"webhook-id": ""},
        {"webhook-id": "x" * 201},
        {"webhook-id": "another"},
        {"webhook-timestamp": "yesterday"},
        {"webhook-timestamp": "nan"},
    ],
)
async def test_what_nobody_we_know_has_signed_is_refused_and_not_kept(
    site: Visitor, world: World, settings: Settings, change: dict[str, str]
) -> None:
    body = json.dumps(COMPLAINT).encode()
    headers = signed(secret_of(settings), body) | change
    answer = await site.post("/hooks/partner", content=body, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["status"] == 401
    assert await _stored(world) == 0


async def test_an_old_signature_is_refused(site: Visitor, world: World, settings: Settings) -> None:
    body = json.dumps(COMPLAINT).encode()
    headers = signed(secret_of(settings), body, at=time.time() - 360)
    assert (await site.post("/hooks/partner", content=body, headers=headers)).status_code == 401
    assert await _stored(world) == 0


async def test_a_changed_body_is_refused(site: Visitor, world: World, settings: Settings) -> None:
    headers = signed(secret_of(settings), json.dumps(COMPLAINT).encode())
    assert (await site.post("/hooks/partner", content=b"{}", headers=headers)).status_code == 401
    assert await _stored(world) == 0


async def test_without_a_secret_everything_is_refused(world: World, settings: Settings) -> None:
    async with serving(world, replace(settings, partner_secrets=())) as client:
        for secret in (secret_of(settings), "whsec_"):
            assert (await deliver(client, secret)).status_code == 401
    assert await _stored(world) == 0


async def test_a_body_over_three_megabytes_is_refused(
    site: Visitor, world: World, settings: Settings
) -> None:
    answer = await deliver(site, secret_of(settings), b'{"text":"' + b"x" * (3 * 1024 * 1024) + b'"}')
    assert answer.status_code == 413
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert await _stored(world) == 0


async def test_an_unknown_channel_is_not_found(site: Visitor) -> None:
    answer = await site.post("/hooks/unknown", content=b"{}")
    assert answer.status_code == 404
    assert answer.json()["status"] == 404


@pytest.mark.parametrize(
    "payload",
    [b"not json", b"[1, 2]", b"{}", b"[" * 100_000, {"type": "complaint"}, {"type": "shout", "text": "halo"}],
)
async def test_what_is_genuine_but_unreadable_is_kept_and_flagged(
    site: Visitor, world: World, settings: Settings, payload: object
) -> None:
    assert (await deliver(site, secret_of(settings), payload)).status_code == 200
    assert await read_waiting() == 1
    kept = (await world.fetch("SELECT * FROM inbound"))[0]
    assert kept["state"] == "unreadable"
    assert kept["trouble"]
    assert await _complaints(world) == 0
    # Once its reader has learnt to read it, it can be read again.
    assert await read_again(kept["id"])
    assert await read_waiting() == 1


async def test_wrong_codes_do_not_lose_the_complaint(site: Visitor, world: World, settings: Settings) -> None:
    wrong = {
        "category": "tidak-ada",
        "village": "99.99.99.9999",
        "district": "99.99.99",
        "reported_agency": "x",
    }
    await deliver(site, secret_of(settings), {**COMPLAINT, **wrong})
    await read_waiting()
    complaint = (await world.fetch("SELECT * FROM complaint"))[0]
    assert complaint["about_official"]
    assert await world.fetchval("SELECT trouble FROM inbound") is not None


async def test_characters_that_no_database_keeps_do_no_harm(
    site: Visitor, world: World, settings: Settings
) -> None:
    odd = {**COMPLAINT, "text": "a\0b \ud800 c", "address": "x" * 1000, "latitude": "no", "longitude": 1e9}
    await deliver(site, secret_of(settings), json.dumps(odd).encode())
    await read_waiting()
    assert await world.fetchval("SELECT state FROM inbound") == "read"
    assert await world.fetchval("SELECT text FROM content") == "ab ? c"


async def test_deliveries_are_read_in_the_order_in_which_they_came(
    site: Visitor, world: World, settings: Settings
) -> None:
    for number in range(5):
        await deliver(site, secret_of(settings), {**COMPLAINT, "text": f"laporan {number}"})
    assert await read_waiting(2) == 2
    assert await read_waiting() == 3
    rows = await world.fetch("SELECT text FROM content ORDER BY complaint")
    assert [row["text"] for row in rows] == [f"laporan {number}" for number in range(5)]


async def test_a_delivery_that_cannot_be_read_pauses_longer_and_longer_and_is_kept(
    site: Visitor, simulated: World, settings: Settings
) -> None:
    await deliver(site, secret_of(settings))
    await deliver(site, secret_of(settings), {**COMPLAINT, "text": "yang ini dapat dibaca"})
    # A key that went missing: nothing about the delivery is wrong, but it cannot be opened.
    first = await simulated.fetchval("UPDATE inbound SET account = account WHERE id = 1 RETURNING id")
    payload = await simulated.fetchval("SELECT payload FROM inbound WHERE id = $1", first)
    await simulated.execute("UPDATE inbound SET payload = $2 WHERE id = $1", first, payload[:-1] + b"?")
    assert await read_waiting() == 2
    assert await _complaints(simulated) == 1
    pauses = []
    for _ in range(ATTEMPTS - 1):
        row = (await simulated.fetch("SELECT * FROM inbound WHERE id = $1", first))[0]
        assert row["state"] == "waiting"
        assert row["trouble"] == Undecipherable.__name__
        pauses.append((row["next_attempt_at"] - await simulated.now()).total_seconds())
        assert await read_waiting() == 0
        await simulated.advance((pauses[-1] + 2) / 3600)
        assert await read_waiting() == 1
    assert pauses == sorted(pauses)
    assert await simulated.fetchval("SELECT state FROM inbound WHERE id = $1", first) == "dead"
    await simulated.execute("UPDATE inbound SET payload = $2 WHERE id = $1", first, payload)
    assert await read_again(first)
    assert await read_waiting() == 1
    assert await _complaints(simulated) == 2


async def test_an_anonymous_flag_that_is_unclear_protects(
    site: Visitor, world: World, settings: Settings
) -> None:
    await deliver(site, secret_of(settings), {**COMPLAINT, "anonymous": "ya", "confidential": False})
    await read_waiting()
    row = (await world.fetch("SELECT anonymous, confidential FROM complaint"))[0]
    assert (row["anonymous"], row["confidential"]) == (True, False)


async def test_the_role_that_stores_deliveries_cannot_read_them(world: World) -> None:
    async with transaction("intake"):
        with pytest.raises(Exception, match="permission denied"):
            await database.fetch("SELECT payload FROM inbound")


def test_the_example_in_the_document_is_signed_as_it_says() -> None:
    text = DOCUMENT.read_text()
    secret = re.findall(r"whsec_[A-Za-z0-9+/=]+", text)[0]
    body = re.findall(r"```json\n(\{.*?\})\n```", text, re.S)[0].encode()
    fields = dict(re.findall(r"^(webhook-[a-z]+): (.+)$", text, re.M))
    expected = signed(secret, body, delivery=fields["webhook-id"], at=int(fields["webhook-timestamp"]))
    assert expected["webhook-signature"] == fields["webhook-signature"]
    json.loads(body)
