"""The record: complaints, what is said about them, what happened to them, what is due.

Hot, append-heavy tables (event, clock's firings, message) name their rows by plain numbers and carry no
foreign key, because checking it reads a cold page per row; the ledger's trigger refuses unknown subjects.
"""

from datetime import UTC, datetime

from piccolo.columns import (
    Array,
    BigInt,
    BigSerial,
    Boolean,
    Bytea,
    DoublePrecision,
    ForeignKey,
    Integer,
    Interval,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.columns.base import OnDelete
from piccolo.table import Table

from lapor.routing.tables import Agency, Category, OutsideBody, Region

# When nothing is due.
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
STATUSES = ("received", "routed", "in_progress", "done", "closed", "rejected", "referred")
CHANNELS = (
    "web",
    "whatsapp",
    "telegram",
    "sms",
    "email",
    "social",
    "counter",
    "phone",
    "kiosk",
    "open311",
    "partner",
)
STATEMENT_KINDS = (
    "final",
    "interim",
    "question",
    "note",
    "reply",
    "dispute",
    "reopening",
    "completion",
    "rejection",
    "referral",
    "transfer",
    "refusal",
    "handover",
    "outside_answer",
    "execution",
    "ruling",
    "rating",
)
APPROVAL_KINDS = ("completion", "rejection", "referral", "answer", "protection")
MESSAGE_STATES = ("waiting", "sending", "sent", "bundled", "dead", "cancelled")
ATTACHMENT_PURPOSES = ("report", "reply", "proof", "answer")


class Complaint(Table):
    """Where a complaint is and whose it is. Its words stand in Content, its reporter in Identity."""

    id = BigSerial(primary_key=True)
    ticket = Varchar(length=11, unique=True)
    type = Varchar(length=16)
    category = ForeignKey(Category, null=True, default=None, on_delete=OnDelete.restrict)
    channel = Varchar(length=12)
    status = Varchar(length=12, default="received")
    region = ForeignKey(Region, on_delete=OnDelete.restrict)
    district = ForeignKey(Region, null=True, default=None, on_delete=OnDelete.restrict)
    village = ForeignKey(Region, null=True, default=None, on_delete=OnDelete.restrict)
    owner_agency = ForeignKey(Agency, on_delete=OnDelete.restrict)
    offered_agency = ForeignKey(Agency, null=True, default=None, on_delete=OnDelete.restrict)
    reported_agency = ForeignKey(Agency, null=True, default=None, on_delete=OnDelete.restrict)
    supporting = Array(base_column=BigInt(), default=list)
    about_official = Boolean(default=False)
    anonymous = Boolean(default=False)
    confidential = Boolean(default=False)
    protected = Boolean(default=False)
    emergency = Boolean(default=False)
    published = Boolean(default=False)
    trial = Boolean(default=False)
    filed_at = Timestamptz()
    written_at = Timestamptz(null=True, default=None)
    closed_at = Timestamptz(null=True, default=None)
    reporter_key = Varchar(length=64, unique=True)
    rule = Varchar(length=60, null=True, default=None)
    reason = Varchar(length=600, default="")
    arbiter_since = Timestamptz(null=True, default=None)
    cycle = Integer(default=1)
    version = Integer(default=1)
    # What the lists ask of every open complaint, worked out by the database whenever `version` is counted up.
    next_due = Timestamptz(default=NEVER)
    promised = Boolean(default=False)
    awaits_reporter = Boolean(default=False)
    disputed = Boolean(default=False)
    in_hand = BigInt(null=True, default=None)


class Content(Table):
    """What the reporter wrote. Erasable: the ledger holds only a salted digest of it."""

    id = BigSerial(primary_key=True)
    complaint = ForeignKey(Complaint, unique=True, on_delete=OnDelete.restrict)
    text = Text()
    address = Varchar(length=300, default="")
    latitude = DoublePrecision(null=True, default=None)
    longitude = DoublePrecision(null=True, default=None)
    salt = Bytea(default=b"")


class Identity(Table):
    """Who filed, encrypted. Points to the complaint, never the reverse."""

    id = BigSerial(primary_key=True)
    complaint = ForeignKey(Complaint, unique=True, on_delete=OnDelete.restrict)
    name = Bytea(null=True, default=None)
    phone = Bytea(null=True, default=None)
    email = Bytea(null=True, default=None)
    address = Bytea(null=True, default=None)
    external = Bytea(null=True, default=None)
    phone_lookup = Varchar(length=80, null=True, default=None)
    email_lookup = Varchar(length=80, null=True, default=None)
    external_lookup = Varchar(length=80, null=True, default=None)
    secret = Bytea(null=True, default=None)
    language = Varchar(length=5, default="id")
    # chat, email or sms: on which way the reporter wants to hear first; none is the usual order.
    first_way = Varchar(length=5, null=True, default=None)


class LedgerHead(Table):
    """The last link of each complaint's chain; the row that every writer locks first."""

    subject = BigInt(primary_key=True)
    seq = Integer(default=0)
    hash = Bytea(default=b"")


class Event(Table):
    """One thing that happened. Append-only and chained; holds no personal data."""

    id = BigSerial(primary_key=True)
    complaint = BigInt()
    seq = Integer()
    kind = Varchar(length=30)
    actor = Varchar(length=40)
    agency = BigInt(null=True, default=None)
    occurred_at = Timestamptz()
    recorded_at = Timestamptz()
    facts = Text(default="{}")
    digest = Bytea(null=True, default=None)
    previous = Bytea()
    canonical = Bytea()
    hash = Bytea()


class Clock(Table):
    """One running target of one subject. due_at is written once; rung_times are frozen with it."""

    id = BigSerial(primary_key=True)
    complaint = BigInt()
    subject_kind = Varchar(length=12, default="complaint")
    subject = BigInt()
    kind = Varchar(length=20)
    cycle = Integer(default=1)
    policy = BigInt()
    started_at = Timestamptz()
    due_at = Timestamptz()
    met_at = Timestamptz(null=True, default=None)
    rung = Integer(default=0)
    rung_times = Array(base_column=Timestamptz(), default=list)
    repeat_every = Interval(null=True, default=None)
    next_at = Timestamptz(null=True, default=None)
    paused_at = Timestamptz(null=True, default=None)
    resumes_at = Timestamptz(null=True, default=None)
    trouble = Varchar(length=300, null=True, default=None)


class Escalation(Table):
    """A rung that fired, once: unique (clock, rung)."""

    id = BigSerial(primary_key=True)
    clock = BigInt()
    rung = Integer()
    complaint = BigInt()
    step = Varchar(length=12)
    due_at = Timestamptz()
    fired_at = Timestamptz()
    skipped = Boolean(default=False)
    answered_late = Boolean(default=False)
    trial = Boolean(default=False)
    seen_at = Timestamptz(null=True, default=None)
    seen_by = BigInt(null=True, default=None)


class Statement(Table):
    """What anybody said about a complaint after it was filed: answers, questions, notes, replies."""

    id = BigSerial(primary_key=True)
    complaint = ForeignKey(Complaint, on_delete=OnDelete.restrict)
    kind = Varchar(length=16)
    cycle = Integer(default=1)
    agency = ForeignKey(Agency, null=True, default=None, on_delete=OnDelete.restrict)
    person = BigInt(null=True, default=None)
    to_reporter = Boolean(default=False)
    text = Text()
    salt = Bytea(default=b"")
    fingerprint = Bytea(null=True, default=None)
    promised_for = Timestamptz(null=True, default=None)
    made_at = Timestamptz()
    undoable_until = Timestamptz(null=True, default=None)
    undone_at = Timestamptz(null=True, default=None)


class Attachment(Table):
    """A photo, re-encoded and encrypted, or a document with its name; the ledger holds the salted digest."""

    id = BigSerial(primary_key=True)
    complaint = ForeignKey(Complaint, on_delete=OnDelete.restrict)
    statement = ForeignKey(Statement, null=True, default=None, on_delete=OnDelete.restrict)
    purpose = Varchar(length=8)
    media_type = Varchar(length=40)
    width = Integer()
    height = Integer()
    sha256 = Bytea()
    likeness = BigInt()
    salt = Bytea()
    body = Bytea()
    flagged = Varchar(length=160, null=True, default=None)
    stored_at = Timestamptz()
    filename = Varchar(length=120, null=True, default=None)


class Rating(Table):
    """How content the reporter was with one cycle of work: one to five."""

    id = BigSerial(primary_key=True)
    complaint = ForeignKey(Complaint, on_delete=OnDelete.restrict)
    cycle = Integer()
    stars = Integer()
    statement = ForeignKey(Statement, null=True, default=None, on_delete=OnDelete.restrict)
    rated_at = Timestamptz()


class Instruction(Table):
    """What the head of region orders about one or many complaints; its clock is told in the oldest one's chain."""

    id = BigSerial(primary_key=True)
    region = ForeignKey(Region, on_delete=OnDelete.restrict)
    agency = ForeignKey(Agency, on_delete=OnDelete.restrict)
    text = Text()
    salt = Bytea()
    given_by = BigInt()
    in_name_of = BigInt()
    given_at = Timestamptz()
    due_at = Timestamptz()
    carried_out_by = BigInt(null=True, default=None)
    carried_out_at = Timestamptz(null=True, default=None)
    report = Text(default="")


class InstructionItem(Table):
    """A complaint that an instruction is about."""

    id = BigSerial(primary_key=True)
    instruction = ForeignKey(Instruction, on_delete=OnDelete.restrict)
    complaint = ForeignKey(Complaint, on_delete=OnDelete.restrict)


class Approval(Table):
    """A colleague's claim that waits for a second person; `category_before` is where a refused protection leads back."""

    id = BigSerial(primary_key=True)
    complaint = ForeignKey(Complaint, on_delete=OnDelete.restrict)
    kind = Varchar(length=12)
    agency = ForeignKey(Agency, on_delete=OnDelete.restrict)
    statement = ForeignKey(Statement, on_delete=OnDelete.restrict)
    reason_code = Varchar(length=40, default="")
    outside_body = ForeignKey(OutsideBody, null=True, default=None, on_delete=OnDelete.restrict)
    requested_by = BigInt()
    requested_at = Timestamptz()
    decided_by = BigInt(null=True, default=None)
    decided_at = Timestamptz(null=True, default=None)
    outcome = Varchar(length=10, null=True, default=None)
    category_before = BigInt(null=True, default=None)


class Transfer(Table):
    """A hand-on to another agency; the giver stays responsible until the other takes it."""

    id = BigSerial(primary_key=True)
    complaint = ForeignKey(Complaint, on_delete=OnDelete.restrict)
    from_agency = ForeignKey(Agency, on_delete=OnDelete.restrict)
    to_agency = ForeignKey(Agency, on_delete=OnDelete.restrict)
    statement = ForeignKey(Statement, on_delete=OnDelete.restrict)
    asked_by = BigInt()
    asked_at = Timestamptz()
    decided_by = BigInt(null=True, default=None)
    decided_at = Timestamptz(null=True, default=None)
    outcome = Varchar(length=10, null=True, default=None)


class Publication(Table):
    """A masked copy that everybody may read: of the complaint itself, or of one answer to it."""

    id = BigSerial(primary_key=True)
    complaint = ForeignKey(Complaint, on_delete=OnDelete.restrict)
    statement = ForeignKey(Statement, null=True, default=None, on_delete=OnDelete.restrict)
    kind = Varchar(length=16, default="complaint")
    said_at = Timestamptz()
    ticket = Varchar(length=11)
    text = Text()
    category = ForeignKey(Category, null=True, default=None, on_delete=OnDelete.restrict)
    agency = ForeignKey(Agency, on_delete=OnDelete.restrict)
    district = ForeignKey(Region, null=True, default=None, on_delete=OnDelete.restrict)
    filed_at = Timestamptz()
    published_at = Timestamptz()


class Message(Table):
    """The outbox: what has to leave, exactly once by its dedupe key, which holds no personal data."""

    id = BigSerial(primary_key=True)
    dedupe_key = Varchar(length=120, unique=True)
    kind = Varchar(length=30)
    complaint = BigInt(null=True, default=None)
    statement = BigInt(null=True, default=None)
    office = BigInt(null=True, default=None)
    clock = BigInt(null=True, default=None)
    rung = Integer(null=True, default=None)
    state = Varchar(length=10, default="waiting")
    channel = Varchar(length=12, null=True, default=None)
    person = BigInt(null=True, default=None)
    attempts = Integer(default=0)
    next_attempt_at = Timestamptz()
    leased_until = Timestamptz(null=True, default=None)
    provider_reference = Varchar(length=200, null=True, default=None)
    bundle = BigInt(null=True, default=None)
    trouble = Varchar(length=300, null=True, default=None)
    created_at = Timestamptz()
    sent_at = Timestamptz(null=True, default=None)
    dialogue = BigInt(null=True, default=None)
    said = Bytea(null=True, default=None)
    receipt = Varchar(length=10, null=True, default=None)
    receipt_at = Timestamptz(null=True, default=None)
    repeats = Integer(default=0)
    pieces = Varchar(length=90, null=True, default=None)
    # While it waits because its way out is not free: the address as a lookup, and the turn that it was given there.
    slot_key = Varchar(length=120, null=True, default=None)
    slot_at = Timestamptz(null=True, default=None)


TABLES = [
    Complaint,
    Content,
    Identity,
    LedgerHead,
    Event,
    Clock,
    Escalation,
    Statement,
    Attachment,
    Rating,
    Instruction,
    InstructionItem,
    Approval,
    Transfer,
    Publication,
    Message,
]
