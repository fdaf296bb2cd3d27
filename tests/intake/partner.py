"""A partner's system, as it delivers: signed by the Standard Webhooks rules, written out here once more."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Any

import httpx

from lapor.settings import Settings

COMPLAINT = {
    "type": "complaint",
    "text": "Lampu jalan di depan pasar mati sejak Senin, gelap sekali kalau malam.",
    "reporter": {
        "id": "warga-77",
        "name": "Sri Contoh",
        "phone": "0812-0000-0077",
        "email": "sri@warga.example",
    },
}


def secret_of(settings: Settings) -> str:
    """The first partner's secret."""
    return settings.partner_secrets[0].secret


def signed(
    secret: str, body: bytes, *, delivery: str | None = None, at: float | None = None
) -> dict[str, str]:
    """The three headers of a delivery."""
    delivery = delivery or f"msg_{secrets.token_hex(8)}"
    moment = str(int(time.time() if at is None else at))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.digest(key, f"{delivery}.{moment}.".encode() + body, hashlib.sha256)
    return {
        "webhook-id": delivery,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
        "content-type": "application/json",
    }


async def deliver(
    client: httpx.AsyncClient, secret: str, payload: Any = COMPLAINT, *, delivery: str | None = None
) -> httpx.Response:
    """Deliver a payload (bytes as they are, anything else as JSON)."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return await client.post("/hooks/partner", content=body, headers=signed(secret, body, delivery=delivery))
