"""What the arbiter decides: which agency is responsible, and whether an answer was one."""

from lapor import database
from lapor.complaints import arbiter, clocks
from lapor.complaints.actor import Actor
from lapor.complaints.clocks import Start
from lapor.complaints.errors import Refused
from lapor.complaints.handing import (
    LISTENERS,
    close_approval,
    close_transfer,
    must_have_named_desk,
    target_of,
)
from lapor.complaints.holding import Held, holding
from lapor.complaints.statements import say, tell_offices, tell_reporter
from lapor.complaints.voice import run_completion


async def rule_transfer(
    actor: Actor, complaint: int, *, agency: int, reason: str, version: int | None = None
) -> None:
    """Decide which agency is responsible, the present one included; it ends the offer, and no clock restarts."""
    async with holding(actor, complaint, version) as held:
        status = held.move("transfer")
        office = await _arbitrating_agency(held, "transfer")
        moves = agency != held.owner.id
        target = target_of(held, agency, "agency") if moves else held.owner
        await must_have_named_desk(held, target, "agency")
        _, digest = await say(held, "ruling", reason, field="reason", agency=office)
        await close_transfer(held, "withdrawn")
        if moves:
            await close_approval(held)
        await held.set(
            status=status,
            owner_agency=target.id,
            region=target.region_id,
            offered_agency=None,
            **({"rule": None, "reason": ""} if moves else {}),
        )
        await clocks.meet(held.id, "transfer", "triage", at=held.at)
        await held.record(
            "ruled",
            facts={"agency": target.code, "cause": "transfer", "from": held.owner.code},
            digest=digest,
            agency=target.id,
        )
        await arbiter.settle(held)
        await tell_offices(held, "ruled", LISTENERS, agency=held.owner.id)
        if moves:
            await tell_offices(held, "routed", LISTENERS, agency=target.id)
            await tell_reporter(held, "routed")


async def rule_dispute(
    actor: Actor, complaint: int, *, upheld: bool, reason: str, version: int | None = None
) -> None:
    """Decide whether the disputed answer was one; the reporter reads the decision with its reason.

    Upheld, the agency has to answer: the response clock of the dispute runs on, or another of half the length
    begins where it has been met meanwhile. Not upheld, the answer that was given stands and the clock ends here.
    """
    async with holding(actor, complaint, version) as held:
        office = await _arbitrating_agency(held, "dispute")
        statement, digest = await say(held, "ruling", reason, field="reason", to_reporter=True, agency=office)
        await held.record(
            "ruled",
            facts={"cause": "dispute", "cycle": held.row["cycle"], "statement": statement, "upheld": upheld},
            digest=digest,
        )
        if not upheld:
            await clocks.meet(held.id, "response", at=held.at)
        elif not await _response_runs(held):
            await _open_again(held)
        await arbiter.settle(held)
        await tell_offices(held, "ruled", LISTENERS, agency=held.owner.id)
        await tell_reporter(held, "ruled", statement)


async def _arbitrating_agency(held: Held, cause: arbiter.Cause) -> int:
    """Return the agency of the arbiter's own office; raises Refused for everybody else, and when nothing waits."""
    office: int | None = await database.fetchval(
        "SELECT o.agency FROM my_offices() o JOIN agency a ON a.id = o.agency"
        " WHERE o.role = ANY ($1) AND a.region = $2 ORDER BY o.id LIMIT 1",
        list(arbiter.ARBITERS),
        held.row["region"],
    )
    if office is None:
        raise Refused("Hanya sekretaris daerah atau kepala daerah yang dapat memutuskan ini.")
    mine: list[int] = await database.fetchval("SELECT my_agencies()")
    if {held.owner.id, held.row["offered_agency"]} & set(mine):
        raise Refused("Kantor Anda sendiri ikut dalam perkara ini. Pejabat lain yang memutuskannya.")
    if cause not in await arbiter.pending(held):
        raise Refused("Tidak ada yang menunggu keputusan Anda pada laporan ini.")
    return office


async def _response_runs(held: Held) -> bool:
    found: bool = await database.fetchval(
        "SELECT EXISTS (SELECT FROM clock WHERE complaint = $1 AND kind = 'response' AND met_at IS NULL)",
        held.id,
    )
    return found


async def _open_again(held: Held) -> None:
    """Begin another cycle, in which the agency has to answer."""
    cycle = held.row["cycle"] + 1
    status = held.move("reopen") if held.row["status"] in ("done", "closed") else held.row["status"]
    await held.set(status=status, cycle=cycle, closed_at=None)
    await clocks.meet(held.id, "reporter_window", at=held.at)
    opened = held.schedule.open("response", held.policy_facts, held.at, halved=True)
    await clocks.start(held.id, Start("response", opened, held.at, cycle))
    await run_completion(held, cycle)
