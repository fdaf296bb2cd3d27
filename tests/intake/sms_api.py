"""Servers on loopback that send SMS: Twilio's Messages resource with its errors, and a local gateway of no name."""

from __future__ import annotations

import base64
import itertools
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from tests.intake.local_api import Answer, LocalApi

SID = "AC" + "0123456789abcdef" * 2
AUTH_TOKEN = "token-twilio-uji"
SEND_TOKEN = "token-kirim-uji"


@dataclass
class SmsServer(LocalApi):
    """What was sent, as {"to", "text"}; `refusals` are (status, code) to give first."""

    sent: list[dict[str, str]] = field(default_factory=list)
    bodies: list[dict[str, str]] = field(default_factory=list)
    refusals: list[tuple[int, int]] = field(default_factory=list)
    # What stands behind the path of a picture, for whoever has our credentials.
    files: dict[str, Answer] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def texts(self) -> list[str]:
        """What was said, in order."""
        return [one["text"] for one in self.sent]

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """As Twilio answers at its own path, as a gateway at /kirim."""
        if self.refusals:
            status, code = self.refusals.pop(0)
            return status, {}, json.dumps({"code": code, "status": status}).encode()
        if path == f"/2010-04-01/Accounts/{SID}/Messages.json":
            return self._twilio(headers, dict(parse_qsl(body.decode())))
        if method == "GET":
            return self.files.get(path, (404, {}, b"{}")) if _knows(headers) else (401, {}, b"{}")
        if path != "/kirim" or headers.get("x-kunci") != SEND_TOKEN:
            return 401, {}, b"{}"
        given = json.loads(body)
        self.bodies.append(given)
        self.sent.append({"to": given["tujuan"], "text": given["isi"]})
        return 200, {}, json.dumps({"nomor": next(self._numbers), "ok": True}).encode()

    def _twilio(self, headers: dict[str, str], given: dict[str, str]) -> Answer:
        if not _knows(headers):
            return 401, {}, json.dumps({"code": 20003}).encode()
        if not given["To"].startswith("+") or not 0 < len(given["Body"]) <= 1600:
            return 400, {}, json.dumps({"code": 21211}).encode()
        self.bodies.append(given)
        self.sent.append({"to": given["To"], "text": given["Body"]})
        return 201, {}, json.dumps({"sid": f"SM{next(self._numbers):032}", "status": "queued"}).encode()


def _knows(headers: dict[str, str]) -> bool:
    known = base64.b64encode(f"{SID}:{AUTH_TOKEN}".encode()).decode()
    return headers.get("authorization") == f"Basic {known}"
