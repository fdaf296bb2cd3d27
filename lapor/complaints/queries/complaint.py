"""One complaint as an officer sees it: where it is, its words, its clocks, its story, what may be done now."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from lapor import crypto, database
from lapor.complaints.arbiter import Cause, brought
from lapor.complaints.assigning import IN_HAND
from lapor.complaints.errors import NotFound
from lapor.complaints.holding import LEADING_ROLES, WORKING_ROLES
from lapor.complaints.queries.held_time import HeldTime, held_times
from lapor.complaints.queries.instructions import Ordered, instructions_of
from lapor.complaints.queries.photos import Photo, photos_of
from lapor.complaints.queries.queue import place
from lapor.complaints.queries.same_words import OTHERS
from lapor.complaints.queries.tabs import MAY_DECIDE
from lapor.complaints.reading_traces import GUARDS, note_reading
from lapor.registers import moment
from lapor.routing.directory import REGISTRY, Registry


@dataclass(frozen=True)
class Running:
    """A clock. `trouble` is set while the sweep has set it aside; `resumes_at` lies ahead while it waits."""

    id: int
    kind: str
    cycle: int
    started_at: datetime
    due_at: datetime
    met_at: datetime | None
    paused_at: datetime | None
    resumes_at: datetime | None
    trouble: str | None


@dataclass(frozen=True)
class Said:
    """What somebody wrote. `same_words`: other complaints to which the agency sent the same. `undone`: taken back."""

    id: int
    kind: str
    text: str
    promised_for: datetime | None
    same_words: int
    undone: bool


@dataclass(frozen=True)
class Sent:
    """A message of the outbox: to an office, or to the reporter when `office` is None."""

    kind: str
    office: str | None
    clock: str | None
    rung: int | None
    state: str
    channel: str | None
    created_at: datetime
    sent_at: datetime | None
    trouble: str | None


@dataclass(frozen=True)
class Happened:
    """An event of the chain, with what was said and sent on it. `actor` is officer, reporter or system."""

    kind: str
    actor: str
    person: str | None
    colleague: str | None
    agency: str | None
    at: datetime
    facts: Mapping[str, Any]
    said: Said | None
    told: Sequence[Sent]


@dataclass(frozen=True)
class Waiting:
    """A claim that waits for a second person."""

    kind: str
    agency: str
    text: str | None
    reason_code: str
    outside_body: str | None
    requested_by: str
    requested_at: datetime
    statement: int


@dataclass(frozen=True)
class Offer:
    """A hand-on that waits to be taken or refused."""

    to_agency: str
    from_agency: str
    text: str | None
    asked_at: datetime


@dataclass(frozen=True)
class Standing:
    """What the officer's offices let them do with this complaint."""

    works: bool
    works_in_offered: bool
    decides: bool
    coordinates: bool
    leads: bool
    corrects: bool
    may_contact: bool


@dataclass(frozen=True)
class OneComplaint:
    """A complaint and everything that hangs on it, as far as this officer may see it.

    `text`, `category`, `place` and what was said are None or empty where the words are hidden.
    """

    row: Mapping[str, Any]
    at: datetime
    registry: Registry
    standing: Standing
    text: str | None
    category: str | None
    place: str | None
    address: str
    clocks: Sequence[Running]
    story: Sequence[Happened]
    sent: Sequence[Sent]
    photos: Sequence[Photo]
    approval: Waiting | None
    transfer: Offer | None
    instructions: Sequence[Ordered]
    held: Sequence[HeldTime]

    @property
    def readable(self) -> bool:
        """Whether this officer may read the words."""
        return self.text is not None

    @property
    def running(self) -> Sequence[Running]:
        """The clocks that run, nearest deadline first."""
        return [clock for clock in self.clocks if clock.met_at is None]

    @property
    def response(self) -> Running | None:
        """The response clock of the present cycle."""
        return next((k for k in self.clocks if k.kind == "response" and k.cycle == self.row["cycle"]), None)

    @property
    def report_photos(self) -> Sequence[Photo]:
        """The photos that came with the report."""
        return [photo for photo in self.photos if photo.purpose == "report"]

    @property
    def waiting_proofs(self) -> Sequence[Photo]:
        """The photos that prove the claim which waits for a second person."""
        waiting = self.approval.statement if self.approval else None
        return [
            photo
            for photo in self.photos
            if photo.purpose in ("proof", "answer") and photo.statement == waiting
        ]

    @property
    def stars(self) -> int | None:
        """The reporter's last rating, from 1 to 5, if there is one."""
        given = [happened.facts["stars"] for happened in self.story if happened.kind == "rated"]
        return given[-1] if given else None

    @property
    def before_arbiter(self) -> frozenset[Cause]:
        """What the arbiter has to decide about it, silence on a transfer included."""
        silent = any(clock.kind == "transfer" and clock.due_at < self.at for clock in self.running)
        causes = brought((happened.kind, happened.facts) for happened in self.story)
        return causes | ({"transfer"} if silent else frozenset())

    @property
    def completion_due(self) -> datetime | None:
        """Until when it has to be completed, while that clock runs."""
        return next((clock.due_at for clock in self.running if clock.kind == "completion"), None)


_COMPLAINT = f"""
SELECT c.*, w.complaint IS NOT NULL AS readable, w.text, w.address, w.latitude, w.longitude, r.timezone AS zone,
  g.name AS category_name, d.name AS district_name, v.name AS village_name, a.name AS agency_name,
  a.short_name AS agency_short, a.phone AS agency_phone, n.name AS reported_name, l.reason AS rule_reason,
  c.owner_agency = ANY (me.works) AS works, coalesce(c.offered_agency = ANY (me.works), false) AS works_in_offered,
  c.region = ANY (me.coordinates) AS coordinates, c.region = ANY (me.leads) AS leads,
  c.region = ANY (me.contacts) AS corrects,
  NOT (c.anonymous OR c.confidential OR c.protected OR c.about_official)
    AND (c.owner_agency = ANY (me.reaches) OR c.region = ANY (me.contacts)) AS may_contact,
  coalesce(p.id IS NOT NULL AND {MAY_DECIDE}, false) AS decides, p.kind AS approval_kind, pa.name AS approval_agency,
  ps.text AS approval_text, p.statement AS approval_statement, p.reason_code, o.name AS outside_body, pp.full_name AS requested_by_name,
  p.requested_at, h.person AS in_hand, hp.full_name AS in_hand_name, t.asked_at, ta.name AS to_agency, tf.name AS from_agency, ts.text AS transfer_text
FROM complaint c
CROSS JOIN (SELECT my_agencies_as($2) AS works, my_working_agencies() AS reaches,
  my_regions_as('{{coordinator}}') AS coordinates, my_regions_as($3) AS leads,
  my_regions_as('{{coordinator,inspector}}') AS contacts) me
JOIN agency a ON a.id = c.owner_agency
JOIN region r ON r.id = c.region
LEFT JOIN content w ON w.complaint = c.id
LEFT JOIN category g ON g.id = c.category
LEFT JOIN region d ON d.id = c.district
LEFT JOIN region v ON v.id = c.village
LEFT JOIN agency n ON n.id = c.reported_agency
LEFT JOIN routing_rule l ON l.code = c.rule
LEFT JOIN approval p ON p.complaint = c.id AND p.decided_at IS NULL
LEFT JOIN agency pa ON pa.id = p.agency
LEFT JOIN statement ps ON ps.id = p.statement
LEFT JOIN outside_body o ON o.id = p.outside_body
LEFT JOIN person pp ON pp.id = p.requested_by
LEFT JOIN LATERAL ({IN_HAND}) h ON true
LEFT JOIN person hp ON hp.id = h.person
LEFT JOIN transfer t ON t.complaint = c.id AND t.decided_at IS NULL
LEFT JOIN agency ta ON ta.id = t.to_agency
LEFT JOIN agency tf ON tf.id = t.from_agency
LEFT JOIN statement ts ON ts.id = t.statement
WHERE c.id = $1"""

_CLOCKS = """
SELECT id, kind, cycle, started_at, due_at, met_at, paused_at, resumes_at, trouble FROM clock WHERE complaint = $1 ORDER BY due_at, id"""

_EVENTS = """
SELECT e.kind, e.actor, e.occurred_at, e.facts, e.digest, p.full_name AS person, h.full_name AS colleague,
  a.short_name AS agency
FROM event e
LEFT JOIN person p ON p.id = CASE WHEN e.actor LIKE 'officer:%' THEN substr(e.actor, 9)::bigint END
LEFT JOIN person h ON h.id = CASE WHEN e.kind = 'assigned' THEN (e.facts::jsonb->>'person')::bigint END
LEFT JOIN agency a ON a.id = e.agency
WHERE e.complaint = $1 ORDER BY e.seq"""

_STATEMENTS = f"""
SELECT s.id, s.kind, s.text, s.salt, s.promised_for, {OTHERS} AS same_words, s.undone_at IS NOT NULL AS undone
FROM statement s WHERE s.complaint = $1
UNION ALL
SELECT i.id, 'instruction', i.text, i.salt, NULL, 0, false
FROM instruction i JOIN instruction_item j ON j.instruction = i.id WHERE j.complaint = $1"""

_MESSAGES = """
SELECT m.kind, o.title AS office, k.kind AS clock, m.rung, m.state, m.channel, m.created_at, m.sent_at, m.trouble
FROM message m
LEFT JOIN office o ON o.id = m.office
LEFT JOIN clock k ON k.id = m.clock
WHERE m.complaint = $1 ORDER BY m.created_at, m.id LIMIT 400"""


async def one_complaint(complaint: int) -> OneComplaint:
    """Return a complaint; raises NotFound when there is none that this officer may see."""
    seen = await moment()
    row = await database.fetchrow(_COMPLAINT, complaint, list(WORKING_ROLES), list(LEADING_ROLES))
    if row is None:
        raise NotFound
    clocks = [Running(**dict(clock)) for clock in await database.fetch(_CLOCKS, complaint)]
    sent = [Sent(**dict(message)) for message in await database.fetch(_MESSAGES, complaint)]
    readable = row["readable"]
    if readable and any(row[guard] for guard in GUARDS):
        await note_reading([complaint])
    return OneComplaint(
        row=row,
        at=seen.at,
        registry=await REGISTRY.get(seen.version),
        standing=Standing(**{name: row[name] for name in Standing.__annotations__}),
        text=row["text"] if readable else None,
        category=row["category_name"] if readable else None,
        place=place(row["village_name"], row["district_name"]) if readable else None,
        address=row["address"] or "",
        clocks=clocks,
        story=await _story(complaint, sent),
        sent=sent,
        photos=await photos_of(complaint),
        approval=_approval(row),
        transfer=_transfer(row),
        instructions=await instructions_of(complaint),
        held=(await held_times([complaint])).get(complaint, ()),
    )


async def _story(complaint: int, sent: Sequence[Sent]) -> Sequence[Happened]:
    said: dict[bytes, Said] = {}
    for row in await database.fetch(_STATEMENTS, complaint):
        # The ledger knows a text by its salted digest; a text that was changed finds its event no more.
        said[crypto.digest(row["salt"], row["text"])] = Said(
            row["id"], row["kind"], row["text"], row["promised_for"], row["same_words"], row["undone"]
        )
    return [_happened(row, said, sent) for row in await database.fetch(_EVENTS, complaint)]


def _happened(row: asyncpg.Record, said: Mapping[bytes, Said], sent: Sequence[Sent]) -> Happened:
    facts = json.loads(row["facts"])
    rung = facts.get("rung") if row["kind"].startswith("rung_") else None
    told = [
        message
        for message in sent
        if rung is not None
        and message.rung == rung
        and message.clock == facts.get("clock")
        and message.created_at == row["occurred_at"]
    ]
    return Happened(
        row["kind"],
        row["actor"].partition(":")[0],
        row["person"],
        row["colleague"],
        row["agency"],
        row["occurred_at"],
        facts,
        said.get(row["digest"] or b""),
        told,
    )


def _approval(row: asyncpg.Record) -> Waiting | None:
    if row["approval_kind"] is None:
        return None
    return Waiting(
        row["approval_kind"],
        row["approval_agency"],
        row["approval_text"],
        row["reason_code"],
        row["outside_body"],
        row["requested_by_name"] or "",
        row["requested_at"],
        row["approval_statement"],
    )


def _transfer(row: asyncpg.Record) -> Offer | None:
    offered = row["asked_at"] is not None
    return (
        Offer(row["to_agency"], row["from_agency"], row["transfer_text"], row["asked_at"])
        if offered
        else None
    )
