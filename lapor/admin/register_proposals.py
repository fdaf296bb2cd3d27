"""Changes of registers that wait for their own author to confirm them: kept, weighed, carried out or dropped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from lapor import database
from lapor.admin import register_rows, register_warnings
from lapor.admin.register_codes import check_codes
from lapor.admin.register_rows import Row
from lapor.complaints.errors import NotFound
from lapor.locales import say

PROPOSALS = "/meja/daftar/usulan"


class NeedsConfirming(Exception):
    """A change that touches more than its row: it is proposed instead, and `sentences` say what it touches."""

    def __init__(self, table: str, kind: str, row_id: int, wish: Row, sentences: Sequence[str]) -> None:
        super().__init__(table)
        self.table = table
        self.kind = kind
        self.row_id = row_id
        self.wish = wish
        self.sentences = sentences


@dataclass(frozen=True)
class Proposal:
    """What was asked for; `wish` is JSON."""

    id: int
    table: str
    kind: str
    row_id: int
    wish: str
    made_at: datetime


@dataclass(frozen=True)
class Weighed:
    """A proposed change of one row against the row as it stands now; `after` is None when it is deleted."""

    before: Row
    after: Row | None
    sentences: Sequence[str]

    @property
    def seal(self) -> str:
        """Another one as soon as anything differs from what was shown."""
        shown = json.dumps([self.before, self.after, list(self.sentences)], sort_keys=True)
        return hashlib.sha256(shown.encode()).hexdigest()[:32]


async def consider(table: str, row_id: int, wish: Row) -> None:
    """Raise NeedsConfirming when changing these columns touches more than the row; Refused when it makes no sense."""
    before = await register_rows.stored(table, row_id)
    if before is None:
        raise NotFound(say("Baris ini tidak ada lagi, atau bukan milik jabatan Anda."))
    stored = await register_rows.as_stored(table, json.loads(plain(wish)))
    changed = {name: value for name, value in stored.items() if before.get(name) != value}
    if not changed:
        return
    after = {**before, **changed}
    await check_codes(table, after)
    if sentences := await register_warnings.touched(table, row_id, before, after):
        raise NeedsConfirming(table, "change", row_id, changed, sentences)


async def consider_deleting(table: str, row_id: int) -> None:
    """Raise NeedsConfirming: taking a row away is always asked for twice."""
    sentences = await register_warnings.touched(table, row_id, {}, None)
    raise NeedsConfirming(table, "delete", row_id, {}, sentences)


async def propose(person: int, table: str, kind: str, row_id: int | None, wish: str) -> str:
    """Keep a proposal and return its address; what this person left lying for a day is forgotten."""
    async with database.transaction("reader", user_id=person):
        await database.execute(
            "DELETE FROM register_proposal WHERE made_at < lapor_now() - interval '1 day'",
        )
        made = await database.fetchval(
            "INSERT INTO register_proposal (person, register, kind, row_id, wish, made_at)"
            " VALUES ($1, $2, $3, $4, $5, lapor_now()) RETURNING id",
            person,
            table,
            kind,
            row_id,
            wish,
        )
    return f"{PROPOSALS}/{made}"


async def proposal(asked: int) -> Proposal:
    """This officer's own proposal; raises NotFound."""
    row = await database.fetchrow(
        "SELECT id, register, kind, coalesce(row_id, 0) AS row_id, wish, made_at FROM register_proposal"
        " WHERE id = $1 AND made_at > lapor_now() - interval '1 day'",
        asked,
    )
    if row is None:
        raise NotFound(say("Usulan ini tidak ada lagi."))
    return Proposal(*row.values())


async def others(asked: int) -> Sequence[int]:
    """What else of this officer waits to be confirmed."""
    rows = await database.fetch(
        "SELECT id FROM register_proposal WHERE id <> $1 AND kind <> 'file'"
        " AND made_at > lapor_now() - interval '1 day' ORDER BY id LIMIT 20",
        asked,
    )
    return [row["id"] for row in rows]


async def drop(asked: int) -> None:
    """Forget a proposal; one that is gone is no error."""
    await database.execute("DELETE FROM register_proposal WHERE id = $1", asked)


async def weigh(wanted: Proposal) -> Weighed:
    """What the proposal would do to the row as it stands now; raises NotFound."""
    before = await register_rows.stored(wanted.table, wanted.row_id)
    if before is None:
        raise NotFound(say("Baris ini tidak ada lagi, atau bukan milik jabatan Anda."))
    after = None
    if wanted.kind == "change":
        after = {**before, **json.loads(wanted.wish)}
    sentences = await register_warnings.touched(wanted.table, wanted.row_id, before, after)
    return Weighed(before, after, sentences)


async def carry_out(wanted: Proposal) -> None:
    """Do what was proposed; raises Refused, or what the database raises, and the caller's transaction ends."""
    if wanted.kind == "delete":
        await register_rows.delete(wanted.table, wanted.row_id)
    else:
        await register_rows.change(wanted.table, wanted.row_id, json.loads(wanted.wish))
    await drop(wanted.id)


def plain(wish: Row) -> str:
    """A wish as JSON."""
    return json.dumps(wish, default=_written, ensure_ascii=False)


def _written(value: Any) -> str:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    raise TypeError(f"a register holds no {type(value).__name__}")
