"""A mail (RFC 5322) as it arrived, read without ever failing: who, about what, in which thread, with which pictures. Pure."""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.policy import compat32
from typing import Final

from lapor.intake import mail_automatic, mail_headers, mail_html, mail_quotes

LONGEST_ID: Final = 190
LONGEST_TEXT: Final = 100_000
_MOST_PARTS: Final = 100
_DEEPEST: Final = 10
_LONGEST_SUBJECT: Final = 300
DERIVED: Final = "sha256:"
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]+")


@dataclass(frozen=True)
class Attachment:
    """A file in a mail, or a picture in its text."""

    name: str
    media_type: str
    body: bytes = field(repr=False)

    @property
    def is_picture(self) -> bool:
        """Whether it claims to be a picture; whether it is one is found out when it is opened."""
        return self.media_type.startswith("image/") or self.name.lower().endswith(
            (".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif")
        )


@dataclass(frozen=True)
class Mail:
    """A mail. `text` is what was newly written, `automatic` why no person wrote it, if none did.

    `message_id` is that of the mail, or derived from its content when it has none that can be kept. `disowned` says
    that our mail server does not believe the sender's address.
    """

    message_id: str
    sender: str
    name: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    answers: tuple[str, ...]
    automatic: str | None
    spam: bool
    disowned: bool
    attachments: tuple[Attachment, ...]

    @property
    def pictures(self) -> tuple[Attachment, ...]:
        """What may be photos."""
        return tuple(attachment for attachment in self.attachments if attachment.is_picture)


def parse(raw: bytes, own_address: str = "") -> Mail:
    """Return the mail in these bytes, whatever they are; `own_address` is the one that our own letters come from."""
    message = _opened(raw)
    parts = _Parts()
    parts.take(message)
    subject = mail_headers.readable(mail_headers.value(message, "Subject"))[:_LONGEST_SUBJECT]
    answered = _answered(message)
    from_ = mail_headers.sender(message)
    answers = bool(answered) or mail_quotes.is_answer(subject)
    return Mail(
        message_id=_id_of(message, raw),
        sender=from_.address,
        name=from_.name,
        recipients=mail_headers.recipients(message),
        subject=mail_quotes.bare_subject(subject),
        text=mail_quotes.own_words(parts.text(), answers=answers),
        answers=answered,
        automatic=mail_automatic.why_automatic(message, own_address),
        spam=mail_automatic.called_spam(message),
        disowned=mail_headers.disowned(message),
        attachments=tuple(parts.attachments),
    )


def message_id_of(raw: bytes) -> str:
    """Return the `message_id` that `parse` would give, without reading the rest."""
    return _id_of(_headers_only(raw), raw)


def _opened(raw: bytes) -> Message:
    try:
        return BytesParser(policy=compat32).parsebytes(raw)
    except (RecursionError, ValueError, LookupError, AttributeError, TypeError, IndexError):
        # Nested without end, or made to break a parser: the headers and the raw text are still there.
        return _headers_only(raw)


def _headers_only(raw: bytes) -> Message:
    return BytesHeaderParser(policy=compat32).parsebytes(raw)


def _id_of(message: Message, raw: bytes) -> str:
    found = mail_headers.ids(mail_headers.value(message, "Message-ID"))
    if found and len(found[0]) <= LONGEST_ID and found[0].isprintable() and found[0].isascii():
        return found[0]
    # The way that a mail took differs from copy to copy, what was sent does not.
    digest = hashlib.sha256()
    for name in ("Message-ID", "From", "Date", "Subject"):
        digest.update(mail_headers.value(message, name).encode("utf-8", "replace") + b"\0")
    head, gap, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    digest.update(body if gap else head)
    return DERIVED + digest.hexdigest()


def _answered(message: Message) -> tuple[str, ...]:
    """The ids of what this mail answers, the nearest first."""
    direct = [one for raw in mail_headers.values(message, "In-Reply-To") for one in mail_headers.ids(raw)]
    before = [one for raw in mail_headers.values(message, "References") for one in mail_headers.ids(raw)]
    return tuple(dict.fromkeys([*direct, *reversed(before)]))[:50]


class _Parts:
    """The parts of a mail, sorted into what is read and what is attached."""

    def __init__(self) -> None:
        self.attachments: list[Attachment] = []
        self._plain: list[str] = []
        self._marked: list[str] = []
        self._count = 0

    def take(self, message: Message, depth: int = 0) -> None:
        """Take a part, and those inside it."""
        self._count += 1
        if self._count > _MOST_PARTS or depth > _DEEPEST:
            return
        kind = message.get_content_type()
        inside = _inside(message)
        if inside is not None:
            nested = kind == "message/rfc822"
            if nested and self.text():
                # A mail that hangs on another one is not what the other one says; its pictures may be.
                self._pictures_inside(inside)
                return
            for part in inside:
                self.take(part, depth + 1)
        else:
            self._take_leaf(message, kind)

    def text(self) -> str:
        """Return the words: of a mail in two forms the plain one, unless it is empty."""
        plain = "\n\n".join(part for part in self._plain if part.strip())
        return (plain or "\n\n".join(self._marked))[:LONGEST_TEXT].strip()

    def _take_leaf(self, message: Message, kind: str) -> None:
        body = _body(message)
        named = _file_name(message)
        attached = _disposition(message) == "attachment" or (named and not kind.startswith("text/"))
        if kind in ("text/plain", "text/html") and not attached:
            words = mail_headers.clean(mail_headers.text_of(body[: 4 * LONGEST_TEXT], _charset(message)))
            if kind == "text/html":
                self._marked.append(mail_html.plain(words))
            else:
                self._plain.append(_unfolded(message, words))
        elif body:
            self.attachments.append(Attachment(named, kind, body))

    def _pictures_inside(self, inside: list[Message]) -> None:
        for message in inside:
            for part in _leaves(message):
                body = _body(part)
                attachment = Attachment(_file_name(part), part.get_content_type(), body)
                if body and attachment.is_picture:
                    self.attachments.append(attachment)


def _leaves(message: Message) -> Iterator[Message]:
    waiting = [message]
    for _ in range(_MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop(0)
        inside = _inside(part)
        if inside is None:
            yield part
        else:
            waiting.extend(inside)


def _inside(message: Message) -> list[Message] | None:
    """The parts of a part that has any."""
    found = message.get_payload()
    return [part for part in found if isinstance(part, Message)] if isinstance(found, list) else None


def _body(message: Message) -> bytes:
    if mail_headers.value(message, "Content-Transfer-Encoding").strip().lower() == "base64":
        return _unpacked(str(message.get_payload()))
    try:
        body = message.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        return b""
    return body if isinstance(body, bytes) else b""


def _unpacked(packed: str) -> bytes:
    """What base64 holds, as far as it goes: a mail may have been cut off in the middle of a file."""
    letters = _NOT_BASE64.sub("", packed.partition("=")[0])
    whole = letters[: len(letters) - len(letters) % 4]
    rest = letters[len(whole) :]
    return b64decode(whole) + (b64decode(rest + "=" * (4 - len(rest))) if len(rest) > 1 else b"")


def _charset(message: Message) -> str | None:
    return _parameter(message, "charset")


def _parameter(message: Message, name: str) -> str | None:
    try:
        found = message.get_param(name)
    except (ValueError, LookupError, AttributeError, IndexError, TypeError):
        return None
    if isinstance(found, tuple):
        found = found[2]
    return str(found).strip("'\" ")[:60] if found else None


def _disposition(message: Message) -> str:
    return mail_headers.value(message, "Content-Disposition").partition(";")[0].strip().lower()


def _file_name(message: Message) -> str:
    try:
        named = message.get_filename() or ""
    except (ValueError, LookupError, AttributeError, IndexError, TypeError):
        return ""
    return re.sub(r"[/\\\n\t]", " ", mail_headers.readable(named)).strip()[:120]


def _unfolded(message: Message, text: str) -> str:
    """Lines that a program broke for the eye are one line again (RFC 3676, format=flowed)."""
    if (_parameter(message, "format") or "").lower() != "flowed":
        return text
    spaced = (_parameter(message, "delsp") or "").lower() != "yes"
    lines: list[list[str]] = []
    goes_on = False
    for line in text.split("\n"):
        stuffed = line[1:] if line.startswith(" ") else line
        plain = not line.startswith(">") and line != "-- "
        ends_open = plain and line.endswith(" ")
        piece = stuffed[:-1] if ends_open and not spaced else stuffed
        if goes_on and plain:
            lines[-1].append(piece)
        else:
            lines.append([piece])
        goes_on = ends_open
    return "\n".join("".join(pieces) for pieces in lines)
