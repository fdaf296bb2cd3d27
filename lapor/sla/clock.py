"""When something that started is due, how much of it has passed, and whether it is late."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Literal, get_args

from lapor.sla.calendar import ONE_DAY, SATURDAY, WorkCalendar

Unit = Literal["minutes", "hours", "calendar_days", "working_days"]
Start = Literal["immediately", "next_working_day"]
End = Literal["same_time", "end_of_day"]

LAST_SECOND = time(23, 59, 59)
_FIXED = {"minutes": timedelta(minutes=1), "hours": timedelta(hours=1)}


@dataclass(frozen=True)
class Duration:
    """A length such as 48 hours or 14 working days; ValueError unless at least one of a known unit."""

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.unit not in get_args(Unit):
            raise ValueError(f"unknown unit {self.unit!r}")
        if isinstance(self.amount, bool) or not isinstance(self.amount, int) or self.amount < 1:
            raise ValueError(f"an amount is a whole number from 1 upwards, not {self.amount!r}")


@dataclass(frozen=True)
class Counting:
    """How a policy counts.

    `start`          from the start itself, or from the working day after it.
    `weekend_rolls`  a start on a Saturday or Sunday counts as the same clock time on Monday.
    `after_hours_rolls`  a start at or after this local time (True: closing time) counts as the opening
                     of the next working day; looked at after the weekend has rolled.
    `ends`           days end at the clock time of the start, or at 23:59:59 of the last day. With
                     "immediately" and "end_of_day" a start on a counted day makes that day the first.
    `skip_holidays`  holidays and collective leave are no working days; else only weekends are not.
    """

    start: Start = "immediately"
    after_hours_rolls: bool | time = False
    weekend_rolls: bool = False
    ends: End = "same_time"
    skip_holidays: bool = True


def due_at(start: datetime, duration: Duration, counting: Counting, calendar: WorkCalendar) -> datetime:
    """The moment (UTC) up to which an answer is in time; never before `start`.

    Minutes and hours are consecutive clock time, day and night (2x24 jam). Days follow the clock of the
    calendar's zone. Raises `CalendarMissing` when the count runs into a year without holidays, and
    ValueError for a start without a zone.
    """
    days = calendar if counting.skip_holidays else calendar.without_holidays()
    anchor = _anchor(start, counting, days)
    if duration.unit in _FIXED:
        return _first_moment(anchor, counting, days) + duration.amount * _FIXED[duration.unit]
    return max(start.astimezone(UTC), _end_of_days(anchor, duration, counting, days))


def measure(start: datetime, until: datetime, unit: Unit, counting: Counting, calendar: WorkCalendar) -> int:
    """How many whole units have passed: the largest amount that was due at `until` or before; 0 if none.

    The inverse of `due_at`, and raises what it raises.
    """
    if until < start:
        return 0
    days = calendar if counting.skip_holidays else calendar.without_holidays()
    if unit in _FIXED:
        first = _first_moment(_anchor(start, counting, days), counting, days)
        return max(0, (until - first) // _FIXED[unit])
    first_day, last_day = days.local(start).date(), days.local(until).date()
    amount = (last_day - first_day).days + 1
    if unit == "working_days":
        amount = days.working_days_between(first_day - ONE_DAY, last_day)
    while amount > 0 and due_at(start, Duration(amount, unit), counting, calendar) > until:
        amount -= 1
    return amount


def is_late(met_at: datetime | None, due_at: datetime, as_of: datetime) -> bool:
    """Whether the deadline was missed; meeting it exactly is in time."""
    return (met_at if met_at is not None else as_of) > due_at


def _anchor(start: datetime, counting: Counting, days: WorkCalendar) -> datetime:
    """The local moment from which the policy counts."""
    local = days.local(start)
    if counting.weekend_rolls and local.weekday() >= SATURDAY:
        monday = local.date() + (7 - local.weekday()) * ONE_DAY
        local = days.local(days.moment(monday, local.time()))
    if _after_hours(local, counting, days):
        day = days.next_working_day(local.date())
        local = days.local(days.moment(day, (days.office_hours(day) or (days.opening,))[0]))
    return local


def _after_hours(local: datetime, counting: Counting, days: WorkCalendar) -> bool:
    if counting.after_hours_rolls is False:
        return False
    if counting.after_hours_rolls is True:
        hours = days.office_hours(local.date())
        return hours is not None and local.time() >= hours[1]
    return local.time() >= counting.after_hours_rolls


def _first_moment(anchor: datetime, counting: Counting, days: WorkCalendar) -> datetime:
    """Where hours begin: at once, or at the opening of the next working day."""
    if counting.start == "immediately":
        return anchor.astimezone(UTC)
    day = days.next_working_day(anchor.date())
    return days.moment(day, (days.office_hours(day) or (days.opening,))[0])


def _end_of_days(anchor: datetime, duration: Duration, counting: Counting, days: WorkCalendar) -> datetime:
    day, amount = anchor.date(), duration.amount
    working = duration.unit == "working_days"
    today_counts = counting.start == "immediately" and counting.ends == "end_of_day"
    if today_counts and (not working or days.is_working(day)):
        amount -= 1
    elif counting.start == "next_working_day" and not working:
        day, amount = days.next_working_day(day), amount - 1
    last = days.add_working_days(day, amount) if working else day + amount * ONE_DAY
    return days.moment(last, LAST_SECOND if counting.ends == "end_of_day" else anchor.time())
