"""The site as an installation has it: on a port of its own, for whoever comes over the network."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import uvicorn

from lapor import database
from lapor.app import create_app
from lapor.settings import Settings
from tests.ground import World


@asynccontextmanager
async def at_a_port(world: World) -> AsyncIterator[Settings]:
    """Yield the settings of a site that listens; its address is `base_url`."""
    listening = socket.create_server(("127.0.0.1", 0))
    settings = replace(world.settings, base_url=f"http://127.0.0.1:{listening.getsockname()[1]}")
    await database.close_pool()
    server = uvicorn.Server(uvicorn.Config(create_app(settings), log_config=None, lifespan="on"))  # type: ignore[arg-type]
    # The test's own process keeps its signals.
    serving = asyncio.create_task(server._serve([listening]))
    while not server.started:
        assert not serving.done(), "the server did not start"
        await asyncio.sleep(0.02)
    try:
        yield settings
    finally:
        server.should_exit = True
        await serving
        listening.close()
