"""What Meta delivers for Messenger and Instagram, written after its webhooks reference, and its side of sending."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx

from tests.ground import World
from tests.intake.local_api import Answer, LocalApi
from tests.intake.switched_on import switched_on

PAGE = "104455660001"
SRI = "7788990011223344"
TOKEN = "EAAG-uji-halaman"
APP_SECRET = "rahasia-aplikasi-halaman"
VERIFY_TOKEN = "kata-sandi-halaman"
Event = dict[str, Any]
_numbers = itertools.count(1)


@dataclass
class SendApi(LocalApi):
    """The Send API: `refusals` are (status, code, subcode, headers) to give first; `media` are files by message id."""

    sent: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[tuple[int, int, int, dict[str, str]]] = field(default_factory=list)
    media: dict[str, bytes] = field(default_factory=dict)
    # What was said below comments for everybody to read, as (place, words).
    public: list[tuple[str, str]] = field(default_factory=list)
    elsewhere: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The address of its version, as a setting of an account has it."""
        return f"http://127.0.0.1:{self.port}/v23.0"

    def texts(self) -> list[str]:
        """What was said, in order."""
        return [str(one["message"]["text"]) for one in self.sent]

    def offered(self) -> list[str]:
        """The codes of the quick replies under the last message."""
        return [one["payload"] for one in self.sent[-1]["message"].get("quick_replies", [])]

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """As Meta answers."""
        if headers.get("authorization") != f"Bearer {TOKEN}":
            return _error(401, 190)
        place = unquote(urlsplit(path).path)
        if method == "POST" and place == f"/v23.0/{PAGE}/messages":
            return self._message(json.loads(body))
        if method == "POST" and place.endswith(("/comments", "/replies")):
            return self._below(place.removeprefix("/v23.0/"), json.loads(body))
        if place.startswith("/file/"):
            return 200, {}, self.media[place.removeprefix("/file/")]
        mid = place.removeprefix("/v23.0/")
        if mid not in self.media:
            return _error(404, 100)
        url = self.elsewhere.get(mid, f"http://127.0.0.1:{self.port}/file/{mid}")
        one = {"id": "1", "mime_type": "image/jpeg", "image_data": {"url": url}}
        return 200, {}, json.dumps({"id": mid, "attachments": {"data": [one]}}).encode()

    def _message(self, message: dict[str, Any]) -> Answer:
        if self.refusals:
            status, code, more, headers = self.refusals.pop(0)
            return _error(status, code, more, headers)
        said = message["message"]
        too_long = len(said["text"].encode()) > 1000
        titles = [one["title"] for one in said.get("quick_replies", [])]
        comment = message["recipient"].get("comment_id")
        if comment and any(one["recipient"].get("comment_id") == comment for one in self.sent):
            return _error(400, 10900)
        if (
            (not comment and message["messaging_type"] != "RESPONSE")
            or too_long
            or any(len(one) > 20 for one in titles)
        ):
            return _error(400, 100)
        message["_id"] = f"m_uji{next(_numbers)}"
        self.sent.append(message)
        told = {"recipient_id": message["recipient"].get("id", SRI), "message_id": message["_id"]}
        return 200, {}, json.dumps(told).encode()

    def _below(self, place: str, said: dict[str, Any]) -> Answer:
        if self.refusals:
            status, code, more, headers = self.refusals.pop(0)
            return _error(status, code, more, headers)
        self.public.append((place, said["message"]))
        return 200, {}, json.dumps({"id": f"{place.partition('/')[0]}_{next(_numbers)}"}).encode()


def _error(status: int, code: int, more: int = 0, headers: dict[str, str] | None = None) -> Answer:
    error = {"message": f"(#{code}) Refused", "type": "OAuthException", "code": code, "error_subcode": more}
    return status, headers or {}, json.dumps({"error": error}).encode()


async def open_account(world: World, api: str) -> None:
    """Switch on our page, as an administrator does."""
    secrets = {"app_secret": APP_SECRET, "access_token": TOKEN, "verify_token": VERIFY_TOKEN}
    await switched_on(world, "social", PAGE, secrets, {"api": api})


def message(content: Any, *, sender: str = SRI, to: str = PAGE, mid: str | None = None) -> Event:
    """A message; a text, or what it holds."""
    told = {"text": content} if isinstance(content, str) else content
    mid = mid or f"m_masuk{next(_numbers)}"
    return {
        "sender": {"id": sender},
        "recipient": {"id": to},
        "timestamp": 1795305600000,
        "message": {"mid": mid, **told},
    }


def photo(mid: str) -> Event:
    """A photo that Meta holds."""
    url = f"https://scontent.example/{'x' * 400}"
    return message({"attachments": [{"type": "image", "payload": {"url": url}}]}, mid=mid)


def pressed(code: str, title: str) -> Event:
    """A quick reply of ours."""
    return message({"text": title, "quick_reply": {"payload": code}})


def comment(text: str, *, author: str = SRI, verb: str = "add", **more: Any) -> dict[str, Any]:
    """A comment below a post of the page."""
    value = {
        "item": "comment",
        "verb": verb,
        "comment_id": f"{PAGE}_{next(_numbers)}",
        "post_id": f"{PAGE}_1",
        "from": {"id": author, "name": "Sri Contoh"},
        "message": text,
    }
    return {"field": "feed", "value": {**value, **more}}


def delivery(*events: Event, changes: Any = (), kind: str = "page", account: str = PAGE) -> bytes:
    """One POST of Meta."""
    entry: dict[str, Any] = {"id": account, "time": 1795305600000}
    if events:
        entry["messaging"] = list(events)
    if changes:
        entry["changes"] = list(changes)
    return json.dumps({"object": kind, "entry": [entry]}).encode()


def signed(body: bytes, secret: str = APP_SECRET) -> dict[str, str]:
    """The headers of a delivery."""
    mac = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"x-hub-signature-256": f"sha256={mac}", "content-type": "application/json"}


async def deliver(client: httpx.AsyncClient, body: bytes) -> httpx.Response:
    """Deliver it, signed."""
    return await client.post("/hooks/social", content=body, headers=signed(body))
