"""A file of rules: policies and the calendar by which they count, for deadlines without a database."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from lapor.sla.calendar import FIRST_YEAR, CalendarRow, SpecialHours, WorkCalendar, indonesia
from lapor.sla.clock import due_at
from lapor.sla.policy import SELECTORS, ClockKind, Facts, Policy, choose
from lapor.sla.policy_form import Form, PolicyError, policy_from_mapping

SECTIONS = ("common", "policy", "calendar")
ZONE = "Asia/Jakarta"
# Of the years up to here the calendar knows those whose collective leave has been decreed.
LAST_YEAR = 2100


class RulesError(ValueError):
    """A file of rules that cannot be used; the message is one line and names what to correct."""


@dataclass(frozen=True)
class Rules:
    """The policies of a file with their calendar."""

    policies: tuple[Policy, ...]
    calendar: WorkCalendar
    _fitting: dict[tuple[str, str | None], list[Policy]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def only_clock(self) -> ClockKind:
        """The kind of clock that the file is about; `response` when it is about several."""
        kinds = {policy.clock for policy in self.policies}
        return kinds.pop() if len(kinds) == 1 else "response"

    def due_at(self, start: datetime, clock: ClockKind, kind: str | None = None) -> datetime:
        """The deadline, in the calendar's zone, of what started at `start`.

        `kind` is what a policy may name as its type or its category. Raises NoPolicy, CalendarMissing,
        ValueError for a start without a zone, OverflowError beyond the year 9999.
        """
        facts = Facts(type=kind, category=kind, zone=self.calendar.zone)
        if (clock, kind) not in self._fitting:
            fitting = [one for one in self.policies if one.clock == clock and one.fits(facts)]
            self._fitting[clock, kind] = fitting
        policy = choose(self._fitting[clock, kind], clock, facts, start)
        due = due_at(start, policy.duration, policy.counting, self.calendar)
        return due.astimezone(self.calendar.zone)


def read_rules(text: str, zone: ZoneInfo | None = None) -> Rules:
    """The rules that a TOML text describes; `zone` replaces the one that it names. Raises RulesError.

    `[[policy]]` is a policy as a region pack has it, except that `type` may list several, which get one
    policy each. `[common]` holds what is true of every policy that does not say otherwise. `[calendar]`
    says `timezone`, `opening`, `closing` and `years`, with `[[calendar.day]]` and `[[calendar.hours]]`.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise RulesError(f"this is not valid TOML: {wrong}") from wrong
    for section in document.keys() - set(SECTIONS):
        raise RulesError(f"{section} is unknown: there are [common], [[policy]] and [calendar]")
    policies = tuple(_policies(document))
    if not policies:
        raise RulesError("there is no [[policy]]")
    _refuse_contradictions(policies)
    return Rules(policies, _calendar(_table(document, "calendar"), zone))


def _table(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = document.get(name, {})
    if not isinstance(table, Mapping):
        raise RulesError(f"{name} is written as [{name}]")
    return table


def _tables(document: Mapping[str, Any], name: str, shown: str) -> list[Mapping[str, Any]]:
    tables = document.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, Mapping) for table in tables):
        raise RulesError(f"{shown} is written as [[{shown}]], once per row")
    return tables


def _policies(document: Mapping[str, Any]) -> Iterator[Policy]:
    common = _table(document, "common")
    for number, table in enumerate(_tables(document, "policy", "policy"), 1):
        written = {**common, **table}
        kinds = written.get("type")
        where = f"policy {number}" + (f" ({written['code']})" if "code" in written else "")
        if isinstance(kinds, list) and not kinds:
            raise RulesError(f"{where}: type names nothing")
        try:
            for kind in kinds if isinstance(kinds, list) else [kinds]:
                policy = policy_from_mapping({**written, "type": kind})
                yield replace(policy, code=f"{policy.code}, policy {number}")
        except PolicyError as wrong:
            raise RulesError(f"{where}: {wrong.field} {wrong.problem}") from wrong


def _refuse_contradictions(policies: tuple[Policy, ...]) -> None:
    known: dict[tuple[object, ...], Policy] = {}
    for policy in policies:
        key = (policy.clock, policy.valid_from, *(getattr(policy, name) for name in SELECTORS))
        if key in known:
            about = " ".join(str(part) for part in key if part is not None)
            raise RulesError(f"two policies are about the same: {about}")
        known[key] = policy


def _calendar(written: Mapping[str, Any], zone: ZoneInfo | None) -> WorkCalendar:
    try:
        form = Form(written, "calendar")
        named = form.take("timezone", str, ZONE)
        usual = WorkCalendar(ZoneInfo("UTC"), None)
        years = form.take("years", list, list(range(FIRST_YEAR, LAST_YEAR)))
        if not all(isinstance(year, int) for year in years):
            raise PolicyError("calendar", "years", "is a list of years such as [2026, 2027]")
        form.asked.update(("day", "hours"))
        calendar = indonesia(
            zone or form.made("timezone", lambda: _zone(named)),
            years,
            [_day(row) for row in _tables(written, "day", "calendar.day")],
            opening=form.take("opening", time, usual.opening),
            closing=form.take("closing", time, usual.closing),
            special_hours=tuple(_hours(row) for row in _tables(written, "hours", "calendar.hours")),
        )
        form.refuse_the_rest()
    except PolicyError as wrong:
        # The form speaks of policies; the field is one of the calendar.
        problem = wrong.problem.replace("of a policy", "of the calendar")
        raise RulesError(f"{wrong.policy}: {wrong.field} {problem}") from wrong
    if not calendar.opening < calendar.closing:
        raise RulesError("calendar: the offices close before they open")
    return calendar


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (LookupError, OSError, ValueError) as wrong:
        raise ValueError(f"{name!r} is no time zone such as Asia/Jakarta") from wrong


def _day(written: Mapping[str, Any]) -> CalendarRow:
    form = Form(written, "calendar.day")
    day = form.day("day") or form.missing("day")
    row = CalendarRow(day, form.flag("working", False), form.text("name") or "")
    form.refuse_the_rest()
    return row


def _hours(written: Mapping[str, Any]) -> SpecialHours:
    form = Form(written, "calendar.hours")
    form.text("name")
    hours = SpecialHours(
        first_day=form.day("valid_from"),
        last_day=form.day("valid_until"),
        opening=form.take("opening", time, time.min),
        closing=form.take("closing", time, time.max),
        weekday=form.take("weekday", int, 0) or None,
    )
    for key in ("opening", "closing"):
        form.required(key)
    form.refuse_the_rest()
    return hours
