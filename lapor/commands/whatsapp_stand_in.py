"""A stand-in for a provider while somebody rehearses, here for WhatsApp: it takes messages and hands out photos."""

from __future__ import annotations

import asyncio
import io
import itertools
import json
import secrets
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from PIL import Image

Answer = Callable[[dict[str, Any]], Awaitable[None]]
# How the references of a rehearsal begin: whoever stands in has a photo for each, also for those of another process.
REHEARSED = "gladi"


@dataclass
class StandIn:
    """What was sent to it, in order, and what it holds by reference."""

    api: str
    media: dict[str, bytes] = field(default_factory=dict)
    sent: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Answer) -> None:
        """Answer one request, as an ASGI application."""
        if scope["type"] != "http":
            return
        body = b""
        while True:
            part = await receive()
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        path, query = scope["path"], scope.get("query_string", b"").decode()
        asked = f"{path}?{query}" if query else path
        status, content = self._answer(scope["method"], path.rpartition("/")[2], asked, body)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": content})

    def _answer(self, method: str, last: str, path: str, body: bytes) -> tuple[int, bytes]:
        if method == "POST" and last == "messages":
            message = json.loads(body)
            message["id"] = f"wamid.gladi{next(self._numbers)}"
            self.sent.put_nowait(message)
            return 200, json.dumps({"messages": [{"id": message["id"]}]}).encode()
        if method == "GET" and (content := self.file(last)):
            if "/berkas/" in path:
                return 200, content
            found = {"url": f"{self.api}/berkas/{last}", "file_size": len(content)}
            return 200, json.dumps(found).encode()
        return 404, json.dumps({"error": {"code": 100}}).encode()

    def file(self, reference: str) -> bytes:
        """Return what is held under a reference; nothing for what no rehearsal has sent."""
        if reference.startswith(REHEARSED) and reference not in self.media:
            self.media[reference] = photo()
        return self.media.get(reference, b"")

    def words(self, message: dict[str, Any]) -> str:
        """Return what a message of ours says, with its buttons."""
        return words_of(message)

    async def serve(self) -> uvicorn.Server:
        """Listen where the account's API address says; raises OSError when that is taken."""
        address = urlsplit(self.api)
        listening = socket.create_server((address.hostname or "127.0.0.1", address.port or 80))
        server = uvicorn.Server(uvicorn.Config(self, log_config=None, log_level="warning", lifespan="off"))
        self._serving = asyncio.create_task(server._serve([listening]))
        return server

    async def stop(self, server: uvicorn.Server) -> None:
        """Listen no longer."""
        server.should_exit = True
        await self._serving


def photo() -> bytes:
    """Return a picture that no other one is like."""
    grey = Image.frombytes("L", (8, 6), secrets.token_bytes(48)).resize((640, 480))
    out = io.BytesIO()
    grey.save(out, "JPEG")
    return out.getvalue()


def words_of(message: dict[str, Any]) -> str:
    """Return what a message of ours says, with its buttons."""
    if message["type"] == "text":
        return str(message["text"]["body"])
    if message["type"] == "template":
        parameters = message["template"]["components"][0]["parameters"]
        return " · ".join([message["template"]["name"], *(one["text"] for one in parameters)])
    action = message["interactive"]["action"]
    titles = [button["reply"]["title"] for button in action.get("buttons", [])]
    titles += [row["title"] for section in action.get("sections", []) for row in section["rows"]]
    return f"{message['interactive']['body']['text']}\n[{'] ['.join(titles)}]"
