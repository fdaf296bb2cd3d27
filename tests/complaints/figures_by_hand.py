"""The figures once more, in plain Python from raw rows: written from the words of the definitions, not from the SQL."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.ground import World

ANSWERING = ("answered", "promised", "rejected", "referred")
Row = Mapping[str, Any]


class Raw:
    """Everything that was recorded, per complaint."""

    def __init__(self, tables: dict[str, list[Row]], at: datetime) -> None:
        self.tables, self.at = tables, at
        self.agencies = {row["code"]: row["id"] for row in tables["agency"]}
        self.claims = {row["id"]: row["requested_by"] for row in tables["approval"]}

    @classmethod
    async def read(cls, world: World) -> Raw:
        names = ("complaint", "event", "clock", "statement", "rating", "approval", "agency")
        tables = {name: [dict(row) for row in await world.fetch(f"SELECT * FROM {name}")] for name in names}
        return cls(tables, await world.now())

    def of(self, table: str, complaint: int, **wanted: Any) -> list[Row]:
        return sorted(
            (
                row
                for row in self.tables[table]
                if row["complaint"] == complaint and all(row[name] == value for name, value in wanted.items())
            ),
            key=lambda row: row.get("seq", row["id"]),
        )

    def person(self, event: Row) -> int:
        if event["kind"] in ("completed", "rejected", "referred"):
            return self.claims[json.loads(event["facts"])["approval"]]
        return int(event["actor"].split(":")[1]) if event["actor"].startswith("officer:") else 0


Fact = tuple[int, int, str, float]


def facts(raw: Raw, one: Row) -> list[Fact]:
    """(agency, person, what, how much) of one complaint."""
    events = raw.of("event", one["id"])
    return [
        *_responses(raw, one),
        *_kept(raw, one),
        *_spoken(raw, one, events),
        *_turns(raw, one, events),
        *_replies(raw, one),
        *_ratings(raw, one),
    ]


def _last(
    raw: Raw, one: Row, kinds: tuple[str, ...], at: datetime | None, before: int = 10**9
) -> tuple[int, int]:
    """Agency and person of the last event of these kinds until a moment; whoever has the complaint otherwise."""
    if at is not None:
        for event in reversed(raw.of("event", one["id"])):
            if event["kind"] in kinds and event["occurred_at"] <= at and event["seq"] < before:
                return event["agency"], raw.person(event)
    return one["owner_agency"], 0


def _responses(raw: Raw, one: Row) -> Iterator[Fact]:
    late_now = False
    for clock in raw.of("clock", one["id"], kind="response"):
        who = _last(raw, one, ANSWERING, clock["met_at"])
        met, due = clock["met_at"], clock["due_at"]
        late_now = late_now or (met is None and due < raw.at)
        if met and met > due:
            yield (*who, "answered_late", 1)
        if clock["cycle"] == 1:
            yield from ((*who, what, amount) for what, amount in _first(clock, raw.at))
    if late_now:
        yield (one["owner_agency"], 0, "overdue", 1)


def _first(clock: Row, at: datetime) -> Iterator[tuple[str, float]]:
    met = clock["met_at"]
    seconds = ((met or at) - clock["started_at"]).total_seconds()
    yield "reports", 1
    if met:
        yield "answered", 1
        days = math.ceil(seconds / 86400)
        yield "hours", days * 24 if seconds > 96 * 3600 else max(math.ceil(seconds / 3600), 1)
    elif clock["due_at"] < at:
        yield "hours", math.inf
    for hours in (24, 48):
        if met or seconds > hours * 3600:
            yield f"known_{hours}", 1
        if met and seconds <= hours * 3600:
            yield f"within_{hours}", 1


def _kept(raw: Raw, one: Row) -> Iterator[Fact]:
    said = {row["id"]: row for row in raw.of("statement", one["id"])}
    for clock in raw.of("clock", one["id"]):
        met, due, kind = clock["met_at"], clock["due_at"], clock["kind"]
        if kind not in ("promise", "completion") or not (met or due < raw.at):
            continue
        if kind == "promise":
            who = (said[clock["subject"]]["agency"], said[clock["subject"]]["person"])
        else:
            who = _last(raw, one, ("completed", "rejected", "referred"), met)
        yield (*who, kind, 1)
        yield (*who, f"{kind}_kept", int(met is not None and met <= due))


def _spoken(raw: Raw, one: Row, events: list[Row]) -> Iterator[Fact]:
    for event in events:
        if event["kind"] in ("disputed", "reopened"):
            _, person = _last(raw, one, ANSWERING, event["occurred_at"], event["seq"])
            yield (event["agency"], person, event["kind"], 1)
        if event["kind"] == "paused":
            yield (event["agency"], raw.person(event), "paused", 1)


def _replies(raw: Raw, one: Row) -> Iterator[Fact]:
    for said in raw.of("statement", one["id"]):
        if said["kind"] not in ("final", "interim") or not said["to_reporter"]:
            continue
        same = sum(
            other["fingerprint"] == said["fingerprint"]
            and other["agency"] == said["agency"]
            and other["to_reporter"]
            and other["complaint"] != one["id"]
            and other["made_at"] < said["made_at"]
            for other in raw.tables["statement"]
        )
        yield (said["agency"], said["person"], "replies", 1)
        yield (said["agency"], said["person"], "same_words", int(same >= 5))


def _ratings(raw: Raw, one: Row) -> Iterator[Fact]:
    for rating in raw.of("rating", one["id"]):
        who = _last(raw, one, (*ANSWERING, "completed"), rating["rated_at"])
        yield (*who, "ratings", 1)
        yield (*who, "stars", rating["stars"])


def _turns(raw: Raw, one: Row, events: list[Row]) -> list[Fact]:
    found: list[Fact] = []
    answers = [event for event in events if event["kind"] in ANSWERING]
    orders = [
        (event, json.loads(event["facts"]))
        for event in events
        if event["kind"] in ("routed", "triaged", "transfer_taken", "ruled")
        and "agency" in json.loads(event["facts"])
    ]
    answered = min((answer["occurred_at"] for answer in answers), default=None)
    for number, (event, said) in enumerate(orders):
        since = event["occurred_at"] if number else min(one["filed_at"], event["occurred_at"])
        ends = [end for end in (answered, *[o["occurred_at"] for o, _ in orders[number + 1 :][:1]]) if end]
        if ends and min(ends) > since:
            held = math.floor((min(ends) - since).total_seconds())
            found += [
                (raw.agencies[said["agency"]], 0, "turns", 1),
                (raw.agencies[said["agency"]], 0, "held", held),
            ]
        if event["kind"] in ("transfer_taken", "ruled") and said["from"] != said["agency"]:
            found.append((raw.agencies[said["from"]], 0, "handed_on", 1))
    return found


def by_hand(raw: Raw, group: Callable[[Row, int, int], str | None]) -> dict[str, dict[str, float | None]]:
    """Every figure of every group; `group` names it from complaint, agency and person, None leaves a fact out."""
    sums: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    hours: dict[str, list[float]] = defaultdict(list)
    for one in raw.tables["complaint"]:
        if one["trial"]:
            continue
        for agency, person, what, amount in facts(raw, one):
            key = group(one, agency, person)
            if key is None:
                continue
            if what == "hours":
                hours[key].append(amount)
            else:
                sums[key][what] += amount
    return {key: _figures(made, sorted(hours[key])) for key, made in sums.items()}


def _figures(s: Mapping[str, float], hours: list[float]) -> dict[str, float | None]:
    def share(top: str, base: str, unit: float = 1) -> float | None:
        return s[top] / s[base] / unit if s[base] else None

    def part(of: float) -> float | None:
        return hours[math.ceil(of * len(hours)) - 1] if hours else None

    return {
        "reports": s["reports"],
        "median": part(0.5),
        "p90": part(0.9),
        "within_24": share("within_24", "known_24"),
        "within_48": share("within_48", "known_48"),
        "overdue": s["overdue"],
        "answered_late": s["answered_late"],
        "promises_kept": share("promise_kept", "promise"),
        "completed": share("completion_kept", "completion"),
        "disputed": share("disputed", "answered"),
        "reopened": share("reopened", "answered"),
        "handed_on": s["handed_on"],
        "held": share("held", "turns", 3600),
        "paused": share("paused", "reports"),
        "same_words": share("same_words", "replies"),
        "rating": share("stars", "ratings"),
    }


def month_of(one: Row, zone: str = "Asia/Jakarta") -> str:
    """The month of receipt, in the region's time."""
    return f"{one['filed_at'].astimezone(ZoneInfo(zone)):%Y-%m}-01"


def hidden(one: Row) -> bool:
    """Whether nobody is told what it is about."""
    return bool(one["confidential"] or one["protected"] or one["about_official"])
