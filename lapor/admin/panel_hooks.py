"""What is asked before the panel writes a row of a register."""

from __future__ import annotations

from typing import Any

from piccolo.table import Table
from piccolo_api.crud.hooks import Hook, HookType

from lapor.admin import register_proposals, register_rows
from lapor.admin.register_codes import check_codes


class NotTheirs(Exception):
    """A row that this officer may read but not change."""


def hooks_of(table: str) -> list[Hook]:
    """The hooks of one register; one of each kind, because the panel's framework would drop a second."""
    if table not in register_rows.REGISTERS:
        return []
    return [
        Hook(HookType.pre_save, _before_adding(table)),
        Hook(HookType.pre_patch, _before_changing(table)),
        Hook(HookType.pre_delete, _before_deleting(table)),
    ]


def _before_adding(table: str) -> Any:
    async def check(row: Table) -> Table:
        await check_codes(
            table, {name: getattr(row, name) for name in register_rows.REGISTERS[table].columns}
        )
        return row

    return check


def _before_changing(table: str) -> Any:
    async def check(row_id: int, values: dict[Any, Any]) -> dict[Any, Any]:
        # Row-level security would pass over in silence what it does not let through.
        if not await register_rows.changeable(table, row_id):
            raise NotTheirs
        await register_proposals.consider(
            table, row_id, {column._meta.name: value for column, value in values.items()}
        )
        return values

    return check


def _before_deleting(table: str) -> Any:
    async def check(row_id: int) -> None:
        if not await register_rows.changeable(table, row_id):
            raise NotTheirs
        await register_proposals.consider_deleting(table, row_id)

    return check
