"""A letter about one complaint: to its reporter, or to an office that has to hear of it."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import asyncpg

from lapor import crypto, database, words
from lapor.complaints.draft import identity_context
from lapor.intake import mail_answers, mail_photos, reporter_ways, stopped, thread_answers
from lapor.intake.bundling import LEADING
from lapor.intake.channels.interface import Outgoing
from lapor.intake.letters import (
    CLOCKS,
    NO_REPORTER_ADDRESS,
    REPORTED,
    Addressee,
    Letter,
    Sending,
    addressed,
    list_link,
    to_holders,
)
from lapor.intake.recipients import MAIL
from lapor.letter_words import render

_FACTS = """
SELECT m.id, m.dedupe_key, m.kind, m.complaint, m.office, c.ticket, c.reported_agency, c.filed_at,
       c.emergency, m.created_at, coalesce(oz.timezone, r.timezone) AS office_zone,
       c.confidential OR c.protected OR c.about_official AS sensitive, r.timezone,
       a.name AS agency, coalesce(t.name, '') AS category, coalesce(v.name, d.name, '') AS place,
       attached.files, o.title AS office_title, o.code AS office_code, o.role AS office_role, o.agency AS office_agency,
       coalesce(oa.email, '') AS office_email, oa.name AS office_agency_name,
       s.text AS said, s.promised_for, k.kind AS clock_kind, k.due_at, k.met_at, quoted.ordered,
       i.email AS reporter_email, i.phone AS reporter_phone, i.secret, i.external, i.language, i.first_way,
       noted.trouble AS noted, lapor_now() AS now
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
    there = reporter_ways.ways(
        external, address, phone, sending.channels, sending.accounts, facts["first_way"] or ""
    )
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
