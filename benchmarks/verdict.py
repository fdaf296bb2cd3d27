"""What ought to have fired and to have left, worked out in plain words, beside what the tables say did."""

from __future__ import annotations

import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
from ground import Ground

from lapor import database
from lapor.complaints import ledger
from lapor.complaints.escalating import AUDIENCES, IN_AGENCY, IN_OTHER_AGENCY
from lapor.sla.audit import audit
from lapor.sla.ladder import WARNINGS, ClockState, Firing, fire, time_of

Row = asyncpg.Record
# What the watchman may say here: nobody set up rules and holders for these complaints.
NOT_ABOUT_CLOCKS = frozenset({"category_unrouted", "office_vacant"})

_EVENT_KINDS = {
    "notify": "rung_notify",
    "remind": "rung_remind",
    "escalate": "rung_escalate",
    "close": "closed",
}
# Events that the reporter is told of, each in a message of its own.
_TOLD_REPORTER = ("answered", "promised", "asked")


@dataclass
class Verdict:
    """Counts of what was compared, and of everything that is not as it should be, with one example of each."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def blame(self, what: str, about: object) -> None:
        """Count one thing that is wrong."""
        self.wrong[what] += 1
        self.examples.setdefault(what, str(about))


async def judge(on: Ground, until: datetime) -> Verdict:
    """Compare everything that was due before `until`; all that fired later must still not have fired early."""
    verdict = Verdict()
    owner = await asyncpg.connect(on.settings.owner_database_url)
    try:
        record = await _Record.read(owner)
        await _reporters(verdict, owner)
    finally:
        await owner.close()
    for clock in record.clocks:
        _clock(verdict, record, clock, until)
    _events(verdict, record)
    _messages(verdict, record, until)
    await _chains(verdict, on)
    return verdict


@dataclass
class _Record:
    """The tables as they stand at one moment."""

    clocks: list[Row]
    rungs: dict[int, list[Row]]
    fired: dict[tuple[int, int], list[Row]]
    events: dict[tuple[int, str, int, str], list[Row]]
    messages: dict[tuple[int, int, int | None], list[Row]]
    offices: list[Row]
    agencies: dict[int, int]
    transfers: dict[int, int]

    @classmethod
    async def read(cls, owner: asyncpg.Connection) -> _Record:
        async with owner.transaction(isolation="repeatable_read", readonly=True):
            record = cls(
                await owner.fetch("SELECT * FROM clock ORDER BY id"),
                _by(await owner.fetch("SELECT * FROM policy_rung ORDER BY policy, number"), "policy"),
                _by(await owner.fetch("SELECT * FROM escalation ORDER BY id"), "clock", "rung"),
                defaultdict(list),
                _by(
                    await owner.fetch("SELECT * FROM message WHERE clock IS NOT NULL ORDER BY id"),
                    "clock",
                    "rung",
                    "office",
                ),
                await owner.fetch("SELECT id, agency, role FROM office WHERE active ORDER BY id"),
                {row["id"]: row["region"] for row in await owner.fetch("SELECT id, region FROM agency")},
                {
                    row["id"]: row["to_agency"]
                    for row in await owner.fetch("SELECT id, to_agency FROM transfer")
                },
            )
            for event in await owner.fetch(
                "SELECT complaint, kind, agency, facts FROM event WHERE kind LIKE 'rung_%' OR kind = 'closed'"
            ):
                facts = json.loads(event["facts"])
                record.events[event["complaint"], facts["clock"], facts["rung"], facts["due"]].append(event)
        return record

    def told(self, clock: Row, firing: Row) -> list[Row]:
        """The events that tell of one firing."""
        due = firing["due_at"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return self.events.get((clock["complaint"], clock["kind"], firing["rung"], due), [])

    def listeners(self, clock: Row, firing: Row, agency: int) -> Iterator[int | None]:
        """The offices that have to hear of a firing, None for the reporter; `agency` was responsible then."""
        rungs = self.rungs[clock["policy"]]
        for code in rungs[min(firing["rung"], len(rungs) - 1)]["audience"]:
            if code == "reporter":
                yield None
            for office in self.offices:
                if office["role"] not in AUDIENCES.get(code, ()):
                    continue
                if code in IN_OTHER_AGENCY:
                    near = office["agency"] == self.transfers.get(clock["subject"])
                elif code in IN_AGENCY:
                    near = office["agency"] == agency
                else:
                    near = self.agencies[office["agency"]] == self.agencies[agency]
                if near:
                    yield office["id"]


def _by(rows: list[Row], *columns: str) -> dict[Any, list[Row]]:
    grouped: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row[columns[0]] if len(columns) == 1 else tuple(row[name] for name in columns)].append(row)
    return grouped


def _clock(verdict: Verdict, record: _Record, clock: Row, until: datetime) -> None:
    rungs = record.rungs[clock["policy"]]
    state = ClockState(
        due_at=clock["due_at"],
        times=tuple(clock["rung_times"]),
        steps=tuple(rung["step"] for rung in rungs),
        repeat_every=clock["repeat_every"],
        met_at=clock["met_at"],
    )
    verdict.counts["clocks"] += 1
    verdict.counts["clocks met"] += clock["met_at"] is not None
    if clock["trouble"]:
        verdict.blame("clock set aside", dict(clock))
    if clock["next_at"] and clock["next_at"] < until:
        verdict.blame("clock left behind", dict(clock))
    expected = fire(state, until)
    for firing in expected:
        rows = record.fired.get((clock["id"], firing.number), [])
        verdict.counts["rungs expected"] += 1
        verdict.counts[f"rungs expected: {firing.step}"] += 1
        if not rows:
            verdict.blame("rung missing", (firing, dict(clock)))
        for row in rows:
            _rung(verdict, state, clock, firing, row)
    _beyond(verdict, record, state, clock, {firing.number for firing in expected}, until)


def _rung(verdict: Verdict, state: ClockState, clock: Row, firing: Firing, row: Row) -> None:
    """One rung that fired, beside what was known at that moment."""
    if (row["step"], row["due_at"], row["complaint"]) != (firing.step, firing.due_at, clock["complaint"]):
        verdict.blame("rung is another one", (firing, dict(row)))
    met_before = state.met_at is not None and state.met_at < row["fired_at"]
    following = time_of(state.times, state.repeat_every, firing.number + 1)
    overtaken = met_before or (following is not None and following < row["fired_at"])
    late = met_before and state.met_at is not None and state.met_at > state.due_at
    # An answer given in the instant of the firing may have been seen by it or not.
    crossed = state.met_at is not None and not met_before
    verdict.counts["answered after its time, fired all the same"] += bool(late and firing.step == "escalate")
    if row["skipped"] != (firing.step in WARNINGS and overtaken) and not (
        crossed and firing.step in WARNINGS
    ):
        verdict.blame("rung skipped wrongly", (firing, dict(row), state.met_at))
    if row["answered_late"] != late and not crossed:
        verdict.blame("rung told wrongly as answered late", (firing, dict(row), state.met_at))


def _beyond(
    verdict: Verdict, record: _Record, state: ClockState, clock: Row, expected: set[int], until: datetime
) -> None:
    """What fired besides, and whether the clock stands where its firings leave it."""
    number = 0
    while rows := record.fired.get((clock["id"], number)):
        verdict.counts["rungs fired"] += 1
        if len(rows) > 1:
            verdict.blame("rung fired twice", [dict(row) for row in rows])
        if rows[0]["fired_at"] <= rows[0]["due_at"]:
            verdict.blame("rung fired early", dict(rows[0]))
        if number not in expected and rows[0]["due_at"] < until:
            verdict.blame("rung fired after the answer was in time", (dict(rows[0]), dict(clock)))
        number += 1
    if clock["rung"] != number:
        verdict.blame("clock stands at another rung", dict(clock))
    following = time_of(state.times, state.repeat_every, number)
    ended = state.met_at is not None and (following is None or following >= state.met_at)
    if not ended and clock["next_at"] != following:
        verdict.blame("clock waits for another moment", dict(clock))


def _events(verdict: Verdict, record: _Record) -> None:
    """Every firing is told once, in the chain of its complaint."""
    verdict.counts["events of rungs"] = sum(map(len, record.events.values()))
    verdict.counts["firings"] = sum(map(len, record.fired.values()))
    if verdict.counts["events of rungs"] != verdict.counts["firings"]:
        verdict.blame("firings and events differ in number", verdict.counts)
    for clock in record.clocks:
        for number in range(clock["rung"]):
            for firing in record.fired.get((clock["id"], number), []):
                told = record.told(clock, firing)
                kind = "rung_skipped" if firing["skipped"] else _EVENT_KINDS[firing["step"]]
                if [event["kind"] for event in told] != [kind]:
                    verdict.blame("firing is not told once", (dict(firing), [dict(event) for event in told]))


def _messages(verdict: Verdict, record: _Record, until: datetime) -> None:
    """Every office that has to hear of a firing has its message, once, and it has left; nobody else has one."""
    expected = {
        (clock["id"], firing["rung"], office)
        for clock in record.clocks
        for number in range(clock["rung"])
        for firing in record.fired.get((clock["id"], number), [])
        if not firing["skipped"] and (told := record.told(clock, firing))
        for office in record.listeners(clock, firing, told[0]["agency"])
    }
    verdict.counts["messages of rungs"] = len(expected)
    for key in expected - record.messages.keys():
        verdict.blame("message lost", key)
    for key in record.messages.keys() - expected:
        verdict.blame("message that nobody expects", key)
    sent = {row["id"] for rows in record.messages.values() for row in rows if row["state"] == "sent"}
    for rows in record.messages.values():
        if len(rows) > 1:
            verdict.blame("message written twice", [dict(row) for row in rows])
        for row in rows:
            verdict.counts[f"messages of rungs: {row['state']}"] += 1
            # What was gathered into one letter has left with it.
            left = row["state"] == "sent" or (row["state"] == "bundled" and row["bundle"] in sent)
            if not left and row["created_at"] <= until:
                verdict.blame("message has not left", dict(row))


async def _reporters(verdict: Verdict, owner: asyncpg.Connection) -> None:
    for kind in _TOLD_REPORTER:
        acts = await owner.fetchval("SELECT count(*) FROM event WHERE kind = $1", kind)
        told = await owner.fetchval("SELECT count(*) FROM message WHERE kind = $1 AND office IS NULL", kind)
        verdict.counts[f"events: {kind}"] = acts
        if acts != told:
            verdict.blame("reporter was not told", (kind, acts, told))


async def _chains(verdict: Verdict, on: Ground) -> None:
    """The watchman's own view, and the export as somebody without the database verifies it."""
    await database.close_pool()
    database.configure(on.settings.worker_database_url)
    await database.open_pool(2)
    for finding in await audit(whole=True):
        if finding.code not in NOT_ABOUT_CLOCKS:
            verdict.blame(f"audit: {finding.code}", (finding.count, finding.sentence))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.jsonl"
        exported = await ledger.export(path)
        verified = ledger.verify(path, exported.root)
    verdict.counts["events verified"] = verified.events
    verdict.counts["chains verified"] = verified.complaints
