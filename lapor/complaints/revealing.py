"""Who filed an anonymous or confidential complaint: asked by one inspector, granted by a second, shown once.

After DESIGN (who sees what): the inspectorate sees such an identity with a reason, by two people, and the reporter is
told. What is protected or about an official shows it to nobody. The database decides; Python only explains.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import asyncpg

from lapor import crypto, database
from lapor.complaints import events
from lapor.complaints.actor import Actor
from lapor.complaints.draft import identity_context
from lapor.complaints.errors import NotFound, Refused
from lapor.complaints.holding import Held, holding
from lapor.complaints.inspectors import WAITING, must_be_two, must_have_waited
from lapor.complaints.masking import mask_national_ids
from lapor.complaints.statements import tell_offices

INSPECTORS = ["inspector"]
REASON_LIMIT = 2_000
# As in reveal_identity() of the database.
OPEN_FOR = timedelta(hours=24)

_FIELDS = ("name", "phone", "email", "address", "external")
_MY_AGENCY = """
SELECT o.agency FROM my_offices() o JOIN agency a ON a.id = o.agency
WHERE o.role = 'inspector' AND a.region = $1 ORDER BY o.id LIMIT 1"""
_FIND = "SELECT id, complaint, asked_by, asked_at, decided_at, outcome, used_at FROM reveal WHERE id = $1"


@dataclass(frozen=True)
class Revealed:
    """Who filed; empty where nothing was given, or where it was erased after its time. Never logged."""

    ticket: str
    name: str = field(repr=False)
    phone: str = field(repr=False)
    email: str = field(repr=False)
    address: str = field(repr=False)
    external: str = field(repr=False)


async def ask_reveal(actor: Actor, complaint: int, *, reason: str, waiting: timedelta = WAITING) -> int:
    """Ask to see who filed, with the reason; return the request's number. A second inspector decides about it.

    Here and below, nobody acts whose office or account was changed by another within `waiting`.
    Raises NotFound for a complaint that this person does not see, Refused with the field otherwise.
    """
    async with holding(actor, complaint) as held:
        agency = await _inspects(held)
        await must_have_waited(actor.person, held.at, waiting)
        _revealable(held)
        said = mask_national_ids(reason.strip())
        if not said:
            raise Refused("Tulis alasannya dahulu.", "reason")
        if len(said) > REASON_LIMIT:
            raise Refused("Alasan terlalu panjang. Paling banyak 2.000 huruf.", "reason")
        if await database.fetchval(
            "SELECT EXISTS (SELECT FROM reveal WHERE complaint = $1 AND decided_at IS NULL)", held.id
        ):
            raise Refused("Sudah ada permintaan yang menunggu orang kedua untuk laporan ini.", "ticket")
        salt, digest = events.salted(said)
        number: int = await database.fetchval(
            "INSERT INTO reveal (complaint, reason, salt, asked_by, asked_at) VALUES ($1, $2, $3, $4, $5) RETURNING id",
            held.id,
            said,
            salt,
            actor.person,
            held.at,
        )
        await held.record("reveal_asked", facts={"reveal": number}, digest=digest, agency=agency)
        await tell_offices(held, "reveal_asked", INSPECTORS)
        return number


async def decide_reveal(
    actor: Actor, reveal: int, *, granted: bool, reason: str = "", waiting: timedelta = WAITING
) -> None:
    """Grant or refuse a colleague's request, as the second person; a refusal needs a reason.

    Raises NotFound for a request that this person does not see, Refused for one's own or a decided one.
    """
    async with database.transaction(actor.role, user_id=actor.person):
        found = await _request(reveal)
        async with holding(actor, found["complaint"]) as held:
            agency = await _inspects(held)
            found = await _request(reveal)
            if found["decided_at"] is not None:
                raise Refused("Permintaan ini sudah diputuskan.")
            if found["asked_by"] == actor.person:
                raise Refused("Permintaan sendiri harus diputuskan oleh orang kedua.")
            if granted:
                await must_have_waited(actor.person, held.at, waiting)
                await must_be_two(found["asked_by"], actor.person, found["asked_at"] - waiting)
            refusal = mask_national_ids(reason.strip())[:REASON_LIMIT]
            if not granted and not refusal:
                raise Refused("Tulis alasannya dahulu.", "reason")
            await database.execute(
                "UPDATE reveal SET decided_by = $2, decided_at = $3, outcome = $4, refusal = $5 WHERE id = $1",
                reveal,
                actor.person,
                held.at,
                "confirmed" if granted else "refused",
                "" if granted else refusal,
            )
            kind = "reveal_granted" if granted else "reveal_refused"
            await held.record(kind, facts={"reveal": reveal}, agency=agency)
            await tell_offices(held, "reveal_decided", INSPECTORS)


async def open_reveal(actor: Actor, reveal: int, *, waiting: timedelta = WAITING) -> Revealed:
    """Return who filed, once, to the inspector who asked, within a day of the grant.

    The database checks it, records the look and writes to the reporter. Raises NotFound and Refused.
    """
    async with database.transaction(actor.role, user_id=actor.person):
        found = await _request(reveal)
        ticket = await database.fetchval("SELECT ticket FROM complaint WHERE id = $1", found["complaint"])
        if found["asked_by"] == actor.person:
            await must_have_waited(actor.person, await database.now(), waiting)
        await database.execute("SAVEPOINT reveal")
        try:
            row = await database.fetchrow("SELECT * FROM reveal_identity($1, $2)", reveal, waiting)
        except asyncpg.InsufficientPrivilegeError as error:
            await database.execute("ROLLBACK TO SAVEPOINT reveal")
            raise Refused(_why_closed(found, actor, await database.now())) from error
        return Revealed(ticket, **_opened(found["complaint"], row))


def _opened(complaint: int, row: asyncpg.Record | None) -> dict[str, str]:
    keyring = crypto.keyring()
    return {
        name: keyring.decrypt(row[name], identity_context(complaint, name)).decode()
        if row and row[name]
        else ""
        for name in _FIELDS
    }


def _why_closed(found: asyncpg.Record, actor: Actor, now: datetime) -> str:
    if found["asked_by"] != actor.person:
        return "Identitas hanya ditampilkan kepada pemeriksa yang memintanya."
    if found["used_at"] is not None:
        return "Identitas ini sudah ditampilkan satu kali. Ajukan permintaan baru bila perlu dilihat lagi."
    if found["outcome"] == "confirmed" and found["decided_at"] + OPEN_FOR <= now:
        return "Izin ini sudah lewat 24 jam. Ajukan permintaan baru."
    return "Identitas pelapor tidak ditampilkan untuk laporan ini."


async def _request(reveal: int) -> asyncpg.Record:
    found = await database.fetchrow(_FIND, reveal)
    if found is None:
        raise NotFound
    return found


async def _inspects(held: Held) -> int:
    """Return the inspectorate in which the officer inspects this region; NotFound for everybody else."""
    agency: int | None = await database.fetchval(_MY_AGENCY, held.row["region"])
    if agency is None:
        raise NotFound
    await held.must_read()
    return agency


def _revealable(held: Held) -> None:
    if held.row["protected"] or held.row["about_official"]:
        raise Refused("Identitas pelapor laporan ini tidak dibuka bagi siapa pun.", "ticket")
    if not (held.row["anonymous"] or held.row["confidential"]):
        raise Refused(
            "Laporan ini tidak anonim dan tidak rahasia: lihat kontaknya di halaman laporan.", "ticket"
        )
