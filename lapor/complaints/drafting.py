"""What waits for a second person before it counts: claims of every agency, and answers where an agency wants it so.

An answer that waits is a draft. It meets no clock and nobody outside reads it; when the second person agrees it is sent
at that moment, and is late if that is late.
"""

from datetime import datetime

import asyncpg

from lapor import crypto, database
from lapor.complaints import clocks
from lapor.complaints.clocks import Start
from lapor.complaints.documents import Attached
from lapor.complaints.errors import Refused
from lapor.complaints.holding import Held
from lapor.complaints.settling import settle_final, settle_interim
from lapor.complaints.statements import say, tell_offices

DRAFT = "answer"

_OPEN = "SELECT EXISTS (SELECT FROM approval WHERE complaint = $1 AND decided_at IS NULL)"
_INSERT = """
INSERT INTO approval (id, complaint, kind, agency, statement, reason_code, outside_body, requested_by, requested_at,
  category_before)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"""


async def must_be_free(held: Held) -> None:
    """Raise Refused while something waits for a second person already, or the complaint is offered elsewhere."""
    if await database.fetchval(_OPEN, held.id):
        raise Refused("Sudah ada pengajuan yang menunggu pemeriksa.")
    if held.row["offered_agency"]:
        raise Refused("Laporan ini sedang ditawarkan ke instansi lain.")


async def wait_for_second_person(
    held: Held,
    kind: str,
    statement: int,
    digest: bytes | None,
    *,
    reason_code: str = "",
    outside_body: int | None = None,
    category_before: int | None = None,
) -> None:
    """Open an approval with its own clock, and tell who checks results in the agency."""
    approval: int = await database.fetchval("SELECT nextval('approval_id_seq')")
    await database.execute(
        _INSERT,
        approval,
        held.id,
        kind,
        held.owner.id,
        statement,
        reason_code,
        outside_body,
        held.actor.person,
        held.at,
        category_before,
    )
    opened = held.schedule.open("approval", held.policy_facts, held.at)
    await clocks.start(held.id, Start("approval", opened, held.at, 1, "approval", approval))
    await held.record(f"{kind}_claimed", facts={"approval": approval, "reason": reason_code}, digest=digest)
    await tell_offices(held, "approval_requested", ["checker", "agency_head"], agency=held.owner.id)


async def needs_approval(held: Held) -> bool:
    """Return whether the responsible agency wants every answer seen by a second person."""
    wanted: bool = await database.fetchval(
        "SELECT answers_need_approval FROM agency WHERE id = $1", held.row["owner_agency"]
    )
    return wanted


async def draft(
    held: Held, kind: str, text: str, attached: Attached, promised_for: datetime | None = None
) -> None:
    """Keep an answer as a draft that waits for a second person."""
    await must_be_free(held)
    statement, digest = await say(held, kind, text, promised_for=promised_for)
    await wait_for_second_person(held, DRAFT, statement, digest)
    await attached.keep(held, statement)


async def send_draft(held: Held, approval: asyncpg.Record) -> None:
    """Send a draft that a second person agrees to: it is the agency's answer from this moment on."""
    said = await database.fetchrow(
        "SELECT id, kind, text, salt, promised_for FROM statement WHERE id = $1", approval["statement"]
    )
    assert said is not None
    digest = crypto.digest(said["salt"], said["text"])
    if said["kind"] == "final":
        await settle_final(held, said["id"], digest)
        return
    if said["promised_for"] <= held.at:
        raise Refused("Tanggal janji dalam konsep ini sudah lewat. Kembalikan ke pengusul.")
    await settle_interim(held, said["id"], digest, said["promised_for"])
