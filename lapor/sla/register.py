"""The policies and the calendars of every region, as read from their registers."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any

from lapor import database
from lapor.registers import Copy, zone_of
from lapor.sla.calendar import CalendarMissing, CalendarRow, SpecialHours, WorkCalendar, indonesia
from lapor.sla.clock import Duration
from lapor.sla.policy import (
    ClockKind,
    Facts,
    Opened,
    Policy,
    choose,
    half,
    lasting,
    open_clock,
)
from lapor.sla.policy_form import policy_from_mapping


@dataclass(frozen=True)
class Schedule:
    """Everything that is needed to say when something is due."""

    policies: tuple[Policy, ...]
    calendars: Mapping[str, WorkCalendar]
    unreadable_policies: tuple[str, ...] = ()

    def calendar(self, region: str) -> WorkCalendar:
        """Return the calendar of a region, or of the nearest region above that has one."""
        code = region
        while code:
            if code in self.calendars:
                return self.calendars[code]
            code = code.rpartition(".")[0]
        raise LookupError(
            f"no calendar is loaded for region {region}: add its years in the register of calendars"
        )

    def open(
        self,
        clock: ClockKind,
        facts: Facts,
        at: datetime,
        *,
        due: datetime | None = None,
        days: int | None = None,
        halved: bool = False,
    ) -> Opened:
        """Return the frozen deadline and ladder of a clock that starts at `at`.

        `due` replaces the length by a date that somebody named, `days` by working days of a category,
        `halved` halves it. Where it runs into a year without a calendar only weekends are left out there:
        the deadline comes out early rather than late, no complaint is refused, and the audit names the
        year. Raises NoPolicy, or LookupError when the region has no calendar at all.
        """
        policy = choose(self.policies, clock, facts, at)
        if days is not None:
            policy = lasting(policy, Duration(days, "working_days"))
        if halved:
            policy = half(policy)
        calendar = self.calendar(facts.region or "")
        try:
            return open_clock(policy, at, calendar, due)
        except CalendarMissing:
            return open_clock(policy, at, replace(calendar, years=None), due)


async def _load() -> Schedule:
    rungs: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in await database.fetch("SELECT * FROM policy_rung ORDER BY policy, number"):
        rungs[row["policy"]].append(
            {
                "step": row["step"],
                "base": row["base"],
                "offset_minutes": row["offset_minutes"],
                "audience": row["audience"],
                "placement": row["placement"],
                "repeat_minutes": row["repeat_minutes"],
            }
        )
    policies: list[Policy] = []
    unreadable: list[str] = []
    for row in await database.fetch("SELECT * FROM policy ORDER BY id"):
        try:
            policies.append(policy_from_mapping({**dict(row), "rung": rungs[row["id"]]}))
        except ValueError:
            # One bad row must not stop filing: the audit names it, and the next policy that fits counts.
            unreadable.append(row["code"])
    return Schedule(tuple(policies), await _calendars(), tuple(unreadable))


async def _calendars() -> dict[str, WorkCalendar]:
    years: dict[str, set[int]] = defaultdict(set)
    zones: dict[str, str] = {}
    for row in await database.fetch(
        "SELECT r.code, r.timezone, y.year FROM calendar_year y JOIN region r ON r.id = y.region"
    ):
        years[row["code"]].add(row["year"])
        zones[row["code"]] = row["timezone"]
    days: dict[str, list[CalendarRow]] = defaultdict(list)
    for row in await database.fetch(
        "SELECT r.code, d.day, d.working, d.name FROM calendar_day d JOIN region r ON r.id = d.region"
    ):
        days[row["code"]].append(CalendarRow(row["day"], row["working"], row["name"]))
    usual: dict[str, tuple[time, time]] = {}
    special: dict[str, list[SpecialHours]] = defaultdict(list)
    for row in await database.fetch(
        "SELECT r.code, h.* FROM office_hours h JOIN region r ON r.id = h.region ORDER BY h.id"
    ):
        if row["weekday"] is None and row["valid_from"] is None and row["valid_until"] is None:
            usual[row["code"]] = (row["opening"], row["closing"])
        else:
            special[row["code"]].append(
                SpecialHours(
                    opening=row["opening"],
                    closing=row["closing"],
                    first_day=row["valid_from"],
                    last_day=row["valid_until"],
                    weekday=row["weekday"],
                )
            )
    return {
        code: indonesia(
            zone_of(zones[code]),
            years[code],
            days[code],
            opening=usual.get(code, (time(7, 30), time(16, 0)))[0],
            closing=usual.get(code, (time(7, 30), time(16, 0)))[1],
            special_hours=tuple(special[code]),
        )
        for code in years
    }


SCHEDULE: Copy[Schedule] = Copy(_load)

__all__ = ["SCHEDULE", "Facts", "Opened", "Schedule"]
