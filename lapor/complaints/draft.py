"""A filing on its way to its rows: everything that was decided about it, and the one statement that writes it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lapor import crypto
from lapor.complaints import events, tickets
from lapor.complaints.clocks import Start, policy_facts
from lapor.routing.directory import AgencyEntry, CategoryEntry, Registry
from lapor.routing.rules import Decision
from lapor.sla.register import Schedule


@dataclass(frozen=True)
class Taken:
    """The person who took a complaint down for its reporter.

    `manner` says more than the channel: `letter` or `112`; `incident` is the number that a call centre gave it.
    """

    person: int
    manner: str = ""
    incident: str = ""

    @property
    def facts(self) -> dict[str, object]:
        """What the ledger keeps of it."""
        more = {"manner": self.manner, "incident": self.incident}
        return {"taken_by": self.person, **{name: said for name, said in more.items() if said}}


@dataclass(frozen=True)
class Filing:
    """What was given. Codes name category, places and the reported agency; empty means not given.

    `answers` are questions of the category with what was answered; they are kept as part of the words.
    """

    type: str
    text: str
    category: str | None = None
    district: str | None = None
    village: str | None = None
    address: str = ""
    latitude: float | None = None
    longitude: float | None = None
    name: str = ""
    phone: str = ""
    email: str = ""
    anonymous: bool = False
    confidential: bool = False
    about_official: bool = False
    reported_agency: str | None = None
    channel: str = "web"
    language: str = "id"
    external_id: str = ""
    written_at: datetime | None = None
    received_at: datetime | None = None
    answers: Sequence[tuple[str, str]] = ()
    taken: Taken | None = None
    # A machine filed it: nobody holds its secret, so that nobody can rate, dispute or reopen it.
    sensor: bool = False
    # On which way the reporter wants to hear first: chat, email, sms; empty is the usual order.
    first_way: str = ""

    @property
    def words(self) -> str:
        """The whole of what was said: the story, and below it each question with its answer."""
        lines = [f"{' '.join(asked.split())} → {' '.join(said.split())}" for asked, said in self.answers]
        return "\n\n".join(part for part in (self.text.strip(), "\n".join(lines)) if part)

    @property
    def own_words(self) -> str:
        """What the reporter said, without our questions: these must not decide who becomes responsible."""
        return "\n".join((self.text.strip(), *(said for _, said in self.answers)))


@dataclass
class Draft:
    """A filing with everything that had to be decided about it."""

    filing: Filing
    at: datetime
    registry: Registry
    schedule: Schedule
    category: CategoryEntry | None
    region: str
    decision: Decision
    owner: AgencyEntry
    id: int
    text: str
    secret: str
    ticket: str = field(default_factory=tickets.new_ticket)

    @property
    def published(self) -> bool:
        """Whether the category publishes by rule, and nothing about this complaint speaks against it."""
        filing, category = self.filing, self.category
        hidden = filing.confidential or filing.about_official or filing.reported_agency
        return bool(category and category.publish == "automatic" and not category.protected and not hidden)


WRITE = """
WITH complaint_row AS (
  INSERT INTO complaint (id, ticket, type, category, channel, status, region, district, village, owner_agency,
    reported_agency, supporting, about_official, anonymous, confidential, protected, emergency, filed_at,
    written_at, reporter_key, rule, reason, published, trial, cycle, version, next_due)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
    $50, $51, 1, 1, (SELECT min(due_at) FROM unnest($41::timestamptz[]) AS due_at))
), words AS (
  INSERT INTO content (complaint, text, address, latitude, longitude, salt) VALUES ($1, $23, $24, $25, $26, $27)
), who AS (
  INSERT INTO identity (complaint, name, phone, email, address, external, secret, phone_lookup, email_lookup,
    external_lookup, language, first_way)
  VALUES ($1, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $53)
), told AS (
  INSERT INTO message (dedupe_key, kind, complaint, state, attempts, next_attempt_at, created_at)
  SELECT 'acknowledgement:' || $1::bigint, 'acknowledgement', $1, 'waiting', 0, $18, $18 WHERE $52
), running AS (
  INSERT INTO clock (complaint, subject_kind, subject, kind, cycle, policy, started_at, due_at, rung, rung_times,
    repeat_every, next_at)
  SELECT $1, 'complaint', $1, k.kind, 1, k.policy, k.started_at, k.due_at, 0,
         ($44::timestamptz[])[k.first:k.last], k.repeat_every, ($44::timestamptz[])[k.first]
  FROM unnest($38::text[], $39::bigint[], $40::timestamptz[], $41::timestamptz[], $42::interval[], $43::int[],
              $45::int[]) AS k(kind, policy, started_at, due_at, repeat_every, first, last)
)
INSERT INTO event (complaint, kind, actor, agency, facts, digest)
SELECT $1, e.kind, e.actor, $10, e.facts, e.digest
FROM unnest($46::text[], $47::text[], $48::text[], $49::bytea[]) WITH ORDINALITY
  AS e(kind, actor, facts, digest, number)
ORDER BY e.number"""


def clocks_of(draft: Draft) -> list[Start]:
    """Return the clocks that start with the complaint."""
    filing, category = draft.filing, draft.category
    facts = policy_facts(filing.type, category, draft.owner)
    since = min(filing.written_at or draft.at, draft.at)
    kinds: list[Start] = [
        Start("response", draft.schedule.open("response", facts, since), since),
        Start(
            "completion",
            draft.schedule.open(
                "completion", facts, since, days=category.completion_days if category else None
            ),
            since,
        ),
    ]
    if draft.decision.needs_triage:
        kinds.append(Start("triage", draft.schedule.open("triage", facts, since), since))
    if category and category.emergency:
        kinds.append(Start("emergency", draft.schedule.open("emergency", facts, since), since))
    return kinds


def values_of(draft: Draft, clocks: list[Start]) -> list[object]:
    """Return the parameters of WRITE."""
    filing, registry, category, decision = draft.filing, draft.registry, draft.category, draft.decision
    salt, digest = events.salted(draft.text)
    regions, agencies = registry.regions, registry.agencies
    reported = filing.reported_agency or None
    # An anonymous reporter's exact place is part of who they are; officers see the village only.
    public_address = "" if filing.anonymous else filing.address.strip()
    complaint = [
        draft.id,
        draft.ticket,
        filing.type,
        category.id if category else None,
        filing.channel,
        "received" if decision.needs_triage else "routed",
        draft.owner.region_id,
        regions[filing.district].id if filing.district else None,
        regions[filing.village].id if filing.village else None,
        draft.owner.id,
        agencies[reported].id if reported else None,
        [agencies[code].id for code in decision.supporting],
        filing.about_official or reported is not None,
        filing.anonymous,
        filing.confidential,
        bool(category and category.protected),
        bool(category and category.emergency),
        draft.at,
        filing.written_at,
        crypto.secret_hash(draft.secret),
        decision.rule,
        decision.reason[:600],
    ]
    content = [
        draft.text,
        public_address,
        None if filing.anonymous else filing.latitude,
        None if filing.anonymous else filing.longitude,
        salt,
    ]
    return [
        *complaint,
        *content,
        *_identity(draft),
        *_clock_columns(clocks),
        *_event_columns(draft, clocks, digest),
        draft.published,
        draft.owner.live_from is not None and draft.owner.live_from > draft.at,
        not filing.sensor,
        filing.first_way or None,
    ]


def _identity(draft: Draft) -> list[object]:
    filing, keyring = draft.filing, crypto.keyring()
    given = {
        "name": filing.name.strip(),
        "phone": filing.phone.strip(),
        "email": filing.email.strip().lower(),
        "address": filing.address.strip() if filing.anonymous else "",
        "external": filing.external_id.strip(),
        "secret": "" if filing.sensor else draft.secret,
    }
    hidden = [
        keyring.encrypt(value, identity_context(draft.id, name)) if value else None
        for name, value in given.items()
    ]
    # An anonymous or confidential complaint must never be joined to another by its sender.
    linked = not (filing.anonymous or filing.confidential)
    found = [
        keyring.lookup(given[name], name) if linked and given[name] else None
        for name in ("phone", "email", "external")
    ]
    return [*hidden, *found, filing.language]


def identity_context(complaint: int, name: str) -> str:
    """Return what an encrypted field of an identity is bound to."""
    return f"identity:{complaint}:{name}"


def _clock_columns(clocks: list[Start]) -> list[object]:
    # PostgreSQL has no arrays of arrays of different lengths: all rungs in one, with where each clock's begin.
    times = [moment for clock in clocks for moment in clock.opened.rung_times]
    first: list[int] = []
    last: list[int] = []
    count = 0
    for clock in clocks:
        first.append(count + 1)
        count += len(clock.opened.rung_times)
        last.append(count)
    return [
        [clock.kind for clock in clocks],
        [clock.opened.policy_id for clock in clocks],
        [clock.at for clock in clocks],
        [clock.opened.due_at for clock in clocks],
        [clock.opened.repeat_every for clock in clocks],
        first,
        times,
        last,
    ]


def _event_columns(draft: Draft, clocks: list[Start], digest: bytes) -> list[object]:
    decision, filing = draft.decision, draft.filing
    due = {clock.kind: clock.opened.due_at.isoformat() for clock in clocks}
    # Whoever sees only the clocks reads events too: they say nothing of what the complaint is about.
    more = filing.taken.facts if filing.taken else {}
    if filing.sensor:
        more["sensor"] = True
    if any(clock.kind == "response" and clock.opened.due_at < draft.at for clock in clocks):
        more["received_late"] = True
    filed = events.canonical({"channel": filing.channel, "type": filing.type, "due": due, **more})
    if decision.needs_triage:
        second = ("triaged", events.canonical({"agency": draft.owner.code}))
    else:
        second = ("routed", events.canonical({"agency": draft.owner.code}))
    return [["filed", second[0]], ["reporter", "system"], [filed, second[1]], [digest, None]]
