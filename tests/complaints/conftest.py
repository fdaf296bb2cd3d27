"""A filed complaint and the people around it, for the tests of the record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest_asyncio

from lapor import crypto, database
from lapor.complaints import desk
from lapor.complaints.desk import Actor, Filed, Filing
from tests.ground import World

LEAD = "smg-dpu"


@dataclass
class Scene:
    """A simulated world with a road agency, its people, and the coordinating admin of the city."""

    world: World
    staff: Actor
    checker: Actor
    coordinator: Actor

    async def file(self, text: str = "Jalan berlubang di depan pasar", **given: Any) -> Filed:
        """File a complaint that the rules give to the road agency unless told otherwise."""
        return await desk.file(
            Filing(**{"type": "complaint", "text": text, "category": "jalan-rusak", **given})
        )

    async def complaint(self, filed: Filed) -> dict[str, Any]:
        """The complaint's row."""
        return dict((await self.world.fetch("SELECT * FROM complaint WHERE id = $1", filed.complaint_id))[0])

    async def clock(self, filed: Filed, kind: str, cycle: int = 1) -> dict[str, Any]:
        """One of its clocks."""
        rows = await self.world.fetch(
            "SELECT * FROM clock WHERE complaint = $1 AND kind = $2 AND cycle = $3 ORDER BY id DESC",
            filed.complaint_id,
            kind,
            cycle,
        )
        return dict(rows[0])

    async def kinds(self, filed: Filed) -> list[str]:
        """The kinds of its events, in order."""
        rows = await self.world.fetch(
            "SELECT kind FROM event WHERE complaint = $1 ORDER BY seq", filed.complaint_id
        )
        return [row["kind"] for row in rows]

    async def fired(self, filed: Filed, kind: str = "response") -> list[tuple[int, str, bool, bool]]:
        """What fired of one of its clocks: number, step, skipped, answered late."""
        rows = await self.world.fetch(
            "SELECT e.rung, e.step, e.skipped, e.answered_late FROM escalation e JOIN clock k ON k.id = e.clock"
            " WHERE e.complaint = $1 AND k.kind = $2 ORDER BY e.rung",
            filed.complaint_id,
            kind,
        )
        return [tuple(row) for row in rows]  # type: ignore[misc]

    async def officer(self, role: str, agency: str = LEAD) -> Actor:
        """Somebody who holds an office of this role."""
        return Actor.officer(await self.world.officer(role, agency))

    async def agency(self, code: str) -> int:
        """The id of an agency."""
        found: int = await self.world.fetchval("SELECT id FROM agency WHERE code = $1", code)
        return found

    async def days_from_now(self, days: float) -> Any:
        """A moment of the database's time."""
        return await self.world.now() + timedelta(days=days)


def reporter(filed: Filed) -> Actor:
    """Whoever holds the secret link."""
    return Actor.reporter(crypto.secret_hash(filed.secret))


async def sees(person: int | None, sql: str, *arguments: Any) -> list[Any]:
    """What somebody finds as the panel asks: with nothing but row-level security between."""
    async with database.transaction("reader", user_id=person):
        return await database.fetch(sql, *arguments)


@pytest_asyncio.fixture
async def scene(simulated: World) -> Scene:
    return Scene(
        simulated,
        Actor.officer(await simulated.officer("staff", LEAD)),
        Actor.officer(await simulated.officer("checker", LEAD)),
        Actor.officer(await simulated.officer("coordinator", "smg-diskominfo")),
    )
