"""The working calendar of a region: which days count, and when its offices are open."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

ONE_DAY = timedelta(days=1)
SATURDAY = 5
LONGEST_PAUSE = 31  # days; a longer stretch without any office hours is a calendar nobody filled in

FIRST_YEAR = 1946  # the first whose holidays the package knows
SETTLED_YEAR = 2025  # its collective leave is in the package; the search for newer decrees begins here

OfficeHours = tuple[time, time]


class CalendarMissing(LookupError):
    """A day of this year was asked for, and nobody has loaded its holidays."""

    def __init__(self, year: int) -> None:
        self.year = year
        super().__init__(
            f"there is no working calendar for {year}: load the national holidays and the collective leave "
            f"(cuti bersama) of {year} as rows of the region's calendar, or update the package 'holidays'"
        )


@dataclass(frozen=True)
class CalendarRow:
    """A day that the region itself decides: a local holiday, or a holiday on which it works."""

    day: date
    working: bool
    name: str


@dataclass(frozen=True)
class SpecialHours:
    """Office hours of a while (Ramadan; both days included) or of one weekday (1 is Monday), or of both.

    None means any. Of several that fit a day the most exact one counts: while and weekday, while, weekday.
    """

    first_day: date | None
    last_day: date | None
    opening: time
    closing: time
    weekday: int | None = None

    def fits(self, day: date) -> bool:
        """Whether these hours are meant for the day."""
        begun = self.first_day is None or self.first_day <= day
        over = self.last_day is not None and self.last_day < day
        return begun and not over and self.weekday in (None, day.isoweekday())

    def exactness(self) -> tuple[bool, bool]:
        """The larger, the more exact."""
        return (self.first_day is not None or self.last_day is not None, self.weekday is not None)


@dataclass(frozen=True)
class WorkCalendar:
    """Days and office hours of one region, in its own zone.

    `years` names the years whose holidays are known; None means that holidays play no part and every
    year will do. Every method that looks at a day raises `CalendarMissing` for an unknown year.
    """

    zone: ZoneInfo
    years: frozenset[int] | None
    off: Mapping[date, str] = field(default_factory=dict)
    worked: frozenset[date] = frozenset()
    opening: time = time(7, 30)
    closing: time = time(16, 0)
    special_hours: tuple[SpecialHours, ...] = ()

    def is_working(self, day: date) -> bool:
        """Whether the day counts as a working day."""
        if self.years is not None and day.year not in self.years:
            raise CalendarMissing(day.year)
        return day in self.worked or (day.weekday() < SATURDAY and day not in self.off)

    def next_working_day(self, day: date) -> date:
        """The first working day after `day`."""
        return self.add_working_days(day, 1)

    def add_working_days(self, day: date, amount: int) -> date:
        """The `amount`-th working day after `day`; `day` itself for 0."""
        while amount > 0:
            day += ONE_DAY
            amount -= self.is_working(day)
        return day

    def working_days_between(self, first: date, last: date) -> int:
        """How many working days lie after `first`, up to and including `last`; 0 when `last` is earlier."""
        return sum(self.is_working(first + timedelta(days=n)) for n in range(1, (last - first).days + 1))

    def office_hours(self, day: date) -> OfficeHours | None:
        """Opening and closing time in the region's zone, or None when the offices are closed that day."""
        if not self.is_working(day):
            return None
        fitting = [special for special in self.special_hours if special.fits(day)]
        best = max(fitting, key=SpecialHours.exactness, default=self)
        return (best.opening, best.closing)

    def office_period(self, day: date) -> tuple[datetime, datetime] | None:
        """The office hours of a day as two moments in UTC, or None when the offices are closed."""
        hours = self.office_hours(day)
        return (self.moment(day, hours[0]), self.moment(day, hours[1])) if hours else None

    def is_open(self, moment: datetime) -> bool:
        """Whether the moment lies in office hours; the opening moment does, the closing moment does not."""
        period = self.office_period(self.local(moment).date())
        return period is not None and period[0] <= moment < period[1]

    def last_office_period_before(self, moment: datetime) -> tuple[datetime, datetime]:
        """The last office period that had closed at `moment`, in UTC; LookupError when 31 days hold none."""
        day = self.local(moment).date()
        for step in range(LONGEST_PAUSE + 1):
            period = self.office_period(day - step * ONE_DAY)
            if period and period[1] <= moment:
                return period
        raise LookupError(f"the offices were not open in the {LONGEST_PAUSE} days before {day}")

    def last_office_moment_before(self, moment: datetime) -> datetime:
        """The moment itself when the offices are open then, else their last closing before it (UTC)."""
        return moment.astimezone(UTC) if self.is_open(moment) else self.last_office_period_before(moment)[1]

    def local(self, moment: datetime) -> datetime:
        """The moment in the region's zone; ValueError when it has no zone of its own."""
        if moment.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return moment.astimezone(self.zone)

    def moment(self, day: date, at: time) -> datetime:
        """The local clock time as a moment in UTC.

        A time that occurs twice (the clocks go back) is the first of the two. One that does not occur
        (the clocks go forward) is the moment at which they do, so that later times never come earlier.
        """
        local = datetime.combine(day, at.replace(fold=0), tzinfo=self.zone)
        moment = local.astimezone(UTC)
        exists = moment.astimezone(self.zone).replace(tzinfo=None) == local.replace(tzinfo=None)
        return moment if exists else self._end_of_gap(local)

    def _end_of_gap(self, missing: datetime) -> datetime:
        before, after = missing.replace(fold=0).utcoffset(), missing.replace(fold=1).utcoffset()
        if before is None or after is None:
            raise ValueError("the zone has no offset")
        low = (missing.replace(tzinfo=UTC) - after).replace(microsecond=0)
        high = low + (after - before)
        while high - low > timedelta(seconds=1):
            middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
            if middle.astimezone(self.zone).utcoffset() == before:
                low = middle
            else:
                high = middle
        return high

    def without_holidays(self) -> "WorkCalendar":
        """The same calendar when only weekends are left out, for policies that count holidays too."""
        return replace(self, years=None, off={}, worked=frozenset())


def indonesia(
    zone: ZoneInfo,
    years: Iterable[int],
    rows: Iterable[CalendarRow] = (),
    *,
    opening: time = time(7, 30),
    closing: time = time(16, 0),
    special_hours: tuple[SpecialHours, ...] = (),
) -> WorkCalendar:
    """The calendar of an Indonesian region: national holidays, collective leave, and its own rows, which win.

    A year is known when its collective leave has been decreed (the yearly joint decree of three
    ministers) or when the region has a row in it; the others are left out, and the first question
    about one raises `CalendarMissing`. Offices open at 07:30 as Perpres 21/2023 has it.
    """
    own = {row.day: row for row in rows}
    known = frozenset(years) & (_decreed(max(years, default=0)) | {day.year for day in own})
    off = {day: name for year in sorted(known) for day, name in _national(year)}
    for row in own.values():
        off.pop(row.day, None)
        if not row.working:
            off[row.day] = row.name
    worked = frozenset(row.day for row in own.values() if row.working)
    return WorkCalendar(zone, known, off, worked, opening, closing, special_hours)


def _decreed(last_year: int) -> frozenset[int]:
    return frozenset(range(FIRST_YEAR, min(_newest_decree(), last_year) + 1))


@lru_cache(maxsize=1)
def _newest_decree() -> int:
    # Public holidays can be computed for any year; only decreed collective leave shows that a year is
    # settled. Years before the first decree had no collective leave and are settled as well.
    year = SETTLED_YEAR
    while holidays.country_holidays("ID", years=year + 1, categories=("government",)):
        year += 1
    return year


@lru_cache(maxsize=64)
def _national(year: int) -> tuple[tuple[date, str], ...]:
    both = holidays.country_holidays("ID", years=year, categories=("public", "government"), language="id")
    return tuple(sorted(both.items()))
