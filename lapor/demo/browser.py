"""A visitor of the demonstration over HTTP: cookies, forms with their hidden fields, redirects; nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from http.client import HTTPMessage
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Answer:
    """What came back, after redirects: the status, the address at which it stands, the body."""

    status: int
    url: str
    headers: HTTPMessage
    text: str


class Browser:
    """One visitor with cookies of their own."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.cookies = CookieJar()
        # No proxy of the environment stands between us and this machine.
        self._opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(self.cookies))

    def get(self, path: str) -> Answer:
        """Open an address, relative to the site or whole."""
        return self._send(path, None, {})

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a body as it is."""
        return self._send(path, body, headers)

    def post_json(self, path: str, content: Mapping[str, Any], headers: Mapping[str, str]) -> Answer:
        """Send a JSON object."""
        return self._send(path, json.dumps(content).encode(), {"content-type": "application/json", **headers})

    def send_form(self, page: str, action: str, fields: Mapping[str, str]) -> Answer:
        """Open a page, take the hidden fields of its form with this action, and send it filled in.

        Raises LookupError when the page has no such form.
        """
        opened = self.get(page)
        forms = _Forms()
        forms.feed(opened.text)
        if action not in forms.hidden:
            raise LookupError(f"{page} ({opened.status}) has no form that goes to {action}")
        body = urlencode({**forms.hidden[action], **fields}).encode()
        return self._send(action, body, {"content-type": "application/x-www-form-urlencoded"})

    def cookie(self, name: str) -> str:
        """The value of a cookie, empty when there is none."""
        return next((one.value or "" for one in self.cookies if one.name == name), "")

    def _send(self, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        request = Request(  # noqa: S310 (only this machine's site is asked)
            urljoin(self.address + "/", path), data=body, headers=dict(headers)
        )
        try:
            response = self._opener.open(request, timeout=PATIENCE_SECONDS)
        except HTTPError as refused:
            response = refused
        with response:
            return Answer(
                response.status, response.url, response.headers, response.read().decode("utf-8", "replace")
            )


class _Forms(HTMLParser):
    """The hidden fields of every form on a page, by the address to which it is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden: dict[str, dict[str, str]] = {}
        self._action: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._action = given.get("action") or ""
            self.hidden.setdefault(self._action, {})
        elif tag == "input" and given.get("type") == "hidden" and self._action is not None:
            self.hidden[self._action][given.get("name") or ""] = given.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._action = None
