"""What Telegram delivers to a bot, written after the Bot API's reference."""

from __future__ import annotations

import itertools
import json
from typing import Any

import httpx

from tests.ground import World
from tests.intake.bot_api import BOT, TOKEN
from tests.intake.switched_on import switched_on

SECRET = "rahasia-webhook-uji_1"
SRI = 880011
_numbers = itertools.count(90_001)


async def open_account(world: World, api: str) -> None:
    """Switch on our bot, as an administrator does."""
    await switched_on(world, "telegram", BOT, {"token": TOKEN, "secret_token": SECRET}, {"api": api})


def person(number: int = SRI) -> dict[str, Any]:
    """Somebody with an account."""
    return {"id": number, "is_bot": False, "first_name": "Sri", "last_name": "Contoh", "language_code": "id"}


def message(*, sender: int = SRI, kind: str = "private", **content: Any) -> dict[str, Any]:
    """A message to the bot."""
    chat = {"id": sender, "type": kind, "first_name": "Sri"}
    return {
        "message_id": next(_numbers),
        "from": person(sender),
        "chat": chat,
        "date": 1795305600,
        **content,
    }


def update(*, edited: bool = False, sender: int = SRI, **content: Any) -> dict[str, Any]:
    """An update with one message."""
    name = "edited_message" if edited else "message"
    return {"update_id": next(_numbers), name: message(sender=sender, **content)}


def photo(reference: str, caption: str = "", **more: Any) -> dict[str, Any]:
    """A photo in three sizes, the largest in the middle."""
    sizes = [
        {"file_id": f"kecil-{reference}", "file_unique_id": "a", "width": 90, "height": 67},
        {"file_id": reference, "file_unique_id": "b", "width": 1280, "height": 960},
        {"file_id": f"sedang-{reference}", "file_unique_id": "c", "width": 320, "height": 240},
    ]
    return update(photo=sizes, **({"caption": caption} if caption else {}), **more)


def pressed(code: str, sender: int = SRI) -> dict[str, Any]:
    """A button under a message of ours."""
    ours = {"message_id": 501, "chat": {"id": sender, "type": "private"}, "date": 1795305600, "text": "…"}
    query = {"id": str(next(_numbers)), "from": person(sender), "message": ours, "chat_instance": "1"}
    return {"update_id": next(_numbers), "callback_query": {**query, "data": code}}


async def deliver(client: httpx.AsyncClient, given: Any, secret: str | None = SECRET) -> httpx.Response:
    """Deliver an update."""
    body = given if isinstance(given, bytes) else json.dumps(given).encode()
    headers = {"content-type": "application/json"}
    if secret is not None:
        headers["x-telegram-bot-api-secret-token"] = secret
    return await client.post("/hooks/telegram", content=body, headers=headers)
