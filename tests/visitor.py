"""The site as its visitors meet it: over HTTP, with cookies, forms and their tokens."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast

import httpx
from litestar import Litestar

from lapor.admin import access, sessions
from lapor.admin.panel import create_panel
from lapor.app import create_app
from lapor.front_door import Application, FrontDoor
from lapor.settings import Settings
from lapor.site import SiteCache
from tests.ground import World

TOKEN = re.compile(r'name="_csrf_token" value="([0-9a-f]+)"')


_made: dict[Settings, FrontDoor] = {}


def site_of(world: World) -> Application:
    """The site at a test's database: made once, which takes as long as many a test, and pointed there each time."""
    shape = replace(world.settings, database_url="", worker_database_url="", owner_database_url="")
    if shape not in _made:
        made = create_app(world.settings)
        assert isinstance(made, FrontDoor)
        _made[shape] = made
    door = _made[shape]
    door.panel = create_panel(world.settings)
    door.cache = SiteCache()
    state = cast(Litestar, door.site).state
    state.settings, state.site_cache = world.settings, door.cache
    return door


@asynccontextmanager
async def running(application: Application) -> AsyncIterator[Application]:
    """The application between its start and its stop, as a server runs it."""
    inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    life = asyncio.create_task(
        application({"type": "lifespan", "asgi": {"version": "3.0"}}, inbox.get, outbox.put)
    )  # type: ignore[arg-type]
    await inbox.put({"type": "lifespan.startup"})
    answer = await outbox.get()
    assert answer["type"] == "lifespan.startup.complete", answer
    try:
        yield application
    finally:
        await inbox.put({"type": "lifespan.shutdown"})
        await outbox.get()
        await life


class Visitor(httpx.AsyncClient):
    """A browser at the site. It keeps cookies, and `send_form` carries the form's token."""

    def __init__(self, world: World, transport: httpx.ASGITransport) -> None:
        super().__init__(transport=transport, base_url=world.settings.base_url)
        self.world = world
        self.person: int | None = None

    def another(self) -> Visitor:
        """Another browser at the same site, without cookies."""
        assert isinstance(self._transport, httpx.ASGITransport)
        return Visitor(self.world, self._transport)

    async def send_form(
        self, path: str, fields: Mapping[str, Any] | None = None, *, page: str | None = None
    ) -> httpx.Response:
        """Open a page (by default the one that the form is sent to), take its token and send the fields."""
        opened = await self.get(page or path)
        found = TOKEN.search(opened.text)
        assert found, f"no form on {page or path}: {opened.status_code}"
        return await self.post(path, data={**(fields or {}), "_csrf_token": found.group(1)})

    async def as_person(self, person: int) -> Visitor:
        """The same browser, logged in as this person."""
        token = await sessions.open_session(person, hours=8)
        self.cookies.set(access.COOKIE, token)
        self.person = person
        return self

    async def as_role(self, role: str, agency: str | None = None) -> Visitor:
        """The same browser, logged in as a new officer of this role."""
        return await self.as_person(await self.world.officer(role, agency))

    async def as_public(self) -> Visitor:
        """The same browser, logged out and without cookies."""
        self.cookies.clear()
        self.person = None
        return self

    async def panel(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A request to the panel's API as the panel itself makes it, with its token."""
        if "csrftoken" not in self.cookies:
            await self.get("/admin/")
        headers = {"X-CSRFToken": self.cookies.get("csrftoken", "")}
        return await self.request(method, f"/admin/api{path}", headers=headers, **options)
