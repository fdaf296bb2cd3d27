"""`lapor sla due` as anybody runs it, and its deadlines beside those of a city that kept its own books."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from benchmarks import boston311
from lapor.sla.rules_file import RulesError, read_rules

PROJECT = Path(__file__).parents[2]
PACK_RULES = PROJECT / "packs" / "contoh" / "policies.toml"

DAYS = """
[common]
clock = "completion"
unit = "working_days"
start = "immediately"
ends = "same_time"
valid_from = 2020-01-01
source = "Perda contoh"

[[policy]]
type = ["jalan", "lampu"]
amount = 2

[[policy]]
category = "pohon"
amount = 1
unit = "calendar_days"
"""


@dataclass(frozen=True)
class Said:
    """What the command left."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, str]]:
        """Its answer, row by row."""
        return list(csv.DictReader(io.StringIO(self.out, newline="")))

    @property
    def complaint(self) -> str:
        """The one line about what went wrong."""
        assert self.err.startswith("lapor: ")
        assert self.err.count("\n") == 1
        assert self.out == ""
        return self.err.removeprefix("lapor: ").rstrip("\n")


def due(folder: Path, rules: str | Path, rows: str, *options: str) -> Said:
    """Run the command on these rules and rows, in a place without any database."""
    if isinstance(rules, str):
        (folder / "rules.toml").write_text(rules)
        rules = folder / "rules.toml"
    (folder / "in.csv").write_text(rows)
    words = ["sla", "due", str(rules), str(folder / "in.csv"), *options]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "lapor.cli", *words],
        capture_output=True,
        encoding="utf-8",
        env={"LAPOR_HOME": "/nowhere"},
        timeout=60,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def test_every_row_comes_back_with_its_deadline(tmp_path: Path) -> None:
    rows = 'id,words,opened\n1,"a ""word"",\nand more",2026-07-01 09:40:00\n2,é,2026-07-04T23:59:59\n'
    said = due(tmp_path, PACK_RULES, rows, "--start", "opened")
    assert (said.code, said.err) == (0, "")
    assert said.out == (
        'id,words,opened,due_at\n1,"a ""word"",\nand more",2026-07-01 09:40:00,2026-07-03T09:40:00+07:00\n'
        "2,é,2026-07-04T23:59:59,2026-07-06T23:59:59+07:00\n"
    )


def test_a_column_picks_the_policy_by_type_or_category(tmp_path: Path) -> None:
    # Friday; the second working day after it is Tuesday.
    rows = "about,at\njalan,2026-07-03 10:00\nlampu,2026-07-03 10:00\npohon,2026-07-03 10:00\nlain,2026-07-03 10:00\n"
    said = due(tmp_path, DAYS, rows, "--start", "at", "--type", "about")
    assert said.code == 0
    two = "2026-07-07T10:00:00+07:00"
    assert [row["due_at"] for row in said.rows] == [two, two, "2026-07-04T10:00:00+07:00", ""]
    assert said.err.startswith(
        "1 of 4 rows have no deadline, due_at is empty there; the first: in.csv, row 5: "
    )


def test_a_zone_reads_local_times_and_writes_deadlines(tmp_path: Path) -> None:
    rows = "at\n2026-07-01 09:40\n2026-07-01T09:40:00+07:00\n2026-07-01T02:40:00Z\n"
    said = due(tmp_path, PACK_RULES, rows, "--start", "at", "--timezone", "Asia/Jayapura")
    assert [row["due_at"] for row in said.rows] == [
        "2026-07-03T09:40:00+09:00",
        "2026-07-03T11:40:00+09:00",
        "2026-07-03T11:40:00+09:00",
    ]


def test_an_hour_that_the_clocks_skip_or_repeat_has_one_deadline(tmp_path: Path) -> None:
    rows = "at\n2026-03-08 02:30\n2026-11-01 01:30\n"
    said = due(tmp_path, PACK_RULES, rows, "--start", "at", "--timezone", "America/New_York")
    assert [row["due_at"] for row in said.rows] == ["2026-03-10T03:00:00-04:00", "2026-11-03T00:30:00-05:00"]


def test_another_kind_of_clock_of_the_same_rules_can_be_asked_for(tmp_path: Path) -> None:
    rows = "at\n2026-07-03 10:00\n"
    said = due(tmp_path, PACK_RULES, rows, "--start", "at", "--clock", "approval")
    assert said.rows[0]["due_at"] == "2026-07-07T23:59:59+07:00"


def test_a_file_saved_with_semicolons_and_a_mark_stays_as_it_is(tmp_path: Path) -> None:
    said = due(tmp_path, PACK_RULES, "\ufeffid;at\n1;2026-07-01 10:00\n\n", "--start", "at")
    assert said.out == "id;at;due_at\n1;2026-07-01 10:00;2026-07-03T10:00:00+07:00\n"


def test_a_year_without_a_calendar_is_refused_with_what_to_load(tmp_path: Path) -> None:
    rows = "about,at\njalan,2026-07-03 10:00\njalan,2048-07-03 10:00\n"
    said = due(tmp_path, DAYS, rows, "--start", "at", "--type", "about")
    assert said.code == 1
    assert (
        "in.csv, row 3: there is no working calendar for 2048: load the national holidays" in said.complaint
    )
    assert "[[calendar.day]]" in said.complaint


def test_a_policy_that_counts_holidays_needs_no_calendar(tmp_path: Path) -> None:
    rules = DAYS.replace("[common]", "[common]\nskip_holidays = false")
    said = due(tmp_path, rules, "about,at\njalan,2048-07-03 10:00\n", "--start", "at", "--type", "about")
    assert said.rows[0]["due_at"] == "2048-07-07T10:00:00+07:00"


def test_the_rules_may_name_days_and_hours_of_their_own(tmp_path: Path) -> None:
    rules = """
    [calendar]
    timezone = "Asia/Makassar"
    years = [2026]
    opening = 08:00:00
    closing = 15:00:00
    [[calendar.day]]
    day = 2026-07-06
    name = "Hari jadi"
    [[calendar.hours]]
    weekday = 2
    opening = 09:00:00
    closing = 12:00:00
    """
    moved = DAYS.replace("[common]", "[common]\nafter_hours_rolls = true") + rules
    rows = "about,at\njalan,2026-07-03 10:00\njalan,2026-07-03 15:00\n"
    said = due(tmp_path, moved, rows, "--start", "at", "--type", "about")
    assert [row["due_at"] for row in said.rows] == ["2026-07-08T10:00:00+08:00", "2026-07-09T09:00:00+08:00"]


@pytest.mark.parametrize(
    ("rows", "options", "problem"),
    [
        ("at\n2026-07-01\nsoon\n", [], "in.csv, row 3: at is 'soon', not a time such as 2026-11-21 09:40:00"),
        ("at\n\n", ["--start", "when"], "in.csv has no column 'when'; it has: at"),
        ("at,at\n", [], "in.csv has more than one column 'at'; it has: at, at"),
        ("at,due_at\n", [], "in.csv has a column 'due_at' already: rename it first"),
        ("", [], "in.csv is empty"),
        ("a,at\n1,2026-07-01\n2026-07-01\n", [], "in.csv, row 3: 1 cells where the first row has 2"),
        ('at\n2026-07-01\n"2026\n', [], "in.csv, row 3: unexpected end of data"),
        ("at\n9999-12-30\n", [], "in.csv, row 2: the deadline lies beyond the year 9999"),
        (
            "at\n2011-07-01\n",
            [],
            "policies.toml has no rule for any row: in.csv, row 2:"
            " no policy for the clock response is in force on 2011-07-01 (no selectors)",
        ),
    ],
)
def test_what_cannot_be_read_is_one_line_and_writes_nothing(
    tmp_path: Path, rows: str, options: list[str], problem: str
) -> None:
    said = due(tmp_path, PACK_RULES, rows, *(options or ["--start", "at"]))
    assert (said.code, said.complaint) == (1, problem)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ([], "required: --start"),
        (["--start", "at", "--timezone", "Mars/Base"], "'Mars/Base' is no time zone"),
        (["--start", "at", "--clock", "egg"], "invalid choice: 'egg'"),
    ],
)
def test_wrong_usage_is_told_with_2(tmp_path: Path, options: list[str], problem: str) -> None:
    said = due(tmp_path, PACK_RULES, "at\n", *options)
    assert said.code == 2
    assert problem in said.err


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    said = due(tmp_path, tmp_path / "none.toml", "at\n2026-07-01\n", "--start", "at")
    assert said.code == 1
    assert said.complaint.endswith("none.toml: No such file or directory")


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("policy =", "not valid TOML"),
        ("", r"there is no \[\[policy\]\]"),
        ("[policies]", "policies is unknown"),
        (DAYS.replace("amount = 2", ""), "policy 1: amount is missing"),
        (DAYS.replace("amount = 2", "amount = 0"), "policy 1: amount cannot be"),
        (DAYS.replace("amount = 2", "days = 2"), "policy 1: amount is missing"),
        (DAYS.replace('["jalan", "lampu"]', "[]"), "policy 1: type names nothing"),
        (DAYS.replace('"lampu"', '"jalan"'), "two policies are about the same: completion 2020-01-01 jalan"),
        (DAYS.replace('"lampu"', "7"), "policy 1: type cannot be 7"),
        (DAYS + '[calendar]\ntimezone = "Mars"', "calendar: timezone cannot be: 'Mars' is no time zone"),
        (DAYS + "[calendar]\nopen = 1", "calendar: open is not a field of the calendar"),
        (DAYS + "[calendar]\nopening = 17:00:00", "the offices close before they open"),
        (DAYS + "[[calendar.day]]\nname = 'x'", "calendar.day: day is missing"),
        (DAYS + "[[calendar.hours]]\nopening = 08:00:00", "calendar.hours: closing is missing"),
        (DAYS + "[calendar]\nyears = ['2026']", "calendar: years is a list of years"),
    ],
)
def test_wrong_rules_are_told_with_what_to_correct(written: str, problem: str) -> None:
    with pytest.raises(RulesError, match=problem):
        read_rules(written)


# Opened and due in Boston, thought up for these rules: a Friday, a weekend, an evening, an evening before a weekend,
# a public holiday in between, calendar days from a weekend's evening and across the end of summer time.
BOSTON = """\
type,open_dt,target_dt,closed_dt,ontime
Sidewalk Repair (Make Safe),2011-07-08 09:15:30,2011-07-12 09:15:30,2011-07-12 09:15:30,ONTIME
Sidewalk Repair (Make Safe),2011-07-09 21:00:00,2011-07-14 08:30:00,2011-07-14 08:30:01,OVERDUE
Sidewalk Repair (Make Safe),2011-07-09 11:00:00,2011-07-13 11:00:00,,ONTIME
Tree Emergencies,2011-07-13 17:00:00,2011-07-15 08:30:00,2011-07-14 12:00:00,ONTIME
Tree Emergencies,2011-07-15 16:59:59,2011-07-18 16:59:59,2011-07-15 17:00:00,ONTIME
Tree Emergencies,2011-07-15 17:00:01,2011-07-19 08:30:00,2011-07-20 00:00:00,OVERDUE
Tree Emergencies,2011-07-01 10:00:00,2011-07-04 10:00:00,2011-07-04 09:00:00,ONTIME
Rodent Activity,2011-07-09 22:00:00,2011-08-08 22:00:00,2011-08-08 21:00:00,ONTIME
Rodent Activity,2011-10-20 22:00:00,2011-11-19 22:00:00,2011-11-19 22:30:00,OVERDUE
Highway Maintenance,2011-07-01 10:00:00,,2012-01-01 10:00:00,ONTIME
"""


def test_the_rules_of_boston_count_as_the_city_says_it_does(tmp_path: Path) -> None:
    (tmp_path / "requests.csv").write_text(BOSTON)
    figures = boston311.measure(tmp_path / "requests.csv")
    assert (figures.rows, figures.due_times, figures.due_times_met) == (10, 9, 9)
    assert figures.flags == figures.flags_reproduced == figures.flags_by_our_due_times == 9


def test_the_due_times_and_flags_of_boston_are_met() -> None:
    files = [file for file in sorted(boston311.DATA.glob("*.csv")) if file.name != "sla_config.csv"]
    if not files:
        pytest.skip("the requests of Boston are not in ../shared/data/boston311")
    for file in files:
        figures = boston311.measure(file)
        assert figures.share_met >= 0.985
        assert figures.flags_reproduced == figures.flags > 0


def test_the_rules_of_boston_have_the_lengths_of_its_own_table() -> None:
    table = boston311.DATA / "sla_config.csv"
    if not table.exists():
        pytest.skip("the table of Boston is not in ../shared/data/boston311")
    rules = read_rules(boston311.RULES.read_text())
    units = {"business": "working_days", "calendar": "calendar_days"}
    with table.open(newline="") as lines:
        promised = {
            row["type"]: (int(row["sla_days"]), units[row["calendar"]])
            for row in csv.DictReader(lines)
            if row["sla_days"] != "0"
        }
    assert {one.type: (one.duration.amount, one.duration.unit) for one in rules.policies} == promised


def test_the_deadline_of_a_row_is_in_the_zone_of_the_rules() -> None:
    rules = read_rules(DAYS)
    due_at = rules.due_at(datetime.fromisoformat("2026-07-03T03:00:00+00:00"), "completion", "pohon")
    assert due_at.isoformat() == "2026-07-04T10:00:00+07:00"
