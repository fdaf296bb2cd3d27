"""A region pack in memory, and what can be wrong with one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from lapor.pack.registers import Row


@dataclass(frozen=True)
class Problem:
    """One thing to correct: the file and row, and what is wrong there in words."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class PackError(ValueError):
    """A region pack that cannot be used; `problems` lists everything that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True)
class Manifest:
    """What a pack says about itself in pack.toml."""

    name: str
    version: str
    default_region: str
    description: str = ""
    languages: tuple[str, ...] = ("id",)


@dataclass(frozen=True)
class Pack:
    """A region as a deployment needs it: registers by table name, rows in the order of their keys.

    It holds no person, no password and no complaint.
    """

    manifest: Manifest
    registers: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)

    def rows(self, table: str) -> tuple[Row, ...]:
        """Return the rows of one register; an unknown or absent one is empty."""
        return self.registers.get(table, ())


@dataclass(frozen=True)
class Found:
    """A row as it was read, with the place where it stands."""

    where: str
    row: Row


@dataclass(frozen=True)
class Change:
    """One row that differs between pack and database."""

    kind: Literal["add", "change", "retire"]
    table: str
    key: str
    before: Row | None
    after: Row | None

    def fields(self) -> list[str]:
        """Return the names of the columns that differ."""
        before, after = self.before or {}, self.after or {}
        return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))

    def __str__(self) -> str:
        if self.kind != "change":
            return f"{self.kind} {self.table} {self.key}"
        before, after = self.before or {}, self.after or {}
        told = [
            f"{name} {before.get(name)!r} → {after.get(name)!r}" if name != "rung" else "another ladder"
            for name in self.fields()
        ]
        return f"change {self.table} {self.key}: {', '.join(told) or 'active again'}"


@dataclass(frozen=True)
class Stored:
    """A row of a register in the form of the pack, and whether it is in use."""

    row: Row
    active: bool
