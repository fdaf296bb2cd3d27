"""Rows of registers by the name of their table: read, compared and written in PostgreSQL's own JSON form.

Table and column names come from `panel_shown` only, never from a request.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from lapor import database
from lapor.admin.panel_shown import SHOWN
from lapor.admin.shown_table import Shown
from lapor.complaints.errors import NotFound, Refused
from lapor.locales import say

REGISTERS: Mapping[str, Shown] = {shown.tablename: shown for shown in SHOWN if shown.editable}
# Has no history of its own to keep; the database refuses what has.
DELETABLE = frozenset(
    {
        "appointment",
        "category",
        "category_question",
        "routing_rule",
        "outside_body",
        "emergency_number",
        "policy",
        "policy_rung",
        "calendar_year",
        "calendar_day",
        "office_hours",
    }
)

Row = dict[str, Any]


async def stored(table: str, row_id: int) -> Row | None:
    """The row as it stands, by column; None when it does not exist or is hidden."""
    columns = _columns(table)
    found = await database.fetchval(
        f'SELECT to_jsonb(t) FROM (SELECT {columns} FROM "{table}" WHERE id = $1) t', row_id
    )
    return json.loads(found) if found else None


async def changeable(table: str, row_id: int) -> bool:
    """Whether this officer may change the row: FOR UPDATE asks the policies of UPDATE as well."""
    return bool(await database.fetchval(f'SELECT id FROM "{table}" WHERE id = $1 FOR UPDATE', row_id))


async def as_stored(table: str, wish: Mapping[str, Any]) -> Row:
    """The values of a wish as the table would hold them; a value of the wrong kind is a DataError."""
    made = await database.fetchval(
        f'SELECT to_jsonb(jsonb_populate_record(NULL::"{table}", $1::jsonb))', json.dumps(wish)
    )
    return {name: value for name, value in json.loads(made).items() if name in wish}


async def change(table: str, row_id: int, wish: Mapping[str, Any]) -> None:
    """Write the columns of a wish; raises NotFound when the row is not this officer's to change."""
    names = [name for name in REGISTERS[table].columns if name in wish]
    sets = ", ".join(f'"{name}" = w."{name}"' for name in names)
    done = await database.fetchval(
        f'UPDATE "{table}" t SET {sets} FROM jsonb_populate_record(NULL::"{table}", $1::jsonb) w'
        " WHERE t.id = $2 RETURNING t.id",
        json.dumps(wish),
        row_id,
    )
    if done is None:
        raise NotFound(say("Baris ini tidak ada lagi, atau bukan milik jabatan Anda."))


async def delete(table: str, row_id: int) -> None:
    """Take a row away, a policy together with its ladder; the database refuses what history hangs on."""
    if table not in DELETABLE:
        raise Refused(say("Baris daftar ini tidak dihapus, hanya dinonaktifkan."))
    if table == "policy":
        await database.execute("DELETE FROM policy_rung WHERE policy = $1", row_id)
    done = await database.fetchval(f'DELETE FROM "{table}" WHERE id = $1 RETURNING id', row_id)
    if done is None:
        raise NotFound(say("Baris ini tidak ada lagi, atau bukan milik jabatan Anda."))


def _columns(table: str) -> str:
    return _listed(("id", *REGISTERS[table].columns))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
