"""A letter that came back is marked, and takes the next way to its addressee; one that is late is only noted.

Who reports is believed when a report names one of our letters by its id, and somebody to whom it went.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import asyncpg

from lapor import crypto, database
from lapor.complaints.draft import identity_context
from lapor.intake import mail_threads, recipients
from lapor.intake.channels.interface import Read
from lapor.intake.letters import ATTEMPTS_BEFORE_NEXT
from lapor.intake.mail_reports import CAME_BACK, Report
from lapor.intake.recipients import MAIL

UNKNOWN: Final = "pemberitahuan tentang surat yang tidak kami kenal"
SOMEBODY_ELSE: Final = "pemberitahuan tentang alamat yang tidak kami surati"
ONE_OF_SEVERAL: Final = "surat ini juga sampai kepada orang lain di jabatan yang sama"
# What nobody waits for when it does not arrive.
_NOBODY_S: Final = ("mail_asked",)

_FOUND = """
SELECT m.id, m.complaint, m.office, m.person, m.kind, m.attempts, m.receipt, i.email
FROM message m LEFT JOIN identity i ON i.complaint = m.complaint
WHERE substr(encode(sha256(m.dedupe_key::text::bytea), 'hex'), 1, 24) = ANY ($1)
  AND m.channel = 'email' AND m.state = 'sent'
ORDER BY m.id DESC LIMIT 1"""
_AGENCY = "SELECT coalesce(a.email, '') FROM office o JOIN agency a ON a.id = o.agency WHERE o.id = $1"
# As a provider's own receipt does it; the attempts that are left over on this way are not made.
_CAME_BACK = """
UPDATE message SET receipt = 'failed', receipt_at = lapor_now(), trouble = $2, provider_reference = NULL, sent_at = NULL,
  leased_until = NULL, state = CASE WHEN kind = ANY ($4) THEN 'cancelled' ELSE 'waiting' END,
  attempts = $3 * ((greatest(attempts, 1) - 1) / $3 + 1), next_attempt_at = lapor_now() + interval '1 minute'
WHERE id = $1 AND state = 'sent'"""
_LATE = """
UPDATE message SET receipt = 'delayed', receipt_at = lapor_now(), trouble = $2
WHERE id = $1 AND state = 'sent' AND receipt IS NULL"""


async def note(reports: Sequence[Report]) -> Read:
    """Note what mail servers tell about our letters; inside a transaction of `worker`.

    It belongs to no complaint: nobody's next letter may answer a mail server.
    """
    notes = [await _note(report) for report in reports]
    return Read(note="; ".join(dict.fromkeys(notes)))


async def _note(report: Report) -> str:
    ids = [unique for one in report.letters if (unique := mail_threads.letter(one))]
    row = await database.fetchrow(_FOUND, ids) if ids else None
    if row is None:
        return UNKNOWN
    expected = await _addressees(row)
    if expected is not None and not set(report.addresses) & set(expected):
        return SOMEBODY_ELSE
    if not report.failed:
        await database.execute(_LATE, row["id"], report.reason)
    elif expected is not None and len(expected) > 1:
        return f"{report.reason}; {ONE_OF_SEVERAL}"
    else:
        await database.execute(_CAME_BACK, row["id"], report.reason, ATTEMPTS_BEFORE_NEXT, list(_NOBODY_S))
    return report.reason


async def _addressees(row: asyncpg.Record) -> Sequence[str] | None:
    """To whom the letter went on its last way; None when nothing of ours says so."""
    if row["office"] is not None:
        holders = await recipients.holders_of(row["office"])
        agency = await database.fetchval(_AGENCY, row["office"])
        ways = [way for way in recipients.routes(holders, agency or "", (MAIL,)) if way.channel == MAIL]
        taken = (max(row["attempts"], 1) - 1) // ATTEMPTS_BEFORE_NEXT
        return [one.lower() for one in ways[min(taken, len(ways) - 1)].addresses] if ways else []
    if row["person"] is not None:
        holder = await recipients.person(row["person"])
        return [holder.email.lower()] if holder else []
    if row["complaint"] is not None:
        if row["email"] is None:
            return []
        context = identity_context(row["complaint"], "email")
        return [crypto.keyring().decrypt(row["email"], context).decode().lower()]
    return None


def came_back(trouble: str | None) -> bool:
    """Whether this is why a letter waits: its way will not do, and only another one may be taken."""
    return bool(trouble) and str(trouble).startswith(CAME_BACK)
