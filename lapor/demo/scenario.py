"""What the demonstration plays: who works where, what was filed when, and what happened to it since.

Times are hours and days before the moment at which the demonstration starts, so that it is always fresh.
"""

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, TypeVar

FOLDER = Path(__file__).parents[2] / "packs" / "contoh-demo"
REPORTER = "reporter"

Action = Literal[
    "answer",
    "ask",
    "claim",
    "close",
    "confirm",
    "dispute",
    "interim",
    "note",
    "publish",
    "refer",
    "refuse",
    "refuse_claim",
    "reject",
    "reopen",
    "reply",
    "route",
    "take",
    "transfer",
]
T = TypeVar("T")


@dataclass(frozen=True)
class Player:
    """Somebody who can log in."""

    username: str
    full_name: str
    email: str
    phone: str


@dataclass(frozen=True)
class Holding:
    """Who holds an office: since so many days, and until so many days from now (None: no end)."""

    username: str
    office: str
    kind: str
    from_days_ago: int
    until_days: int | None


@dataclass(frozen=True)
class Step:
    """What somebody did `after` hours after filing; `promise` is in hours after the step itself."""

    after: float
    by: str
    do: Action
    text: str = ""
    reason: str = ""
    agency: str = ""
    body: str = ""
    promise: float = 0


@dataclass(frozen=True)
class Filing:
    """One complaint, `filed` hours ago. `lead` is where the rules send it; empty means triage."""

    key: str
    filed: float
    channel: str
    type: str
    place: str
    text: str
    lead: str
    category: str = ""
    address: str = ""
    name: str = ""
    phone: str = ""
    email: str = ""
    privacy: Literal["open", "anonymous", "confidential"] = "open"
    about: str = ""
    language: str = "id"
    duplicate_of: str = ""
    # Whoever took it down at the counter or on the telephone.
    taken_by: str = ""
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Act:
    """One moment of the play: a filing (no step), or a step of it, `hours_ago`."""

    hours_ago: float
    filing: Filing
    step: Step | None


@dataclass(frozen=True)
class Scenario:
    """Everything that is played."""

    players: tuple[Player, ...]
    holdings: tuple[Holding, ...]
    filings: tuple[Filing, ...]

    def acts(self) -> list[Act]:
        """Return all moments of all complaints, the oldest first, as simulated time has to pass them."""
        acts = [Act(filing.filed, filing, None) for filing in self.filings]
        acts += [
            Act(filing.filed - step.after, filing, step) for filing in self.filings for step in filing.steps
        ]
        return sorted(acts, key=lambda act: -act.hours_ago)


def load(folder: Path = FOLDER) -> Scenario:
    """Return the play in `folder`. Raises ValueError for a field that it does not know or that is missing."""
    written = tomllib.loads((folder / "complaints.toml").read_text(encoding="utf-8"))
    return Scenario(
        players=tuple(Player(**row) for row in _rows(folder / "people.csv")),
        holdings=tuple(_holding(row) for row in _rows(folder / "appointments.csv")),
        filings=tuple(_filing(table) for table in written["complaint"]),
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _holding(row: Mapping[str, str]) -> Holding:
    until = row["until_days"]
    return Holding(
        row["username"], row["office"], row["kind"], int(row["from_days_ago"]), int(until) if until else None
    )


def _filing(table: Mapping[str, Any]) -> Filing:
    name = str(table.get("key", "?"))
    steps = tuple(_made(Step, step, name) for step in table.get("steps", ()))
    return _made(Filing, {**table, "steps": steps}, name)


def _made(kind: type[T], values: Mapping[str, Any], name: str) -> T:
    unknown = values.keys() - {field.name for field in fields(kind)}  # type: ignore[arg-type]
    if unknown:
        raise ValueError(f"{name}: unknown field {', '.join(sorted(unknown))}")
    try:
        return kind(**values)
    except TypeError as wrong:
        raise ValueError(f"{name}: {wrong}") from wrong
