"""The steps that follow one another while a clock runs: notice, reminder, escalation, repetition."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from lapor.sla.calendar import WorkCalendar
from lapor.sla.clock import is_late

Step = Literal["notify", "remind", "escalate", "close"]
Base = Literal["start", "due"]
Placement = Literal["office_hours"]

WARNINGS: frozenset[Step] = frozenset({"notify", "remind"})
NOTHING = timedelta(0)
ONE_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Rung:
    """One step: what is done, when (an offset from the start or from the deadline), and who hears of it.

    `placement` "office_hours" moves a reminder to where somebody can still act on it. `repeat_every`
    makes the last rung of a ladder come again and again.
    """

    number: int
    step: Step
    base: Base = "due"
    offset: timedelta = NOTHING
    audience: tuple[str, ...] = ()
    placement: Placement | None = None
    repeat_every: timedelta | None = None

    def __post_init__(self) -> None:
        if self.step not in get_args(Step):
            raise ValueError(f"unknown step {self.step!r}")
        if self.base not in get_args(Base):
            raise ValueError(f"unknown base {self.base!r}")
        if self.placement not in (None, *get_args(Placement)):
            raise ValueError(f"unknown placement {self.placement!r}")
        if self.repeat_every is not None and self.repeat_every <= NOTHING:
            raise ValueError("a repetition needs some time in between")


@dataclass(frozen=True)
class Ladder:
    """Rungs numbered 0, 1, 2 …; only the last may repeat. ValueError otherwise."""

    rungs: tuple[Rung, ...] = ()

    def __post_init__(self) -> None:
        if [rung.number for rung in self.rungs] != list(range(len(self.rungs))):
            raise ValueError("the rungs of a ladder are numbered 0, 1, 2 and so on")
        if any(rung.repeat_every for rung in self.rungs[:-1]):
            raise ValueError("only the last rung of a ladder can repeat")

    @property
    def repeat_every(self) -> timedelta | None:
        """The pause between repetitions of the last rung, or None when it comes once."""
        return self.rungs[-1].repeat_every if self.rungs else None

    @property
    def steps(self) -> tuple[Step, ...]:
        """What each rung does, in order."""
        return tuple(rung.step for rung in self.rungs)


@dataclass(frozen=True)
class ClockState:
    """A running clock as the sweep sees it; `rung` is the number of the next rung to fire."""

    due_at: datetime
    times: tuple[datetime, ...]
    steps: tuple[Step, ...]
    repeat_every: timedelta | None = None
    rung: int = 0
    met_at: datetime | None = None


@dataclass(frozen=True)
class Firing:
    """A rung whose time has come. `due_at` is the time of the rung, not of the clock."""

    number: int
    step: Step
    due_at: datetime
    skipped: bool = field(default=False, kw_only=True)
    answered_late: bool = field(default=False, kw_only=True)


def times(
    ladder: Ladder, started_at: datetime, due_at: datetime, calendar: WorkCalendar
) -> tuple[datetime, ...]:
    """The moment (UTC) of every rung, none before the start or before an earlier rung.

    Computed once, when the clock starts; what is stored then is never computed again.
    """
    moments: list[datetime] = []
    for rung in ladder.rungs:
        base = started_at if rung.base == "start" else due_at
        moment = (base + rung.offset).astimezone(UTC)
        if rung.placement == "office_hours":
            moment = _in_office_hours(moment, started_at, due_at, calendar)
        moments.append(max([moment, started_at.astimezone(UTC), *moments[-1:]]))
    return tuple(moments)


def time_of(times: Sequence[datetime], repeat_every: timedelta | None, number: int) -> datetime | None:
    """The moment of a rung, counting repetitions on beyond the last; None when there is no such rung."""
    if number < len(times):
        return times[number]
    if not times or repeat_every is None:
        return None
    return times[-1] + repeat_every * (number - len(times) + 1)


def next_after(times: Sequence[datetime], repeat_every: timedelta | None, number: int) -> datetime | None:
    """The moment of the rung that follows rung `number`; None when that was the last."""
    return time_of(times, repeat_every, number + 1)


def fire(state: ClockState, as_of: datetime) -> list[Firing]:
    """Every rung of the clock whose time has come, in order; the sweep in SQL must find the same.

    A rung's time has come strictly after its moment, and only while the clock was not met: a rung
    whose moment lies before a late answer still fires. Escalations fire every one; a warning that a
    later rung has overtaken, or the answer itself, is recorded as skipped because it warns of nothing.
    Repetitions of the last rung do its step under the next numbers.
    """
    until = as_of if state.met_at is None else min(as_of, state.met_at)
    late = state.met_at is not None and is_late(state.met_at, state.due_at, as_of)
    fired: list[Firing] = []
    number, moment = state.rung, time_of(state.times, state.repeat_every, state.rung)
    while moment is not None and moment < until:
        following = next_after(state.times, state.repeat_every, number)
        step = state.steps[min(number, len(state.steps) - 1)]
        overtaken = state.met_at is not None or (following is not None and following < until)
        fired.append(
            Firing(
                number,
                step,
                moment,
                skipped=(step in WARNINGS and overtaken) or (step == "close" and state.met_at is not None),
                answered_late=late,
            )
        )
        number, moment = number + 1, following
    return fired


def _in_office_hours(
    moment: datetime, started_at: datetime, due_at: datetime, calendar: WorkCalendar
) -> datetime:
    """Where a reminder is read in time: the moment, or the end of the office hours before it; before due."""
    for placed in (_last_working_hour(moment, calendar), moment):
        if started_at < placed < due_at:
            return placed.astimezone(UTC)
    return (started_at + max(due_at - started_at, NOTHING) / 2).astimezone(UTC)


def _last_working_hour(moment: datetime, calendar: WorkCalendar) -> datetime:
    # 2x24 hours run on where the calendar is missing (CalendarMissing) or empty; so must their reminder.
    try:
        if calendar.is_open(moment):
            return moment
        opening, closing = calendar.last_office_period_before(moment)
    except LookupError:
        return moment
    return max(opening, closing - ONE_HOUR)
