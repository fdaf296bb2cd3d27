"""What the clients of each side do: send the form, write its bare rows, deliver a webhook."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import asyncpg
import rows
from connection import Connection
from standardwebhooks import Webhook

from lapor.settings import Settings

# More than any machine of this size writes in a second.
ROWS_PER_SECOND = 2_000

_MULTIPART = b'action="/lapor" enctype="multipart/form-data"'
_BOUNDARY = "----benchmark7MA4YWxkTrZu0gW"
# Stands where each sending has a form of its own.
_NEW = "--new-form--"
_TOKEN = re.compile(rb'name="_csrf_token" value="([^"]+)"')

# Our number at WhatsApp, and what its deliveries are signed with.
NUMBER, APP_SECRET = "1000000001", "rahasia-pengukuran"

PAYLOAD: dict[str, Any] = {
    "type": "complaint",
    "text": "Lampu jalan di depan pasar mati sejak Senin, gelap sekali kalau malam.",
    "reporter": {"id": "warga-77", "name": "Sri Contoh", "phone": "0812-0000-0077"},
}


class Exhausted(Exception):
    """Everything that was prepared has been written."""


@dataclass
class Side:
    """The clients of one side, and what is told about them afterwards."""

    clients: list[Callable[[], Awaitable[bool]]]
    facts: dict[str, Any] = field(default_factory=dict)


@asynccontextmanager
async def form(job: Mapping[str, Any], given: Settings) -> AsyncIterator[Side]:
    """Residents: each opens the form once, keeps cookie and token, and sends complaint after complaint."""
    connections = [await Connection.to(given.base_url) for _ in range(job["clients"])]
    yield Side([await _resident(connection, number) for number, connection in enumerate(connections)])
    for connection in connections:
        connection.close()


async def _resident(connection: Connection, number: int) -> Callable[[], Awaitable[bool]]:
    opened = await connection.send(b"GET /lapor HTTP/1.1\r\nHost: benchmark\r\n\r\n")
    cookie = opened.header("set-cookie").partition(";")[0]
    token = _TOKEN.search(opened.body)
    if opened.status != 200 or token is None:
        raise RuntimeError(f"the form answered {opened.status}")
    many = _MULTIPART in opened.body
    encode = _as_parts if many else urlencode
    bodies = [encode({**one, "_csrf_token": token.group(1).decode(), "form": _NEW}) for one in rows.FORMS]
    kind = f"multipart/form-data; boundary={_BOUNDARY}" if many else "application/x-www-form-urlencoded"
    head = (
        "POST /lapor HTTP/1.1\r\nHost: benchmark\r\nAccept-Language: id\r\n"
        f"Cookie: {cookie}\r\nContent-Type: {kind}\r\nContent-Length: "
    )
    sent = number

    async def send() -> bool:
        nonlocal sent
        sent += 1
        body = bodies[sent % len(bodies)].replace(_NEW, secrets.token_urlsafe(24))
        answer = await connection.send(f"{head}{len(body.encode())}\r\n\r\n{body}".encode())
        return answer.status == 303 and "/terkirim" in answer.header("location")

    return send


def _as_parts(fields: Mapping[str, str]) -> str:
    """A form with a choice of photos, none chosen, as a browser sends it (RFC 7578)."""
    begin = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="'
    parts = [f'{begin}{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()]
    nothing = f'{begin}photos"; filename=""\r\nContent-Type: application/octet-stream\r\n\r\n\r\n'
    return f"{''.join(parts)}{nothing}--{_BOUNDARY}--\r\n"


@asynccontextmanager
async def bare(job: Mapping[str, Any], given: Settings) -> AsyncIterator[Side]:
    """Connections that write the rows of the same forms, each statement by statement in one transaction."""
    wanted = round((job["warm_up"] + job["seconds"]) * ROWS_PER_SECOND)
    prepared = iter(await rows.prepare(given.database_url, wanted))
    connections = [await asyncpg.connect(given.database_url) for _ in range(job["clients"])]
    written: list[int] = []
    yield Side(
        [_writer(connection, prepared, written) for connection in connections], {"complaints": written}
    )
    for connection in connections:
        await connection.close()


def _writer(
    connection: asyncpg.Connection, prepared: Any, written: list[int]
) -> Callable[[], Awaitable[bool]]:
    async def write() -> bool:
        complaint = next(prepared, None)
        if complaint is None:
            raise Exhausted
        await complaint.write(connection)
        written.append(complaint.id)
        return True

    return write


@asynccontextmanager
async def hook(job: Mapping[str, Any], given: Settings) -> AsyncIterator[Side]:
    """A partner that delivers over several connections at once, every delivery signed and new."""
    connections = [await Connection.to(given.base_url) for _ in range(job["clients"])]
    yield Side([_partner(connection, given) for connection in connections])
    for connection in connections:
        connection.close()


def _partner(connection: Connection, given: Settings) -> Callable[[], Awaitable[bool]]:
    signer = Webhook(given.partner_secrets[0].secret)
    body = json.dumps(PAYLOAD)

    async def deliver() -> bool:
        delivery, at = f"msg_{secrets.token_hex(12)}", datetime.fromtimestamp(int(time.time()), UTC)
        signature = signer.sign(delivery, at, body)
        answer = await connection.send(
            "POST /hooks/partner HTTP/1.1\r\nHost: benchmark\r\nContent-Type: application/json\r\n"
            f"webhook-id: {delivery}\r\nwebhook-timestamp: {int(at.timestamp())}\r\n"
            f"webhook-signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        return answer.status == 200 and b'"repeated":false' in answer.body

    return deliver


@asynccontextmanager
async def whatsapp(job: Mapping[str, Any], given: Settings) -> AsyncIterator[Side]:
    """WhatsApp that delivers over several connections at once: messages of many people, every one signed and new."""
    connections = [await Connection.to(given.base_url) for _ in range(job["clients"])]
    yield Side([_meta(connection) for connection in connections])
    for connection in connections:
        connection.close()


def _meta(connection: Connection) -> Callable[[], Awaitable[bool]]:
    async def deliver() -> bool:
        sender = f"62812{secrets.randbelow(10**8):08}"
        message = {"from": sender, "id": f"wamid.{secrets.token_hex(20)}", "timestamp": str(int(time.time()))}
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "62811000111", "phone_number_id": NUMBER},
            "contacts": [{"profile": {"name": "Sri Contoh"}, "wa_id": sender}],
            "messages": [{**message, "type": "text", "text": {"body": PAYLOAD["text"]}}],
        }
        entry = {"id": "1", "changes": [{"field": "messages", "value": value}]}
        body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
        mac = hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
        head = (
            "POST /hooks/whatsapp HTTP/1.1\r\nHost: benchmark\r\nContent-Type: application/json\r\n"
            f"X-Hub-Signature-256: sha256={mac}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        answer = await connection.send(head.encode() + body)
        return answer.status == 200 and b'"repeated":false' in answer.body

    return deliver


SIDES: dict[str, Callable[[Mapping[str, Any], Settings], AbstractAsyncContextManager[Side]]] = {
    "form": form,
    "bare": bare,
    "hook": hook,
    "whatsapp": whatsapp,
}
