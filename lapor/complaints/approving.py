"""What needs a second person: completion, rejection, referral. One claims, another confirms or refuses."""

from collections.abc import Sequence
from typing import Literal

import asyncpg

from lapor import database
from lapor.complaints import arbiter, clocks, protecting
from lapor.complaints.actor import Actor
from lapor.complaints.clocks import Start
from lapor.complaints.drafting import DRAFT, must_be_free, send_draft, wait_for_second_person
from lapor.complaints.errors import Refused
from lapor.complaints.holding import DECIDING_ROLES, Held, holding
from lapor.complaints.linking import link_duplicate
from lapor.complaints.photos import attach_proof, examine
from lapor.complaints.pictures import Picture
from lapor.complaints.protecting import PROTECTION
from lapor.complaints.publishing import publish_statement
from lapor.complaints.statements import say, tell_offices, tell_reporter

ApprovalKind = Literal["completion", "rejection", "referral"]

# Why a complaint cannot be followed up, after PermenPANRB 62/2018, coded so that it can be counted.
REJECTION_REASONS = {
    "unclear": "Laporan tidak jelas setelah pelapor ditanya",
    "no_location": "Tempat kejadian tidak dapat ditemukan",
    "not_authority": "Bukan kewenangan pemerintah daerah",
    "private_dispute": "Perselisihan pribadi antarwarga",
    "court": "Sedang atau sudah diputus pengadilan",
    "duplicate": "Sudah dilaporkan dan sedang ditangani",
    "unlawful": "Isinya fitnah, ancaman, atau melanggar hukum",
}

DUPLICATE = "duplicate"

_UNANSWERED = (
    "SELECT EXISTS (SELECT FROM clock WHERE complaint = $1 AND kind = 'response' AND met_at IS NULL)"
)

_VERBS: dict[str, str] = {
    "completion": "complete",
    "rejection": "reject",
    "referral": "refer",
    DRAFT: "answer",
}
_CONFIRMED: dict[str, str] = {"completion": "completed", "rejection": "rejected", "referral": "referred"}


async def claim_completion(
    actor: Actor,
    complaint: int,
    *,
    text: str,
    photos: Sequence[Picture] = (),
    version: int | None = None,
) -> None:
    """Claim that the work is done, with what was done and photos that prove it; a second person confirms it.

    Raises Refused for a photo that proved another complaint or is the reporter's own.
    """
    await _claim(actor, complaint, "completion", text, version, photos=photos)


async def request_rejection(
    actor: Actor,
    complaint: int,
    *,
    reason_code: str,
    text: str,
    duplicate_of: str = "",
    version: int | None = None,
) -> None:
    """Ask for a rejection with a coded reason and the words that the reporter will read.

    A duplicate names the ticket of the other complaint and is linked to it, unless it is linked already.
    """
    if reason_code not in REJECTION_REASONS:
        raise Refused("Pilih alasan dari daftar.", "reason_code")
    async with database.transaction(actor.role, user_id=actor.person):
        if reason_code == DUPLICATE and await link_duplicate(
            actor, complaint, of=duplicate_of, text=text, version=version
        ):
            # The link has counted the version up; the complaint stays locked from here on.
            version = None
        await _claim(actor, complaint, "rejection", text, version, reason_code=reason_code)


async def request_referral(
    actor: Actor, complaint: int, *, outside_body: int, text: str, version: int | None = None
) -> None:
    """Ask for a referral to a body outside this deployment, with the words that the reporter will read."""
    await _claim(actor, complaint, "referral", text, version, outside_body=outside_body)


async def confirm(actor: Actor, complaint: int, *, version: int | None = None) -> None:
    """Confirm what a colleague claimed, as the second person."""
    async with holding(actor, complaint, version) as held:
        approval = await _open(held)
        kind: str = approval["kind"]
        if kind == PROTECTION:
            await _decide(held, approval, "confirmed")
            await protecting.agree(held, approval)
            return
        status = held.move(_VERBS[kind])
        await _decide(held, approval, "confirmed")
        await database.execute("UPDATE statement SET to_reporter = true WHERE id = $1", approval["statement"])
        if kind == DRAFT:
            await clocks.meet(held.id, "approval", at=held.at)
            await send_draft(held, approval)
            return
        await held.set(status=status)
        await _settle_clocks(held, approval)
        await held.record(
            _CONFIRMED[kind], facts={"approval": approval["id"], "reason": approval["reason_code"]}
        )
        await arbiter.settle(held)
        await tell_reporter(held, _CONFIRMED[kind], approval["statement"])
        await publish_statement(held, approval["statement"])


async def refuse(actor: Actor, complaint: int, *, reason: str, version: int | None = None) -> None:
    """Refuse what a colleague claimed, with a reason; the complaint stays where it is."""
    async with holding(actor, complaint, version) as held:
        approval = await _open(held)
        _, digest = await say(held, "note", reason, field="reason")
        await _decide(held, approval, "refused")
        await clocks.meet(held.id, "approval", at=held.at)
        if approval["kind"] == PROTECTION:
            await protecting.lift(held, approval, digest)
            return
        await held.record("approval_refused", facts={"approval": approval["id"]}, digest=digest)
        await tell_offices(held, "approval_refused", ["liaison"], agency=approval["agency"])


async def _claim(
    actor: Actor,
    complaint: int,
    kind: ApprovalKind,
    text: str,
    version: int | None,
    *,
    reason_code: str = "",
    outside_body: int | None = None,
    photos: Sequence[Picture] = (),
) -> None:
    async with holding(actor, complaint, version) as held:
        held.move(_VERBS[kind])
        await held.must_work()
        await must_be_free(held)
        if kind == "completion" and await database.fetchval(_UNANSWERED, held.id):
            raise Refused("Pelapor belum dijawab. Beri jawaban dahulu, lalu ajukan penyelesaian.", "text")
        proofs = await examine(held, photos)
        statement, digest = await say(held, kind, text)
        if outside_body is not None and not await database.fetchval(
            "SELECT EXISTS (SELECT FROM outside_body WHERE id = $1 AND active)", outside_body
        ):
            raise Refused("Pilih instansi luar dari daftar.", "outside_body")
        await wait_for_second_person(
            held, kind, statement, digest, reason_code=reason_code, outside_body=outside_body
        )
        await attach_proof(held, proofs, statement)


async def _open(held: Held) -> asyncpg.Record:
    approval = await database.fetchrow(
        "SELECT * FROM approval WHERE complaint = $1 AND decided_at IS NULL", held.id
    )
    if approval is None:
        raise Refused("Tidak ada pengajuan yang menunggu pemeriksa.")
    inspects = approval["kind"] == PROTECTION and await held.leads_region(["inspector"])
    if not inspects and not await may_decide(held, approval["agency"]):
        raise Refused(
            "Hanya pemeriksa hasil dari instansi ini, atau dari kantor di atasnya, yang dapat memutuskan."
        )
    if approval["requested_by"] == held.actor.person:
        raise Refused("Pengajuan sendiri harus diperiksa oleh orang kedua.")
    return approval


async def may_decide(held: Held, agency: int) -> bool:
    """Return whether the officer checks results of the agency, or of the office above one with a single person."""
    if await held.works_in(agency, DECIDING_ROLES):
        return True
    above: bool = await database.fetchval(
        "SELECT $1 = ANY (my_working_agencies()) AND NOT $1 = ANY (my_agencies())", agency
    )
    return above


async def _decide(held: Held, approval: asyncpg.Record, outcome: str) -> None:
    await database.execute(
        "UPDATE approval SET decided_by = $2, decided_at = $3, outcome = $4 WHERE id = $1",
        approval["id"],
        held.actor.person,
        held.at,
        outcome,
    )


async def _settle_clocks(held: Held, approval: asyncpg.Record) -> None:
    kind, cycle = approval["kind"], held.row["cycle"]
    await clocks.meet(held.id, "approval", at=held.at)
    if kind == "completion":
        await clocks.meet(held.id, "completion", "promise", at=held.at)
        opened = held.schedule.open("reporter_window", held.policy_facts, held.at)
        await clocks.start(held.id, Start("reporter_window", opened, held.at, cycle))
        return
    # The decision with its words to the reporter answers the complaint at this moment.
    await clocks.meet(held.id, "response", "triage", "promise", "completion", at=held.at)
    if kind == "referral":
        opened = held.schedule.open("referral", held.policy_facts, held.at)
        await clocks.start(held.id, Start("referral", opened, held.at, cycle, "referral", approval["id"]))
