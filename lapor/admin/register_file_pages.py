"""Registers as files: downloading one, uploading one, seeing what it would do, and then letting it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from lapor import database, uploads
from lapor.admin import register_files, register_loading, register_proposals, register_rows
from lapor.admin.access import requires
from lapor.admin.offices import PREVIEW_ROLES, REGISTERS, Officer
from lapor.admin.register_history_pages import HISTORY
from lapor.admin.register_loading import WHOLE, Outcome
from lapor.admin.shown_table import Shown
from lapor.complaints.errors import NotFound, Refused
from lapor.locales import say
from lapor.pages import AnyRequest, page, settle_language

FILES = f"{REGISTERS}/berkas"
MOST_SHOWN = 200

keepers_only = requires(*PREVIEW_ROLES)


class _Tried(Exception):
    """Rolls a dry run back; the outcome is held already."""


@dataclass(frozen=True)
class Sent:
    """An uploaded file as it waits to be confirmed."""

    id: int
    table: str
    text: str
    whole: bool


@get(REGISTERS, guards=[keepers_only])
async def registers(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """Every register, with the ways into it."""
    settle_language(request)
    listed = [(shown, shown.tablename in register_files.FILES) for shown in register_rows.REGISTERS.values()]
    return page(request, "desk/registers.html", registers=listed, history=HISTORY, path=REGISTERS)


@get(f"{REGISTERS}/{{slug:str}}/unduh", guards=[keepers_only])
async def download(
    request: AnyRequest, slug: FromPath[str], officer: NamedDependency[Officer]
) -> Response[bytes]:
    """The rows in use as a CSV file."""
    shown = _shown(slug)
    register = register_loading.register_of(shown.tablename)
    async with database.transaction("reader", user_id=officer.id):
        held = await register_loading.held(register)
    rows = [one.row for one in held.rows.values() if one.active]
    return Response(
        register_files.written(register, rows, officer.timezone),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{slug}.csv"',
            "Cache-Control": "no-store",
        },
    )


@get(f"{REGISTERS}/{{slug:str}}/unggah", guards=[keepers_only])
async def choose(
    request: AnyRequest, slug: FromPath[str], officer: NamedDependency[Officer]
) -> Response[Any]:
    """The form for a file."""
    settle_language(request)
    return _form(request, _shown(slug))


@post(f"{REGISTERS}/{{slug:str}}/unggah", guards=[keepers_only])
async def upload(
    request: AnyRequest, slug: FromPath[str], officer: NamedDependency[Officer]
) -> Response[Any]:
    """Keep the file, and go on to what it would do."""
    settle_language(request)
    shown = _shown(slug)
    form = await request.form()
    file = form.get("file")
    try:
        if not isinstance(file, UploadFile) or not file.filename:
            raise Refused(say("Pilih berkasnya dulu."), "file")
        text = register_files.text_of(await file.read(register_files.MOST_BYTES + 1))
        wish = {"text": text, "whole": form.get("whole") == "1" and shown.tablename in WHOLE}
        sent = Sent(0, shown.tablename, text, bool(wish["whole"]))
        await _tried(sent, officer)
    except Refused as refusal:
        return _form(request, shown, {refusal.field or "file": refusal.message})
    address = await register_proposals.propose(
        officer.id, shown.tablename, "file", None, json.dumps(wish, ensure_ascii=False)
    )
    return Redirect(f"{FILES}/{address.rpartition('/')[2]}", status_code=303)


@get(f"{FILES}/{{number:int}}", guards=[keepers_only])
async def preview(
    request: AnyRequest, number: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """What the file would do."""
    settle_language(request)
    return await _preview(request, number, officer)


@post(f"{FILES}/{{number:int}}", guards=[keepers_only])
async def confirm(
    request: AnyRequest, number: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """Let the file do what was shown, all of it or nothing."""
    settle_language(request)
    seal = (await uploads.fields(request)).get("seal", "")
    try:
        async with database.transaction("reader", user_id=officer.id):
            sent = await _sent(number)
            outcome = await _carried_out(sent, officer)
            if outcome.seal != seal:
                raise Refused(
                    say("Isinya berubah sejak halaman ini dibuka. Baca sekali lagi, lalu pastikan.")
                )
            if outcome.counts["wrong"]:
                raise Refused(say("Betulkan dulu baris yang salah di berkasnya, lalu unggah lagi."))
            await register_proposals.drop(number)
    except NotFound:
        raise
    except Refused as refusal:
        return await _preview(request, number, officer, refusal.message)
    question = {"daftar": register_rows.REGISTERS[sent.table].slug, "selesai": "berkas"}
    return Redirect(f"{HISTORY}?{urlencode(question)}", status_code=303)


@post(f"{FILES}/{{number:int}}/batal", guards=[keepers_only])
async def drop(
    request: AnyRequest, number: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """Forget the file; nothing has been changed."""
    async with database.transaction("reader", user_id=officer.id):
        await register_proposals.drop(number)
    return Redirect(REGISTERS, status_code=303)


def _shown(slug: str) -> Shown:
    for shown in register_rows.REGISTERS.values():
        if shown.slug == slug and shown.tablename in register_files.FILES:
            return shown
    raise NotFound(say("Daftar ini tidak ada, atau tidak punya berkas."))


def _form(request: AnyRequest, shown: Shown, errors: dict[str, str] | None = None) -> Response[Any]:
    register = register_files.FILES[shown.tablename]
    return page(
        request,
        "desk/register_upload.html",
        status_code=422 if errors else 200,
        register=shown,
        columns=register.columns,
        can_be_whole=shown.tablename in WHOLE,
        errors=errors or {},
        path=f"{REGISTERS}/{shown.slug}/unggah",
    )


async def _sent(number: int) -> Sent:
    wanted = await register_proposals.proposal(number)
    if wanted.kind != "file":
        raise NotFound(say("Usulan ini tidak ada lagi."))
    wish = json.loads(wanted.wish)
    return Sent(wanted.id, wanted.table, wish["text"], wish["whole"])


async def _carried_out(sent: Sent, officer: Officer) -> Outcome:
    register = register_loading.register_of(sent.table)
    held = await register_loading.held(register)
    lines = register_files.read(register, sent.text, held.plain, officer.timezone)
    return await register_loading.carry_out(register, lines, held, whole=sent.whole, zone=officer.timezone)


async def _tried(sent: Sent, officer: Officer) -> Outcome:
    """What the file would do, done and rolled back."""
    found: list[Outcome] = []
    try:
        async with database.transaction("reader", user_id=officer.id):
            found.append(await _carried_out(sent, officer))
            raise _Tried
    except _Tried:
        return found[0]


async def _preview(request: AnyRequest, number: int, officer: Officer, wrong: str = "") -> Response[Any]:
    async with database.transaction("reader", user_id=officer.id):
        sent = await _sent(number)
    outcome = await _tried(sent, officer)
    # What has to be corrected comes first.
    steps = sorted(outcome.steps, key=lambda step: (not step.wrong, not step.touched, step.number))
    shown = register_rows.REGISTERS[sent.table]
    return page(
        request,
        "desk/register_file.html",
        status_code=422 if wrong else 200,
        register=shown,
        outcome=outcome,
        steps=steps[:MOST_SHOWN],
        left=max(len(steps) - MOST_SHOWN, 0),
        path=f"{FILES}/{number}",
        again=f"{REGISTERS}/{shown.slug}/unggah",
        wrong=wrong,
    )


ROUTES = [registers, download, choose, upload, preview, confirm, drop]
