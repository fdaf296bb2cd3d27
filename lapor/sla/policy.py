"""Which length and which ladder a clock gets."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Literal

from lapor.sla import ladder as ladders
from lapor.sla.calendar import WorkCalendar
from lapor.sla.clock import Counting, Duration, due_at
from lapor.sla.ladder import Ladder, Rung

ClockKind = Literal[
    "response",
    "triage",
    "promise",
    "completion",
    "approval",
    "transfer",
    "referral",
    "instruction",
    "explanation",
    "reporter_window",
    "emergency",
]
SELECTORS = ("category", "completion_class", "type", "agency_kind", "region")


class NoPolicy(LookupError):
    """No policy in force fits a clock that has to start."""


@dataclass(frozen=True)
class Facts:
    """What a policy may ask about a complaint; `zone` decides on which day it is in force."""

    type: str | None = None
    category: str | None = None
    agency_kind: str | None = None
    region: str | None = None
    completion_class: str | None = None
    zone: tzinfo = UTC


@dataclass(frozen=True)
class Policy:
    """A dated, sourced length of one kind of clock, for everything or for what its selectors name.

    `id` is the row it was read from, 0 when it was not. Both validity days are included. `confirmed`
    is False until the region has confirmed the length.
    """

    code: str
    clock: ClockKind
    duration: Duration
    valid_from: date
    source: str
    counting: Counting = field(default_factory=Counting)
    ladder: Ladder = field(default_factory=Ladder)
    type: str | None = None
    category: str | None = None
    agency_kind: str | None = None
    region: str | None = None
    completion_class: str | None = None
    valid_until: date | None = None
    confirmed: bool = False
    id: int = 0

    def fits(self, facts: Facts) -> bool:
        """Whether every selector agrees; a region includes the regions below it (33 includes 33.74)."""
        exact = all(
            getattr(self, name) in (None, getattr(facts, name)) for name in SELECTORS if name != "region"
        )
        return exact and (self.region is None or f"{facts.region}.".startswith(f"{self.region}."))

    def in_force(self, day: date) -> bool:
        """Whether the day lies within the validity."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)

    def exactness(self) -> tuple[int, tuple[bool, ...], int]:
        """The larger, the more specific: by the number of selectors, by their order, by the region."""
        named = tuple(getattr(self, name) is not None for name in SELECTORS)
        return (sum(named), named, len(self.region or ""))


@dataclass(frozen=True)
class Opened:
    """What a clock is frozen with when it starts; every moment in UTC."""

    due_at: datetime
    rung_times: tuple[datetime, ...]
    repeat_every: timedelta | None
    policy_id: int


def choose(policies: Iterable[Policy], clock: ClockKind, facts: Facts, at: datetime) -> Policy:
    """The most specific policy in force at `at`, of several alike the newest; raises `NoPolicy`."""
    day = at.astimezone(facts.zone).date()
    fitting = [one for one in policies if one.clock == clock and one.in_force(day) and one.fits(facts)]
    if not fitting:
        known = ", ".join(f"{name} {value}" for name in SELECTORS if (value := getattr(facts, name)))
        raise NoPolicy(f"no policy for the clock {clock} is in force on {day} ({known or 'no selectors'})")
    return max(fitting, key=lambda one: (one.exactness(), one.valid_from, one.code))


def open_clock(
    policy: Policy, started_at: datetime, calendar: WorkCalendar, due: datetime | None = None
) -> Opened:
    """The deadline and the ladder of a clock that starts now.

    `due` is the date that somebody named (a promise, a referral, an instruction) instead of the
    policy's length. Raises `CalendarMissing` when the length runs into a year without a calendar.
    """
    until = due or due_at(started_at, policy.duration, policy.counting, calendar)
    rung_times = ladders.times(policy.ladder, started_at, until, calendar)
    return Opened(until.astimezone(UTC), rung_times, policy.ladder.repeat_every, policy.id)


def lasting(policy: Policy, duration: Duration) -> Policy:
    """The same policy with another length, for a category that names its own days."""
    return replace(policy, duration=duration)


def half(policy: Policy) -> Policy:
    """The policy of the response clock after a first dispute: half the length, reminders halfway as well.

    Half of an odd number of hours is counted in minutes; minutes and days are rounded up.
    """
    amount, unit = policy.duration.amount, policy.duration.unit
    if unit == "hours" and amount % 2:
        amount, unit = amount * 60, "minutes"
    rungs = tuple(replace(rung, offset=_half_offset(rung)) for rung in policy.ladder.rungs)
    return replace(policy, duration=Duration((amount + 1) // 2, unit), ladder=Ladder(rungs))


def _half_offset(rung: Rung) -> timedelta:
    # Only what lies inside the clock shrinks with it; the pauses after the deadline stay.
    inside = rung.base == "start" or rung.offset < ladders.NOTHING
    return rung.offset / 2 if inside else rung.offset
