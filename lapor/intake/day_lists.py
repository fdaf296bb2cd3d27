"""The list of the day: what a person's agencies owe today, and what they owe already."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg

from lapor import database, words
from lapor.intake import letters, recipients
from lapor.intake.complaint_lines import COLUMNS, LONGEST, lines_of
from lapor.intake.letters import Letter, Sending
from lapor.intake.office_letters import NOTHING_LEFT, filled, outgoing
from lapor.intake.recipients import Holder

DAY_LIST = "day_list"
# Offices whose holders work on complaints, and get the list of the day.
WORKING = ("liaison", "staff", "agency_head", "checker")
# Clocks that an agency can meet.
WORK = (
    "response",
    "triage",
    "promise",
    "completion",
    "approval",
    "transfer",
    "referral",
    "instruction",
    "emergency",
)

_HELD = """
SELECT o.agency, o.role, o.named_desk, r.timezone FROM appointment h
JOIN office o ON o.id = h.office JOIN agency a ON a.id = o.agency JOIN region r ON r.id = a.region
WHERE h.person = $1 AND o.active AND h.starts_at <= lapor_now() AND (h.ends_at IS NULL OR h.ends_at > lapor_now())
ORDER BY o.id"""

_DUE_TODAY = f"""
SELECT {COLUMNS}
FROM clock k
JOIN complaint c ON c.id = k.complaint
JOIN agency a ON a.id = c.owner_agency
LEFT JOIN category g ON g.id = c.category
WHERE k.met_at IS NULL AND k.due_at < $1 AND k.kind = ANY ($2)
  AND (CASE WHEN k.kind = 'transfer' THEN c.offered_agency ELSE c.owner_agency END) = ANY ($3)
  AND (NOT c.protected OR c.owner_agency = ANY ($4))
  AND (c.reported_agency IS NULL OR c.reported_agency <> ALL ($5))"""


async def day_list(head: asyncpg.Record, sending: Sending) -> Letter:
    """Return the list of the day of a person who works on complaints; with nothing due it never leaves."""
    letter = Letter(outgoing(head, "petugas"), person=head["person"])
    holder = await recipients.person(head["person"])
    held = await database.fetch(_HELD, head["person"])
    working = [row for row in held if row["role"] in WORKING]
    if holder is None or not working:
        return replace(letter, trouble=NOTHING_LEFT, hopeless=True)
    zone = working[0]["timezone"]
    lines = lines_of(await _due_today(working, held, head["now"], zone), zone, head["now"])
    if not lines:
        return replace(letter, trouble=NOTHING_LEFT, hopeless=True)
    resting = holder.quiet_end(head["now"], zone)
    if resting:
        return replace(letter, wait_until=resting)
    overdue = [line for line in lines if line["overdue"]]
    today = [line for line in lines if not line["overdue"]]
    context = {
        "day": words.localtime(head["now"], zone).partition(" pukul")[0],
        "overdue": overdue[:LONGEST],
        "overdue_total": len(overdue),
        "today": today[:LONGEST],
        "today_total": len(today),
        "link": f"{sending.base_url}/meja",
    }
    return filled(_to_person(letter, holder, sending), DAY_LIST, context)


def _to_person(letter: Letter, holder: Holder, sending: Sending) -> Letter:
    ways = recipients.routes([holder], "", sending.channels)
    return letters.addressed(
        replace(letter, trouble="" if ways else letters.NO_ADDRESS), ways, sending.attempt
    )


async def _due_today(
    working: Sequence[asyncpg.Record], held: Sequence[asyncpg.Record], now: datetime, zone: str
) -> list[asyncpg.Record]:
    midnight = now.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    return await database.fetch(
        _DUE_TODAY,
        midnight + timedelta(days=1),
        list(WORK),
        [row["agency"] for row in working],
        [row["agency"] for row in working if row["named_desk"]],
        [row["agency"] for row in held],
    )
