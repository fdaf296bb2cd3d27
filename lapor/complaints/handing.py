"""Who is responsible: disposition by the coordinating admin, and transfers from agency to agency."""

import asyncpg

from lapor import database
from lapor.complaints import arbiter, clocks
from lapor.complaints.actor import Actor
from lapor.complaints.clocks import Start
from lapor.complaints.errors import Refused
from lapor.complaints.holding import Held, holding
from lapor.complaints.statements import say, tell_offices, tell_reporter
from lapor.routing.directory import AgencyEntry

LISTENERS = ["liaison", "agency_head"]
TRANSFERS_UNTIL_ARBITER = 3


async def route(
    actor: Actor, complaint: int, *, agency: int, reason: str, version: int | None = None
) -> None:
    """Make an agency responsible; a coordinating admin of the region or of the agency that has it does so."""
    async with holding(actor, complaint, version) as held:
        status = held.move("route")
        if not await held.leads_region(["coordinator"]):
            raise Refused("Hanya admin koordinator wilayah yang dapat meneruskan laporan.")
        await held.must_read()
        target = target_of(held, agency, "agency")
        await must_have_named_desk(held, target, "agency")
        _, digest = await say(held, "note", reason, field="reason")
        await close_transfer(held, "withdrawn")
        await close_approval(held)
        await held.set(
            status=status,
            owner_agency=target.id,
            region=target.region_id,
            offered_agency=None,
            rule=None,
            reason=reason.strip()[:600],
        )
        await clocks.meet(held.id, "triage", "transfer", at=held.at)
        await held.record(
            "routed", facts={"agency": target.code, "from": held.owner.code}, digest=digest, agency=target.id
        )
        await arbiter.settle(held)
        await tell_offices(held, "routed", LISTENERS, agency=target.id)


async def offer_transfer(
    actor: Actor, complaint: int, *, to_agency: int, reason: str, version: int | None = None
) -> None:
    """Offer a complaint to another agency; the giver stays responsible until the other takes it."""
    async with holding(actor, complaint, version) as held:
        held.move("transfer")
        await held.must_work()
        if held.row["offered_agency"]:
            raise Refused("Laporan ini sudah ditawarkan ke instansi lain.", "to_agency")
        if await _open_approval(held):
            raise Refused("Masih ada pengajuan yang menunggu pemeriksa.")
        if "transfer" in await arbiter.pending(held):
            raise Refused("Alih tangan laporan ini menunggu keputusan pimpinan.")
        target = target_of(held, to_agency, "to_agency")
        await must_have_named_desk(held, target, "to_agency")
        statement, digest = await say(held, "transfer", reason, field="reason")
        transfer: int = await database.fetchval("SELECT nextval('transfer_id_seq')")
        number: int = 1 + await database.fetchval(
            "SELECT count(*) FROM transfer WHERE complaint = $1", held.id
        )
        await database.execute(
            "INSERT INTO transfer (id, complaint, from_agency, to_agency, statement, asked_by, asked_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7)",
            transfer,
            held.id,
            held.owner.id,
            target.id,
            statement,
            actor.person,
            held.at,
        )
        await held.set(offered_agency=target.id)
        opened = held.schedule.open("transfer", held.policy_facts, held.at)
        await clocks.start(held.id, Start("transfer", opened, held.at, 1, "transfer", transfer))
        await held.record("transfer_offered", facts={"agency": target.code, "number": number}, digest=digest)
        await tell_offices(held, "transfer_offered", LISTENERS, agency=target.id)
        if number >= TRANSFERS_UNTIL_ARBITER:
            await arbiter.bring(held, "transfer")


async def take_transfer(actor: Actor, complaint: int, *, version: int | None = None) -> None:
    """Take an offered complaint: from now on the taker is responsible; the response clock runs on."""
    async with holding(actor, complaint, version) as held:
        status = held.move("transfer")
        transfer = await _offered(held)
        target = held.registry.agencies_by_id[transfer["to_agency"]]
        await _decide_transfer(held, transfer["id"], "taken")
        await held.set(
            status=status, owner_agency=target.id, region=target.region_id, offered_agency=None, rule=None
        )
        await clocks.meet(held.id, "transfer", "triage", at=held.at)
        await held.record(
            "transfer_taken", facts={"agency": target.code, "from": held.owner.code}, agency=target.id
        )
        await arbiter.settle(held)
        await tell_offices(held, "routed", LISTENERS, agency=target.id)
        await tell_reporter(held, "routed")


async def refuse_transfer(actor: Actor, complaint: int, *, reason: str, version: int | None = None) -> None:
    """Refuse an offered complaint, with a reason; the giver stays responsible."""
    async with holding(actor, complaint, version) as held:
        transfer = await _offered(held)
        _, digest = await say(held, "refusal", reason, field="reason")
        await _decide_transfer(held, transfer["id"], "refused")
        await held.set(offered_agency=None)
        await clocks.meet(held.id, "transfer", at=held.at)
        await held.record("transfer_refused", digest=digest, agency=transfer["to_agency"])
        await tell_offices(held, "transfer_refused", LISTENERS, agency=held.owner.id)


def target_of(held: Held, agency: int, field: str) -> AgencyEntry:
    """Return the agency that was chosen; raises Refused when it may not have this complaint or has it already."""
    target = held.registry.agencies_by_id.get(agency)
    if target is None or not target.active:
        raise Refused("Pilih instansi dari daftar.", field)
    if target.id == held.owner.id:
        raise Refused("Laporan ini sudah menjadi tanggung jawab instansi itu.", field)
    reported = held.registry.agencies_by_id.get(held.row["reported_agency"])
    directory = held.registry.directory
    if reported and directory.belongs_to(directory.agencies[target.code], reported.code):
        raise Refused("Laporan tidak dapat diberikan kepada pihak yang dilaporkan.", field)
    return target


async def _offered(held: Held) -> asyncpg.Record:
    transfer = await database.fetchrow(
        "SELECT * FROM transfer WHERE complaint = $1 AND decided_at IS NULL", held.id
    )
    if transfer is None:
        raise Refused("Laporan ini tidak sedang ditawarkan.")
    if not await held.works_in(transfer["to_agency"]):
        raise Refused("Hanya petugas instansi yang ditawari yang dapat memutuskan.")
    return transfer


async def _decide_transfer(held: Held, transfer: int, outcome: str) -> None:
    await database.execute(
        "UPDATE transfer SET decided_by = $2, decided_at = $3, outcome = $4 WHERE id = $1",
        transfer,
        held.actor.person,
        held.at,
        outcome,
    )


async def close_transfer(held: Held, outcome: str) -> None:
    """End an open offer, if there is one."""
    await database.execute(
        "UPDATE transfer SET decided_by = $2, decided_at = $3, outcome = $4"
        " WHERE complaint = $1 AND decided_at IS NULL",
        held.id,
        held.actor.person,
        held.at,
        outcome,
    )


async def must_have_named_desk(held: Held, target: AgencyEntry, field: str) -> None:
    """Raise Refused when a protected complaint would go where nobody may read it."""
    if held.row["protected"]:
        await must_be_named_desk(target, field)


async def must_be_named_desk(target: AgencyEntry, field: str) -> None:
    """Raise Refused when nobody in the agency may read what is protected."""
    if not await database.fetchval(
        "SELECT EXISTS (SELECT FROM office WHERE agency = $1 AND active AND named_desk)", target.id
    ):
        raise Refused("Instansi ini tidak mempunyai petugas khusus untuk laporan terlindung.", field)


async def close_approval(held: Held) -> None:
    """End a claim that the former agency left open: the agency that has the complaint now decides anew."""
    await database.execute(
        "UPDATE approval SET decided_at = $2, outcome = 'refused' WHERE complaint = $1 AND decided_at IS NULL",
        held.id,
        held.at,
    )
    await clocks.meet(held.id, "approval", at=held.at)


async def _open_approval(held: Held) -> bool:
    found: bool = await database.fetchval(
        "SELECT EXISTS (SELECT FROM approval WHERE complaint = $1 AND decided_at IS NULL)", held.id
    )
    return found
