"""What a message says and to whom it goes, found out at the moment of sending."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from lapor import crypto, database, words
from lapor.complaints.draft import identity_context
from lapor.intake.channels.interface import Outgoing
from lapor.pages import TEMPLATES

NO_HOLDER = "tidak ada pemegang jabatan"
NO_ADDRESS = "tidak ada alamat surel"
NO_REPORTER_ADDRESS = "pelapor tidak memberi alamat surel"
REPORTED = "jabatan ini di pihak yang dilaporkan"

LEADING = ("head_of_region", "deputy_head", "sekda", "leadership_staff", "inspector")
# The only words about a confidential complaint: there is news, and where to read it.
NEWS = "kabar"

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
    """A message with its addressees; without any, `trouble` says why, and `hopeless` that nobody can mend it."""

    outgoing: Outgoing
    person: int | None = None
    trouble: str = ""
    hopeless: bool = False


_FACTS = """
SELECT m.id, m.dedupe_key, m.kind, m.complaint, m.office, c.ticket, c.reported_agency, c.filed_at,
       c.confidential OR c.protected OR c.about_official AS sensitive, r.timezone,
       a.name AS agency, coalesce(t.name, '') AS category, coalesce(v.name, d.name, '') AS place,
       o.title AS office_title, o.code AS office_code, o.role AS office_role, o.agency AS office_agency,
       coalesce(oa.email, '') AS office_email, oa.name AS office_agency_name,
       s.text AS said, s.promised_for, k.kind AS clock_kind, k.due_at, k.met_at,
       i.email AS reporter_email, i.secret, lapor_now() AS now
FROM message m
JOIN complaint c ON c.id = m.complaint
JOIN region r ON r.id = c.region
JOIN agency a ON a.id = c.owner_agency
LEFT JOIN category t ON t.id = c.category
LEFT JOIN region v ON v.id = c.village
LEFT JOIN region d ON d.id = c.district
LEFT JOIN office o ON o.id = m.office
LEFT JOIN agency oa ON oa.id = o.agency
LEFT JOIN statement s ON s.id = m.statement AND s.to_reporter
LEFT JOIN identity i ON i.complaint = m.complaint
LEFT JOIN LATERAL (
  SELECT k.kind, k.due_at, k.met_at FROM clock k
  WHERE k.complaint = m.complaint
    AND CASE WHEN m.clock IS NOT NULL THEN k.id = m.clock
        ELSE k.met_at IS NULL AND k.kind IN ('response', 'promise', 'completion') END
  ORDER BY k.due_at, k.id LIMIT 1) k ON true
WHERE m.id = $1"""

# Whoever also holds an office in the reported agency must not be warned through another one.
_HOLDERS = """
SELECT p.id, p.email FROM appointment a JOIN person p ON p.id = a.person
WHERE a.office = $1 AND p.active AND a.starts_at <= lapor_now() AND (a.ends_at IS NULL OR a.ends_at > lapor_now())
  AND NOT EXISTS (
    SELECT FROM appointment b JOIN office o ON o.id = b.office
    WHERE b.person = p.id AND o.agency = $2
      AND b.starts_at <= lapor_now() AND (b.ends_at IS NULL OR b.ends_at > lapor_now()))
ORDER BY a.kind = 'definitive', a.starts_at DESC, a.id"""


async def write(message: int, base_url: str) -> Letter:
    """Return the message as it is to leave now; inside a transaction of the worker. LookupError: it is gone."""
    facts = await database.fetchrow(_FACTS, message)
    if facts is None:
        raise LookupError("the message or its complaint does not exist")
    if facts["office"] is None:
        return _to_reporter(facts, base_url)
    return await _to_office(facts, base_url)


def _to_reporter(facts: asyncpg.Record, base_url: str) -> Letter:
    address = _opened(facts, "email", facts["reporter_email"])
    secret = _opened(facts, "secret", facts["secret"])
    link = f"{base_url}/laporan/{facts['ticket']}" + (f"/buka/{secret}" if secret else "")
    outgoing = _outgoing(facts, (address,) if address else (), link)
    return Letter(outgoing, trouble="" if address else NO_REPORTER_ADDRESS, hopeless=not address)


def _opened(facts: asyncpg.Record, name: str, ciphertext: bytes | None) -> str:
    if ciphertext is None:
        return ""
    return crypto.keyring().decrypt(ciphertext, identity_context(facts["complaint"], name)).decode()


async def _to_office(facts: asyncpg.Record, base_url: str) -> Letter:
    page = "pimpinan" if facts["office_role"] in LEADING else "meja"
    link = f"{base_url}/{page}/aduan/{facts['complaint']}"
    if facts["office_agency"] == facts["reported_agency"]:
        return Letter(_outgoing(facts, (), link), trouble=REPORTED, hopeless=True)
    holders = await database.fetch(_HOLDERS, facts["office"], facts["reported_agency"])
    reachable = [row for row in holders if row["email"]]
    if reachable:
        addresses = tuple(dict.fromkeys(row["email"] for row in reachable))
        return Letter(_outgoing(facts, addresses, link), person=reachable[0]["id"])
    person = holders[0]["id"] if holders else None
    if facts["office_email"]:
        return Letter(_outgoing(facts, (facts["office_email"],), link), person=person)
    return Letter(_outgoing(facts, (), link), person=person, trouble=NO_ADDRESS if holders else NO_HOLDER)


def _outgoing(facts: asyncpg.Record, addresses: tuple[str, ...], link: str) -> Outgoing:
    subject, body = render(facts["kind"], _context(facts, link), sensitive=facts["sensitive"])
    return Outgoing(
        key=facts["dedupe_key"],
        kind=facts["kind"],
        ticket=facts["ticket"],
        office=facts["office_code"] or "",
        addresses=addresses,
        subject=subject,
        body=body,
        at=facts["now"],
    )


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
        "promised": local(facts["promised_for"]),
        "clock": CLOCKS.get(facts["clock_kind"] or "", ""),
        "due": local(facts["due_at"]),
        "met": local(facts["met_at"]),
        "left": words.remaining(facts["due_at"], facts["now"]) if facts["due_at"] else "",
    }


_TEMPLATES = Environment(
    loader=FileSystemLoader(TEMPLATES / "messages"),
    autoescape=select_autoescape(["html"], default=False),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)


def render(kind: str, context: dict[str, Any], *, sensitive: bool, channel: str = "email") -> tuple[str, str]:
    """Return subject and body of a kind of message; a kind without words of its own says that there is news."""
    names = [f"{NEWS}.{channel}.txt"] if sensitive else [f"{kind}.{channel}.txt", f"{NEWS}.{channel}.txt"]
    subject, _, body = _TEMPLATES.select_template(names).render(context).strip().partition("\n")
    return subject.strip(), body.strip() + "\n"
