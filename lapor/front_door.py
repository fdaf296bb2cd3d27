"""What stands before everything: security headers on every answer, HEAD, the way to the panel or the site."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import structlog

from lapor.failures import place
from lapor.site import SiteCache

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

log = structlog.get_logger()

_SITE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# The panel's bundle adds style elements of its own; scripts stay as strict as everywhere.
_PANEL_POLICY = _SITE_POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
_ALWAYS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    # Other sites never learn an address of ours: the secret link of a reporter is one.
    b"referrer-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(self), microphone=(), payment=(), usb=()",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
}
_HSTS = b"max-age=63072000; includeSubDomains"


class FrontDoor:
    """The outermost application: `site` answers everything but `/admin`, which is the panel's."""

    def __init__(self, site: Application, panel: Application, cache: SiteCache, *, secure: bool) -> None:
        self.site = site
        self.panel = panel
        self.cache = cache
        self.secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.site(scope, receive, send)
            return
        path: str = scope["path"]
        in_panel = path == "/admin" or path.startswith("/admin/")
        answer = Answer(send, self._headers(in_panel))
        try:
            await self._answer(scope, receive, answer.send, in_panel)
        except Exception as error:
            if answer.started:
                raise
            log.error(
                "request_failed", error=type(error).__name__, where=place(error), method=scope["method"]
            )
            await answer.apologise()

    async def _answer(self, scope: Scope, receive: Receive, send: Send, in_panel: bool) -> None:
        if scope["method"] == "HEAD":
            scope["method"] = "GET"
            send = _without_body(send)
        if in_panel:
            await self.panel(scope, receive, send)
            return
        if not scope["path"].startswith(("/static/", "/hooks/", "/health")):
            scope["lapor.site"] = await self.cache.get()
        await self.site(scope, receive, send)

    def _headers(self, in_panel: bool) -> dict[bytes, bytes]:
        policy = _PANEL_POLICY if in_panel else _SITE_POLICY
        headers = {**_ALWAYS, b"content-security-policy": policy.encode()}
        if self.secure:
            headers[b"strict-transport-security"] = _HSTS
        return headers


class Answer:
    """The way out of one request: adds the headers, knows whether anything was sent."""

    def __init__(self, send: Send, headers: dict[bytes, bytes]) -> None:
        self._send = send
        self._headers = headers
        self.started = False

    async def send(self, message: Message) -> None:
        """Pass a message on, with the headers that it does not bring itself."""
        if message["type"] == "http.response.start":
            self.started = True
            given = [(name.lower(), value) for name, value in message.get("headers", [])]
            present = {name for name, _ in given}
            given += [(name, value) for name, value in self._headers.items() if name not in present]
            message = {**message, "headers": given}
        await self._send(message)

    async def apologise(self) -> None:
        """The last answer, when even the page about an error could not be made."""
        body = b"Ada gangguan di pihak kami. Coba lagi beberapa menit lagi."
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
        ]
        await self.send({"type": "http.response.start", "status": 500, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


def _without_body(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return sending
