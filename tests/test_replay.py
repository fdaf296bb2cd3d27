"""Replaying history: what was late then is escalated now, once, and the kept database agrees with plain SQL."""

from __future__ import annotations

import csv
import json
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg
import pytest

from lapor import database
from lapor.complaints.counting import count_all
from lapor.complaints.ledger import export, verify
from lapor.complaints.queries.figures import Period, Scope, figures
from lapor.database import ROLES
from lapor.replay import HistoryError, Report, read, replay, report
from lapor.replay.setting import Setting, prepare
from tests.ground import EMPTY, Ground, World
from tests.test_cli import lapor

REAL = Path(__file__).parents[2] / "shared" / "data" / "surabaya" / "complaints_dev.csv"
BEGIN = datetime(2022, 3, 1, 1, 0, tzinfo=UTC)
UNTIL = datetime(2022, 3, 20, tzinfo=UTC)
LIMIT = timedelta(hours=48)
SECOND = timedelta(seconds=1)
COLUMNS = (
    *("id", "created_at", "responded_at", "text", "address", "kecamatan", "kelurahan", "kecamatan_code"),
    *("kelurahan_code", "topic", "agency", "agency_level"),
)
AGENCIES = ("Dinas Lampu Contoh", "Dinas Jalan Contoh", "Kecamatan Contoh")
# How long after the complaint its answer came; None is no answer at all.
DELAYS: tuple[timedelta | None, ...] = (
    *[LIMIT] * 4,
    *[LIMIT + SECOND] * 3,
    *[LIMIT - SECOND] * 3,
    *[timedelta(hours=-5)] * 2,
    *[None] * 6,
    *[timedelta(0)] * 2,
    *[timedelta(hours=5 * number) for number in range(1, 15)],
    *[timedelta(days=5), timedelta(days=9), timedelta(days=30), timedelta(minutes=1)],
)


@dataclass(frozen=True)
class Past:
    """One complaint as the file tells it."""

    filed_at: datetime
    delay: timedelta | None
    agency: str

    @property
    def answered_at(self) -> datetime | None:
        """When it was answered before the end of the history, never before it was filed."""
        at = None if self.delay is None else self.filed_at + max(self.delay, timedelta(0))
        return at if at and at < UNTIL else None

    @property
    def late(self) -> bool:
        """Whether nobody had answered when the 48 hours were over."""
        return (self.answered_at or UNTIL) > self.filed_at + LIMIT


def _past() -> list[Past]:
    """Groups of complaints at one moment, so that several fall due together."""
    return [
        Past(BEGIN + timedelta(hours=number // 6, minutes=17 * (number // 6)), delay, AGENCIES[number % 3])
        for number, delay in enumerate(DELAYS)
    ]


def _write(path: Path, past: Sequence[Past]) -> Path:
    with path.open("w", newline="") as file:
        rows = csv.DictWriter(file, COLUMNS)
        rows.writeheader()
        for number, one in enumerate(past):
            answered = "" if one.delay is None else (one.filed_at + one.delay).isoformat()
            rows.writerow(
                {
                    "id": f"{number:03}",
                    "created_at": one.filed_at.isoformat().replace("+00:00", "Z"),
                    "responded_at": answered,
                    "text": f"Lampu nomor {number} mati, mohon diperbaiki",
                    "address": "Jalan Contoh",
                    "kecamatan": "Genteng",
                    "kelurahan": "Ketabang" if number % 2 else "",
                    "kecamatan_code": "35.78.07",
                    "kelurahan_code": "35.78.07.1003" if number % 2 else "",
                    "topic": "Lampu jalan" if number % 4 else "Jalan berlubang",
                    "agency": one.agency,
                    "agency_level": "kecamatan" if one.agency.startswith("Kecamatan") else "opd",
                }
            )
    return path


@asynccontextmanager
async def _replayed(
    ground: Ground,
    file: Path,
    until: datetime,
    *,
    first: int | None = None,
    response_hours: int = 48,
    **options: Any,
) -> AsyncIterator[tuple[World, Report]]:
    async with ground.world(EMPTY) as world:
        await database.close_pool()
        setting = Setting(read(file, until)[:first], "Asia/Jakarta", response_hours)
        people = await prepare(world.settings.owner_database_url, setting)
        database.configure(world.settings.database_url)
        await database.open_pool(2)
        await replay(setting, people, until, **options)
        yield world, await report(until)


_ESCALATED = """
SELECT c.id - (SELECT min(id) FROM complaint) AS number, array_agg(e.due_at - c.filed_at ORDER BY e.rung) AS after
FROM complaint c JOIN clock k ON k.complaint = c.id AND k.kind = 'response'
JOIN escalation e ON e.clock = k.id AND e.step = 'escalate' GROUP BY c.id ORDER BY c.id"""
# Everything that a replay counts, counted once more from the oldest facts: when it was filed and when answered.
_PLAIN = """
SELECT count(*) AS complaints, count(at) AS answered,
       count(*) FILTER (WHERE at <= filed_at + interval '48 hours') AS on_time,
       count(*) FILTER (WHERE coalesce(at, $1) > filed_at + interval '48 hours') AS late,
       count(*) FILTER (WHERE at IS NULL) AS open
FROM complaint LEFT JOIN (SELECT complaint, min(made_at) AS at FROM statement WHERE kind = 'final' GROUP BY 1) s
  ON s.complaint = complaint.id"""
_TWICE = "SELECT count(*) - count(DISTINCT (clock, rung)) FROM escalation"


async def test_a_replay_escalates_exactly_what_had_no_answer_after_48_hours(
    ground: Ground, tmp_path: Path
) -> None:
    past = _past()
    file = _write(tmp_path / "history.csv", past)
    async with _replayed(ground, file, UNTIL) as (world, told):
        total = told.total
        assert (total.complaints, total.escalated) == (len(past), sum(one.late for one in past))
        assert total.answered == sum(one.answered_at is not None for one in past)
        assert total.open == total.complaints - total.answered
        assert total.on_time == total.complaints - total.escalated
        assert total.double_escalations == 0
        waited = [(one.answered_at - one.filed_at).total_seconds() for one in past if one.answered_at]
        assert total.first_response_median == pytest.approx(median(waited))
        assert {name: figures.complaints for name, figures in told.agencies.items()} == {
            name: sum(one.agency == name for one in past) for name in AGENCIES
        }
        assert sum(figures.escalated for figures in told.agencies.values()) == total.escalated
        plain = await world.fetch(_PLAIN, UNTIL)
        assert dict(plain[0]) == {
            "complaints": total.complaints,
            "answered": total.answered,
            "on_time": total.on_time,
            "late": total.escalated,
            "open": total.open,
        }
        assert await world.fetchval(_TWICE) == 0
        fired = {row["number"]: row["after"] for row in await world.fetch(_ESCALATED)}
        assert sorted(fired) == [number for number, one in enumerate(past) if one.late]
        assert {after[0] for after in fired.values()} == {LIMIT}


async def test_a_replay_with_the_worker_stopped_for_hours_escalates_the_same(
    ground: Ground, tmp_path: Path
) -> None:
    file = _write(tmp_path / "history.csv", _past())
    async with _replayed(ground, file, UNTIL) as (world, _):
        usual = [tuple(row) for row in await world.fetch(_ESCALATED)]
    stops = [
        (BEGIN + timedelta(hours=40), BEGIN + timedelta(hours=60)),
        (BEGIN + timedelta(hours=50), BEGIN + timedelta(days=5)),
        (UNTIL - timedelta(hours=7), UNTIL + timedelta(days=1)),
    ]
    async with _replayed(ground, file, UNTIL, worker_stopped=stops) as (world, told):
        assert [tuple(row) for row in await world.fetch(_ESCALATED)] == usual
        assert told.total.double_escalations == 0
        for begins, ends in stops:
            stopped = await world.fetchval(
                "SELECT count(*) FROM escalation WHERE fired_at >= $1 AND fired_at < $2",
                begins,
                min(ends, UNTIL),
            )
            assert stopped == 0
        answered_late = await world.fetchval(
            "SELECT count(*) FROM escalation WHERE answered_late AND step = 'escalate'"
        )
        assert answered_late > 0


async def test_the_kept_ledger_verifies_without_a_database(ground: Ground, tmp_path: Path) -> None:
    file = _write(tmp_path / "history.csv", _past()[:8])
    async with _replayed(ground, file, UNTIL):
        await export(tmp_path / "ledger.jsonl")
    assert verify(tmp_path / "ledger.jsonl").complaints == 8


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("id,text\n1,a\n", "the columns created_at, responded_at"),
        ("", "are missing"),
        (",".join(COLUMNS) + "\n1,yesterday,,a,,,,,,t,Dinas\n", "row 2: "),
        (",".join(COLUMNS) + "\n1,,,a,,,,,,t,Dinas\n", "row 2: created_at is empty"),
        (",".join(COLUMNS) + "\n1,2022-01-01T00:00:00Z,,a,,,,3578,,t,Dinas\n", "row 2: '3578' is not a code"),
        (",".join(COLUMNS) + "\n1,2022-01-01T00:00:00Z,,a\n", "row 2: agency is empty"),
    ],
)
def test_a_file_that_cannot_be_replayed_is_refused_with_its_row(
    tmp_path: Path, content: str, reason: str
) -> None:
    file = tmp_path / "broken.csv"
    file.write_text(content)
    with pytest.raises(HistoryError, match=reason.replace("(", r"\(")):
        read(file, UNTIL)


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "latin.csv"
    file.write_bytes(",".join(COLUMNS).encode() + b"\n1,2022-01-01T00:00:00Z,,caf\xe9,,,,,,t,Dinas\n")
    with pytest.raises(HistoryError, match="UTF-8"):
        read(file, UNTIL)


@asynccontextmanager
async def _owner(ground: Ground, *, may_create: bool) -> AsyncIterator[str]:
    """The address of a role like lapor_owner, which may or may not make databases."""
    name, password = f"owner_{secrets.token_hex(4)}", secrets.token_hex(16)
    admin = await asyncpg.connect(ground.servers.admin_url())
    try:
        await admin.execute(
            f"CREATE ROLE {name} LOGIN {'CREATEDB' if may_create else ''} PASSWORD '{password}'"
        )
        for role in ROLES:
            await admin.execute(f"GRANT lapor_{role} TO {name}")
        yield ground.servers.url(name, password, "postgres")
        for left in await admin.fetch(
            "SELECT datname FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE r.rolname = $1", name
        ):
            await admin.execute(f"DROP DATABASE {left[0]} WITH (FORCE)")
        await admin.execute(f"DROP ROLE {name}")
    finally:
        await admin.close()


async def _databases(ground: Ground) -> set[str]:
    admin = await asyncpg.connect(ground.servers.admin_url())
    try:
        return {row["datname"] for row in await admin.fetch("SELECT datname FROM pg_database")}
    finally:
        await admin.close()


async def test_the_command_prints_one_object_and_leaves_nothing_where_an_owner_is_named(
    ground: Ground, tmp_path: Path
) -> None:
    past = _past()[:12]
    file = _write(tmp_path / "history.csv", past)
    words = ("replay", str(file), "--until", UNTIL.isoformat())
    async with _owner(ground, may_create=True) as url:
        environ = {"LAPOR_OWNER_DATABASE_URL": url, "LAPOR_HOME": str(tmp_path / "unused")}
        before = await _databases(ground)
        said = await lapor(environ, *words, "--json")
        assert said.code == 0, said.err
        told = json.loads(said.out)
        assert told["complaints"] == len(past)
        assert told["escalated"] == sum(one.late for one in past)
        assert told["double_escalations"] == 0
        assert {"answered", "on_time", "open", "first_response_median", "first_response_90th"} <= told.keys()
        assert set(told["agencies"]) == set(AGENCIES)
        assert [line.split(" %")[0] for line in said.err.splitlines()][-2:-1] == ["100"]
        assert await _databases(ground) == before
        name = f"kept_{secrets.token_hex(4)}"
        kept = await lapor(environ, *words, "--keep", name)
        assert kept.code == 0, kept.err
        assert "complaints" in kept.out
        assert await _databases(ground) == before | {name}
        again = await lapor(environ, *words, "--keep", name)
        assert again.code == 1
        assert "choose another name" in again.complaint
        assert not (tmp_path / "unused").exists()


async def test_an_owner_who_may_not_make_databases_is_told_so_in_one_line(
    ground: Ground, tmp_path: Path
) -> None:
    file = _write(tmp_path / "history.csv", _past()[:2])
    async with _owner(ground, may_create=False) as url:
        said = await lapor(
            {"LAPOR_OWNER_DATABASE_URL": url}, "replay", str(file), "--until", UNTIL.isoformat()
        )
    assert said.code == 1
    assert "may not create databases" in said.complaint


@pytest.mark.parametrize("hours", [24, 72])
async def test_a_replay_with_another_length_escalates_what_had_no_answer_in_that_time(
    ground: Ground, tmp_path: Path, hours: int
) -> None:
    past = _past()
    limit = timedelta(hours=hours)
    file = _write(tmp_path / "history.csv", past)
    async with _replayed(ground, file, UNTIL, response_hours=hours) as (world, told):
        late = sum((one.answered_at or UNTIL) > one.filed_at + limit for one in past)
        assert late != sum(one.late for one in past)
        assert told.total.escalated == late
        assert {row["after"][0] for row in await world.fetch(_ESCALATED)} == {limit}


async def test_the_first_real_complaints_are_escalated_as_their_times_say(ground: Ground) -> None:
    if not REAL.exists():
        pytest.skip("shared/data is not here")
    until = datetime(2022, 2, 1, tzinfo=UTC)
    records = read(REAL, until)[:300]
    late = sum((one.answered_at or until) > one.filed_at + LIMIT for one in records)
    async with _replayed(ground, REAL, until, first=300) as (world, told):
        assert (told.total.complaints, told.total.escalated) == (300, late)
        assert told.total.double_escalations == 0
        plain = await world.fetch(_PLAIN, until)
        assert plain[0]["late"] == late


# What a desk shows of each agency, counted once more from receipts and answers alone. Hours are begun hours, from the
# fifth day on begun days; what is late and unanswered took longer than anything; what is not due yet took nothing.
_BY_AGENCY = """
WITH hours AS (
  SELECT c.id, s.at, extract(epoch FROM s.at - c.filed_at) AS seconds, c.filed_at
  FROM complaint c
  LEFT JOIN (SELECT complaint, min(made_at) AS at FROM statement WHERE kind = 'final' GROUP BY 1) s ON s.complaint = c.id
), taken AS (
  SELECT id, CASE WHEN at IS NULL THEN CASE WHEN filed_at + interval '48 hours' < $1::timestamptz THEN 'infinity'::float8 END
    WHEN seconds <= 345600 THEN greatest(ceil(seconds / 3600), 1) ELSE ceil(seconds / 86400) * 24 END::float8 AS hours
  FROM hours
)
SELECT a.name, count(*) AS reports,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY t.hours) AS median,
       percentile_disc(0.9) WITHIN GROUP (ORDER BY t.hours) AS p90,
       count(*) FILTER (WHERE s.at <= c.filed_at + interval '24 hours')::float8 / count(*) AS within_24,
       count(*) FILTER (WHERE s.at <= c.filed_at + interval '48 hours')::float8 / count(*) AS within_48,
       count(*) FILTER (WHERE s.at > c.filed_at + interval '48 hours') AS answered_late,
       count(*) FILTER (WHERE s.at IS NULL) AS overdue
FROM complaint c JOIN taken t ON t.id = c.id
LEFT JOIN (SELECT complaint, min(made_at) AS at FROM statement WHERE kind = 'final' GROUP BY 1) s ON s.complaint = c.id
JOIN agency a ON a.id = coalesce(
  (SELECT agency FROM statement f WHERE f.complaint = c.id AND f.kind = 'final' ORDER BY f.made_at LIMIT 1), c.owner_agency)
GROUP BY a.name"""


async def test_the_figures_of_real_complaints_are_those_of_plain_sql(ground: Ground) -> None:
    if not REAL.exists():
        pytest.skip("shared/data is not here")
    until = datetime(2022, 2, 1, tzinfo=UTC)
    async with _replayed(ground, REAL, until, first=300) as (world, _):
        await count_all()
        async with database.transaction("worker"):
            period = Period(date(2021, 12, 1), date(2022, 2, 1))
            table = await figures(Scope(), "unit", period=period)
        wanted = {row["name"]: dict(row) for row in await world.fetch(_BY_AGENCY, until)}
        assert {row.label for row in table.rows} == set(wanted)
        for row in table.rows:
            for code in ("reports", "median", "p90", "within_24", "within_48", "answered_late", "overdue"):
                assert row[code] == pytest.approx(wanted[row.label][code]), (row.label, code)
        assert table.total["reports"] == 300
