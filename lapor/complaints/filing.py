"""Filing: from what a resident gave to a complaint with its words, its reporter, its clocks and its first link."""

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from lapor import crypto, database
from lapor.complaints import events, tickets
from lapor.complaints.clocks import Start
from lapor.complaints.errors import Refused
from lapor.complaints.masking import mask, mask_national_ids
from lapor.complaints.tables import CHANNELS
from lapor.database import Role, transaction
from lapor.registers import moment
from lapor.routing.directory import REGISTRY, AgencyEntry, CategoryEntry, Registry
from lapor.routing.rules import Decision
from lapor.routing.rules import Facts as RoutingFacts
from lapor.routing.tables import COMPLAINT_TYPES
from lapor.sla.policy import Facts as PolicyFacts
from lapor.sla.register import SCHEDULE, Schedule

TEXT_LIMIT = 10_000
IDENTITY_FIELDS = ("name", "phone", "email", "address", "external")


@dataclass(frozen=True)
class Filing:
    """What was given. Codes name category, places and the reported agency; empty means not given."""

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


@dataclass(frozen=True)
class Filed:
    """What the reporter is told. `receipt_hash` is the first link of the complaint's chain, in hexadecimal."""

    complaint_id: int
    ticket: str
    secret: str
    agency_name: str
    agency_phone: str
    needs_triage: bool
    reason: str
    filed_at: datetime
    response_due_at: datetime
    timezone: str
    emergency: bool
    receipt_hash: str


@dataclass
class _Draft:
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


_WRITE = """
WITH complaint_row AS (
  INSERT INTO complaint (id, ticket, type, category, channel, status, region, district, village, owner_agency,
    reported_agency, supporting, about_official, anonymous, confidential, protected, emergency, filed_at,
    written_at, reporter_key, rule, reason, published, cycle, version)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
    false, 1, 1)
), words AS (
  INSERT INTO content (complaint, text, address, latitude, longitude, salt) VALUES ($1, $23, $24, $25, $26, $27)
), who AS (
  INSERT INTO identity (complaint, name, phone, email, address, external, secret, phone_lookup, email_lookup,
    external_lookup, language)
  VALUES ($1, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37)
), told AS (
  INSERT INTO message (dedupe_key, kind, complaint, state, attempts, next_attempt_at, created_at)
  VALUES ('acknowledgement:' || $1::bigint, 'acknowledgement', $1, 'waiting', 0, $18, $18)
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


async def file(filing: Filing, *, role: Role = "intake") -> Filed:
    """File a complaint in one transaction (the caller's, if there is one) and say who has it until when.

    `role` is `intake` for residents, `desk` for an operator and `worker` for stored deliveries. Raises
    Refused with the field to correct.
    """
    secret = crypto.new_secret()
    async with transaction(role, reporter_key=crypto.secret_hash(secret)):
        draft = await _decide(filing, secret)
        clocks = _clocks(draft)
        await database.execute(_WRITE, *_values(draft, clocks))
        receipt: bytes = await database.fetchval(
            "SELECT hash FROM event WHERE complaint = $1 AND seq = 1", draft.id
        )
        if draft.category and draft.category.publish == "automatic":
            await _publish(draft)
    response = next(clock for clock in clocks if clock.kind == "response")
    return Filed(
        complaint_id=draft.id,
        ticket=draft.ticket,
        secret=secret,
        agency_name=draft.owner.name,
        agency_phone=draft.owner.phone,
        needs_triage=draft.decision.needs_triage,
        reason=draft.decision.reason,
        filed_at=draft.at,
        response_due_at=response.opened.due_at,
        timezone=draft.owner.timezone,
        emergency=bool(draft.category and draft.category.emergency),
        receipt_hash=receipt.hex(),
    )


async def _decide(filing: Filing, secret: str) -> _Draft:
    seen = await moment()
    registry = await REGISTRY.get(seen.version)
    category = registry.categories.get(filing.category or "")
    text = mask_national_ids(filing.text.strip())
    _check(filing, text, registry, category)
    region = _region(filing, registry)
    decision = registry.decide(
        RoutingFacts(
            type=filing.type,
            category=filing.category or None,
            text=text,
            place_codes=registry.chain(filing.village or filing.district),
            channel=filing.channel,
            reported_agency=filing.reported_agency or None,
            about_official=filing.about_official,
            region=region,
        )
    )
    owner = registry.agencies[decision.agency] if decision.agency else registry.coordinating(region)
    return _Draft(
        filing=filing,
        at=filing.received_at or seen.at,
        registry=registry,
        schedule=await SCHEDULE.get(seen.version),
        category=category,
        region=region,
        decision=decision,
        owner=owner,
        id=await database.fetchval("SELECT nextval('complaint_id_seq')"),
        text=text,
        secret=secret,
    )


def _check(filing: Filing, text: str, registry: Registry, category: CategoryEntry | None) -> None:
    if filing.type not in COMPLAINT_TYPES:
        raise Refused("Pilih jenis laporan.", "type")
    if filing.category and (category is None or not category.active):
        raise Refused("Pilih topik dari daftar, atau pilih “Tidak tahu”.", "category")
    if not text:
        raise Refused("Ceritakan apa yang terjadi.", "text")
    if len(text) > TEXT_LIMIT:
        raise Refused(f"Cerita terlalu panjang. Paling banyak {TEXT_LIMIT} huruf.", "text")
    if filing.channel not in CHANNELS:
        raise Refused("Kanal tidak dikenal.", "channel")
    for name in ("district", "village"):
        code = getattr(filing, name)
        if code and code not in registry.regions:
            raise Refused("Pilih tempat dari daftar.", name)
    if filing.village and filing.district and filing.district not in registry.chain(filing.village):
        raise Refused("Kelurahan atau desa ini tidak berada di kecamatan yang dipilih.", "village")
    if filing.reported_agency and filing.reported_agency not in registry.agencies:
        raise Refused("Pilih kantor dari daftar.", "reported_agency")


def _region(filing: Filing, registry: Registry) -> str:
    """The region where it was filed: the city or regency of the place, else the deployment's own."""
    for code in registry.chain(filing.village or filing.district):
        if registry.regions[code].kind in ("city", "regency"):
            return code
    return registry.default_region


def _clocks(draft: _Draft) -> list[Start]:
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


def policy_facts(type_: str, category: CategoryEntry | None, owner: AgencyEntry) -> PolicyFacts:
    """Return what a policy may ask about a complaint; without a category its type stands for the class."""
    return PolicyFacts(
        type=type_,
        category=category.code if category else None,
        agency_kind=owner.kind,
        region=owner.region,
        completion_class=category.completion_class if category else type_,
        zone=ZoneInfo(owner.timezone),
    )


def _values(draft: _Draft, clocks: list[Start]) -> list[object]:
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
    ]


def _identity(draft: _Draft) -> list[object]:
    filing, keyring = draft.filing, crypto.keyring()
    given = {
        "name": filing.name.strip(),
        "phone": filing.phone.strip(),
        "email": filing.email.strip().lower(),
        "address": filing.address.strip() if filing.anonymous else "",
        "external": filing.external_id.strip(),
        "secret": draft.secret,
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


def _event_columns(draft: _Draft, clocks: list[Start], digest: bytes) -> list[object]:
    decision, filing = draft.decision, draft.filing
    due = {clock.kind: clock.opened.due_at.isoformat() for clock in clocks}
    filed = events.canonical(
        {"channel": filing.channel, "type": filing.type, "category": filing.category, "due": due}
    )
    if decision.needs_triage:
        second = ("triaged", events.canonical({"agency": draft.owner.code}))
    else:
        second = ("routed", events.canonical({"agency": draft.owner.code, "rule": decision.rule}))
    return [["filed", second[0]], ["reporter", "system"], [filed, second[1]], [digest, None]]


async def _publish(draft: _Draft) -> None:
    filing = draft.filing
    if (
        filing.confidential
        or filing.about_official
        or filing.reported_agency
        or (draft.category and draft.category.protected)
    ):
        return
    category = draft.category.id if draft.category else None
    district = draft.registry.regions[filing.district].id if filing.district else None
    await database.execute(
        "INSERT INTO publication (complaint, ticket, text, category, agency, district, filed_at, published_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
        draft.id,
        draft.ticket,
        mask(draft.text),
        category,
        draft.owner.id,
        district,
        draft.at,
    )
