from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lapor.sla.calendar import WorkCalendar, indonesia
from lapor.sla.ladder import ClockState, Firing, Ladder, Rung, Step, fire, next_after, time_of, times

WIB = ZoneInfo("Asia/Jakarta")
CITY = indonesia(WIB, range(2025, 2028))
HOUR, DAY, TICK = timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)

RESPONSE = Ladder(
    (
        Rung(0, "notify", "start", audience=("agency",)),
        Rung(1, "remind", "start", 36 * HOUR, ("liaison", "agency_head"), placement="office_hours"),
        Rung(2, "escalate", "due", 0 * HOUR, ("head_of_region", "sekda")),
        Rung(3, "escalate", "due", 48 * HOUR, ("head_of_region", "sekda", "inspectorate")),
        Rung(4, "remind", "due", 72 * HOUR, ("head_of_region",), repeat_every=DAY),
    )
)
START = datetime(2026, 6, 8, 1, 0, tzinfo=UTC)  # Monday 08:00 in Semarang
DUE = START + 48 * HOUR
CLOCK = ClockState(DUE, times(RESPONSE, START, DUE, CITY), RESPONSE.steps, RESPONSE.repeat_every)

# A busy machine is no reason to fail.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def wib(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=WIB)


def fired(clock: ClockState, as_of: datetime) -> list[tuple[int, Step]]:
    return [(firing.number, firing.step) for firing in fire(clock, as_of) if not firing.skipped]


def skipped(clock: ClockState, as_of: datetime) -> list[int]:
    return [firing.number for firing in fire(clock, as_of) if firing.skipped]


@pytest.mark.parametrize(
    ("received", "reminder"),
    [
        ("2026-06-08 22:00", "2026-06-10 10:00"),  # 36 hours later is Wednesday morning
        ("2026-06-08 08:00", "2026-06-09 15:00"),  # 20:00: an hour before that day's closing
        ("2026-06-11 18:00", "2026-06-12 15:00"),  # Saturday 06:00: on Friday afternoon
        ("2026-06-12 14:00", "2026-06-12 15:00"),  # Sunday 02:00: an hour is left on Friday
        ("2026-06-12 15:30", "2026-06-14 03:30"),  # no office hours in between: the plain moment
        ("2026-03-18 09:00", "2026-03-19 21:00"),  # the offices are closed until the 25th
    ],
)
def test_a_reminder_comes_while_somebody_can_still_act(received: str, reminder: str) -> None:
    start = wib(received)
    assert times(RESPONSE, start, start + 48 * HOUR, CITY)[1] == wib(reminder)


def test_a_reminder_of_a_short_clock_comes_before_its_deadline() -> None:
    start = wib("2026-06-08 22:00")
    assert times(RESPONSE, start, start + 10 * HOUR, CITY)[1] == start + 5 * HOUR


def test_a_reminder_needs_no_calendar_of_a_year_that_nobody_loaded() -> None:
    start = wib("2099-06-08 22:00")
    assert times(RESPONSE, start, start + 48 * HOUR, CITY)[1] == start + 36 * HOUR


def test_a_complaint_that_is_overdue_at_entry_has_all_its_rungs_in_order() -> None:
    moments = times(RESPONSE, START, START - 5 * DAY, CITY)
    assert list(moments) == sorted(moments)
    assert moments[0] == START


def test_exactly_at_its_time_a_rung_waits_and_a_microsecond_later_it_fires() -> None:
    clock = replace(CLOCK, rung=2)
    assert fire(clock, DUE) == []
    assert fire(clock, DUE + TICK) == [Firing(2, "escalate", DUE)]


def test_an_answer_exactly_at_the_deadline_stops_the_escalation() -> None:
    assert fire(replace(CLOCK, rung=2, met_at=DUE), DUE + 9 * DAY) == []


def test_a_late_answer_does_not_undo_the_breach() -> None:
    clock = replace(CLOCK, rung=2, met_at=DUE + TICK)
    assert fire(clock, DUE + 9 * DAY) == [Firing(2, "escalate", DUE, answered_late=True)]


def test_an_answer_in_time_leaves_nothing_to_remind_of() -> None:
    answered = replace(CLOCK, met_at=START + 40 * HOUR)
    assert fired(answered, DUE + 9 * DAY) == []
    assert skipped(answered, DUE + 9 * DAY) == [0, 1]
    assert not any(firing.answered_late for firing in fire(answered, DUE + 9 * DAY))


def test_after_an_outage_warnings_are_skipped_and_every_escalation_fires() -> None:
    as_of = DUE + 74 * HOUR
    assert fired(CLOCK, as_of) == [(2, "escalate"), (3, "escalate"), (4, "remind")]
    assert skipped(CLOCK, as_of) == [0, 1]


def test_repeats_take_the_next_numbers_and_only_the_newest_reminder_is_sent() -> None:
    as_of = DUE + 72 * HOUR + 3 * DAY + HOUR
    assert fired(replace(CLOCK, rung=4), as_of) == [(7, "remind")]
    assert skipped(replace(CLOCK, rung=4), as_of) == [4, 5, 6]


def test_every_repeat_of_an_escalation_fires() -> None:
    ladder = Ladder((Rung(0, "escalate", repeat_every=DAY),))
    clock = ClockState(DUE, times(ladder, START, DUE, CITY), ladder.steps, ladder.repeat_every)
    moments = [firing.due_at for firing in fire(clock, DUE + 2 * DAY + TICK)]
    assert moments == [DUE, DUE + DAY, DUE + 2 * DAY]
    assert skipped(clock, DUE + 9 * DAY) == []


def test_the_next_moment_is_none_after_the_last_rung_of_a_ladder_that_does_not_repeat() -> None:
    assert next_after(CLOCK.times, None, 3) == CLOCK.times[4]
    assert next_after(CLOCK.times, None, 4) is None
    assert next_after(CLOCK.times, DAY, 4) == CLOCK.times[4] + DAY
    assert time_of(CLOCK.times, DAY, 6) == CLOCK.times[4] + 2 * DAY
    assert time_of((), DAY, 0) is None


def test_an_empty_ladder_fires_nothing() -> None:
    assert fire(ClockState(DUE, (), ()), DUE + DAY) == []


@pytest.mark.parametrize(
    ("rungs", "trouble"),
    [
        ([(1, "notify", None)], "numbered"),
        ([(0, "notify", None), (0, "remind", None)], "numbered"),
        ([(0, "notify", DAY), (1, "remind", None)], "only the last"),
        ([(0, "notify", 0 * DAY)], "time in between"),
        ([(0, "shout", None)], "unknown step"),
    ],
)
def test_a_ladder_that_cannot_be_climbed_is_refused(
    rungs: list[tuple[int, Step, timedelta | None]], trouble: str
) -> None:
    with pytest.raises(ValueError, match=trouble):
        Ladder(tuple(Rung(number, step, repeat_every=pause) for number, step, pause in rungs))


STARTS = st.integers(0, 500 * 86_400).map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=n))
OFFSETS = st.integers(0, 30 * 24 * 60).map(lambda n: START + timedelta(minutes=n))


@UNHURRIED
@given(STARTS, st.integers(1, 200))
def test_rungs_never_step_back_and_the_reminder_comes_before_the_deadline(
    start: datetime, hours: int
) -> None:
    due = start + hours * HOUR
    moments = times(RESPONSE, start, due, CITY)
    assert list(moments) == sorted(moments)
    assert start <= moments[0] <= moments[1] < due == moments[2]


@UNHURRIED
@given(st.lists(OFFSETS, min_size=1, max_size=20), st.none() | OFFSETS)
def test_however_often_the_sweep_runs_every_rung_is_recorded_once(
    sweeps: list[datetime], met_at: datetime | None
) -> None:
    clock, recorded = CLOCK, []
    for as_of in sorted(sweeps):
        seen = replace(clock, met_at=met_at if met_at and met_at <= as_of else None)
        firings = fire(seen, as_of)
        recorded += firings
        clock = replace(clock, rung=clock.rung + len(firings))
    last = max(sweeps)
    at_once = fire(replace(CLOCK, met_at=met_at if met_at and met_at <= last else None), last)
    assert [(one.number, one.due_at) for one in recorded] == [(one.number, one.due_at) for one in at_once]
    assert [one.number for one in recorded] == list(range(len(recorded)))
    assert not any(one.skipped for one in recorded if one.step == "escalate")


def test_rungs_are_in_utc_whatever_the_zone_of_the_start() -> None:
    anywhere = WorkCalendar(ZoneInfo("Australia/Lord_Howe"), None)
    assert {moment.tzinfo for moment in times(RESPONSE, wib("2026-06-08 22:00"), DUE + DAY, anywhere)} == {
        UTC
    }
