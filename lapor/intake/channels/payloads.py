"""What stands in a delivery in JSON, whatever the sender put where: texts as the database can keep them, objects, lists."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

from lapor.intake.channels.interface import Unreadable


def json_object(payload: bytes) -> dict[str, Any]:
    """Return the object that a payload is; raises Unreadable."""
    try:
        given = json.loads(payload)
    except (ValueError, RecursionError):
        raise Unreadable("isi kiriman bukan JSON") from None
    if not isinstance(given, dict):
        raise Unreadable("isi kiriman bukan objek JSON")
    return given


def text(given: dict[str, Any], name: str, length: int | None = None) -> str:
    """Return a text without zero bytes and halves of characters, cut to a length; empty when there is none."""
    value = given.get(name)
    if not isinstance(value, str):
        return ""
    whole = value.replace("\0", "").encode("utf-8", "replace").decode()
    return unicodedata.normalize("NFC", whole).strip()[:length]


def part(given: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the object below a name; empty when there is none."""
    value = given.get(name)
    return value if isinstance(value, dict) else {}


def parts(given: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the objects of the list below a name; empty when there is none."""
    value = given.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
