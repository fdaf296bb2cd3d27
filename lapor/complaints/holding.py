"""Holding a complaint: seen by this person, locked, checked for its version, and counted up afterwards."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from lapor import database
from lapor.complaints import events, states
from lapor.complaints.actor import Actor
from lapor.complaints.clocks import policy_facts
from lapor.complaints.errors import Conflict, NotFound, Refused
from lapor.registers import moment
from lapor.routing.directory import REGISTRY, AgencyEntry, CategoryEntry, Registry
from lapor.sla.policy import Facts
from lapor.sla.register import SCHEDULE, Schedule

WORKING_ROLES = ("agency_head", "checker", "liaison", "staff", "inspector", "coordinator", "sekda")
DECIDING_ROLES = ("agency_head", "checker", "inspector", "coordinator", "sekda")
LEADING_ROLES = ("head_of_region", "deputy_head", "sekda", "leadership_staff", "inspector")


@dataclass
class Held:
    """A complaint under its lock, with the time and the registers of this transaction."""

    row: asyncpg.Record
    actor: Actor
    at: datetime
    registry: Registry
    schedule: Schedule

    @property
    def id(self) -> int:
        """The complaint's id."""
        return int(self.row["id"])

    @property
    def owner(self) -> AgencyEntry:
        """The agency that is responsible."""
        return self.registry.agencies_by_id[self.row["owner_agency"]]

    @property
    def category(self) -> CategoryEntry | None:
        """The category, if it is known."""
        wanted = self.row["category"]
        return next((entry for entry in self.registry.categories.values() if entry.id == wanted), None)

    @property
    def policy_facts(self) -> Facts:
        """What a policy may ask about this complaint."""
        return policy_facts(self.row["type"], self.category, self.owner)

    def move(self, verb: str) -> str:
        """Return the status after the verb; raises Refused when the complaint is not in a status for it."""
        status = self.row["status"]
        if not states.allowed(status, verb):
            raise Refused(f"Ini tidak dapat dilakukan pada laporan yang berstatus “{states.LABELS[status]}”.")
        return states.after(status, verb)

    async def must_work(self) -> None:
        """Raise Refused unless the officer works in the responsible agency and may read the words."""
        if not await self.works_in(self.row["owner_agency"]):
            raise Refused("Hanya petugas instansi yang bertanggung jawab yang dapat melakukan ini.")
        await self.must_read()

    async def must_read(self) -> None:
        """Raise NotFound unless the officer may read the words: who sees only the clocks moves nothing."""
        if not await database.fetchval("SELECT may_read($1)", self.id):
            raise NotFound

    async def must_have_reporter(self) -> None:
        """Raise Refused for what a machine has filed: nobody could answer a question, and no clock may wait for it."""
        if await database.fetchval(_BY_SENSOR, self.id):
            raise Refused("Laporan ini dikirim oleh sensor: tidak ada pelapor yang dapat ditanya.")

    async def works_in(self, agency: int, roles: Sequence[str] = WORKING_ROLES) -> bool:
        """Return whether the officer holds an office of these roles in the agency."""
        held: list[int] = await database.fetchval("SELECT my_agencies_as($1)", list(roles))
        return agency in held

    async def leads_region(self, roles: Sequence[str]) -> bool:
        """Return whether the officer holds an office of these roles for the complaint's region."""
        regions: list[int] = await database.fetchval("SELECT my_regions_as($1)", list(roles))
        return self.row["region"] in regions

    async def set(self, **columns: Any) -> None:
        """Change columns of the complaint."""
        names = ", ".join(f"{name} = ${number}" for number, name in enumerate(columns, 2))
        await database.execute(f"UPDATE complaint SET {names} WHERE id = $1", self.id, *columns.values())

    async def record(
        self,
        kind: str,
        *,
        facts: dict[str, Any] | None = None,
        digest: bytes | None = None,
        agency: int | None = None,
    ) -> None:
        """Append an event of this actor."""
        await events.record(
            self.id, kind, self.actor.name, agency=agency or self.owner.id, facts=facts, digest=digest
        )


_BY_SENSOR = (
    "SELECT EXISTS (SELECT FROM event WHERE complaint = $1 AND kind = 'filed' AND facts::jsonb ? 'sensor')"
)
_FIND = "SELECT * FROM complaint WHERE id = $1"
_LAST_FIRED = "SELECT max(fired_at) FROM escalation WHERE complaint = $1"
_HOLD = "SELECT set_config('app.holding', $1, true)"
_COUNT_UP = "UPDATE complaint SET version = version + 1 WHERE id = $1"


@asynccontextmanager
async def holding(actor: Actor, complaint: int, version: int | None = None) -> AsyncIterator[Held]:
    """Hold a complaint for one verb, in the caller's transaction or in one of its own.

    Raises NotFound when this person sees no such complaint, Conflict when it has moved on since `version`.
    """
    async with database.transaction(actor.role, user_id=actor.person, reporter_key=actor.reporter_key):
        # Row-level security answers here: what somebody may not see cannot be held either.
        if await database.fetchrow(_FIND, complaint) is None:
            raise NotFound
        await database.execute("SELECT lock_complaints(ARRAY[$1::bigint], false)", complaint)
        seen = await moment()
        row = await database.fetchrow(_FIND, complaint)
        if row is None:
            raise NotFound
        if version is not None and row["version"] != version:
            raise Conflict(
                "Laporan ini baru saja diubah oleh orang lain. Periksa keadaan terbarunya, lalu kirim lagi."
            )
        await database.execute(_HOLD, str(complaint))
        at = await _not_before_what_fired(complaint, seen.at)
        yield Held(row, actor, at, await REGISTRY.get(seen.version), await SCHEDULE.get(seen.version))
        await database.execute(_COUNT_UP, complaint)
        await database.execute(_HOLD, "")


async def _not_before_what_fired(complaint: int, at: datetime) -> datetime:
    """A rung that fired while a verb waited for the lock came before it: nothing is met before what fired."""
    return max(at, await database.fetchval(_LAST_FIRED, complaint) or at)


async def lock(complaints: Sequence[int]) -> None:
    """Lock many complaints at once, in the order of their ids, as every writer does."""
    await database.execute("SELECT lock_complaints($1, false)", sorted(complaints))


async def each_held(actor: Actor, complaints: Sequence[int]) -> AsyncIterator[Held]:
    """Hold complaints that are locked already one after the other, each until the next one is asked for.

    Call it inside a transaction of the actor's role, to the end; whoever calls it has decided that the actor may.
    """
    seen = await moment()
    registry, schedule = await REGISTRY.get(seen.version), await SCHEDULE.get(seen.version)
    for complaint in sorted(complaints):
        await database.execute(_HOLD, str(complaint))
        row = await database.fetchrow(_FIND, complaint)
        if row is None:
            raise NotFound
        yield Held(row, actor, await _not_before_what_fired(complaint, seen.at), registry, schedule)
        await database.execute(_COUNT_UP, complaint)
        await database.execute(_HOLD, "")
