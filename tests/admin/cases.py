"""Complaints for the tests of the desk, filed and worked on through the verbs."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from asyncpg.connection import LoggedQuery

from lapor import database
from lapor.complaints import desk
from lapor.complaints.desk import Actor, Filed, Filing
from tests.ground import World
from tests.visitor import Visitor

DPU = "smg-dpu"
SEAL = re.compile(r'name="seal" value="(\w+)"')
HOLE = "Ada lubang sedalam mata kaki di tengah jalan dekat jembatan kecil."


async def file(**more: Any) -> Filed:
    """File a complaint about a road, which the rules give to the public works agency."""
    given: dict[str, Any] = {
        "type": "complaint",
        "category": "jalan-rusak",
        "district": "33.74.06",
        "village": "33.74.06.1004",
        "text": HOLE,
        "name": "Lestari Contoh",
        "phone": "081200000103",
    }
    return await desk.file(Filing(**(given | more)))


async def agency(code: str) -> int:
    """The id of an agency."""
    async with database.transaction("public"):
        found: int = await database.fetchval("SELECT id FROM agency WHERE code = $1", code)
    return found


async def owner_of(world: World, complaint: int) -> str:
    """The code of the agency that is responsible."""
    code: str = await world.fetchval(
        "SELECT a.code FROM complaint c JOIN agency a ON a.id = c.owner_agency WHERE c.id = $1", complaint
    )
    return code


async def officer(world: World, role: str, code: str = DPU) -> Actor:
    """A new officer of this role in the agency, as an actor."""
    return Actor.officer(await world.officer(role, code))


def where(complaint: int, act: str = "") -> str:
    """The address of a complaint at the desk, or of one of its forms."""
    return f"/meja/aduan/{complaint}" + (f"/{act}" if act else "")


async def submit(site: Visitor, complaint: int, act: str, **fields: str) -> httpx.Response:
    """Send one of its forms as the page has it now."""
    opened = (await site.get(where(complaint))).text
    version = re.search(r'name="version" value="(\d+)"', opened)
    given = {"version": version.group(1) if version else "0", **fields}
    return await site.send_form(where(complaint, act), given, page=where(complaint))


async def confirmed(site: Visitor, refused: httpx.Response) -> httpx.Response:
    """A grave change of the panel, confirmed on its page if it asks to be."""
    if "confirm" not in refused.text:
        return refused
    address = refused.json()["confirm"]
    found = SEAL.search((await site.get(address)).text)
    assert found
    return await site.send_form(address, {"seal": found.group(1)})


@asynccontextmanager
async def counted() -> AsyncIterator[list[str]]:
    """Collect every statement that the site's one idle connection runs meanwhile."""
    statements: list[str] = []

    def note(query: LoggedQuery) -> None:
        statements.append(query.query)

    async with _idle() as connection:
        connection.add_query_logger(note)
    yield statements
    async with _idle() as connection:
        connection.remove_query_logger(note)


def _idle() -> Any:
    assert database.DB.pool
    return database.DB.pool.acquire()
