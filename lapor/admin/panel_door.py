"""The door of the panel: who comes in, one transaction per request, answers that people can read.

Each request of the panel's API runs in one transaction as role `reader` on behalf of the officer, so that
row-level security decides what exists. The answer leaves after COMMIT; whatever is refused is rolled back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import quote

import asyncpg
import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from lapor import database
from lapor.admin import access, offices, panel_words
from lapor.admin.offices import Officer
from lapor.admin.panel_hooks import NotTheirs
from lapor.admin.panel_reading import leave_guarded_out, note_panel
from lapor.admin.panel_tables import EDITABLE, SLUGS
from lapor.admin.register_proposals import NeedsConfirming, plain, propose
from lapor.admin.register_rows import DELETABLE
from lapor.complaints.errors import NotFound, Refused
from lapor.failures import place
from lapor.front_door import Application, Message, Receive, Scope, Send
from lapor.pages import TEMPLATE
from lapor.settings import Settings

log = structlog.get_logger()

MAX_BODY = 1024 * 1024
MOUNT = "/admin"

# Everything else of the panel (its log-in, its password form, documentation from elsewhere) does not exist.
_OPEN = re.compile(r"/(assets/[\w.-]+|public/(logout|meta|translations)/(id/)?)?\Z")
_API = re.compile(r"/api/(tables/|forms/|links/\Z|user/\Z)")
_TABLE = re.compile(r"/api/tables/(?P<table>[a-z_]+)/")


@dataclass
class Held:
    """An answer that waits for COMMIT."""

    messages: list[Message] = field(default_factory=list)

    async def send(self, message: Message) -> None:
        """Keep a part of the answer."""
        self.messages.append(message)

    @property
    def status(self) -> int:
        """The answer's status."""
        return int(self.messages[0]["status"])

    @property
    def is_json(self) -> bool:
        """Whether the answer is for a program."""
        headers = dict(self.messages[0].get("headers", []))
        return bool(headers.get(b"content-type", b"").startswith(b"application/json"))

    @property
    def body(self) -> bytes:
        """The whole body."""
        return b"".join(message.get("body", b"") for message in self.messages[1:])

    def replace_body(self, body: bytes) -> None:
        """Put another body in place of the one that was held."""
        kept = [pair for pair in self.messages[0]["headers"] if pair[0] != b"content-length"]
        first = {**self.messages[0], "headers": [*kept, (b"content-length", str(len(body)).encode())]}
        self.messages = [first, {"type": "http.response.body", "body": body}]


class _Refused(Exception):
    """Rolls the transaction back; the answer is held already."""


class PanelDoor:
    """The panel as an ASGI application under `/admin`."""

    def __init__(self, panel: Application, settings: Settings) -> None:
        self.panel = panel
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(MOUNT)
        scope = {**scope, "root_path": MOUNT}
        if path == "" or path.startswith("/public/login"):
            await _reply(
                RedirectResponse(f"{MOUNT}/" if path == "" else offices.LOGIN, 303), scope, receive, send
            )
        elif path == "/":
            await self._enter(scope, receive, send)
        elif _OPEN.match(path):
            await self.panel(scope, receive, send)
        elif _API.match(path):
            await self._api(scope, receive, send, path)
        else:
            await _reply(PlainTextResponse("Tidak ada di sini.", 404), scope, receive, send)

    async def _enter(self, scope: Scope, receive: Receive, send: Send) -> None:
        officer = await _officer(scope)
        if officer is None:
            where = f"{offices.LOGIN}?lanjut={quote(MOUNT)}/"
        elif step := officer.first_step(self.settings):
            where = step
        elif not officer.roles:
            await _reply(
                PlainTextResponse("Akun Anda belum memegang jabatan apa pun.", 403), scope, receive, send
            )
            return
        else:
            held = Held()
            await self.panel(scope, receive, held.send)
            held.replace_body(_with_idle_end(_with_alarms(held.body, officer), officer))
            for message in held.messages:
                await send(message)
            return
        await _reply(RedirectResponse(where, 303), scope, receive, send)

    async def _api(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        officer = await _officer(scope)
        if officer is None or officer.must_change_password:
            await _reply(JSONResponse({"error": "Silakan masuk dulu."}, 401), scope, receive, send)
            return
        if officer.first_step(self.settings):
            answer = JSONResponse({"error": "Pasang autentikator dulu di halaman akun Anda."}, 403)
            await _reply(answer, scope, receive, send)
            return
        refusal = _refusal(officer, scope["method"], path)
        if refusal:
            await _reply(refusal, scope, receive, send)
            return
        body = await _read(receive)
        if body is None:
            await _reply(PlainTextResponse("Kiriman terlalu besar.", 413), scope, receive, send)
            return
        table = _TABLE.match(path)
        inner = {**scope, "lapor.officer": officer}
        if table and table["table"] in SLUGS:
            inner["path"] = f"{MOUNT}/api/tables/{SLUGS[table['table']]}/{path[table.end() :]}"
            inner["raw_path"] = inner["path"].encode()
        held = await self._in_transaction(inner, body, officer)
        for message in held.messages:
            await send(message)

    async def _in_transaction(self, scope: Scope, body: bytes, officer: Officer) -> Held:
        held = Held()
        try:
            async with database.transaction("reader", user_id=officer.id):
                await leave_guarded_out(Request(scope).query_params)
                await self.panel(scope, _replay(body), held.send)
                if held.status >= 400:
                    raise _Refused
                if held.is_json:
                    await note_panel(scope["path"].removeprefix(MOUNT), held.body)
        except _Refused:
            pass
        except NeedsConfirming as grave:
            held = Held()
            await _reply(await _proposed(grave, officer), scope, _replay(b""), held.send)
        except Exception as error:
            held = Held()
            await _reply(_explained(error, scope), scope, _replay(b""), held.send)
        if held.is_json:
            path = scope["path"].removeprefix(MOUNT)
            held.replace_body(panel_words.translated(path, held.status, held.body, officer.roles))
        return held


async def _proposed(grave: NeedsConfirming, officer: Officer) -> Response:
    """The answer to a change that has to be confirmed on a page of its own; the panel's script goes there."""
    address = await propose(officer.id, grave.table, grave.kind, grave.row_id, plain(grave.wish))
    sentences = " ".join(grave.sentences)
    return JSONResponse(
        {"custom_form_error": f"{sentences} Pastikan dulu di {address}.", "confirm": address}, 422
    )


def _with_alarms(page: bytes, officer: Officer) -> bytes:
    """The panel's page with what this officer has to see to above it."""
    if not officer.alarms:
        return page
    sentences = "".join(f"<li>{escape(sentence)}</li>" for sentence in officer.alarms)
    banner = f'<section class="alarms"><b>Sistem perlu diperiksa</b><ul>{sentences}</ul></section>'
    return page.replace(b'<div id="app">', banner.encode() + b'<div id="app">', 1)


def _with_idle_end(page: bytes, officer: Officer) -> bytes:
    """The panel's page with what it says before the session ends unused, as the desks' pages do."""
    # The panel's forms have no token of the desks; each request of its API is use already.
    where = {"here": f"{MOUNT}/", "use": f"{MOUNT}/api/user/"}
    dialog = TEMPLATE.get_template("parts/idle.html").render(officer=officer, **where)
    return page.replace(b'<div id="app">', dialog.encode() + b'<div id="app">', 1)


def _refusal(officer: Officer, method: str, path: str) -> Response | None:
    if not officer.roles:
        return PlainTextResponse("Akun Anda belum memegang jabatan apa pun.", 403)
    table = _TABLE.match(path)
    name = SLUGS.get(table["table"], table["table"]) if table else ""
    one_row = table is not None and path[table.end() :].strip("/").isdecimal()
    if method == "PUT" or (method == "DELETE" and not (one_row and name in DELETABLE)):
        return JSONResponse(
            {"detail": "Baris tidak dihapus atau diganti. Nonaktifkan atau ubah isinya."}, 405
        )
    if table and method not in ("GET", "HEAD") and name not in EDITABLE:
        return JSONResponse({"detail": "Tabel ini hanya untuk dibaca. Pakai formulir."}, 405)
    return None


def _explained(error: Exception, scope: Scope) -> Response:
    """The answer to what went wrong inside; what cannot be explained is logged by its place only."""
    if isinstance(error, (NotTheirs, asyncpg.InsufficientPrivilegeError)):
        return PlainTextResponse("Jabatan Anda tidak berwenang untuk ini.", 403)
    if isinstance(error, Refused):
        status = 404 if isinstance(error, NotFound) else 422
        return JSONResponse({"custom_form_error": error.message}, status)
    if isinstance(error, (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError)):
        return JSONResponse({"custom_form_error": panel_words.database_sentence(str(error.args[0]))}, 422)
    if isinstance(error, (ValueError, TypeError, OverflowError)):
        return PlainTextResponse("Isian ini tidak dapat dibaca.", 400)
    log.error("request_failed", error=type(error).__name__, where=place(error), method=scope["method"])
    return PlainTextResponse("Ada gangguan di pihak kami. Belum ada yang tersimpan.", 500)


async def _officer(scope: Scope) -> Officer | None:
    return await access.officer_of(Request(scope).cookies.get(access.COOKIE), used=True)


async def _read(receive: Receive) -> bytes | None:
    """The whole body, before any transaction begins; None when it is too large."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BODY:
            return None
        if not message.get("more_body"):
            return b"".join(parts)


def _replay(body: bytes) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive


async def _reply(response: Response, scope: Any, receive: Any, send: Any) -> None:
    await response(scope, receive, send)
