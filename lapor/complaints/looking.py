"""Looks that leave a trace: at a reporter's contact, at an escalation."""

from dataclasses import dataclass

import asyncpg

from lapor import crypto, database
from lapor.complaints.actor import Actor
from lapor.complaints.draft import identity_context
from lapor.complaints.errors import NotFound, Refused
from lapor.complaints.holding import LEADING_ROLES, holding
from lapor.complaints.instructing import giving_office


@dataclass(frozen=True)
class Contact:
    """How to reach a reporter; empty where nothing was given."""

    name: str
    phone: str
    email: str


async def look_at_contact(actor: Actor, complaint: int) -> Contact:
    """Return the reporter's contact; the database decides whether, and records that it was looked at."""
    async with database.transaction("desk", user_id=actor.person):
        if not await database.fetchval("SELECT EXISTS (SELECT FROM complaint WHERE id = $1)", complaint):
            raise NotFound
        await database.execute("SAVEPOINT contact")
        try:
            row = await database.fetchrow("SELECT name, phone, email FROM contact_of($1)", complaint)
        except asyncpg.InsufficientPrivilegeError as error:
            await database.execute("ROLLBACK TO SAVEPOINT contact")
            raise Refused("Identitas pelapor tidak ditampilkan untuk laporan ini.") from error
    shown = {
        name: crypto.keyring().decrypt(row[name], identity_context(complaint, name)).decode()
        if row and row[name]
        else ""
        for name in ("name", "phone", "email")
    }
    return Contact(**shown)


async def see_escalation(actor: Actor, complaint: int) -> None:
    """Note that the leadership has seen what was answered late, which takes it off their list.

    In whose name somebody looked is recorded, as for an instruction.
    """
    async with holding(actor, complaint) as held:
        if not await held.leads_region(LEADING_ROLES):
            raise Refused("Hanya pimpinan daerah yang dapat menandai ini.")
        mine: list[int] = await database.fetchval("SELECT my_agencies()")
        if held.owner.id in mine:
            raise Refused("Keterlambatan kantor Anda sendiri ditandai oleh pimpinan lain.")
        await database.execute(
            "UPDATE escalation SET seen_at = $2, seen_by = $3"
            " WHERE complaint = $1 AND step = 'escalate' AND seen_at IS NULL"
            " AND clock IN (SELECT id FROM clock WHERE complaint = $1 AND met_at IS NOT NULL)",
            held.id,
            held.at,
            actor.person,
        )
        giving = await giving_office(held.row["region"], LEADING_ROLES)
        named = giving is not None and giving.title is not None
        await held.record(
            "escalation_seen",
            facts={"office": giving.title, "on_behalf": giving.on_behalf} if giving and named else {},
        )
