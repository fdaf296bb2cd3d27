"""What a message says and to whom it goes, found out at the moment of sending."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import asyncpg

from lapor import crypto, database, words
from lapor.complaints.draft import identity_context
from lapor.intake import mail_answers, mail_photos, recipients, reporter_ways, stopped, thread_answers
from lapor.intake.bundling import LEADING
from lapor.intake.channels.interface import Chat, Outgoing
from lapor.intake.recipients import MAIL, Holder, Route
from lapor.letter_words import render, render_gathered

__all__ = ["Letter", "Sending", "about_one", "render", "render_gathered"]

NO_HOLDER = "tidak ada pemegang jabatan"
NO_ADDRESS = "tidak ada alamat surel"
NO_REPORTER_ADDRESS = "pelapor tidak memberi alamat surel"
REPORTED = "jabatan ini di pihak yang dilaporkan"

# After so many attempts on one way the next one is taken; on the last way there are more.
ATTEMPTS_BEFORE_NEXT = 4
ATTEMPTS = 8

CLOCKS = {
    "response": "tanggapan",
    "triage": "penelaahan",
    "promise": "janji jawaban",
    "completion": "penyelesaian",
    "approval": "pemeriksaan hasil",
    "transfer": "alih tangan",
    "referral": "pelimpahan",
    "instruction": "instruksi pimpinan",
    "reporter_window": "masa tanggapan pelapor",
    "emergency": "laporan darurat",
}


@dataclass(frozen=True)
class Letter:
    """A message as it is to leave now.

    Without a channel, `trouble` says why, and `hopeless` that nobody can mend it. `wait_until` names the end of the
    addressee's quiet hours. After `last_attempt` it is given up; after `next_route` attempts another way is taken.
    """

    outgoing: Outgoing
    channel: str | None = None
    person: int | None = None
    people: tuple[int, ...] = ()
    trouble: str = ""
    hopeless: bool = False
    wait_until: datetime | None = None
    last_attempt: int = ATTEMPTS
    next_route: int | None = None

    def is_beyond(self, attempt: int) -> bool:
        """Whether every way has had its turn before this attempt; what is left are attempts more on the last one."""
        return attempt > self.last_attempt - (ATTEMPTS - ATTEMPTS_BEFORE_NEXT)


@dataclass(frozen=True)
class Sending:
    """What the sender knows: which attempt this is, which channels there are, the site, how long its links live."""

    attempt: int
    channels: frozenset[str]
    base_url: str
    link_minutes: int
    # Which of our accounts can speak now, as (channel, name).
    accounts: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class Addressee:
    """An office that is written to, with its agency's own address; `since` is when there was something to say."""

    office: int
    role: str
    zone: str
    email: str
    since: datetime


_FACTS = """
SELECT m.id, m.dedupe_key, m.kind, m.complaint, m.office, c.ticket, c.reported_agency, c.filed_at,
       c.emergency, m.created_at, coalesce(oz.timezone, r.timezone) AS office_zone,
       c.confidential OR c.protected OR c.about_official AS sensitive, r.timezone,
       a.name AS agency, coalesce(t.name, '') AS category, coalesce(v.name, d.name, '') AS place,
       attached.files, o.title AS office_title, o.code AS office_code, o.role AS office_role, o.agency AS office_agency,
       coalesce(oa.email, '') AS office_email, oa.name AS office_agency_name,
       s.text AS said, s.promised_for, k.kind AS clock_kind, k.due_at, k.met_at, quoted.ordered,
       i.email AS reporter_email, i.phone AS reporter_phone, i.secret, i.external, i.language, noted.trouble AS noted,
       lapor_now() AS now
FROM message m
JOIN complaint c ON c.id = m.complaint
JOIN region r ON r.id = c.region
JOIN agency a ON a.id = c.owner_agency
LEFT JOIN category t ON t.id = c.category
LEFT JOIN region v ON v.id = c.village
LEFT JOIN region d ON d.id = c.district
LEFT JOIN office o ON o.id = m.office
LEFT JOIN agency oa ON oa.id = o.agency
LEFT JOIN region oz ON oz.id = oa.region
LEFT JOIN statement s ON s.id = m.statement AND s.to_reporter
LEFT JOIN LATERAL (
  SELECT array_agg(coalesce(f.filename, 'foto') ORDER BY f.id) AS files FROM attachment f
  WHERE f.statement = s.id AND f.purpose = 'answer') attached ON true
LEFT JOIN identity i ON i.complaint = m.complaint
LEFT JOIN inbound noted
  ON noted.id = CASE WHEN m.kind = 'attachments_refused' THEN split_part(m.dedupe_key, ':', 2)::bigint END
LEFT JOIN LATERAL (
  SELECT k.kind, k.due_at, k.met_at FROM clock k
  WHERE k.complaint = m.complaint
    AND CASE WHEN m.clock IS NOT NULL THEN k.id = m.clock
        ELSE k.met_at IS NULL AND k.kind IN ('response', 'promise', 'completion') END
  ORDER BY k.due_at, k.id LIMIT 1) k ON true
LEFT JOIN LATERAL (
  -- An order may repeat what it is about: of a bundle with one hidden complaint in it nothing is quoted.
  SELECT n.text AS ordered FROM clock w JOIN instruction n ON n.id = w.subject
  WHERE m.kind = 'instructed' AND w.id = m.clock AND w.subject_kind = 'instruction'
    AND NOT EXISTS (
      SELECT FROM instruction_item t JOIN complaint x ON x.id = t.complaint
      WHERE t.instruction = n.id AND (x.confidential OR x.protected OR x.about_official))) quoted ON true
WHERE m.id = $1"""


def addressed(letter: Letter, ways: Sequence[Route], attempt: int) -> Letter:
    """Return the letter on the way that this attempt takes."""
    if not ways:
        return letter
    number = min((attempt - 1) // ATTEMPTS_BEFORE_NEXT, len(ways) - 1)
    way = ways[number]
    return replace(
        letter,
        outgoing=replace(
            letter.outgoing, addresses=way.addresses, chat=Chat(way.account) if way.account else None
        ),
        channel=way.channel,
        people=way.people,
        person=way.people[0] if way.people else letter.person,
        last_attempt=ATTEMPTS_BEFORE_NEXT * (len(ways) - 1) + ATTEMPTS,
        next_route=ATTEMPTS_BEFORE_NEXT * (number + 1) if number + 1 < len(ways) else None,
    )


async def about_one(message: int, sending: Sending) -> Letter:
    """Return a message about one complaint; inside a transaction of the worker. LookupError: it is gone."""
    facts = await database.fetchrow(_FACTS, message)
    if facts is None:
        raise LookupError("the message or its complaint does not exist")
    if facts["office"] is None:
        return await _to_reporter(facts, sending)
    return await _to_office(facts, sending)


async def _to_reporter(facts: asyncpg.Record, sending: Sending) -> Letter:
    address = _opened(facts, "email", facts["reporter_email"])
    secret = _opened(facts, "secret", facts["secret"])
    link = f"{sending.base_url}/laporan/{facts['ticket']}" + (f"/buka/{secret}" if secret else "")
    outgoing = await mail_answers.threaded(_bare(facts), facts["complaint"])
    if way := await thread_answers.way(facts["id"], outgoing, sending.accounts):
        there_only = addressed(Letter(outgoing), (way.route,), sending.attempt)
        letter = _worded(there_only, facts, link)
        return replace(letter, outgoing=way.put(letter.outgoing, link))
    external = _opened(facts, "external", facts["external"])
    phone = _opened(facts, "phone", facts["reporter_phone"])
    there = reporter_ways.ways(external, address, phone, sending.channels, sending.accounts)
    ways = await reporter_ways.wanted(there, outgoing.key)
    if there and not ways:
        return Letter(outgoing, trouble=stopped.ASKED, hopeless=True)
    reachable = bool(address) or any(way.account for way in ways)
    letter = Letter(outgoing, trouble="" if reachable else NO_REPORTER_ADDRESS, hopeless=not reachable)
    letter = _worded(addressed(letter, ways, sending.attempt), facts, link)
    told = await reporter_ways.conversing(letter.outgoing, letter.channel, facts["language"], link)
    return replace(letter, outgoing=told)


def _opened(facts: asyncpg.Record, name: str, ciphertext: bytes | None) -> str:
    if ciphertext is None:
        return ""
    return crypto.keyring().decrypt(ciphertext, identity_context(facts["complaint"], name)).decode()


async def _to_office(facts: asyncpg.Record, sending: Sending) -> Letter:
    leading = facts["office_role"] in LEADING
    page = "pimpinan" if leading else "meja"
    # What was ordered stays with the agency that was told, also when the complaint has gone to another one.
    ordered = facts["clock_kind"] == "instruction" and not leading
    link = f"{sending.base_url}/{page}/" + ("instruksi" if ordered else f"aduan/{facts['complaint']}")
    letter = Letter(_bare(facts))
    if facts["office_agency"] == facts["reported_agency"]:
        return replace(letter, trouble=REPORTED, hopeless=True)
    to = Addressee(
        facts["office"],
        facts["office_role"],
        facts["office_zone"],
        facts["office_email"],
        facts["created_at"],
    )
    letter = await to_holders(
        letter, to, sending, reported_agency=facts["reported_agency"], wakes=facts["emergency"]
    )
    if letter.channel is None:
        return letter
    opens = await list_link(letter, facts["office_role"], sending) if facts["kind"] == "rung_escalate" else ""
    return _worded(letter, facts, link, opens, sending.link_minutes)


async def to_holders(
    letter: Letter,
    to: Addressee,
    sending: Sending,
    *,
    reported_agency: int | None = None,
    wakes: bool = False,
    waits: bool = True,
) -> Letter:
    """Return the letter on its way to whoever holds an office, without a channel when it cannot leave now.

    What goes to the leadership rests until the next morning at the latest, and not at all unless it `waits`; what
    `wakes` rests for nobody.
    """
    at, leading = letter.outgoing.at, to.role in LEADING
    latest = (recipients.next_morning(to.since, to.zone) if waits else at) if leading else None
    holders = await recipients.holders_of(to.office, reported_agency=reported_agency)
    resting = None if wakes else _rest(holders, at, to.zone, latest)
    if resting:
        return replace(letter, wait_until=resting)
    awake = holders if wakes else _not_resting(holders, at, to.zone, latest)
    ways = recipients.routes(awake, to.email, sending.channels)
    letter = replace(letter, person=awake[0].id if awake else None)
    if not ways:
        return replace(letter, trouble=await _nobody(to.office, holders))
    return addressed(letter, ways, sending.attempt)


def _not_resting(
    holders: Sequence[Holder], at: datetime, zone: str, latest: datetime | None
) -> Sequence[Holder]:
    """Return who may be disturbed now; from `latest` on that is everybody."""
    if latest and at >= latest:
        return holders
    return [holder for holder in holders if holder.quiet_end(at, zone) is None]


def _rest(holders: Sequence[Holder], at: datetime, zone: str, latest: datetime | None) -> datetime | None:
    """Return until when everybody rests, never beyond `latest`; None when somebody may be disturbed, or nobody is."""
    if not holders or _not_resting(holders, at, zone, latest):
        return None
    ends = [end for holder in holders if (end := holder.quiet_end(at, zone))]
    return min([*ends, latest] if latest else ends)


async def _nobody(office: int, holders: Sequence[Holder]) -> str:
    """Return why an office has nobody to write to."""
    if holders:
        return NO_ADDRESS
    # Whoever holds it sits in the reported agency as well: nothing is wrong with the register.
    return REPORTED if await recipients.holders_of(office) else NO_HOLDER


async def list_link(letter: Letter, role: str, sending: Sending) -> str:
    """Return an address that opens the list of tickets for a while, for the one leader this letter goes to; or nothing.

    A mail to several people, or to an agency's own address, has none: such a link is one person's.
    """
    if role not in LEADING or letter.channel != MAIL or len(letter.people) != 1:
        return ""
    token = crypto.new_secret()
    await database.execute(
        "INSERT INTO list_link (token_hash, person, made_at, expires_at)"
        " VALUES ($1, $2, lapor_now(), lapor_now() + make_interval(mins => $3))",
        crypto.secret_hash(token),
        letter.people[0],
        sending.link_minutes,
    )
    return f"{sending.base_url}/pimpinan/daftar/{token}"


def _bare(facts: asyncpg.Record) -> Outgoing:
    return Outgoing(
        key=facts["dedupe_key"],
        kind=facts["kind"],
        ticket=facts["ticket"],
        office=facts["office_code"] or "",
        addresses=(),
        subject="",
        body="",
        at=facts["now"],
    )


def _worded(
    letter: Letter, facts: asyncpg.Record, link: str, list_link: str = "", minutes: int = 0
) -> Letter:
    context = {**_context(facts, link), "list_link": list_link, "minutes": minutes}
    context["answerable"] = bool(letter.outgoing.reply_to)
    channel = letter.channel or MAIL
    subject, body = render(facts["kind"], context, sensitive=facts["sensitive"], channel=channel)
    return replace(letter, outgoing=replace(letter.outgoing, subject=subject, body=body))


def _context(facts: asyncpg.Record, link: str) -> dict[str, Any]:
    """What a template may use. A confidential complaint gives it the ticket and the link, and no more."""
    common = {
        "ticket": words.ticket(facts["ticket"]),
        "link": link,
        "to_reporter": facts["office"] is None,
        "office": facts["office_title"] or "",
        "office_agency": facts["office_agency_name"] or "",
    }
    if facts["sensitive"]:
        return common

    def local(moment: datetime | None) -> str:
        return words.localtime(moment, facts["timezone"]) if moment else ""

    return {
        **common,
        "agency": facts["agency"],
        "category": facts["category"],
        "place": facts["place"],
        "filed": local(facts["filed_at"]),
        "said": facts["said"] or "",
        "refused": mail_photos.told(facts["noted"] or ""),
        "ordered": facts["ordered"] or "",
        "promised": local(facts["promised_for"]),
        "clock": CLOCKS.get(facts["clock_kind"] or "", ""),
        "due": local(facts["due_at"]),
        "met": local(facts["met_at"]),
        "left": words.remaining(facts["due_at"], facts["now"]) if facts["due_at"] else "",
        "files": facts["files"] or [],
    }
