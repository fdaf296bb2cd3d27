"""Policies with their ladders, the region's calendar, the heartbeat of the minute hand."""

from typing import get_args

from piccolo.columns import (
    Array,
    BigSerial,
    Boolean,
    Date,
    ForeignKey,
    Integer,
    Text,
    Time,
    Timestamptz,
    Varchar,
)
from piccolo.columns.base import OnDelete
from piccolo.table import Table

from lapor.routing.tables import Region
from lapor.sla.clock import Unit
from lapor.sla.ladder import Step
from lapor.sla.policy import ClockKind

CLOCK_KINDS: tuple[str, ...] = get_args(ClockKind)
UNITS: tuple[str, ...] = get_args(Unit)
STEPS: tuple[str, ...] = get_args(Step)


class Policy(Table):
    """A dated, sourced length of one kind of clock. A running clock keeps the version it started with."""

    id = BigSerial(primary_key=True)
    code = Varchar(length=60, unique=True)
    clock = Varchar(length=20)
    type = Varchar(length=16, null=True, default=None)
    category = Varchar(length=60, null=True, default=None)
    agency_kind = Varchar(length=16, null=True, default=None)
    region = Varchar(length=13, null=True, default=None)
    completion_class = Varchar(length=16, null=True, default=None)
    amount = Integer()
    unit = Varchar(length=16)
    start = Varchar(length=20, default="immediately")
    ends = Varchar(length=12, default="same_time")
    after_hours_rolls = Time(null=True, default=None)
    weekend_rolls = Boolean(default=False)
    skip_holidays = Boolean(default=True)
    valid_from = Date()
    valid_until = Date(null=True, default=None)
    source = Varchar(length=300)
    confirmed = Boolean(default=False)


class PolicyRung(Table):
    """One step of a policy's ladder."""

    id = BigSerial(primary_key=True)
    policy = ForeignKey(Policy, on_delete=OnDelete.restrict)
    number = Integer()
    step = Varchar(length=12)
    base = Varchar(length=8, default="due")
    offset_minutes = Integer(default=0)
    audience = Array(base_column=Varchar(), default=list)
    placement = Varchar(length=16, null=True, default=None)
    repeat_minutes = Integer(null=True, default=None)


class CalendarYear(Table):
    """A year whose calendar a region has confirmed to be loaded; other years are refused."""

    id = BigSerial(primary_key=True)
    region = ForeignKey(Region, on_delete=OnDelete.restrict)
    year = Integer()
    source = Varchar(length=300, default="")


class CalendarDay(Table):
    """A day on which a region differs from the national calendar."""

    id = BigSerial(primary_key=True)
    region = ForeignKey(Region, on_delete=OnDelete.restrict)
    day = Date()
    working = Boolean(default=False)
    name = Varchar(length=160)


class OfficeHours(Table):
    """Office hours of a region between two days (Ramadan has hours of its own); weekday 1 is Monday."""

    id = BigSerial(primary_key=True)
    region = ForeignKey(Region, on_delete=OnDelete.restrict)
    name = Varchar(length=80, default="")
    weekday = Integer(null=True, default=None)
    valid_from = Date(null=True, default=None)
    valid_until = Date(null=True, default=None)
    opening = Time()
    closing = Time()


class Heartbeat(Table):
    """The last time a recurring task was seen to finish."""

    id = BigSerial(primary_key=True)
    name = Varchar(length=40, unique=True)
    beat_at = Timestamptz()
    facts = Text(default="{}")


class Alarm(Table):
    """Something that somebody has to see: an office that nobody could reach, a finding of the audit."""

    id = BigSerial(primary_key=True)
    code = Varchar(length=40)
    subject = Varchar(length=80)
    sentence = Varchar(length=300)
    times = Integer(default=1)
    raised_at = Timestamptz()
    cleared_at = Timestamptz(null=True, default=None)


TABLES = [Policy, PolicyRung, CalendarYear, CalendarDay, OfficeHours, Heartbeat, Alarm]
