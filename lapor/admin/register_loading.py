"""A file against a register: what it would add, change and take away, tried on the database row by row.

The dry run does everything that the real one does, under the same rights and checks, and is rolled back; so it
can promise nothing that the database would then refuse.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from lapor import database
from lapor.admin import panel_words, register_rows, register_warnings
from lapor.admin.register_files import FILES, Line
from lapor.admin.register_problems import problem_words
from lapor.admin.register_words import Told, names_of, told
from lapor.complaints.errors import Refused
from lapor.locales import say
from lapor.pack import checks, store
from lapor.pack.contents import Found, Manifest, Stored
from lapor.pack.registers import POLICIES, Register, Row
from lapor.pack.registers import REGISTERS as OF_PACK
from lapor.pack.statements import insert, parents_first, row_of, select, update, values_of

MOST_CHANGES = 2_000
# A file that is whole may take away what it leaves out: made inactive, or deleted where nothing hangs on it.
WHOLE = frozenset(register.table for register in OF_PACK if register.retires) | frozenset(
    {"emergency_number", "calendar_year", "calendar_day", "office_hours"}
)

Key = tuple[Any, ...]


@dataclass
class Step:
    """What a file does to one row: add, change, retire or nothing ("wrong"); what that touches, what is wrong with it."""

    number: int
    kind: str
    key: str
    row: Row
    id: int = 0
    told: Sequence[Told] = ()
    touched: Sequence[str] = ()
    wrong: list[str] = field(default_factory=list)
    before: register_rows.Row | None = None
    after: register_rows.Row | None = None


@dataclass(frozen=True)
class Outcome:
    """What a whole file does."""

    steps: Sequence[Step]
    same: int

    @property
    def counts(self) -> Mapping[str, int]:
        """How many rows are added, changed, retired; "wrong" counts those with something to correct."""
        found = Counter(step.kind for step in self.steps if not step.wrong)
        return {**found, "wrong": sum(1 for step in self.steps if step.wrong)}

    @property
    def seal(self) -> str:
        """Another one as soon as the file would do anything else than was shown."""
        shown = [
            [one.kind, one.key, _lasting(one.before), _lasting(one.after), list(one.touched), one.wrong]
            for one in self.steps
        ]
        return hashlib.sha256(json.dumps(shown, sort_keys=True, default=str).encode()).hexdigest()[:32]


def _lasting(row: register_rows.Row | None) -> register_rows.Row | None:
    # A row that is added gets another number every time that it is tried.
    return {name: value for name, value in row.items() if name != "id"} if row else None


@dataclass(frozen=True)
class Held:
    """A register as it is stored: rows in the form of the file, their ids, whether they are in use."""

    rows: Mapping[Key, Stored]
    ids: Mapping[Key, int]

    @property
    def plain(self) -> Mapping[Key, Row]:
        """The rows alone."""
        return {key: one.row for key, one in self.rows.items()}


async def held(register: Register) -> Held:
    """Read a register inside the running transaction."""
    rows, ids = {}, {}
    for found in await database.fetch(select(register)):
        row = row_of(register, found)
        key = register.key_of(row)
        rows[key] = Stored(row, found["active"])
        ids[key] = found["id"]
    return Held(rows, ids)


async def carry_out(
    register: Register, lines: Sequence[Line], stored: Held, *, whole: bool, zone: str
) -> Outcome:
    """Do what a file says inside the running transaction; the caller decides whether it stays.

    Rows that the database refuses are left out and say why. Raises Refused when the file changes too much at once.
    """
    steps = _steps(register, lines, stored, whole=whole and register.table in WHOLE)
    if sum(1 for step in steps if step.kind != "same") > MOST_CHANGES:
        raise Refused(
            say("Terlalu banyak perubahan sekaligus. Paling banyak 2.000 baris per berkas."), "file"
        )
    await _check(register, steps, stored)
    for step in steps:
        if step.kind != "same" and not step.wrong:
            await _try(register, step)
    shown = [step for step in steps if step.kind != "same" or step.wrong]
    names = await names_of((register.table, one) for step in shown for one in (step.before, step.after))
    for step in shown:
        if not step.wrong:
            step.told = told(register.table, step.before, step.after, names, zone)
    return Outcome(shown, len(steps) - len(shown))


def _steps(register: Register, lines: Sequence[Line], stored: Held, *, whole: bool) -> list[Step]:
    found = []
    for line in _in_order(register, lines):
        key = register.key_of(line.row)
        before = stored.rows.get(key)
        kind = "add" if before is None else "same" if before.row == line.row and before.active else "change"
        found.append(
            Step(line.number, kind, _words(key), line.row, stored.ids.get(key, 0), wrong=list(line.wrong))
        )
    if whole:
        named = {register.key_of(line.row) for line in lines}
        reached = _reach(register, [line.row for line in lines])
        found += [
            Step(0, "retire", _words(key), one.row, stored.ids[key])
            for key, one in stored.rows.items()
            if key not in named and one.active and reached(one.row)
        ]
    return found


def _reach(register: Register, rows: Sequence[Row]) -> Any:
    """What a whole file speaks for: only the regions (of offices: the agencies) that it names."""
    column = next(
        (name for name in ("region", "agency") if register.table != "routing_rule" and _has(register, name)),
        "",
    )
    named = {row.get(column) for row in rows}
    return lambda row: not column or row.get(column) in named


def _has(register: Register, name: str) -> bool:
    return any(column.name == name for column in register.columns)


def _in_order(register: Register, lines: Sequence[Line]) -> Sequence[Line]:
    if not _has(register, "parent"):
        return lines
    places = {
        row["code"]: place for place, row in enumerate(parents_first(register, [line.row for line in lines]))
    }
    return sorted(lines, key=lambda line: places.get(line.row["code"], 0))


def _words(key: Key) -> str:
    return " · ".join(str(part) for part in key if part is not None)


async def _check(register: Register, steps: Sequence[Step], stored: Held) -> None:
    """The checks of the region pack over the registers as they would be, as far as they are about this file."""
    rows: dict[str, list[Found]] = {}
    for table, kept in (await store.read(database.connection())).items():
        rows[table] = [Found("", one.row) for one in kept.values() if one.active or table == POLICIES]
    if register in OF_PACK:
        named = {register.key_of(step.row) for step in steps}
        others = [Found("", one.row) for key, one in stored.rows.items() if one.active and key not in named]
        rows[register.table] = [
            *others,
            *(Found(str(step.number), step.row) for step in steps if step.kind != "retire"),
        ]
    region = await database.fetchval("SELECT default_region FROM deployment WHERE id = 1")
    problems = [*checks.problems_of(Manifest("", "", region), rows)]
    by_number = {str(step.number): step for step in steps if step.number}
    for problem in problems:
        if problem.where in by_number:
            by_number[problem.where].wrong.append(problem_words(problem.what, register.table))
    await _check_names(register, steps)


async def _check_names(register: Register, steps: Sequence[Step]) -> None:
    """What the pack does not know: registers whose rows name others and that stand in no pack."""
    if register in OF_PACK:
        return
    seen: set[Key] = set()
    for column in register.columns:
        if not column.names:
            continue
        wanted = {step.row[column.name] for step in steps if step.row[column.name] is not None}
        rows = await database.fetch(
            f'SELECT {column.known_by} AS code FROM "{column.names}" WHERE {column.known_by} = ANY ($1::text[])',
            list(wanted),
        )
        known = {row["code"] for row in rows}
        for step in steps:
            value = step.row[column.name]
            if value is not None and value not in known:
                problem = f"{column.name}: there is no {column.names} {value!r}"
                step.wrong.append(problem_words(problem, register.table))
    for step in steps:
        key = register.key_of(step.row)
        if key in seen:
            step.wrong.append(problem_words(f"{_words(key)!r} stands already in the file", register.table))
        seen.add(key)


async def _try(register: Register, step: Step) -> None:
    """Do one step; what the database refuses is undone and said."""
    table = register.table
    await database.execute("SAVEPOINT step")
    try:
        step.before = await register_rows.stored(table, step.id) if step.id else None
        await _write(register, step)
        step.after = await register_rows.stored(table, step.id)
        if step.before is not None:
            # What a change touches is asked of the registers as they were before it.
            await database.execute("ROLLBACK TO SAVEPOINT step")
            step.touched = await register_warnings.touched(table, step.id, step.before, step.after)
            await _write(register, step)
    except Refused as refusal:
        step.wrong.append(refusal.message)
    except asyncpg.InsufficientPrivilegeError:
        step.wrong.append(say("Jabatan Anda tidak berwenang untuk ini."))
    except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError) as error:
        step.wrong.append(panel_words.database_sentence(str(error.args[0])))
    if step.wrong:
        await database.execute("ROLLBACK TO SAVEPOINT step")
    await database.execute("RELEASE SAVEPOINT step")


async def _write(register: Register, step: Step) -> None:
    if step.kind == "retire" and not register.retires:
        await register_rows.delete(register.table, step.id)
        return
    if step.kind == "retire":
        statement = f'UPDATE "{register.table}" SET active = false WHERE id = $1 RETURNING id'
        written = await database.fetchval(statement, step.id)
    else:
        statement = insert(register) if step.kind == "add" else update(register)
        names = [column.name for column in register.columns]
        written = await database.fetchval(f"{statement} RETURNING id", *values_of(names, step.row))
    if written is None:
        raise Refused(say("Jabatan Anda tidak berwenang untuk ini."))
    step.id = int(written)


def register_of(table: str) -> Register:
    """The register with this table; raises Refused when it has no files."""
    if table not in FILES:
        raise Refused(say("Daftar ini tidak punya berkas."))
    return FILES[table]
