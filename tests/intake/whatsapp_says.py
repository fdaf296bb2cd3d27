"""What Meta delivers for WhatsApp, written after its webhooks reference, and signed as it signs."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from typing import Any

import httpx

from tests.ground import World
from tests.intake.graph_api import NUMBER, TOKEN
from tests.intake.switched_on import switched_on

APP_SECRET = "rahasia-aplikasi-uji"
VERIFY_TOKEN = "kata-sandi-webhook"
SRI = "628120009999"
_numbers = itertools.count(1)


async def open_account(world: World, api: str, **settings: str) -> None:
    """Switch on our number at the provider, as an administrator does."""
    secrets = {"app_secret": APP_SECRET, "access_token": TOKEN, "verify_token": VERIFY_TOKEN}
    await switched_on(world, "whatsapp", NUMBER, secrets, {"api": api, **settings})


def message(
    kind: str, content: Any, *, sender: str = SRI, key: str | None = None, **more: Any
) -> dict[str, Any]:
    """One message of somebody."""
    return {
        "from": sender,
        "id": key or f"wamid.masuk{next(_numbers)}",
        "timestamp": "1795305600",
        "type": kind,
        kind: content,
        **more,
    }


def text(words: str, **more: Any) -> dict[str, Any]:
    """A text."""
    return message("text", {"body": words}, **more)


def photo(reference: str, caption: str = "", **more: Any) -> dict[str, Any]:
    """A photo that the provider holds."""
    content = {"mime_type": "image/jpeg", "sha256": "x", "id": reference}
    return message("image", {**content, "caption": caption} if caption else content, **more)


def pressed(code: str, title: str, **more: Any) -> dict[str, Any]:
    """A button of ours."""
    return message(
        "interactive", {"type": "button_reply", "button_reply": {"id": code, "title": title}}, **more
    )


def status(
    reference: str, state: str, *, code: int | None = None, key: str = "", to: str = SRI
) -> dict[str, Any]:
    """What became of a message of ours."""
    found: dict[str, Any] = {"id": reference, "status": state, "timestamp": "1795305601", "recipient_id": to}
    if code:
        found["errors"] = [{"code": code, "title": "Refused", "error_data": {"details": "…"}}]
    if key:
        found["biz_opaque_callback_data"] = key
    return found


def delivery(*messages: dict[str, Any], statuses: Any = (), number: str = NUMBER) -> dict[str, Any]:
    """One POST of the provider."""
    senders = {one.get("from", "") for one in messages} - {""}
    value: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "62811000111", "phone_number_id": number},
    }
    if messages:
        value["contacts"] = [
            {"profile": {"name": "Sri Contoh"}, "wa_id": sender} for sender in sorted(senders)
        ]
        value["messages"] = list(messages)
    if statuses:
        value["statuses"] = list(statuses)
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "102290129340398", "changes": [{"value": value, "field": "messages"}]}],
    }


def signed(body: bytes, secret: str = APP_SECRET) -> dict[str, str]:
    """The headers of a delivery."""
    mac = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"x-hub-signature-256": f"sha256={mac}", "content-type": "application/json"}


async def deliver(client: httpx.AsyncClient, *messages: dict[str, Any], statuses: Any = ()) -> httpx.Response:
    """Deliver messages and statuses in one POST."""
    body = json.dumps(delivery(*messages, statuses=statuses)).encode()
    return await client.post("/hooks/whatsapp", content=body, headers=signed(body))
