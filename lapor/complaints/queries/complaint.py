"""One complaint as an officer sees it: where it is, its words, its clocks, its story, what may be done now."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from lapor import crypto, database
from lapor.complaints.arbiter import Cause, brought
from lapor.complaints.errors import NotFound
from lapor.complaints.holding import LEADING_ROLES, WORKING_ROLES
from lapor.complaints.queries.complaint_rows import CLOCKS, COMPLAINT, EVENTS, MESSAGES, STATEMENTS
from lapor.complaints.queries.held_time import HeldTime, held_times
from lapor.complaints.queries.instructions import Ordered, instructions_of
from lapor.complaints.queries.photos import Photo, photos_of
from lapor.complaints.queries.queue import place
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
    """A message of the outbox: to an office, or to the reporter when `office` is None.

    `receipt` is what a provider told about it afterwards: sent, delivered, read, failed.
    """

    kind: str
    office: str | None
    clock: str | None
    rung: int | None
    state: str
    channel: str | None
    created_at: datetime
    sent_at: datetime | None
    trouble: str | None
    receipt: str | None = None


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


async def one_complaint(complaint: int) -> OneComplaint:
    """Return a complaint; raises NotFound when there is none that this officer may see."""
    seen = await moment()
    row = await database.fetchrow(COMPLAINT, complaint, list(WORKING_ROLES), list(LEADING_ROLES))
    if row is None:
        raise NotFound
    clocks = [Running(**dict(clock)) for clock in await database.fetch(CLOCKS, complaint)]
    sent = [Sent(**dict(message)) for message in await database.fetch(MESSAGES, complaint)]
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
    for row in await database.fetch(STATEMENTS, complaint):
        # The ledger knows a text by its salted digest; a text that was changed finds its event no more.
        said[crypto.digest(row["salt"], row["text"])] = Said(
            row["id"], row["kind"], row["text"], row["promised_for"], row["same_words"], row["undone"]
        )
    return [_happened(row, said, sent) for row in await database.fetch(EVENTS, complaint)]


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
