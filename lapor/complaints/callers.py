"""Who calls: what the same telephone number reported before, for the operator who has the caller on the line.

Only what anybody with the ticket would see is shown, and the category. What is anonymous, confidential, protected or about
an official is never found by a number, and the database appends each look to the chain of every complaint it shows.
"""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from lapor import crypto, database
from lapor.complaints.actor import Actor
from lapor.complaints.errors import Refused

_FIND = "SELECT * FROM caller_history($1)"


@dataclass(frozen=True)
class Earlier:
    """An earlier complaint of a caller; `due_at` is of the clock of kind `due_kind`, met or not."""

    ticket: str
    status: str
    category: str
    category_en: str
    agency: str
    filed_at: datetime
    due_at: datetime | None
    met_at: datetime | None
    due_kind: str
    timezone: str


async def look_at_caller(actor: Actor, phone: str) -> list[Earlier]:
    """Return the newest complaints of this number (E.164) in the operator's regions, newest first, at most ten.

    Raises Refused for whoever is no operator.
    """
    async with database.transaction("desk", user_id=actor.person):
        await database.execute("SAVEPOINT caller")
        try:
            rows = await database.fetch(_FIND, crypto.keyring().lookups(phone, "phone"))
        except asyncpg.InsufficientPrivilegeError as error:
            await database.execute("ROLLBACK TO SAVEPOINT caller")
            raise Refused("Riwayat penelepon hanya dibuka bagi petugas loket dan pusat panggilan.") from error
    return [Earlier(**{name: row[name] for name in Earlier.__annotations__}) for row in rows]
