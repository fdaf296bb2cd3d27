"""Mails that are written in HTML only, as plain text: paragraphs, lists, addresses of links, quotes marked. Pure."""

from __future__ import annotations

import re
from html import unescape

# Whatever a mail brings beyond this is layout.
LONGEST = 200_000
_DEEPEST_QUOTE = 5

_SILENT = frozenset(["script", "style", "head", "title", "template", "noscript", "object", "svg", "select"])
# Each of these stands on lines of its own.
_BLOCKS = re.compile(
    "address|article|aside|blockquote|center|dd|div|dl|dt|fieldset|figure|footer|form|h[1-6]|header|hr|li|br"
    "|main|nav|ol|p|pre|section|table|tbody|tfoot|thead|tr|ul"
)
_EMPTY = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    ]
)
# What Gmail, Yahoo and Outlook wrap an older mail into.
_QUOTING = (
    "gmail_quote",
    "gmail_extra",
    "yahoo_quoted",
    "protonmail_quote",
    "moz-cite-prefix",
    "divrplyfwdmsg",
)
# What a program means, not a person.
_RAW = ("script", "style", "title")
_TAG = re.compile(
    r"(?P<comment><!--)|<[!?][^<>]{0,5000}>|<(?P<closes>/)?(?P<name>[a-zA-Z][\w:-]{0,40})(?P<given>[^<>]{0,5000})>"
)
_ATTRIBUTE = re.compile(r"""([a-zA-Z-]{1,30})\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


def plain(markup: str) -> str:
    """Return what somebody who reads this mail sees, quotes beginning with “>”; never raises, in linear time.

    The standard library's parser takes minutes for some crafted markup of this size, so tags are found by hand.
    """
    reader = _Reader()
    markup = markup[:LONGEST]
    at = 0
    for tag in _TAG.finditer(markup):
        if tag.start() < at:
            continue
        reader.say(markup[at : tag.start()])
        at = tag.end()
        name = (tag["name"] or "").lower()
        if tag["comment"]:
            at = _after(markup, "-->", at)
        elif tag["closes"]:
            reader.close(name)
        elif name:
            reader.open(name, {key.lower(): a or b or c for key, a, b, c in _ATTRIBUTE.findall(tag["given"])})
            if name in _RAW:
                at = _after(markup, f"</{name}", at)
                reader.close(name)
    reader.say(markup[at:])
    return reader.text()


def _after(markup: str, end: str, at: int) -> int:
    found = markup.find(end, at)
    return len(markup) if found < 0 else found + len(end)


class _Reader:
    """Collects lines, each with the depth of quotation in which it stands."""

    def __init__(self) -> None:
        self._lines: list[tuple[int, str]] = []
        self._line: list[str] = []
        self._open: list[tuple[str, bool, bool]] = []
        self._silent = 0
        self._quotes = 0
        self._link = ""
        self._linked_from = 0

    def open(self, tag: str, given: dict[str, str]) -> None:
        """Begin an element."""
        if _BLOCKS.fullmatch(tag):
            self._break()
        if tag == "li":
            self._line.append("- ")
        if tag in ("td", "th") and self._line:
            self._line.append(" ")
        if tag == "a":
            self._link, self._linked_from = _unescaped(given.get("href", "")[:500]), len(self._line)
        if tag not in _EMPTY:
            self._enter(tag, given)

    def close(self, tag: str) -> None:
        """End an element."""
        if tag == "a":
            self._end_link()
        if _BLOCKS.fullmatch(tag):
            self._break()
        # Only what is open near the top is closed: mails forget end tags, and nothing is searched for long.
        for back in range(1, min(len(self._open), 30) + 1):
            if self._open[-back][0] == tag:
                for _ in range(back):
                    self._leave()
                return

    def say(self, data: str) -> None:
        """Take what stands between two tags."""
        if data and not self._silent:
            self._line.append(re.sub(r"\s+", " ", _unescaped(data)))

    def text(self) -> str:
        """Return the lines, never more than one empty one after another."""
        self._break()
        found: list[str] = []
        for depth, line in self._lines:
            shown = f"{'>' * depth} {line}".rstrip() if depth else line
            if shown or (found and found[-1]):
                found.append(shown)
        return "\n".join(found).strip()

    def _enter(self, tag: str, given: dict[str, str]) -> None:
        named = f"{given.get('class', '')} {given.get('id', '')}".lower()
        quote = tag == "blockquote" or any(name in named for name in _QUOTING)
        silent = tag in _SILENT or _HIDDEN.search(given.get("style", "")) is not None
        self._open.append((tag, silent, quote))
        self._silent += silent
        self._quotes += quote

    def _leave(self) -> None:
        _, silent, quote = self._open.pop()
        if quote:
            self._break()
        self._silent -= silent
        self._quotes -= quote

    def _end_link(self) -> None:
        """A place on a map is often nothing but a link: its address is part of what was said."""
        said = "".join(self._line[self._linked_from :])
        if self._link.startswith(("http://", "https://")) and self._link not in said and not self._silent:
            self._line.append(f" ({self._link})")
        self._link = ""

    def _break(self) -> None:
        line = "".join(self._line).strip()
        self._line, self._linked_from = [], 0
        self._lines.append((min(self._quotes, _DEEPEST_QUOTE), line))


def _unescaped(data: str) -> str:
    try:
        return unescape(data)
    except ValueError:
        # A number of a character that is too long to be one.
        return data
