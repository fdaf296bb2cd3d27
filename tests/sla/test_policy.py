from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from lapor.sla.calendar import CalendarMissing, indonesia
from lapor.sla.clock import Duration
from lapor.sla.ladder import Ladder, Rung
from lapor.sla.policy import ClockKind, Facts, NoPolicy, Policy, choose, half, lasting, open_clock

WIB = ZoneInfo("Asia/Jakarta")
CITY = indonesia(WIB, [2025, 2026])
HOUR = timedelta(hours=1)
NOON = datetime(2026, 6, 8, 5, 0, tzinfo=UTC)  # Monday 12:00 in Semarang


def policy(code: str, clock: ClockKind = "response", **more: object) -> Policy:
    plain = Policy(code, clock, Duration(48, "hours"), date(2026, 1, 1), "Perwal")
    return replace(plain, **more)


GENERAL = policy("general")
SERVICE = policy("service", type="service")
TREES = policy("trees", category="trees")
TREES_OF_DINAS = policy("trees-dinas", category="trees", agency_kind="dinas")
PROVINCE = policy("province", region="33")
CITY_OWN = policy("city", region="33.74")
ALL = [GENERAL, SERVICE, TREES, TREES_OF_DINAS, PROVINCE, CITY_OWN]


@pytest.mark.parametrize(
    ("facts", "chosen"),
    [
        (Facts(), GENERAL),
        (Facts(type="service"), SERVICE),
        (Facts(type="service", category="trees"), TREES),
        (Facts(type="service", category="trees", agency_kind="dinas"), TREES_OF_DINAS),
        (Facts(region="33.01"), PROVINCE),
        (Facts(region="33.74"), CITY_OWN),
        (Facts(region="33.740"), PROVINCE),
        (Facts(region="3"), GENERAL),
        (Facts(region="33.74", type="service"), SERVICE),
    ],
)
def test_the_most_specific_policy_wins(facts: Facts, chosen: Policy) -> None:
    assert choose(ALL, "response", facts, NOON) is chosen
    assert choose(ALL[::-1], "response", facts, NOON) is chosen


def test_of_two_alike_the_newer_version_wins_once_it_is_in_force() -> None:
    newer = policy("general-2", valid_from=date(2026, 6, 9))
    assert choose([newer, GENERAL], "response", Facts(), NOON) is GENERAL
    assert choose([newer, GENERAL], "response", Facts(), NOON + 24 * HOUR) is newer


def test_a_policy_is_in_force_on_the_local_day() -> None:
    newer = policy("general-2", valid_from=date(2026, 6, 9))
    just_past_midnight = datetime(2026, 6, 8, 17, 30, tzinfo=UTC)
    assert choose([newer, GENERAL], "response", Facts(zone=WIB), just_past_midnight) is newer
    assert choose([newer, GENERAL], "response", Facts(), just_past_midnight) is GENERAL


def test_the_last_day_of_validity_still_counts() -> None:
    ended = replace(TREES, valid_until=date(2026, 6, 8))
    assert choose([GENERAL, ended], "response", Facts(category="trees"), NOON) is ended
    assert choose([GENERAL, ended], "response", Facts(category="trees"), NOON + 24 * HOUR) is GENERAL


def test_a_clock_without_a_policy_is_an_error_that_says_which() -> None:
    with pytest.raises(NoPolicy, match=r"triage.*2026-06-08.*category trees"):
        choose(ALL, "triage", Facts(category="trees"), NOON)
    with pytest.raises(NoPolicy, match="2025-12-31"):
        choose(ALL, "response", Facts(), datetime(2025, 12, 31, tzinfo=UTC))


LADDER = Ladder(
    (
        Rung(0, "notify", "start"),
        Rung(1, "remind", "start", 36 * HOUR),
        Rung(2, "remind", "due", -2 * HOUR),
        Rung(3, "escalate", "due"),
        Rung(4, "escalate", "due", 48 * HOUR, repeat_every=24 * HOUR),
    )
)


def test_a_clock_is_opened_with_its_deadline_its_rungs_and_its_policy() -> None:
    opened = open_clock(replace(GENERAL, ladder=LADDER, id=7), NOON, CITY)
    assert opened.due_at == NOON + 48 * HOUR
    assert [moment - NOON for moment in opened.rung_times] == [hours * HOUR for hours in (0, 36, 46, 48, 96)]
    assert opened.repeat_every == 24 * HOUR
    assert opened.policy_id == 7


def test_a_promised_date_replaces_the_length_and_moves_the_rungs() -> None:
    promised = (NOON + 100 * HOUR).astimezone(WIB)
    opened = open_clock(replace(GENERAL, ladder=LADDER), NOON, CITY, promised)
    assert opened.due_at == promised
    assert opened.due_at.tzinfo is UTC
    assert opened.rung_times[3] == promised


def test_a_length_into_a_year_without_a_calendar_is_refused() -> None:
    with pytest.raises(CalendarMissing):
        open_clock(lasting(GENERAL, Duration(200, "working_days")), NOON, CITY)


@pytest.mark.parametrize(
    ("whole", "halved"),
    [
        (Duration(48, "hours"), Duration(24, "hours")),
        (Duration(5, "hours"), Duration(150, "minutes")),
        (Duration(15, "minutes"), Duration(8, "minutes")),
        (Duration(5, "working_days"), Duration(3, "working_days")),
        (Duration(1, "working_days"), Duration(1, "working_days")),
    ],
)
def test_after_a_dispute_the_clock_has_half_the_length(whole: Duration, halved: Duration) -> None:
    assert half(lasting(GENERAL, whole)).duration == halved


def test_after_a_dispute_warnings_move_and_the_pauses_after_the_deadline_stay() -> None:
    opened = open_clock(half(replace(GENERAL, ladder=LADDER)), NOON, CITY)
    assert [moment - NOON for moment in opened.rung_times] == [hours * HOUR for hours in (0, 18, 23, 24, 72)]
