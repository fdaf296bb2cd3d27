"""Agencies that help. They read the words and the clocks; the lead stays responsible, and nothing about its clocks moves."""

from lapor.complaints import states
from lapor.complaints.actor import Actor
from lapor.complaints.errors import Refused
from lapor.complaints.holding import Held, holding
from lapor.complaints.statements import say, tell_offices


async def add_support(
    actor: Actor, complaint: int, *, agency: int, reason: str, version: int | None = None
) -> None:
    """Ask another agency for help, with what is wanted of it; it can read the complaint from then on."""
    async with holding(actor, complaint, version) as held:
        await _must_share(held)
        helper = held.registry.agencies_by_id.get(agency)
        if helper is None or not helper.active or agency == held.owner.id:
            raise Refused("Pilih instansi dari daftar.", "agency")
        if agency in held.row["supporting"]:
            raise Refused("Instansi itu sudah mendukung laporan ini.", "agency")
        _, digest = await say(held, "note", reason, field="reason")
        await held.set(supporting=[*held.row["supporting"], agency])
        await held.record("support_asked", facts={"agency": helper.code}, digest=digest)
        await tell_offices(held, "support_asked", ["liaison"], agency=agency)


async def end_support(
    actor: Actor, complaint: int, *, agency: int, reason: str, version: int | None = None
) -> None:
    """End an agency's support, with a reason; it reads the complaint no more."""
    async with holding(actor, complaint, version) as held:
        await held.must_work()
        if agency not in held.row["supporting"]:
            raise Refused("Instansi itu tidak mendukung laporan ini.", "agency")
        _, digest = await say(held, "note", reason, field="reason")
        await held.set(supporting=[one for one in held.row["supporting"] if one != agency])
        code = held.registry.agencies_by_id[agency].code
        await held.record("support_ended", facts={"agency": code}, digest=digest)


async def _must_share(held: Held) -> None:
    await held.must_work()
    if held.row["status"] not in states.OPEN:
        raise Refused(
            f"Ini tidak dapat dilakukan pada laporan yang berstatus “{states.LABELS[held.row['status']]}”."
        )
    if held.row["confidential"] or held.row["protected"] or held.row["about_official"]:
        raise Refused("Laporan rahasia, terlindung, atau tentang pejabat tidak dibagi dengan instansi lain.")
