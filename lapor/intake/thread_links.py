"""The link to a thread in somebody's words: one spelling for one thread, and the handle of who wrote there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

LONGEST: Final = 500
LONGEST_HANDLE: Final = 60
_LINK: Final = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)
_TRAILING: Final = ".,;:!?)]}…"
# The same place under several names.
_FRONT: Final = ("www.", "m.", "web.", "mobile.", "mbasic.", "l.")
_SAME: Final = {"fb.com": "facebook.com", "twitter.com": "x.com", "threads.net": "threads.com"}
# What of an address says which thread it is; the rest says who shared it, and where.
_TELLING: Final = ("story_fbid", "id", "fbid", "v", "comment_id", "reply_comment_id")
# Where the first part of an address is who wrote, and not the name of a kind of page.
_BY_HANDLE: Final = ("x.com", "facebook.com", "tiktok.com", "threads.com")
_HANDLE: Final = r"[0-9A-Za-z_](?:[0-9A-Za-z_.]{0,58}[0-9A-Za-z_])?"
_POST_OF: Final = re.compile(rf"/@?(?P<handle>{_HANDLE})/(?:status|posts|post|video|videos)/")
# "@warga: lampunya mati", as people copy a comment.
_SAID_BY: Final = re.compile(rf"\A\s*@(?P<handle>{_HANDLE})\s*[:\n]\s*")


@dataclass(frozen=True)
class Linked:
    """A link that was handed on: the words beside it, and the handle of who wrote there, without its @, if known."""

    link: str
    words: str = field(repr=False)
    handle: str = field(default="", repr=False)


def linked(text: str) -> Linked | None:
    """Return the first link of a text with the rest of it; None when there is none that can be kept."""
    for found in _LINK.finditer(text):
        link = one_spelling(found.group())
        if link:
            words = f"{text[: found.start()]}{text[found.start() + len(_bare(found.group())) :]}".strip()
            said = _SAID_BY.match(words)
            handle = said["handle"] if said else handle_in(link)
            return Linked(link, words[said.end() :].strip() if said else words, handle)
    return None


def one_spelling(link: str) -> str:
    """Return a link as it is kept, the same for the same thread; empty when it is none, or too long."""
    try:
        parts = urlsplit(_bare(link))
        host = (parts.hostname or "").lower()
    except ValueError:
        return ""
    if parts.scheme.lower() not in ("http", "https") or "." not in host or not link.isprintable():
        return ""
    for front in _FRONT:
        host = host.removeprefix(front)
    host = _SAME.get(host, host)
    asked = urlencode([(name, value) for name, value in parse_qsl(parts.query) if name in _TELLING])
    whole = f"https://{host}{parts.path.rstrip('/')}{'?' + asked if asked else ''}"
    return whole if len(whole) <= LONGEST else ""


def handle_in(link: str) -> str:
    """Return the handle that stands in a link of `one_spelling`; empty when it names nobody."""
    parts = urlsplit(link)
    found = _POST_OF.match(parts.path) if parts.hostname in _BY_HANDLE else None
    return found["handle"][:LONGEST_HANDLE] if found else ""


def _bare(link: str) -> str:
    return link.rstrip(_TRAILING)
