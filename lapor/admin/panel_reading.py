"""What the panel showed of guarded complaints leaves a trace in the same transaction, like every other page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from lapor import database
from lapor.complaints.reading_traces import note_reading

# Tables of the panel whose rows hold words, and the statement that leads from their ids to the complaints.
_WORDS = {
    "content": "SELECT complaint FROM content WHERE id = ANY ($1)",
    "statement": "SELECT complaint FROM statement WHERE id = ANY ($1)",
}
# Columns of theirs that tell what stands in them to whoever narrows a list by them.
_TELLING = frozenset({"text", "address", "latitude", "longitude"})
_PATH = re.compile(r"/api/tables/(?P<table>[a-z_]+)/(?P<rest>.*)\Z")


async def leave_guarded_out(question: Mapping[str, str]) -> None:
    """Hide the words of guarded complaints in this transaction when the answer would tell of them without a trace.

    A list that is narrowed by words is counted too, and a row without its number cannot be noted.
    """
    narrowed = any(name.partition("__")[0].rpartition(".")[2] in _TELLING for name in question)
    shown = question.get("__visible_fields")
    if narrowed or (shown is not None and "id" not in shown.split(",")):
        await database.execute("SELECT set_config('app.unguarded', 'on', true)")


async def note_panel(path: str, body: bytes) -> None:
    """Note what an answer of the panel's API showed; in the transaction that read it.

    A list, a row, and also a list of ids: whoever searches by words learns from it that they stand there.
    """
    found = _PATH.match(path)
    sql = _WORDS.get(found["table"]) if found else None
    if sql is None:
        return
    ids = sorted(set(_ids(json.loads(body or b"null"))))
    rows = await database.fetch(sql, ids) if ids else []
    await note_reading((row["complaint"] for row in rows), "panel")


def _ids(answer: object) -> Iterable[int]:
    """The ids of rows in an answer: `{"rows": […]}`, one row, or the ids with their names."""
    if not isinstance(answer, dict):
        return
    rows = answer.get("rows", [answer])
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and isinstance(row.get("id"), int):
            yield row["id"]
    for key in answer:
        if isinstance(key, str) and key.isdecimal():
            yield int(key)
