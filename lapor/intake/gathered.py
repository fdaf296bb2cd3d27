"""Letters about many things: the digest of an office, the list of the day of a person, alarms to administrators.

They name ticket, since when and whose. What is confidential, protected or about an official is a ticket and a time.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg

from lapor import database, words
from lapor.intake import (
    account_letters,
    chat_letters,
    explanation_letters,
    inspector_letters,
    letters,
    mail_asking,
    recipients,
    weekly,
)
from lapor.intake.bundling import DIGEST, DIGEST_ONLY, LEADING
from lapor.intake.channels.interface import Outgoing
from lapor.intake.letters import CLOCKS, Letter, Sending
from lapor.intake.recipients import Holder
from lapor.sla import alarms

DAY_LIST = "day_list"
NOTHING_LEFT = "tidak ada lagi yang perlu diberitahukan"
LONGEST = 100
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

_HEAD = f"""
SELECT m.id, m.kind, m.dedupe_key, m.complaint, m.office, m.person, m.created_at, lapor_now() AS now,
       EXISTS (SELECT FROM message b WHERE b.bundle = m.id) OR coalesce({DIGEST_ONLY}, false) AS gathers,
       m.complaint IS NOT NULL AND c.id IS NULL AS of_leaders
FROM message m
LEFT JOIN complaint c ON c.id = m.complaint
LEFT JOIN office o ON o.id = m.office
WHERE m.id = $1"""

_OFFICE = """
SELECT o.id, o.code, o.title, o.role, o.agency, a.name AS agency_name, a.email, a.region,
  r.timezone AS zone, r.name AS region_name
FROM office o JOIN agency a ON a.id = o.agency JOIN region r ON r.id = a.region WHERE o.id = $1"""

_LINE = """
c.id, c.ticket, c.confidential OR c.protected OR c.about_official AS sensitive, a.name AS agency, k.kind, k.due_at,
  k.met_at, coalesce(g.name, '') AS category"""

_BUNDLED = f"""
SELECT {_LINE}
FROM message m
JOIN complaint c ON c.id = m.complaint
JOIN agency a ON a.id = c.owner_agency
JOIN clock k ON k.id = m.clock
LEFT JOIN category g ON g.id = c.category
WHERE m.id = $1 OR m.bundle = $1"""

# What was escalated and is still unmet, whatever this office has heard of it; nothing that it must not hear of.
_STANDING = f"""
SELECT {_LINE}
FROM clock k
JOIN complaint c ON c.id = k.complaint
JOIN agency a ON a.id = c.owner_agency
LEFT JOIN category g ON g.id = c.category
WHERE k.met_at IS NULL AND k.due_at < $1 AND c.region = $2
  AND EXISTS (SELECT FROM escalation e WHERE e.clock = k.id AND e.step = 'escalate' AND NOT e.trial)
  AND (c.reported_agency IS NULL OR NOT EXISTS (
    SELECT FROM appointment h JOIN appointment b ON b.person = h.person JOIN office x ON x.id = b.office
    WHERE h.office = $3 AND x.agency = c.reported_agency AND (h.ends_at IS NULL OR h.ends_at > $1)
      AND (b.ends_at IS NULL OR b.ends_at > $1)))
  AND c.reported_agency IS DISTINCT FROM $4"""

_HELD = """
SELECT o.agency, o.role, o.named_desk, r.timezone FROM appointment h
JOIN office o ON o.id = h.office JOIN agency a ON a.id = o.agency JOIN region r ON r.id = a.region
WHERE h.person = $1 AND o.active AND h.starts_at <= lapor_now() AND (h.ends_at IS NULL OR h.ends_at > lapor_now())
ORDER BY o.id"""

_DUE_TODAY = f"""
SELECT {_LINE}
FROM clock k
JOIN complaint c ON c.id = k.complaint
JOIN agency a ON a.id = c.owner_agency
LEFT JOIN category g ON g.id = c.category
WHERE k.met_at IS NULL AND k.due_at < $1 AND k.kind = ANY ($2)
  AND (CASE WHEN k.kind = 'transfer' THEN c.offered_agency ELSE c.owner_agency END) = ANY ($3)
  AND (NOT c.protected OR c.owner_agency = ANY ($4))
  AND (c.reported_agency IS NULL OR c.reported_agency <> ALL ($5))"""

_ALARMS = """
SELECT a.sentence FROM message m JOIN alarm a ON a.id = split_part(m.dedupe_key, ':', 2)::bigint
WHERE (m.id = $1 OR m.bundle = $1) AND a.cleared_at IS NULL ORDER BY a.raised_at, a.id"""


async def write(message: int, sending: Sending) -> Letter:
    """Return the message as it is to leave now; inside a transaction of the worker. LookupError: it is gone."""
    head = await database.fetchrow(_HEAD, message)
    if head is None:
        raise LookupError("the message does not exist")
    if head["kind"] in (chat_letters.CHAT, chat_letters.TRIAL):
        return await chat_letters.write(message, sending)
    if writer := _writer(head["kind"]):
        return await writer(head, sending)
    if head["kind"] == DIGEST or head["gathers"]:
        return await _digest(head, sending)
    if head["of_leaders"]:
        return await explanation_letters.write(message, sending)
    return await letters.about_one(message, sending)


def _writer(kind: str) -> Callable[[asyncpg.Record, Sending], Awaitable[Letter]] | None:
    """Who writes a kind of letter that is never about one complaint."""
    writers: dict[str, Callable[[asyncpg.Record, Sending], Awaitable[Letter]]] = {
        DAY_LIST: _day_list,
        alarms.NOTICE: _alarms,
        account_letters.PASSWORD_RESET: account_letters.password_reset,
        inspector_letters.NOTICE: _inspectors,
        mail_asking.NOTICE: mail_asking.write,
        weekly.NOTICE: _weekly,
    }
    return writers.get(kind)


async def _digest(head: asyncpg.Record, sending: Sending) -> Letter:
    office = await _office(head)
    leading = office["role"] in LEADING
    rows = list(await database.fetch(_BUNDLED, head["id"]))
    if head["kind"] == DIGEST:
        rows += await database.fetch(_STANDING, head["now"], office["region"], office["id"], office["agency"])
    lines = _lines(rows, office["zone"], head["now"])
    letter = await _to_holders(head, office, sending, waits=head["kind"] != DIGEST)
    if not lines:
        return replace(letter, channel=None, trouble=NOTHING_LEFT, hopeless=True)
    page = "pimpinan/eskalasi" if leading else "meja"
    context = {
        "morning": head["kind"] == DIGEST,
        "leading": leading,
        "lines": lines[:LONGEST],
        "total": len(lines),
        "left_out": max(len(lines) - LONGEST, 0),
        "link": f"{sending.base_url}/{page}",
        "list_link": await letters.list_link(letter, office["role"], sending),
        "minutes": sending.link_minutes,
        "office": office["title"],
        "office_agency": office["agency_name"],
    }
    return _filled(letter, "digest", context)


async def _weekly(head: asyncpg.Record, sending: Sending) -> Letter:
    office = await _office(head)
    letter = await _to_holders(head, office, sending, waits=True)
    kept = await weekly.announced(head["dedupe_key"])
    if kept is None:
        return replace(letter, channel=None, trouble=NOTHING_LEFT, hopeless=True)
    context = {
        **kept,
        "region": office["region_name"],
        "link": f"{sending.base_url}/pimpinan/surat/{kept['id']}",
        "office": office["title"],
        "office_agency": office["agency_name"],
    }
    return _filled(letter, weekly.NOTICE, context)


async def _inspectors(head: asyncpg.Record, sending: Sending) -> Letter:
    office = await _office(head)
    letter = await _to_holders(head, office, sending, waits=False)
    told = await inspector_letters.changed(head["dedupe_key"], office["zone"])
    if told is None:
        return replace(letter, channel=None, trouble=NOTHING_LEFT, hopeless=True)
    context = {
        **told,
        "link": f"{sending.base_url}/{'inspektorat' if office['role'] == 'inspector' else 'masuk'}",
        "office": office["title"],
        "office_agency": office["agency_name"],
    }
    return _filled(letter, inspector_letters.NOTICE, context)


async def _office(head: asyncpg.Record) -> asyncpg.Record:
    office = await database.fetchrow(_OFFICE, head["office"])
    if office is None:
        raise LookupError("the office does not exist")
    return office


async def _to_holders(
    head: asyncpg.Record, office: asyncpg.Record, sending: Sending, *, waits: bool
) -> Letter:
    """An empty letter on its way to an office."""
    letter = Letter(_outgoing(head, office["code"]))
    holders = await recipients.holders_of(office["id"])
    latest = None
    if office["role"] in LEADING:
        latest = recipients.next_morning(head["created_at"], office["zone"]) if waits else head["now"]
    resting = letters.rest(holders, head["now"], office["zone"], latest)
    if resting:
        return replace(letter, wait_until=resting)
    awake = letters.not_resting(holders, head["now"], office["zone"], latest)
    ways = recipients.routes(awake, office["email"], sending.channels)
    letter = replace(letter, person=awake[0].id if awake else None)
    if not ways:
        return replace(letter, trouble=await letters.nobody(office["id"], holders))
    return letters.addressed(letter, ways, sending.attempt)


async def _day_list(head: asyncpg.Record, sending: Sending) -> Letter:
    letter = Letter(_outgoing(head, "petugas"), person=head["person"])
    holder = await recipients.person(head["person"])
    held = await database.fetch(_HELD, head["person"])
    working = [row for row in held if row["role"] in WORKING]
    if holder is None or not working:
        return replace(letter, trouble=NOTHING_LEFT, hopeless=True)
    zone = working[0]["timezone"]
    lines = _lines(await _due_today(working, held, head["now"], zone), zone, head["now"])
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
    return _filled(_to_person(letter, holder, sending), DAY_LIST, context)


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


async def _alarms(head: asyncpg.Record, sending: Sending) -> Letter:
    office = await _office(head)
    sentences = [row["sentence"] for row in await database.fetch(_ALARMS, head["id"])]
    letter = await _to_holders(head, office, sending, waits=True)
    if not sentences:
        return replace(letter, channel=None, trouble=NOTHING_LEFT, hopeless=True)
    context = {
        "sentences": sentences,
        "link": f"{sending.base_url}/admin/",
        "office": office["title"],
        "office_agency": office["agency_name"],
    }
    return _filled(letter, alarms.NOTICE, context)


def _lines(rows: Sequence[asyncpg.Record], zone: str, now: datetime) -> list[dict[str, Any]]:
    """One line for each complaint, by its oldest deadline, the oldest first."""
    first: dict[int, asyncpg.Record] = {}
    for row in sorted(rows, key=lambda row: (row["due_at"], row["id"])):
        first.setdefault(row["id"], row)
    return [_line(row, zone, now) for row in first.values()]


def _line(row: asyncpg.Record, zone: str, now: datetime) -> dict[str, Any]:
    ordinary = not row["sensitive"]
    return {
        "ticket": words.ticket(row["ticket"]),
        "due": words.localtime(row["due_at"], zone),
        "left": words.remaining(row["due_at"], now),
        "overdue": row["due_at"] < now,
        "met": words.localtime(row["met_at"], zone) if row["met_at"] else "",
        "clock": CLOCKS.get(row["kind"], "") if ordinary else "",
        "agency": row["agency"] if ordinary else "",
        "category": row["category"] if ordinary else "",
    }


def _outgoing(head: asyncpg.Record, office: str) -> Outgoing:
    return Outgoing(head["dedupe_key"], head["kind"], "", office, (), "", "", head["now"])


def _filled(letter: Letter, kind: str, context: dict[str, Any]) -> Letter:
    subject, body = letters.render_gathered(kind, context)
    return replace(letter, outgoing=replace(letter.outgoing, subject=subject, body=body))
