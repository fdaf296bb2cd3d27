"""What the head of region orders: one instruction about many escalated complaints of one agency, with its own clock."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from lapor import database
from lapor.complaints import clocks, events
from lapor.complaints.actor import Actor
from lapor.complaints.clocks import Start
from lapor.complaints.errors import NotFound, Refused
from lapor.complaints.holding import WORKING_ROLES, each_held, lock
from lapor.complaints.statements import say, words_of
from lapor.sla.policy import Opened

AT_ONCE = 100
LISTENERS = ["liaison", "agency_head"]
# Who orders in their own name, and who in the name of the head; the first that somebody holds counts.
GIVING_ROLES = ("head_of_region", "deputy_head", "sekda", "leadership_staff")

_OFFICE = """
SELECT o.role = 'leadership_staff' AS on_behalf, CASE WHEN o.role = 'leadership_staff' THEN h.id ELSE o.id END AS office,
  CASE WHEN o.role = 'leadership_staff' THEN h.title ELSE o.title END AS title
FROM my_offices() o JOIN agency a ON a.id = o.agency
LEFT JOIN LATERAL (
  SELECT h.id, h.title FROM office h JOIN agency g ON g.id = h.agency
  WHERE h.role = 'head_of_region' AND h.active AND g.region = a.region ORDER BY h.agency <> o.agency, h.id LIMIT 1) h
  ON true
WHERE a.region = $1 AND o.role = ANY ($2) ORDER BY array_position($2, o.role::text), o.id LIMIT 1"""

_CHOSEN = """
SELECT c.id, c.owner_agency, c.region, c.about_official,
  EXISTS (SELECT FROM clock k WHERE k.complaint = c.id AND k.met_at IS NULL AND k.kind <> 'reporter_window'
          AND k.due_at < lapor_now())
  OR EXISTS (SELECT FROM escalation e WHERE e.complaint = c.id AND e.step = 'escalate') AS escalated
FROM complaint c WHERE c.id = ANY ($1) ORDER BY c.id"""

_REPEATED = """
SELECT id FROM instruction WHERE agency = $1 AND given_by = $2 AND text = $3 AND carried_out_at IS NULL
  AND given_at > lapor_now() - interval '10 minutes' ORDER BY id DESC LIMIT 1"""

_INSERT = """
INSERT INTO instruction (id, region, agency, text, salt, given_by, in_name_of, given_at, due_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"""

_CARRIED_OUT = "UPDATE instruction SET carried_out_by = $2, carried_out_at = $3, report = $4 WHERE id = $1"

_TELL = """
INSERT INTO message (dedupe_key, kind, complaint, clock, office, state, attempts, next_attempt_at, created_at)
SELECT $1 || ':' || $2::bigint || ':' || o.id, $1, $3,
       (SELECT id FROM clock WHERE subject_kind = 'instruction' AND subject = $2), o.id, 'waiting', 0, $4, $4
FROM office o JOIN complaint c ON c.id = $3
WHERE o.active AND o.id = ANY ($5)
  AND (c.reported_agency IS NULL OR c.reported_agency <> ALL (agency_line(o.agency)))
ON CONFLICT (dedupe_key) DO NOTHING"""


@dataclass(frozen=True)
class Giving:
    """The office in whose name somebody gives instructions; None while the head's office is not in the register."""

    on_behalf: bool
    office: int | None
    title: str | None


@dataclass(frozen=True)
class _Bundle:
    """Complaints that one instruction can be about."""

    complaints: Sequence[int]
    region: int


async def instruct(
    actor: Actor, *, agency: int, complaints: Collection[int], text: str, due_at: datetime
) -> int:
    """Give an agency one instruction about its escalated complaints; return the instruction's id.

    Staff of the leadership do so in the name of the head, which is recorded. The same words to the same agency
    within ten minutes are the same instruction, sent twice.
    """
    async with database.transaction(actor.role, user_id=actor.person):
        bundle = await _bundle(agency, complaints)
        in_name_of = await _name(bundle)
        ordered = words_of(text)
        at = await database.now()
        if due_at <= at:
            raise Refused("Tanggalnya harus di masa depan.", "due_at")
        repeated: int | None = await database.fetchval(_REPEATED, agency, actor.person, ordered)
        if repeated is not None:
            return repeated
        return await _write(actor, bundle, agency, in_name_of, ordered, at, due_at)


async def _bundle(agency: int, complaints: Collection[int]) -> _Bundle:
    chosen = sorted(set(complaints))
    if not chosen:
        raise Refused("Pilih sedikitnya satu laporan.", "complaints")
    if len(chosen) > AT_ONCE:
        raise Refused(f"Paling banyak {AT_ONCE} laporan dalam satu instruksi.", "complaints")
    # Row-level security answers first: what somebody may not see cannot be held either.
    if await database.fetchval("SELECT count(*) FROM complaint WHERE id = ANY ($1)", chosen) < len(chosen):
        raise NotFound
    await lock(chosen)
    rows = await database.fetch(_CHOSEN, chosen)
    if any(row["owner_agency"] != agency for row in rows):
        raise Refused("Satu instruksi hanya untuk laporan dari satu instansi.", "complaints")
    if len({row["region"] for row in rows}) > 1:
        raise Refused("Satu instruksi hanya untuk laporan dari satu daerah.", "complaints")
    if not all(row["escalated"] for row in rows):
        raise Refused("Instruksi hanya untuk laporan yang melewati tenggatnya.", "complaints")
    if len(rows) > 1 and any(row["about_official"] for row in rows):
        # Who reads one complaint of a bundle reads the order; the reported party must not, by way of another one.
        raise Refused("Laporan tentang pejabat atau kantor memerlukan instruksi tersendiri.", "complaints")
    return _Bundle(chosen, rows[0]["region"])


async def giving_office(region: int, roles: Sequence[str] = GIVING_ROLES) -> Giving | None:
    """Return in whose name this officer may speak for a region, by default give instructions; None when they may not."""
    row = await database.fetchrow(_OFFICE, region, list(roles))
    return Giving(**dict(row)) if row else None


async def _name(bundle: _Bundle) -> int:
    """Return the office in whose name the officer orders; raises Refused when theirs may not."""
    giving = await giving_office(bundle.region)
    if giving is None:
        raise Refused("Hanya pimpinan daerah, atau stafnya atas nama pimpinan, yang dapat memberi instruksi.")
    if giving.office is None:
        raise Refused("Jabatan kepala daerah belum terdaftar.")
    return giving.office


async def _write(
    actor: Actor, bundle: _Bundle, agency: int, in_name_of: int, text: str, at: datetime, due_at: datetime
) -> int:
    salt, digest = events.salted(text)
    instruction: int = await database.fetchval("SELECT nextval('instruction_id_seq')")
    await database.execute(
        _INSERT, instruction, bundle.region, agency, text, salt, actor.person, in_name_of, at, due_at
    )
    oldest = bundle.complaints[0]
    async for held in each_held(actor, bundle.complaints):
        await database.execute(
            "INSERT INTO instruction_item (instruction, complaint) VALUES ($1, $2)", instruction, held.id
        )
        if held.id == oldest:
            opened: Opened = held.schedule.open("instruction", held.policy_facts, at, due=due_at)
            await clocks.start(oldest, Start("instruction", opened, at, 1, "instruction", instruction))
        await held.record(
            "instructed",
            facts={"due": due_at.isoformat(), "instruction": instruction, "office": in_name_of},
            digest=digest,
            agency=agency,
        )
    await _tell("instructed", instruction, oldest, await _offices_of(agency), at)
    return instruction


async def carry_out(actor: Actor, instruction: int, *, text: str) -> None:
    """Report what was done about an instruction: it meets its clock, in time or late, and tells who gave it.

    Every complaint of it keeps the report, those too that another agency has by now.
    """
    async with database.transaction(actor.role, user_id=actor.person):
        complaints = await _items(instruction)
        await lock(complaints)
        row = await database.fetchrow("SELECT * FROM instruction WHERE id = $1", instruction)
        if row is None:
            raise NotFound
        await _check_carrying_out(row, text)
        async for held in each_held(actor, complaints):
            if held.id == complaints[0]:
                await database.execute(_CARRIED_OUT, instruction, actor.person, held.at, words_of(text))
                await clocks.meet(held.id, "instruction", at=held.at, subject=instruction)
            _, digest = await say(held, "execution", text, agency=row["agency"])
            await held.record(
                "instruction_done", facts={"instruction": instruction}, digest=digest, agency=row["agency"]
            )
            if held.id == complaints[-1]:
                await _tell("instruction_done", instruction, held.id, await _givers(row), held.at)


async def _items(instruction: int) -> Sequence[int]:
    rows = await database.fetch(
        "SELECT complaint FROM instruction_item WHERE instruction = $1 ORDER BY complaint", instruction
    )
    if not rows:
        raise NotFound
    return [row["complaint"] for row in rows]


async def _check_carrying_out(row: asyncpg.Record, text: str) -> None:
    mine: list[int] = await database.fetchval("SELECT my_agencies_as($1)", list(WORKING_ROLES))
    if row["agency"] not in mine:
        raise Refused("Hanya petugas instansi yang diberi instruksi yang dapat melaporkannya.")
    if row["carried_out_at"] is not None:
        raise Refused("Pelaksanaan instruksi ini sudah dilaporkan.")
    words_of(text)


async def _offices_of(agency: int) -> Sequence[int]:
    rows = await database.fetch(
        "SELECT id FROM office WHERE agency = $1 AND role = ANY ($2)", agency, LISTENERS
    )
    return [row["id"] for row in rows]


async def _givers(row: asyncpg.Record) -> Sequence[int]:
    """Return the office that gave the instruction, with the staff that acts in its name."""
    rows = await database.fetch(
        "SELECT s.id FROM office o JOIN office s ON s.id = o.id OR (o.role = 'head_of_region'"
        " AND s.agency = o.agency AND s.role = 'leadership_staff') WHERE o.id = $1",
        row["in_name_of"],
    )
    return [office["id"] for office in rows]


async def _tell(kind: str, instruction: int, complaint: int, offices: Sequence[int], at: datetime) -> None:
    await database.execute(_TELL, kind, instruction, complaint, at, list(offices))
