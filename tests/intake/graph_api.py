"""A server on loopback that speaks the WhatsApp part of Meta's Graph API: messages, media, its errors and limits."""

from __future__ import annotations

import itertools
import json
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

from tests.intake.local_api import Answer, LocalApi, opened

TOKEN = "EAAG-uji-token"
NUMBER = "628110001"


@dataclass
class GraphApi(LocalApi):
    """What it was asked, and what it is told to answer: `refusals` are (status, code, headers) to give first."""

    sent: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[tuple[int, int, dict[str, str]]] = field(default_factory=list)
    # What lies behind a media id, and where its address leads instead, if anywhere.
    media: dict[str, bytes] = field(default_factory=dict)
    elsewhere: dict[str, str] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    # Whether it forgets to answer what it has taken.
    silent: bool = False
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    @property
    def url(self) -> str:
        """The address of its version, as a setting of an account has it."""
        return f"http://127.0.0.1:{self.port}/v23.0"

    def texts(self, to: str | None = None) -> list[str]:
        """What was said, in order: the words of each message, whatever its kind."""
        return [_words(one) for one in self.sent if to is None or one.get("to") == to]

    def offered(self) -> list[str]:
        """The codes of the buttons of the last message."""
        action = self.sent[-1].get("interactive", {}).get("action", {})
        rows = [row for section in action.get("sections", []) for row in section["rows"]]
        return [button["reply"]["id"] for button in action.get("buttons", [])] + [row["id"] for row in rows]

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer | None:
        """As the Graph API answers whoever has our token."""
        if headers.get("authorization") != f"Bearer {TOKEN}":
            return _error(401, 190)
        if method == "POST" and path == f"/v23.0/{NUMBER}/messages":
            return self._message(json.loads(body))
        if method == "GET" and path.startswith("/file/"):
            reference = path.removeprefix("/file/")
            if reference in self.redirects:
                return 302, {"Location": self.redirects[reference]}, b""
            return 200, {"Content-Type": "application/octet-stream"}, self.media[reference]
        reference = path.removeprefix("/v23.0/")
        if method == "GET" and reference in self.media:
            url = self.elsewhere.get(reference, f"http://127.0.0.1:{self.port}/file/{reference}")
            content = {"messaging_product": "whatsapp", "url": url, "id": reference}
            content["file_size"] = len(self.media[reference])  # type: ignore[assignment]
            return 200, {}, json.dumps(content).encode()
        return _error(404, 100)

    def _message(self, message: dict[str, Any]) -> Answer | None:
        if self.refusals:
            status, code, headers = self.refusals.pop(0)
            return _error(status, code, headers)
        problem = _problem(message)
        if problem:
            return _error(400, problem)
        self.sent.append(message)
        if self.silent:
            return None
        reference = f"wamid.uji{next(self._numbers)}"
        message["_id"] = reference
        content = {
            "messaging_product": "whatsapp",
            "contacts": [{"input": message.get("to", ""), "wa_id": message.get("to", "")}],
            "messages": [{"id": reference, "message_status": "accepted"}],
        }
        return 200, {}, json.dumps(content).encode()


def _problem(message: dict[str, Any]) -> int:
    """The code with which the real one refuses what is too long or incomplete; 0 for nothing."""
    if message.get("messaging_product") != "whatsapp" or not (message.get("to") or message.get("recipient")):
        return 100
    if message["type"] == "text" and not 0 < len(message["text"]["body"]) <= 4096:
        return 131009
    if message["type"] == "interactive":
        interactive = message["interactive"]
        buttons = interactive["action"].get("buttons", [])
        limit = 1024 if interactive["type"] == "button" else 4096
        if len(interactive["body"]["text"]) > limit or len(buttons) > 3:
            return 131009
        if any(len(button["reply"]["title"]) > 20 for button in buttons):
            return 131009
    if message["type"] == "template":
        parameters = message["template"]["components"][0]["parameters"]
        if not all(one["text"] for one in parameters):
            return 131008
    return 0


def _words(message: dict[str, Any]) -> str:
    if message["type"] == "text":
        return str(message["text"]["body"])
    if message["type"] == "interactive":
        return str(message["interactive"]["body"]["text"])
    parameters = message["template"]["components"][0]["parameters"]
    return " ".join([message["template"]["name"], *(one["text"] for one in parameters)])


def _error(status: int, code: int, headers: dict[str, str] | None = None) -> Answer:
    content = {"error": {"message": f"(#{code}) Refused", "type": "OAuthException", "code": code}}
    return status, headers or {}, json.dumps(content).encode()


def open_graph_api() -> AbstractAsyncContextManager[GraphApi]:
    """Meta's side, for the length of the block."""
    return opened(GraphApi())
