"""From a folder to a pack that can be trusted: read everything, then say everything that is wrong."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lapor.pack import files
from lapor.pack.checks import problems_of
from lapor.pack.contents import Found, Manifest, Pack, PackError, Problem
from lapor.pack.registers import AGENCY, POLICIES, POLICY_FILE, REGION, REGISTERS, Register
from lapor.sla.policy_form import PolicyError, policy_as_mapping, policy_from_mapping

_MANIFEST_KEYS = {"name", "version", "description", "default_region", "languages"}


def load(folder: Path) -> Pack:
    """Return the pack in `folder`. Raises PackError with every problem, each with its file and row."""
    problems: list[Problem] = []
    manifest = _manifest(folder, problems)
    found: dict[str, list[Found]] = {}
    for register in REGISTERS:
        found[register.table] = _rows(folder, register, problems)
    found[POLICIES] = _policies(folder, problems)
    _set_zones(found, problems)
    problems += problems_of(manifest, found)
    if problems:
        raise PackError(problems)
    return Pack(manifest, {table: _in_order(table, rows) for table, rows in found.items()})


def manifest_of(folder: Path) -> Manifest:
    """Return what the pack.toml of a folder says; PackError when it cannot be used."""
    problems: list[Problem] = []
    manifest = _manifest(folder, problems)
    if problems:
        raise PackError(problems)
    return manifest


def _manifest(folder: Path, problems: list[Problem]) -> Manifest:
    where = "pack.toml"
    if not (folder / where).is_file():
        raise PackError([Problem(where, f"is missing: {folder.name!r} is no region pack")])
    written = files.read_toml(folder / where)
    problems += [Problem(where, f"does not know {key!r}") for key in sorted(written.keys() - _MANIFEST_KEYS)]
    for key in ("name", "version", "default_region", "description"):
        value = written.setdefault(key, "")
        if not isinstance(value, str) or not (value or key == "description"):
            problems.append(Problem(where, f"{key} is missing or not text"))
            written[key] = ""
    languages = written.get("languages", ["id"])
    if not isinstance(languages, list) or not all(isinstance(one, str) for one in languages):
        problems.append(Problem(where, "languages is a list of language codes"))
        languages = []
    return Manifest(
        name=written["name"],
        version=written["version"],
        default_region=written["default_region"],
        description=written["description"],
        languages=tuple(languages),
    )


def _rows(folder: Path, register: Register, problems: list[Problem]) -> list[Found]:
    rows = []
    try:
        for where, raw in files.read_rows(folder, register):
            rows.append(files.parse_row(register, raw, where, problems))
    except PackError as wrong:
        problems += [one for one in wrong.problems if one not in problems]
    return rows


def _policies(folder: Path, problems: list[Problem]) -> list[Found]:
    rows = []
    if not (folder / POLICY_FILE).is_file():
        problems.append(Problem(POLICY_FILE, "is missing"))
        return []
    try:
        for where, raw in files.toml_rows(folder / POLICY_FILE, POLICIES):
            try:
                rows.append(Found(where, _policy(raw)))
            except PolicyError as wrong:
                problems.append(Problem(where, f"{wrong.field} {wrong.problem}"))
    except PackError as wrong:
        problems += wrong.problems
    return rows


def _policy(raw: Mapping[str, Any]) -> dict[str, Any]:
    policy = policy_from_mapping(raw)
    if not raw.get("code"):
        raise PolicyError(policy.code, "code", "is missing")
    rolls = policy.counting.after_hours_rolls
    if rolls is True:
        raise PolicyError(policy.code, "after_hours_rolls", "is a time such as 17:00 in a pack")
    return policy_row(policy_as_mapping(policy))


def policy_row(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Return a policy's mapping in the one form that file and database are compared in."""
    row = {key: value for key, value in mapping.items() if value is not None and value is not False}
    flags = {key: bool(mapping.get(key)) for key in ("weekend_rolls", "skip_holidays", "confirmed")}
    rungs = [{key: rung[key] for key in sorted(rung) if rung[key] is not None} for rung in mapping["rung"]]
    return {**row, **flags, "rung": rungs}


def _set_zones(found: Mapping[str, list[Found]], problems: list[Problem]) -> None:
    """Turn days into moments: a region or agency goes live at midnight of its own zone."""
    zones: dict[str, ZoneInfo] = {}
    for region in found[REGION.table]:
        try:
            zones[region.row["code"]] = ZoneInfo(region.row["timezone"])
        except (ZoneInfoNotFoundError, ValueError, OSError):
            problems.append(Problem(region.where, f"timezone cannot be {region.row['timezone']!r}"))
    for table, zone_of in ((REGION.table, "code"), (AGENCY.table, "region")):
        for number, one in enumerate(found[table]):
            live_from = _midnight(one.row["live_from"], zones.get(one.row[zone_of]))
            found[table][number] = replace(one, row={**one.row, "live_from": live_from})


def _midnight(value: date | datetime | None, zone: ZoneInfo | None) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value and value.astimezone(UTC)
    return datetime.combine(value, time(), tzinfo=zone or UTC).astimezone(UTC)


def _in_order(table: str, rows: Iterable[Found]) -> tuple[Mapping[str, Any], ...]:
    return in_order(table, (found.row for found in rows))


def in_order(table: str, rows: Iterable[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """Return rows sorted by their key, so that two packs with the same rows are equal."""
    key_of = next((register.key_of for register in REGISTERS if register.table == table), None)
    return tuple(sorted(rows, key=lambda row: str(key_of(row) if key_of else row["code"])))
