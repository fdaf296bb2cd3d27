"""A region pack and the database: what differs, making it so, and writing it back.

Works as the owner, whose address the engine has to be configured with, in one transaction. Nothing
is deleted: what has left the pack becomes inactive, a policy ends, days and numbers keep their rows.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg

from lapor import database
from lapor.pack import files
from lapor.pack.contents import Change, Manifest, Pack, Stored
from lapor.pack.loading import in_order, manifest_of
from lapor.pack.policies import read_policies, write_policies
from lapor.pack.registers import (
    AGENCY,
    ANSWER_TEMPLATE,
    OFFICE,
    POLICIES,
    REGION,
    REGISTERS,
    TABLES,
    Register,
    Row,
)
from lapor.pack.statements import insert, parents_first, row_of, select, update, values_of

_APPLY_LOCK = 0x1A909


Registers = Mapping[str, Mapping[tuple[Any, ...], Stored]]


async def diff(pack: Pack) -> list[Change]:
    """Return what `apply` would do, in its order; an empty list when the database is as the pack says."""
    async with _owner() as connection:
        return _changes(await read(connection), pack)


async def apply(pack: Pack) -> list[Change]:
    """Make the registers as the pack says, in one transaction; return what was changed.

    Repeating it changes nothing. Raises PackError, and changes nothing, when a policy by which clocks
    run would get another length or ladder.
    """
    async with _owner("read_committed") as connection:
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _APPLY_LOCK)
        changes = _changes(await read(connection), pack)
        for register in REGISTERS:
            await _write_rows(connection, register, [one for one in changes if one.table == register.table])
        await write_policies(connection, [one for one in changes if one.table == POLICIES])
        await connection.execute(
            "UPDATE deployment SET default_region = $1 WHERE id = 1 AND default_region <> $1",
            pack.manifest.default_region,
        )
    return changes


async def export(folder: Path) -> Pack:
    """Write the registers in use as a pack into `folder`, and return that pack.

    A pack.toml that stands there keeps its name, version and words; the default region is the database's.
    """
    async with _owner() as connection:
        stored = await read(connection)
        region = await connection.fetchval("SELECT default_region FROM deployment WHERE id = 1")
    rows = {
        table: in_order(table, (one.row for one in stored[table].values() if one.active or table == POLICIES))
        for table in TABLES
    }
    pack = Pack(_manifest(folder, region), rows)
    files.write(pack, folder)
    return pack


@asynccontextmanager
async def _owner(isolation: str = "repeatable_read") -> AsyncIterator[asyncpg.Connection]:
    """A connection of its own inside a transaction, by default one that sees a single state."""
    connection = await asyncpg.connect(**database.DB.config)
    try:
        async with connection.transaction(isolation=isolation):
            yield connection
    finally:
        await connection.close()


def _manifest(folder: Path, region: str) -> Manifest:
    if not (folder / "pack.toml").is_file():
        return Manifest(name=folder.name, version="1", default_region=region)
    return replace(manifest_of(folder), default_region=region)


def _changes(stored: Registers, pack: Pack) -> list[Change]:
    changes: list[Change] = []
    for table in TABLES:
        wanted = {_key(table, row): row for row in pack.rows(table)}
        found = stored[table]
        for key, row in wanted.items():
            before = found.get(key)
            if before is None:
                changes.append(Change("add", table, _words(key), None, row))
            elif before.row != row or not (before.active or table == POLICIES):
                changes.append(Change("change", table, _words(key), before.row, row))
        for key, before in found.items():
            if key not in wanted and before.active and _retires(table, before.row, stored, pack):
                changes.append(Change("retire", table, _words(key), before.row, None))
    return changes


def _key(table: str, row: Row) -> tuple[Any, ...]:
    register = next((register for register in REGISTERS if register.table == table), None)
    return register.key_of(row) if register else (row["code"],)


def _words(key: tuple[Any, ...]) -> str:
    return " ".join(str(part) for part in key if part is not None)


def _retires(table: str, row: Row, stored: Registers, pack: Pack) -> bool:
    """Whether a row that the pack does not name is the pack's to retire: rows of other regions are not."""
    regions = {region["code"] for region in pack.rows(REGION.table)}
    if table == AGENCY.table:
        return row["region"] in regions
    if table == OFFICE.table:
        agency = stored[AGENCY.table].get((row["agency"],))
        return agency is not None and agency.row["region"] in regions
    if table == ANSWER_TEMPLATE.table:
        # What an agency prepares for itself stays its own.
        return row["agency"] is None
    if table == POLICIES:
        return row.get("region") is None or row["region"] in regions
    return any(register.table == table and register.retires for register in REGISTERS)


async def read(connection: asyncpg.Connection) -> dict[str, dict[tuple[Any, ...], Stored]]:
    """Return every register as it is stored, by the keys of its rows; any role that reads registers may ask."""
    stored: dict[str, dict[tuple[Any, ...], Stored]] = {}
    for register in REGISTERS:
        rows = await connection.fetch(select(register))
        found = (Stored(row_of(register, row), row["active"]) for row in rows)
        stored[register.table] = {register.key_of(one.row): one for one in found}
    stored[POLICIES] = await read_policies(connection)
    return stored


async def _write_rows(connection: asyncpg.Connection, register: Register, changes: Sequence[Change]) -> None:
    adds = [change.after for change in changes if change.kind == "add" and change.after]
    updates = [change.after for change in changes if change.kind == "change" and change.after]
    names = [column.name for column in register.columns]
    if adds:
        ordered = parents_first(register, adds)
        await connection.executemany(insert(register), [values_of(names, row) for row in ordered])
    if updates:
        await connection.executemany(update(register), [values_of(names, row) for row in updates])
    if retired := [change.before["code"] for change in changes if change.kind == "retire" and change.before]:
        await connection.execute(
            f"UPDATE {register.table} SET active = false WHERE code = ANY ($1::text[])",
            retired,
        )
