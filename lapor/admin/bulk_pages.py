"""Many complaints at once: handing them to one agency for one reason, one answer to those that are linked.

Each is its own verb in a transaction of its own, with the version that was shown. What failed stays on the page with
its reason, what was done is said; nothing is done halfway.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency

from lapor import database
from lapor.admin.access import desk_only
from lapor.admin.lists import lines_in_language
from lapor.admin.offices import QUEUE, Officer
from lapor.complaints import desk
from lapor.complaints.actor import Actor
from lapor.complaints.desk import NotFound, Refused
from lapor.complaints.queries.choices import Choices, Option, filter_choices, transfer_choices
from lapor.complaints.queries.links import bundles_of
from lapor.complaints.queries.queue import Item, items_of
from lapor.locales import say
from lapor.pages import AnyRequest, page, settle_language

BULK: Final = f"{QUEUE}/borongan"
TRANSFER: Final = "alih-tangan"
ANSWER: Final = "jawaban"
MOST = 50


@dataclass(frozen=True)
class Row:
    """A complaint that was chosen: its line, how its reporter hears, and why nothing came of it, if so."""

    item: Item
    channel: str = ""
    error: str = ""


@dataclass
class Batch:
    """What was chosen, as it is now, and what became of it so far."""

    act: str
    rows: Sequence[Row] = ()
    apart: Sequence[Row] = ()
    done: Sequence[Item] = ()
    waiting: Sequence[Item] = ()
    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    preview: bool = False
    gone: int = 0


@get(BULK, guards=[desk_only])
async def chosen(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """What was ticked in the queue, and the form for all of it."""
    settle_language(request)
    act = ANSWER if request.query_params.get("untuk") == ANSWER else TRANSFER
    ids = [int(text) for text in request.query_params.getall("pilih", []) if _is_id(text)][:MOST]
    return await _show(request, officer, await _gathered(officer, act, ids))


@post(f"{BULK}/{TRANSFER}", guards=[desk_only], status_code=200)
async def transfer_all(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """Offer every chosen complaint to one agency."""
    settle_language(request)
    typed, versions = await _read(request)
    batch = await _gathered(officer, TRANSFER, list(versions))
    batch.typed = typed
    target = int(typed["to_agency"]) if _is_id(typed.get("to_agency", "")) else 0
    batch.errors = {
        name: sentence
        for name, sentence, missing in (
            ("to_agency", say("Pilih instansi dari daftar."), not target),
            ("reason", say("Tulis isinya dahulu."), not typed.get("reason", "").strip()),
        )
        if missing
    }
    if batch.errors:
        return await _show(request, officer, batch)

    async def offer(actor: Actor, item: Item) -> None:
        await desk.offer_transfer(
            actor, item.id, to_agency=target, reason=typed["reason"], version=versions[item.id]
        )

    await _each(officer, batch, offer)
    return await _show(request, officer, batch)


@post(f"{BULK}/{ANSWER}", guards=[desk_only], status_code=200)
async def answer_all(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """Answer every complaint of one bundle in the same words, once they were seen as each reporter will read them."""
    settle_language(request)
    typed, versions = await _read(request)
    batch = await _gathered(officer, ANSWER, list(versions))
    batch.typed = typed
    if not typed.get("text", "").strip():
        batch.errors = {"text": say("Tulis isinya dahulu.")}
    batch.preview = not batch.errors
    if batch.errors or typed.get("langkah") != "kirim":
        return await _show(request, officer, batch)

    async def answer(actor: Actor, item: Item) -> bool:
        return await desk.answer(actor, item.id, text=typed["text"], version=versions[item.id])

    await _each(officer, batch, answer)
    batch.preview = False
    return await _show(request, officer, batch)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19 and int(text) > 0


async def _read(request: AnyRequest) -> tuple[dict[str, str], dict[int, int]]:
    """The fields of the form, and the version of each complaint as it was shown."""
    form = await request.form()
    typed = {name: str(form.get(name, "")) for name in ("to_agency", "reason", "text", "langkah")}
    versions = {}
    for line in form.getall("baris", [])[:MOST]:
        number, _, version = str(line).partition(":")
        if _is_id(number) and _is_id(version) and int(version) < 2**31:
            versions[int(number)] = int(version)
    return typed, versions


async def _gathered(officer: Officer, act: str, ids: Sequence[int]) -> Batch:
    """The chosen complaints as this officer sees them; for an answer only those of the first one's bundle."""
    async with database.transaction("reader", user_id=officer.id):
        bundles = await bundles_of(ids) if act == ANSWER else {}
        wanted = list(dict.fromkeys([*ids, *bundles]))[:MOST]
        items = await items_of(wanted)
    rows = [Row(items[one], bundles.get(one, ("", 0))[0]) for one in wanted if one in items]
    rows = [row for row in rows if row.item.words is not None]
    leaders = [bundles[row.item.id][1] for row in rows if row.item.id in bundles]
    together = [row for row in rows if bundles.get(row.item.id, ("", 0))[1] == leaders[0]] if leaders else []
    if act == TRANSFER:
        together = rows
    apart = [row for row in rows if row not in together]
    return Batch(act, together, apart, gone=len(set(ids) - {row.item.id for row in rows}))


async def _each(officer: Officer, batch: Batch, verb: Any) -> None:
    """Carry out the verb for each, one after the other; what fails keeps its place and says why.

    What a verb returns False for is done, but waits for a second person.
    """
    actor = Actor.officer(officer.id)
    done: list[Item] = []
    waiting: list[Item] = []
    left: list[Row] = []
    for row in batch.rows:
        try:
            sent = await verb(actor, row.item)
        except NotFound:
            left.append(
                Row(row.item, row.channel, say("Laporan tidak ditemukan, atau bukan untuk jabatan Anda."))
            )
        except Refused as refusal:
            left.append(Row(row.item, row.channel, refusal.message))
        else:
            (waiting if sent is False else done).append(row.item)
    # What is tried again is tried as it is now, not as it was.
    async with database.transaction("reader", user_id=officer.id):
        now = await items_of([row.item.id for row in left])
    batch.done, batch.waiting = done, waiting
    batch.rows = [Row(now[row.item.id], row.channel, row.error) for row in left if row.item.id in now]
    batch.gone += len(left) - len(batch.rows)


async def _show(request: AnyRequest, officer: Officer, batch: Batch) -> Response[Any]:
    async with database.transaction("reader", user_id=officer.id):
        choices = await filter_choices()
        agencies = await transfer_choices() if batch.act == TRANSFER else []
        now = await database.now()
    nothing = request.method == "POST" and not (batch.rows or batch.done or batch.waiting)
    failed = nothing or batch.errors or any(row.error for row in batch.rows)
    return page(
        request,
        "desk/bulk.html",
        status_code=422 if failed else 200,
        batch=batch,
        rows=_in_language(batch.rows, choices),
        apart=_in_language(batch.apart, choices),
        agencies=_without_owners(agencies, batch.rows),
        now=now,
    )


def _in_language(rows: Sequence[Row], choices: Choices) -> Sequence[Row]:
    lines = lines_in_language([row.item for row in rows], choices)
    return [Row(line, row.channel, row.error) for line, row in zip(lines, rows, strict=True)]


def _without_owners(agencies: Sequence[Option], rows: Sequence[Row]) -> Sequence[Option]:
    owners = {row.item.agency for row in rows}
    return [(value, name) for value, name in agencies if name not in owners] if len(owners) == 1 else agencies


ROUTES = [chosen, transfer_all, answer_all]
