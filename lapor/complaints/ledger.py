"""The ledger outside of the database: an export that anybody can verify with a few lines of plain Python.

The export is JSON Lines: a first line that names the format, one line per event in the order of the chains, one
per complaint with the last link of its chain, and a last line with the root over all of these. Whoever keeps the
root elsewhere can tell whether anything was changed, dropped, swapped or added since.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lapor import database

FORMAT = "lapor-ledger-1"
EVENT_FORMAT = "lapor-event-1"
ABSENT = b"\xff\xff\xff\xff"

_EVENTS = """
SELECT complaint, seq, kind, actor, agency, occurred_at, recorded_at, facts, digest, previous, hash
FROM event ORDER BY complaint, seq"""
_HEADS = "SELECT subject, seq, hash FROM ledger_head ORDER BY subject"


class LedgerBroken(Exception):
    """An export whose chains do not hold; the message says where."""


@dataclass(frozen=True)
class Verified:
    """What an export holds: counts, and the root to compare with one that was kept elsewhere."""

    events: int
    complaints: int
    root: str


async def export(path: Path) -> Verified:
    """Write the whole ledger as the worker's role sees it; return its counts and root (hexadecimal)."""
    events = complaints = 0
    root = hashlib.sha256()
    async with database.transaction("worker", snapshot=True):
        with path.open("w", encoding="utf-8", newline="\n") as out:
            out.write(_line({"format": FORMAT}))
            async for event in _rows(_EVENTS):
                out.write(_line(event))
                events += 1
            async for head in _rows(_HEADS):
                out.write(_line({"head": head}))
                root.update(_head_bytes(head))
                complaints += 1
            out.write(_line({"events": events, "complaints": complaints, "root": root.hexdigest()}))
    return Verified(events, complaints, root.hexdigest())


def verify(path: Path, root: str | None = None) -> Verified:
    """Check an export without a database; raises LedgerBroken, and OSError when it cannot be read.

    `root` is one that was kept elsewhere; without it a forger who rewrote everything goes unnoticed.
    """
    chains = _Chains()
    last: dict[str, Any] | None = None
    for number, line in enumerate(_lines(path), 1):
        if last is not None:
            raise LedgerBroken(f"line {number}: something follows the last line")
        if number == 1:
            if line.get("format") != FORMAT:
                raise LedgerBroken(f"line 1: this is no export of the format {FORMAT}")
        elif "root" in line:
            last = line
        elif "head" in line:
            chains.close(line["head"], number)
        else:
            chains.append(line, number)
    if last is None:
        raise LedgerBroken("the last line is missing: the export is not complete")
    found = chains.finish()
    if (last["events"], last["complaints"], last["root"]) != (found.events, found.complaints, found.root):
        raise LedgerBroken("the last line does not fit what comes before it")
    if root is not None and root.lower() != found.root:
        raise LedgerBroken("the root is another one than the one that was kept")
    return found


class _Chains:
    def __init__(self) -> None:
        self.events = 0
        self.complaints = 0
        self.root = hashlib.sha256()
        self.open: dict[int, tuple[int, str]] = {}

    def append(self, event: dict[str, Any], number: int) -> None:
        complaint = event["complaint"]
        seq, previous = self.open.get(complaint, (0, ""))
        where = f"line {number}, complaint {complaint}, event {event['seq']}"
        if event["seq"] != seq + 1:
            raise LedgerBroken(f"{where}: event {seq + 1} was expected here")
        if event["previous"] != previous:
            raise LedgerBroken(f"{where}: it does not follow the event before it")
        computed = hashlib.sha256(bytes.fromhex(previous) + canonical(event)).hexdigest()
        if computed != event["hash"]:
            raise LedgerBroken(f"{where}: its content is not what was recorded")
        self.open[complaint] = (event["seq"], event["hash"])
        self.events += 1

    def close(self, head: dict[str, Any], number: int) -> None:
        if self.open.pop(head["subject"], (0, "")) != (head["seq"], head["hash"]):
            raise LedgerBroken(f"line {number}, complaint {head['subject']}: its chain ends elsewhere")
        self.root.update(_head_bytes(head))
        self.complaints += 1

    def finish(self) -> Verified:
        if self.open:
            raise LedgerBroken(f"complaint {next(iter(self.open))}: the end of its chain is missing")
        return Verified(self.events, self.complaints, self.root.hexdigest())


def canonical(event: dict[str, Any]) -> bytes:
    """Return the bytes that were hashed when the event was recorded: fields, each after its length."""
    fields = (
        EVENT_FORMAT,
        str(event["complaint"]),
        str(event["seq"]),
        event["kind"],
        event["actor"],
        None if event["agency"] is None else str(event["agency"]),
        event["occurred_at"],
        event["recorded_at"],
        event["facts"],
        None if event["digest"] is None else bytes.fromhex(event["digest"]),
    )
    return b"".join(_field(value) for value in fields)


def _field(value: str | bytes | None) -> bytes:
    if value is None:
        return ABSENT
    data = value.encode() if isinstance(value, str) else value
    return len(data).to_bytes(4, "big") + data


def _head_bytes(head: dict[str, Any]) -> bytes:
    return b"".join((_field(str(head["subject"])), _field(str(head["seq"])), bytes.fromhex(head["hash"])))


async def _rows(sql: str) -> AsyncIterator[dict[str, Any]]:
    async for row in database.connection().cursor(sql, prefetch=1_000):
        yield {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return value


def _line(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                content = json.loads(line)
            except ValueError:
                content = None
            if not isinstance(content, dict):
                raise LedgerBroken(f"line {number}: it cannot be read")
            yield content
