"""Policies of a pack in the database: a row each, and a row for every rung of its ladder."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

import asyncpg

from lapor.pack.contents import Change, PackError, Problem, Stored
from lapor.pack.loading import policy_row
from lapor.pack.registers import POLICY_FILE, Row
from lapor.sla.policy_form import policy_as_mapping, policy_from_mapping

_POLICY_COLUMNS = (
    "code",
    "clock",
    "type",
    "category",
    "agency_kind",
    "region",
    "completion_class",
    "amount",
    "unit",
    "start",
    "ends",
    "after_hours_rolls",
    "weekend_rolls",
    "skip_holidays",
    "valid_from",
    "valid_until",
    "source",
    "confirmed",
)
_RUNG_COLUMNS = ("step", "base", "offset_minutes", "audience", "placement", "repeat_minutes")
# What a policy may change once a clock runs by it; everything else is a new policy with a code of its own.
_LIVELY_FIELDS = {"valid_until", "source", "confirmed"}


async def read_policies(connection: asyncpg.Connection) -> dict[tuple[Any, ...], Stored]:
    """Return every policy with its ladder by (code,); one whose last day has passed is not in use."""
    rungs: dict[int, list[dict[str, Any]]] = {}
    for rung in await connection.fetch("SELECT * FROM policy_rung ORDER BY policy, number"):
        rungs.setdefault(rung["policy"], []).append({name: rung[name] for name in _RUNG_COLUMNS})
    today = await _today(connection)
    stored = {}
    for policy in await connection.fetch("SELECT * FROM policy ORDER BY id"):
        written = {**policy, "rung": rungs.get(policy["id"], [])}
        row = policy_row(policy_as_mapping(policy_from_mapping(written)))
        until = policy["valid_until"]
        stored[(row["code"],)] = Stored(row, until is None or until >= today)
    return stored


async def write_policies(connection: asyncpg.Connection, changes: Sequence[Change]) -> None:
    """Write new and changed policies with their ladders, and end those that have left the pack.

    Raises PackError when a policy by which clocks run would get another length or ladder.
    """
    await _refuse_moving_what_runs(connection, changes)
    numbers = ", ".join(f"${number}" for number in range(1, len(_POLICY_COLUMNS) + 1))
    sets = ", ".join(f"{name} = EXCLUDED.{name}" for name in _POLICY_COLUMNS)
    for change in changes:
        if change.after is None:
            await _end(connection, change.key)
            continue
        policy = await connection.fetchval(
            f"INSERT INTO policy ({', '.join(_POLICY_COLUMNS)}) VALUES ({numbers})"
            f" ON CONFLICT (code) DO UPDATE SET {sets} RETURNING id",
            *(change.after.get(name) for name in _POLICY_COLUMNS),
        )
        if change.before is None or change.before["rung"] != change.after["rung"]:
            await _write_ladder(connection, policy, change.after["rung"])


async def _refuse_moving_what_runs(connection: asyncpg.Connection, changes: Iterable[Change]) -> None:
    moved = [one.key for one in changes if one.kind == "change" and not set(one.fields()) <= _LIVELY_FIELDS]
    running = await connection.fetch(
        "SELECT p.code FROM policy p WHERE p.code = ANY ($1::text[])"
        " AND EXISTS (SELECT FROM clock c WHERE c.policy = p.id)",
        moved,
    )
    if running:
        raise PackError(
            Problem(POLICY_FILE, f"clocks run by {row['code']}: end it, and write a new policy instead")
            for row in running
        )


async def _end(connection: asyncpg.Connection, code: str) -> None:
    yesterday = await _today(connection) - timedelta(days=1)
    await connection.execute("UPDATE policy SET valid_until = $2 WHERE code = $1", code, yesterday)


async def _write_ladder(connection: asyncpg.Connection, policy: int, rungs: Sequence[Row]) -> None:
    # No clock ever used this ladder, so no history speaks of its steps.
    await connection.execute("DELETE FROM policy_rung WHERE policy = $1", policy)
    await connection.executemany(
        f"INSERT INTO policy_rung (policy, number, {', '.join(_RUNG_COLUMNS)})"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        [(policy, number, *(rung.get(name) for name in _RUNG_COLUMNS)) for number, rung in enumerate(rungs)],
    )


async def _today(connection: asyncpg.Connection) -> date:
    today: date = await connection.fetchval("SELECT (lapor_now() AT TIME ZONE 'UTC')::date")
    return today
