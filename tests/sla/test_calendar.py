from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from lapor.sla.calendar import CalendarMissing, CalendarRow, SpecialHours, WorkCalendar, indonesia

WIB = ZoneInfo("Asia/Jakarta")
NEW_YORK = ZoneInfo("America/New_York")
CITY = indonesia(WIB, range(2024, 2028))
BOSTON = WorkCalendar(NEW_YORK, None, opening=time(8, 30), closing=time(17, 0))


def wib(day: int, hour: int, minute: int = 0, month: int = 6, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=WIB)


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2026, 8, 14), True),
        (date(2026, 8, 15), False),  # Saturday
        (date(2026, 8, 17), False),  # Independence Day
        (date(2026, 3, 20), False),  # collective leave of Idul Fitri
        (date(2026, 12, 24), False),  # collective leave of Christmas
        (date(2026, 12, 28), True),
    ],
)
def test_national_holidays_and_collective_leave_are_no_working_days(day: date, working: bool) -> None:
    assert CITY.is_working(day) is working


def test_a_holiday_has_its_indonesian_name() -> None:
    assert CITY.off[date(2026, 8, 17)] == "Hari Kemerdekaan Republik Indonesia"


def test_the_regions_own_rows_win_over_the_national_days() -> None:
    rows = [
        CalendarRow(date(2026, 5, 2), False, "Hari Jadi Kota Semarang"),
        CalendarRow(date(2026, 5, 4), False, "Libur daerah"),
        CalendarRow(date(2026, 12, 24), True, "Tetap masuk"),
        CalendarRow(date(2026, 6, 6), True, "Sabtu pengganti"),
    ]
    own = indonesia(WIB, [2026], rows)
    assert not own.is_working(date(2026, 5, 4))
    assert own.off[date(2026, 5, 4)] == "Libur daerah"
    assert own.is_working(date(2026, 12, 24))
    assert own.is_working(date(2026, 6, 6))


def test_a_year_without_decree_is_refused_with_what_to_load() -> None:
    with pytest.raises(CalendarMissing, match=r"2099.*cuti bersama.*calendar") as refused:
        indonesia(WIB, [2026, 2099]).is_working(date(2099, 1, 5))
    assert refused.value.year == 2099


def test_a_row_of_the_region_makes_a_year_known() -> None:
    own = indonesia(WIB, [2099], [CalendarRow(date(2099, 3, 3), False, "Cuti bersama")])
    assert own.is_working(date(2099, 3, 2))
    assert not own.is_working(date(2099, 3, 3))


def test_counting_runs_into_the_missing_year_only_when_it_must() -> None:
    calendar = indonesia(WIB, [2026])
    assert calendar.add_working_days(date(2026, 12, 28), 3) == date(2026, 12, 31)
    with pytest.raises(CalendarMissing, match="2027"):
        calendar.add_working_days(date(2026, 12, 28), 4)


def test_working_days_pass_over_the_long_holiday_of_idul_fitri() -> None:
    assert CITY.next_working_day(date(2026, 3, 17)) == date(2026, 3, 25)
    assert CITY.add_working_days(date(2026, 3, 16), 2) == date(2026, 3, 25)
    assert CITY.working_days_between(date(2026, 3, 16), date(2026, 3, 25)) == 2
    assert CITY.working_days_between(date(2026, 3, 25), date(2026, 3, 16)) == 0
    assert CITY.add_working_days(date(2026, 3, 21), 0) == date(2026, 3, 21)


def test_office_hours_differ_on_fridays_and_in_ramadan() -> None:
    days = (date(2026, 2, 18), date(2026, 3, 19))
    special = (
        SpecialHours(None, None, time(7, 30), time(14, 30), weekday=5),
        SpecialHours(*days, time(8), time(15)),
        SpecialHours(*days, time(8), time(15, 30), weekday=5),
    )
    office = indonesia(WIB, [2026], special_hours=special)
    assert office.office_hours(date(2026, 6, 4)) == (time(7, 30), time(16))
    assert office.office_hours(date(2026, 6, 5)) == (time(7, 30), time(14, 30))
    assert office.office_hours(date(2026, 2, 19)) == (time(8), time(15))
    assert office.office_hours(date(2026, 2, 20)) == (time(8), time(15, 30))
    assert office.office_hours(date(2026, 6, 6)) is None


def test_offices_are_open_from_the_opening_up_to_the_closing_moment() -> None:
    assert CITY.is_open(wib(4, 7, 30))
    assert not CITY.is_open(wib(4, 7, 29))
    assert not CITY.is_open(wib(4, 16, 0))
    assert CITY.last_office_moment_before(wib(4, 9, 12)) == wib(4, 9, 12)
    assert CITY.last_office_moment_before(wib(4, 20)) == wib(4, 16)
    assert CITY.last_office_moment_before(wib(8, 3)) == wib(5, 16)
    assert CITY.last_office_moment_before(wib(4, 20)).tzinfo is UTC


def test_a_calendar_that_never_opens_is_an_error_and_no_endless_search() -> None:
    shut = WorkCalendar(WIB, None, dict.fromkeys((date(2026, 1, d) for d in range(1, 32)), "tutup"))
    many = {date.fromordinal(n): "tutup" for n in range(date(2025, 1, 1).toordinal(), 740000)}
    with pytest.raises(LookupError, match="not open"):
        WorkCalendar(WIB, None, many).last_office_period_before(wib(4, 20))
    assert shut.last_office_period_before(wib(31, 8, month=1))[1] == wib(31, 16, month=12, year=2025)


def test_each_region_counts_in_its_own_zone() -> None:
    jayapura = indonesia(ZoneInfo("Asia/Jayapura"), [2026])
    late_on_friday_in_java = datetime(2026, 6, 5, 16, 0, tzinfo=UTC)
    assert CITY.local(late_on_friday_in_java).date() == date(2026, 6, 5)
    assert jayapura.local(late_on_friday_in_java).date() == date(2026, 6, 6)


def test_a_clock_time_that_the_zone_skips_is_the_moment_it_skips_to() -> None:
    assert BOSTON.moment(date(2011, 3, 13), time(2, 30)) == datetime(2011, 3, 13, 7, 0, tzinfo=UTC)
    assert BOSTON.moment(date(2011, 3, 13), time(3, 0)) == datetime(2011, 3, 13, 7, 0, tzinfo=UTC)
    assert BOSTON.moment(date(2011, 3, 13), time(1, 59)) == datetime(2011, 3, 13, 6, 59, tzinfo=UTC)


def test_a_clock_time_that_occurs_twice_is_the_first_of_the_two() -> None:
    first = datetime(2011, 11, 6, 5, 30, tzinfo=UTC)
    assert BOSTON.moment(date(2011, 11, 6), time(1, 30)) == first
    assert BOSTON.moment(date(2011, 11, 6), time(1, 30, fold=1)) == first


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        CITY.local(datetime(2026, 6, 4))  # noqa: DTZ001
