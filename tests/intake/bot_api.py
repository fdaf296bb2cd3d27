"""A server on loopback that speaks Telegram's Bot API: sendMessage, getFile, setWebhook, its errors and limits."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.intake.local_api import Answer, LocalApi

BOT = "700100200"
TOKEN = f"{BOT}:AAEuji-uji-uji-uji-uji-uji-uji_uji"


@dataclass
class BotApi(LocalApi):
    """What it was told to say, and what it is told to answer: `refusals` are (status, parameters) to give first."""

    sent: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[tuple[int, dict[str, int]]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    webhook: dict[str, Any] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: itertools.count(501))

    def texts(self) -> list[str]:
        """What was said, in order."""
        return [str(one["text"]) for one in self.sent]

    def offered(self) -> list[str]:
        """The codes of the buttons under the last message."""
        rows = self.sent[-1].get("reply_markup", {}).get("inline_keyboard", [])
        return [button["callback_data"] for row in rows for button in row]

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """As Telegram answers."""
        address = urlsplit(path)
        if address.path.startswith(f"/file/bot{TOKEN}/photos/"):
            return 200, {}, self.files[address.path.rpartition("/")[2]]
        called = address.path.removeprefix(f"/bot{TOKEN}/")
        if called == address.path:
            return _told(401, ok=False, error_code=401)
        given = json.loads(body) if body else {}
        if called == "getFile":
            return self._file(parse_qs(address.query)["file_id"][0])
        if called == "setWebhook":
            self.webhook = given
            return _told(200, ok=True, result=True)
        if called == "getWebhookInfo":
            return _told(200, ok=True, result={"url": self.webhook["url"], "pending_update_count": 2})
        return self._message(given)

    def _file(self, reference: str) -> Answer:
        if len(self.files[reference]) > 20 * 1024 * 1024:
            return _told(400, ok=False, error_code=400)
        found = {"file_id": reference, "file_path": f"photos/{reference}"}
        return _told(200, ok=True, result=found)

    def _message(self, message: dict[str, Any]) -> Answer:
        if self.refusals:
            status, parameters = self.refusals.pop(0)
            return _told(status, ok=False, error_code=status, parameters=parameters)
        buttons = [
            button for row in message.get("reply_markup", {}).get("inline_keyboard", []) for button in row
        ]
        too_long = len(message["text"].encode("utf-16-le")) // 2 > 4096 or any(
            not 0 < len(button["callback_data"].encode()) <= 64 for button in buttons
        )
        if not message["text"] or too_long or not isinstance(message["chat_id"], int):
            return _told(400, ok=False, error_code=400)
        message["message_id"] = next(self._numbers)
        self.sent.append(message)
        return _told(200, ok=True, result={"message_id": message["message_id"]})


def _told(status: int, **content: Any) -> Answer:
    return status, {"Content-Type": "application/json"}, json.dumps(content).encode()
