"""Registers in SQL: reading rows in the form of a pack, and writing them by their keys."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lapor.pack.registers import Column, Register, Row


def select(register: Register) -> str:
    """Return the statement that reads every row in the form of a pack, with its id and `active` beside it."""
    shown = [
        f"(SELECT n.{column.known_by} FROM {column.names} n WHERE n.id = t.{column.name}) AS {column.name}"
        if column.by_id
        else f"t.{column.name}"
        for column in register.columns
    ]
    active = "t.active" if register.retires else "true AS active"
    return f"SELECT t.id, {', '.join(shown)}, {active} FROM {register.table} t ORDER BY t.id"


def row_of(register: Register, row: Mapping[str, Any]) -> Row:
    """Return a row that `select` has read in the form of the pack."""
    return {
        column.name: tuple(row[column.name]) if column.kind == "texts" else row[column.name]
        for column in register.columns
    }


def insert(register: Register) -> str:
    """Return the statement that adds a row; its arguments are the columns in their order."""
    names = [column.name for column in register.columns]
    values = [_placeholder(column, number) for number, column in enumerate(register.columns, 1)]
    if register.retires:
        names, values = [*names, "active"], [*values, "true"]
    return f"INSERT INTO {register.table} ({', '.join(names)}) VALUES ({', '.join(values)})"


def update(register: Register) -> str:
    """Return the statement that makes the row of the same key as the arguments say, and active."""
    columns = enumerate(register.columns, 1)
    numbered = {column.name: _placeholder(column, number) for number, column in columns}
    sets = [f"{name} = {value}" for name, value in numbered.items() if name not in register.key]
    if register.retires:
        sets.append("active = true")
    same = [f"{name} IS NOT DISTINCT FROM {numbered[name]}" for name in register.key]
    return f"UPDATE {register.table} SET {', '.join(sets)} WHERE {' AND '.join(same)}"


def _placeholder(column: Column, number: int) -> str:
    if column.by_id:
        return f"(SELECT n.id FROM {column.names} n WHERE n.{column.known_by} = ${number})"
    return f"${number}"


def values_of(names: Iterable[str], row: Row) -> list[Any]:
    """Return the arguments of a statement for these columns."""
    return [list(row[name]) if isinstance(row[name], tuple) else row[name] for name in names]


def parents_first(register: Register, rows: Sequence[Row]) -> list[Row]:
    """Return the rows so that each stands after the one that it lies under."""
    if not any(column.name == "parent" for column in register.columns):
        return list(rows)
    by_code = {row["code"]: row for row in rows}
    ordered: dict[str, Row] = {}
    for row in rows:
        path: list[Row] = []
        above: Row | None = row
        while above is not None and above["code"] not in ordered:
            path.append(above)
            above = by_code.get(above["parent"])
        ordered.update({one["code"]: one for one in reversed(path)})
    return list(ordered.values())
