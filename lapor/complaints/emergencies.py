"""An emergency that somebody on duty has taken into their hands."""

from lapor import database
from lapor.complaints import clocks
from lapor.complaints.actor import Actor
from lapor.complaints.errors import Refused
from lapor.complaints.holding import Held, holding
from lapor.complaints.statements import say

NAME_LIMIT = 120
OPERATING_ROLES = ("operator", "coordinator")


async def hand_over(actor: Actor, complaint: int, *, to: str, text: str, version: int | None = None) -> None:
    """Record that an emergency was handed over to the duty roster, to whom and what was agreed.

    It meets the emergency clock, and no other. The responsible agency does so, the coordinating admin, or the operator
    who took it down.
    """
    async with holding(actor, complaint, version) as held:
        if not await _taken_down_by_actor(held):
            if await held.leads_region(["coordinator"]):
                await held.must_read()
            else:
                await held.must_work()
        if not await _waiting(held.id):
            raise Refused("Laporan ini tidak sedang menunggu penyerahan kepada petugas piket.")
        whom = " ".join(to.split())
        if not whom:
            raise Refused("Sebut siapa yang menerima.", "to")
        if len(whom) > NAME_LIMIT:
            raise Refused(f"Nama terlalu panjang. Paling banyak {NAME_LIMIT} huruf.", "to")
        if not text.strip():
            raise Refused("Tulis isinya dahulu.", "text")
        statement, digest = await say(held, "handover", f"{whom}\n{text.strip()}")
        await clocks.meet(held.id, "emergency", at=held.at)
        await held.record("handed_over", facts={"statement": statement}, digest=digest)


async def _taken_down_by_actor(held: Held) -> bool:
    """Whether this operator took it down, and so has the words and the reporter's key anyway."""
    if held.actor.person is None or held.actor.reporter_key != held.row["reporter_key"]:
        return False
    return bool(await database.fetchval("SELECT my_agencies_as($1)", list(OPERATING_ROLES)))


async def _waiting(complaint: int) -> bool:
    found: bool = await database.fetchval(
        "SELECT EXISTS (SELECT FROM clock WHERE complaint = $1 AND kind = 'emergency' AND met_at IS NULL)",
        complaint,
    )
    return found
