"""A browser that listens to a stream of the site: the visitor's cookies, lines as they come, and going away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

import httpx

from tests.visitor import Visitor

PATIENCE_SECONDS = 10.0


class Stream:
    """What has come of one stream so far."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.ended = asyncio.Event()
        self._lines: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        self._started = asyncio.Event()
        self._rest = ""

    async def began(self) -> Self:
        """Wait for the first line of the answer."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._started.wait()
        return self

    async def next(self, kind: str = "message", seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """Return what the next event of this kind says; TimeoutError when none comes."""
        async with asyncio.timeout(seconds):
            while True:
                name, facts = await self._lines.get()
                if name == kind:
                    return facts

    async def take(self, message: dict[str, Any]) -> None:
        """One message of the application."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            self._started.set()
            return
        self._rest += message.get("body", b"").decode()
        *blocks, self._rest = self._rest.split("\n\n")
        for block in blocks:
            fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
            if "data" in fields:
                self._lines.put_nowait((fields.get("event", "message"), json.loads(fields["data"])))
        if not message.get("more_body"):
            self.ended.set()


@asynccontextmanager
async def listening(visitor: Visitor, path: str, **headers: str) -> AsyncIterator[Stream]:
    """The stream at an address, as the visitor's browser opens it; at the end of the block the browser goes away."""
    request = visitor.build_request("GET", path, headers={"accept": "text/event-stream", **headers})
    gone = asyncio.Event()
    asked = False

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    stream = Stream()
    assert isinstance(visitor._transport, httpx.ASGITransport)
    serving = asyncio.create_task(visitor._transport.app(_scope(request), receive, stream.take))  # type: ignore[arg-type]
    try:
        yield await stream.began()
    finally:
        gone.set()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await serving


def _scope(request: httpx.Request) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": request.url.raw_path.split(b"?")[0],
        "query_string": request.url.query,
        "server": (request.url.host, request.url.port),
        "client": ("127.0.0.1", 123),
        "root_path": "",
        "state": {},
    }
