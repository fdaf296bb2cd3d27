"""What is counted: a row of facts per complaint and whoever answered for it, its sums, and months that are closed.

Facts are renewed as the record moves; sums follow them. A closed month is a copy that nothing changes: what became
known afterwards stands beside it in rows of its own. None of these tables holds words, names or tickets.
"""

from decimal import Decimal
from typing import Final

from piccolo.columns import (
    BigInt,
    BigSerial,
    Boolean,
    Bytea,
    Date,
    Integer,
    Numeric,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.table import Table

OBJECTION_OUTCOMES: Final = ("accepted", "refused")


class _Measures:
    """What is counted of one complaint and summed up; `lapor.complaints.queries.figures.measures` defines each."""

    reports = Integer(default=0)
    answered = Integer(default=0)
    unanswered = Integer(default=0)
    unanswered_late = Integer(default=0)
    known_24 = Integer(default=0)
    within_24 = Integer(default=0)
    known_48 = Integer(default=0)
    within_48 = Integer(default=0)
    overdue = Integer(default=0)
    answered_late = Integer(default=0)
    promises = Integer(default=0)
    promises_kept = Integer(default=0)
    completions = Integer(default=0)
    completed_in_class = Integer(default=0)
    disputed = Integer(default=0)
    reopened = Integer(default=0)
    handed_on = Integer(default=0)
    turns = Integer(default=0)
    held_seconds = BigInt(default=0)
    paused = Integer(default=0)
    replies = Integer(default=0)
    same_words = Integer(default=0)
    ratings = Integer(default=0)
    stars = Integer(default=0)
    emergencies = Integer(default=0)
    emergencies_in_time = Integer(default=0)


class _Counted:
    """Whose fact it is, and where it is counted. Of a hidden complaint category and district are not told (0)."""

    complaint = BigInt()
    agency = BigInt()
    person = BigInt(default=0)
    region = BigInt()
    month = Date()
    category = BigInt(default=0)
    district = BigInt(default=0)
    channel = Varchar(length=12)
    hours = Integer(null=True, default=None)


class _Sum:
    """Where a sum belongs: `key` is the id (or the channel) of a dimension, '' for all of an agency.

    Under agency 0 stand the sums of all agencies of the region, so that a whole region is read at once.
    """

    frozen = Boolean(default=False)
    region = BigInt()
    month = Date()
    agency = BigInt()
    dimension = Varchar(length=10)
    key = Varchar(length=20, default="")


class FigureFact(_Counted, _Measures, Table):
    """The facts of a complaint as they are now; `next_change` is when time alone changes one of them."""

    id = BigSerial(primary_key=True)
    next_change = Timestamptz(null=True, default=None)
    waiting_since = Timestamptz(null=True, default=None)


class FigureFrozen(_Counted, _Measures, Table):
    """Facts as a seal closed over them; append-only. A later seal of the month holds what became known after it."""

    id = BigSerial(primary_key=True)
    seal = BigInt()


class FigureCell(_Sum, _Measures, Table):
    """Sums of facts of one agency and month, for all and for each key of a dimension.

    `hours_taken` is how long first answers took, as `lapor.complaints.queries.figures.histogram` writes it.
    """

    id = BigSerial(primary_key=True)
    hours_taken = Numeric(default=Decimal(0))


class FigureSeal(Table):
    """A closed month of a region, or a later change to one: a digest of its facts, chained to the seal before."""

    id = BigSerial(primary_key=True)
    region = BigInt()
    month = Date()
    kind = Varchar(length=8)
    as_of = Timestamptz()
    sealed_at = Timestamptz()
    sealed_by = Varchar(length=40)
    facts = BigInt()
    digest = Bytea()
    previous = Bytea()
    hash = Bytea()


class FigureLead(Table):
    """With which agency another one is counted in the months that closed from `month` on; append-only."""

    id = BigSerial(primary_key=True)
    agency = BigInt()
    month = Date()
    lead = BigInt()


class FigureObjection(Table):
    """What an agency objects to in a month that is not closed yet, and what was decided about it."""

    id = BigSerial(primary_key=True)
    region = BigInt()
    month = Date()
    agency = BigInt()
    reference = Varchar(length=80)
    text = Text()
    made_by = BigInt()
    made_at = Timestamptz()
    decided_by = BigInt(null=True, default=None)
    decided_at = Timestamptz(null=True, default=None)
    outcome = Varchar(length=10, null=True, default=None)
    answer = Text(default="")


class FigureMark(Table):
    """One row: up to which event the facts have been counted, and when."""

    id = BigSerial(primary_key=True)
    event = BigInt(default=0)
    counted_at = Timestamptz(null=True, default=None)


class FigureGap(Table):
    """Numbers of events that were not there yet when those after them were counted: written later, or never."""

    id = BigSerial(primary_key=True)
    first = BigInt()
    last = BigInt()
    seen_at = Timestamptz()


MEASURES: Final = tuple(
    name for name, value in vars(_Measures).items() if isinstance(value, BigInt | Integer)
)

TABLES = [
    FigureFact,
    FigureFrozen,
    FigureCell,
    FigureSeal,
    FigureLead,
    FigureObjection,
    FigureMark,
    FigureGap,
]
