"""A provider's interface on loopback: requests are kept, and answered by what a class of its own says."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class LocalApi(ABC):
    """What it was asked, as (method, path, headers)."""

    port: int = 0
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its address, as a setting of an account has it."""
        return f"http://127.0.0.1:{self.port}"

    @abstractmethod
    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer | None:
        """Return status, headers and body of the answer to a request; None breaks the line without one."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        try:
            while line := await reader.readline():
                method, path, _ = line.decode().split()
                headers: dict[str, str] = {}
                while (header := (await reader.readline()).decode().strip()) != "":
                    name, _, value = header.partition(":")
                    headers[name.lower()] = value.strip()
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.asked.append((method, path, headers))
                if (answer := self.answer(method, path, headers, body)) is None:
                    return
                await _write(writer, *answer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()


async def _write(writer: asyncio.StreamWriter, status: int, headers: dict[str, str], body: bytes) -> None:
    lines = [f"HTTP/1.1 {status} Answer", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode() + body)
    await writer.drain()


Api = TypeVar("Api", bound=LocalApi)


@asynccontextmanager
async def opened(api: Api) -> AsyncIterator[Api]:
    """The provider's side, for the length of the block."""
    server = await asyncio.start_server(api.serve, "127.0.0.1", 0)
    api.port = server.sockets[0].getsockname()[1]
    try:
        yield api
    finally:
        server.close()
