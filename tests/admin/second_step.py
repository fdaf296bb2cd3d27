"""An officer with an authenticator, for tests: their telephone gives the codes that the site asks for."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pyotp

from lapor import database
from lapor.app import create_app
from lapor.settings import Settings
from tests.ground import PASSWORD, World
from tests.visitor import TOKEN, Visitor, running

SECRET = re.compile(r'<p class="secret"><code>([A-Z2-7 ]+)</code>')
RECOVERY = re.compile(r"<li><code>([a-z0-9-]{14})</code></li>")
AUTHENTICATOR = "/akun/autentikator"


@asynccontextmanager
async def site_with(world: World, **changed: Any) -> AsyncIterator[Visitor]:
    """The site with other settings."""
    settings: Settings = replace(world.settings, **changed)
    await database.close_pool()
    async with running(create_app(settings)) as application:
        transport = httpx.ASGITransport(application)  # type: ignore[arg-type]
        async with Visitor(world, transport) as visitor:
            yield visitor


class Telephone:
    """An authenticator with one secret."""

    def __init__(self, world: World, secret: str) -> None:
        self.world = world
        self.totp = pyotp.TOTP(secret.replace(" ", ""))

    async def code(self, steps: int = 0) -> str:
        """The code of now, or of so many steps later."""
        step = await self.world.fetchval("SELECT floor(extract(epoch FROM now()) / 30)::bigint")
        return self.totp.generate_otp(step + steps)


async def log_in(site: Visitor, username: str, password: str = PASSWORD, **more: str) -> httpx.Response:
    """Name and password."""
    return await site.send_form("/masuk", {"username": username, "password": password, **more})


async def set_up(site: Visitor, password: str = PASSWORD) -> tuple[Telephone, list[str]]:
    """Set an authenticator up as whoever is logged in; returns it and the recovery codes."""
    opened = await site.get(AUTHENTICATOR)
    found, token = SECRET.search(opened.text), TOKEN.search(opened.text)
    assert found, opened.status_code
    assert token
    telephone = Telephone(site.world, found.group(1))
    fields = {"code": await telephone.code(), "current": password, "_csrf_token": token.group(1)}
    shown = await site.post(AUTHENTICATOR, data=fields)
    assert shown.status_code == 200, shown.text
    return telephone, RECOVERY.findall(shown.text)


async def forget_steps(world: World) -> None:
    """As if half a minute had passed: the telephone's present code was not used yet."""
    await world.execute("UPDATE second_factor SET last_step = 0")
