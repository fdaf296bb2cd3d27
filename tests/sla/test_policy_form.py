import tomllib
from datetime import date, time, timedelta
from typing import Any

import pytest

from lapor.sla.clock import Counting, Duration
from lapor.sla.ladder import Rung
from lapor.sla.policy_form import PolicyError, policy_as_mapping, policy_from_mapping

RESPONSE = """
code = "response"
clock = "response"
type = "complaint"
region = "33.74"
amount = 48
unit = "hours"
valid_from = 2026-01-01
valid_until = 2027-12-31
source = "Perwal 1/2026"
confirmed = true

[[rung]]
step = "remind"
base = "start"
offset_hours = 36
audience = ["liaison", "agency_head"]
placement = "office_hours"

[[rung]]
step = "escalate"
base = "due"
audience = ["head_of_region", "sekda"]
repeat_hours = 24
"""
MINIMAL = {"clock": "triage", "amount": 24, "unit": "hours", "valid_from": "2026-01-01", "source": "Perwal"}


def test_a_policy_of_a_pack_is_read_with_its_ladder() -> None:
    policy = policy_from_mapping(tomllib.loads(RESPONSE))
    assert policy.duration == Duration(48, "hours")
    assert policy.counting == Counting()
    assert (policy.type, policy.region, policy.category) == ("complaint", "33.74", None)
    assert (policy.valid_from, policy.valid_until) == (date(2026, 1, 1), date(2027, 12, 31))
    hours = timedelta(hours=1)
    assert policy.ladder.rungs == (
        Rung(0, "remind", "start", 36 * hours, ("liaison", "agency_head"), "office_hours"),
        Rung(1, "escalate", "due", 0 * hours, ("head_of_region", "sekda"), repeat_every=24 * hours),
    )


def test_working_days_begin_the_next_working_day_unless_the_policy_says_otherwise() -> None:
    days = {**MINIMAL, "unit": "working_days"}
    assert policy_from_mapping(days).counting == Counting("next_working_day", ends="end_of_day")
    told = policy_from_mapping({**days, "start": "immediately", "ends": "same_time"})
    assert told.counting == Counting()


def test_a_row_of_the_register_is_read_like_a_table_of_a_pack() -> None:
    row = {**MINIMAL, "id": 12, "category": None, "valid_until": None, "after_hours_rolls": time(17)}
    rung = {"number": 0, "step": "notify", "offset_minutes": 90, "repeat_minutes": None, "placement": None}
    policy = policy_from_mapping({**row, "valid_from": date(2026, 1, 1), "rung": [rung]})
    assert policy.id == 12
    assert policy.counting.after_hours_rolls == time(17)
    assert policy.ladder.rungs[0].offset == timedelta(minutes=90)


def test_a_policy_without_a_code_is_named_after_its_clock_and_its_first_day() -> None:
    assert policy_from_mapping(MINIMAL).code == "triage-2026-01-01"


@pytest.mark.parametrize(
    "written",
    [tomllib.loads(RESPONSE), MINIMAL, {**MINIMAL, "after_hours_rolls": "17:00", "ends": "end_of_day"}],
)
def test_what_is_written_is_read_back_as_the_same_policy(written: dict[str, Any]) -> None:
    policy = policy_from_mapping(written)
    assert policy_from_mapping(policy_as_mapping(policy)) == policy


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"clock": "egg"}, "clock"),
        ({"clock": None}, "clock"),
        ({"amount": 0}, "amount"),
        ({"amount": "48"}, "amount"),
        ({"amount": None}, "amount"),
        ({"unit": "days"}, "unit"),
        ({"valid_from": "soon"}, "valid_from"),
        ({"valid_from": None}, "valid_from"),
        ({"source": ""}, "source"),
        ({"confirmed": "yes"}, "confirmed"),
        ({"start": "tomorrow"}, "start"),
        ({"after_hours_rolls": 17}, "after_hours_rolls"),
        ({"category": ["a", "b"]}, "category"),
        ({"colour": "red"}, "colour"),
        ({"rung": "one"}, "rung"),
        ({"rung": ["one"]}, "rung 0"),
        ({"rung": [{"step": "shout"}]}, "step"),
        ({"rung": [{"base": "due"}]}, "step"),
        ({"rung": [{"step": "remind", "offset_hours": "36"}]}, "offset_hours"),
        ({"rung": [{"step": "remind", "offset_weeks": 1}]}, "offset_weeks"),
        ({"rung": [{"step": "remind", "audience": [1]}]}, "audience"),
        ({"rung": [{"step": "remind", "placement": "attic"}]}, "placement"),
        ({"rung": [{"step": "remind", "repeat_hours": 0}]}, "repeat"),
        ({"rung": [{"step": "remind", "repeat_hours": 1}, {"step": "remind"}]}, "rung"),
    ],
)
def test_a_wrong_field_is_named(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(PolicyError) as refused:
        policy_from_mapping({**MINIMAL, **wrong})
    assert refused.value.field == field
    assert field in str(refused.value)
