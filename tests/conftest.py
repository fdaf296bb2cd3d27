"""What every test stands on: real servers, a database of its own, the site, officers who can come in."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from lapor import database
from lapor.embedded import Servers, remove_home, throwaway_home
from lapor.settings import Settings
from tests.ground import TEMPLATE, Ground, World, hurry, prepare
from tests.intake.post_office import PostOffice, open_post_office
from tests.visitor import Visitor, running, site_of

STRICT = os.environ.get("LAPOR_TEST_STRICT") == "1"
POSTGRES_BIN = os.environ.get("LAPOR_TEST_POSTGRES_BIN")
ROOM_IN_MEMORY = 4 * 2**30
_LOOPBACK = ("127.", "::1", "localhost")


def _refuse_strangers() -> None:
    """No test talks to another machine: a socket that tries is an error."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not str(address[0]).startswith(_LOOPBACK):
            raise AssertionError(f"a test tried to reach {address[0]}")
        connect(self, address)

    socket.socket.connect = guarded  # type: ignore[method-assign]


def pytest_configure(config: pytest.Config) -> None:
    _refuse_strangers()
    # A suite that a shell runs in the background would hand on that Ctrl-C is ignored, and tests press it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # The panel ignores this one for a reason; pytest begins with filters of its own.
    config.addinivalue_line("filterwarnings", 'ignore:Field name "register":UserWarning')


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """With LAPOR_TEST_STRICT=1 a skip is a failure, unless it is about data that is not part of the project."""
    outcome = yield
    report = outcome.get_result()
    reason = str(report.longrepr)
    if STRICT and report.skipped and not hasattr(report, "wasxfail") and "shared/data" not in reason:
        report.outcome = "failed"
        report.longrepr = f"skipped although the suite is strict: {reason}"


def _in_memory() -> Path | None:
    """Where files cost nothing, if there is room: each test has a database of its own, which is 700 files."""
    shelf = Path("/dev/shm")
    if not os.access(shelf, os.W_OK) or shutil.disk_usage(shelf).free < ROOM_IN_MEMORY:
        return None
    return shelf / f"lapor-{os.getuid()}"


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """PostgreSQL and Redis in a home that is thrown away; LAPOR_TEST_POSTGRES_BIN chooses other programs."""
    home = throwaway_home(_in_memory())
    programs = Path(POSTGRES_BIN) if POSTGRES_BIN else None
    # Databases are small and come and go: PostgreSQL looks through all of its memory for each that goes.
    with Servers.start(home, postgres_bin=programs, megabytes=1024) as started:
        asyncio.run(hurry(started))
        yield started
    remove_home(home)


@pytest_asyncio.fixture(scope="session")
async def ground(servers: Servers) -> Ground:
    """The roles of the cluster and two templates: one migrated, one with the example region in it."""
    return await prepare(servers)


@pytest_asyncio.fixture
async def world(ground: Ground) -> AsyncIterator[World]:
    """A database of this test's own, with the example region, and an open pool that may enter every role."""
    async with ground.world(TEMPLATE) as made:
        yield made


@pytest_asyncio.fixture
async def simulated(world: World) -> World:
    """The same, in simulated time: `await simulated.advance(hours)` moves the database's clock."""
    await world.simulate()
    return world


@pytest.fixture
def settings(world: World) -> Settings:
    """The settings of this test's site."""
    return world.settings


@pytest_asyncio.fixture
async def site(world: World) -> AsyncIterator[Visitor]:
    """The whole site and one visitor's browser; `await site.as_role("liaison")` brings in an officer."""
    await database.close_pool()
    async with running(site_of(world)) as application:
        transport = httpx.ASGITransport(application)  # type: ignore[arg-type]
        async with Visitor(world, transport) as visitor:
            yield visitor


@pytest_asyncio.fixture
async def post() -> AsyncIterator[PostOffice]:
    """Somebody's mail server on loopback, with everything that was delivered to it."""
    async with open_post_office() as office:
        yield office
