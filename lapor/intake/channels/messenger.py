"""Messenger and Instagram: messages to our page or account, and comments and mentions, as Meta delivers them.

Source: Meta, "Messenger Platform" (webhook events messages, messaging_postbacks, message_deliveries, message_reads,
feed, mention) and "Instagram Platform" (messages, comments, mentions), version 23.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lapor.intake.channels import meta, payloads
from lapor.intake.channels.interface import Keys, Part, Posted, Unreadable
from lapor.intake.channels.talk import Media, MediaKind, Receipt, Said
from lapor.intake.dialogue import Heard
from lapor.intake.thread_links import one_spelling

# Both are one channel: an account is a page, or a professional account of Instagram.
NAME: Final = "social"
LONGEST_KEY: Final = 200
LONGEST_REFERENCE: Final = 120
_REFERENCE: Final = re.compile(r"[0-9A-Za-z_.:-]+")
_MEDIA: Final[Mapping[str, MediaKind]] = {
    "image": "photo",
    "audio": "voice",
    "video": "video",
    "reel": "video",
    "ig_reel": "video",
    "file": "document",
}
_INSTAGRAM: Final = ("comments", "live_comments", "mentions")
_POST: Final = re.compile(r"\d{1,30}(?:_\d{1,30})?")
_COMMENTS: Final = ("feed", "comments", "live_comments", "mention", "mentions")


@dataclass(frozen=True)
class Comment:
    """What somebody wrote below a post of ours, or about us: public, and by whoever it was.

    `handle` is what they alone are called there, where the provider tells; `parent` is the comment that they answer.
    """

    author: str
    name: str = field(repr=False)
    text: str = field(repr=False)
    handle: str = field(default="", repr=False)
    id: str = ""
    parent: str = ""
    link: str = ""
    instagram: bool = False
    mentions: bool = False
    tagged: tuple[str, ...] = ()

    def names(self, account: str) -> bool:
        """Whether it names this account of ours."""
        return self.mentions or account in self.tagged or (self.instagram and "@" in self.text)


class Messenger:
    """The channel as it hears."""

    name = NAME
    has_accounts = True

    def challenge(self, query: Mapping[str, str], keys: Keys) -> str | None:
        """Return `hub.challenge` when the verify token is ours."""
        return meta.challenge(query, keys)

    def accept(self, posted: Posted, keys: Keys) -> list[Part]:
        """Return a part for each message, receipt and comment; raises Unverified. What we said ourselves is dropped."""
        return list(_parts(posted.body, meta.signer(posted, keys).name))

    def parse(self, payload: bytes) -> Said | Receipt | None:
        """Return what a part of a conversation tells; raises Unreadable."""
        given = payloads.json_object(payload)
        if "event" in given:
            return _told(payloads.part(given, "event"))
        if "receipt" in given:
            return Receipt(reference=payloads.text(given, "receipt"), state="delivered")
        if "change" in given:
            return None
        raise Unreadable("isi kiriman tidak dikenal")

    def comment(self, payload: bytes) -> Comment | None:
        """Return the comment that a part is; None for everything else. Raises Unreadable for one without its text."""
        given = payloads.json_object(payload)
        if payloads.text(given, "field") not in _COMMENTS:
            return None
        change = payloads.part(given, "change")
        if payloads.text(change, "verb") in ("remove", "hide", "edited"):
            return None
        if payloads.text(given, "field") == "feed" and payloads.text(change, "item") != "comment":
            return None
        author = payloads.part(change, "from")
        text = payloads.text(change, "message") or payloads.text(change, "text")
        if not text:
            raise Unreadable("disebut tanpa teks; buka di Facebook atau Instagram")
        kind = payloads.text(given, "field")
        post, parent = payloads.text(change, "post_id"), payloads.text(change, "parent_id")
        comment = payloads.text(change, "comment_id") or payloads.text(change, "id")
        return Comment(
            author=(payloads.text(author, "id") or payloads.text(change, "sender_id"))[:80],
            name=payloads.text(author, "name")
            or payloads.text(author, "username")
            or payloads.text(change, "sender_name"),
            text=text,
            handle=payloads.text(author, "username")[:60],
            id=_sound(comment),
            parent=_sound(parent) if parent != post else "",
            link=_link(change, post, comment),
            instagram=kind in _INSTAGRAM,
            mentions=kind in ("mention", "mentions"),
            tagged=tuple(payloads.text(tag, "id") for tag in payloads.parts(change, "message_tags")),
        )


def _parts(body: bytes, signed_by: str) -> Iterator[Part]:
    try:
        entries = payloads.parts(payloads.json_object(body), "entry")
    except Unreadable:
        entries = []
    if not any(payloads.parts(entry, "messaging") or _changes(entry) for entry in entries):
        # What we cannot take apart is kept as it is; what we drop on purpose stands in an event or a change.
        yield Part(signed_by, meta.hashed(body), body)
    for entry in entries:
        account = payloads.text(entry, "id")[:60] or signed_by
        for event in payloads.parts(entry, "messaging"):
            yield from _of_event(account, event)
        for change in _changes(entry):
            value = payloads.part(change, "value")
            if payloads.text(payloads.part(value, "from"), "id") != account:
                content = {"field": payloads.text(change, "field"), "change": value}
                yield Part(account, meta.hashed(meta.packed(content)), meta.packed(content))


def _changes(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """The comments and mentions of an entry; with Instagram's own login the entry itself is the one of them."""
    return payloads.parts(entry, "changes") or ([entry] if payloads.part(entry, "value") else [])


def _of_event(account: str, event: dict[str, Any]) -> Iterator[Part]:
    message = payloads.part(event, "message") or payloads.part(event, "postback")
    if payloads.part(event, "message").get("is_echo") or _id(event, "sender") == account:
        return
    if message:
        key = payloads.text(message, "mid")
        content = meta.packed({"event": event})
        # A button and the message below it may have the same id.
        kind = "postback:" if "postback" in event else ""
        sound = 0 < len(key) <= LONGEST_KEY - 10 and key.isprintable()
        yield Part(account, kind + key if sound else meta.hashed(content), content)
        return
    mids = payloads.part(event, "delivery").get("mids")
    for mid in mids if isinstance(mids, list) else []:
        if isinstance(mid, str) and mid.isprintable():
            yield Part(account, meta.hashed(f"delivered:{mid}".encode()), meta.packed({"receipt": mid}))


def _told(event: dict[str, Any]) -> Said | None:
    message = payloads.part(event, "message")
    sender = _id(event, "sender")
    if not sender:
        raise Unreadable("pesan tanpa pengirim")
    if postback := payloads.part(event, "postback"):
        return Said(sender[:80], Heard(choice=payloads.text(postback, "payload")[:40]))
    if message.get("is_deleted"):
        return None
    if choice := payloads.text(payloads.part(message, "quick_reply"), "payload"):
        return Said(sender[:80], Heard(choice=choice[:40]))
    media = tuple(_media(message))
    photos = sum(one.kind == "photo" for one in media)
    return Said(
        sender[:80],
        Heard(
            text="\n".join(filter(None, [payloads.text(message, "text"), *_shared(message)])),
            photos=photos,
            unheard=media[0].kind if media and not photos else "",
        ),
        media=media,
        replies_to=payloads.text(payloads.part(message, "reply_to"), "mid"),
    )


def _shared(message: dict[str, Any]) -> Iterator[str]:
    """The links that Facebook took out of a message to show what is behind them; the text may have them still."""
    for attachment in payloads.parts(message, "attachments")[:5]:
        url = payloads.text(payloads.part(attachment, "payload"), "url", 500)
        if payloads.text(attachment, "type") == "fallback" and url not in payloads.text(message, "text"):
            yield url


def _media(message: dict[str, Any]) -> Iterator[Media]:
    """The files of a message: known by its id and their place in it, because their addresses are short-lived."""
    mid = payloads.text(message, "mid")
    if not 0 < len(mid) <= LONGEST_KEY - 5:
        return
    for place, attachment in enumerate(payloads.parts(message, "attachments")[:30]):
        kind = _MEDIA.get(payloads.text(attachment, "type"))
        if kind:
            yield Media(f"{mid}#{place}", kind)


def _sound(reference: str) -> str:
    """A provider's id that can stand in an address and as a key."""
    return reference if len(reference) <= LONGEST_REFERENCE and _REFERENCE.fullmatch(reference) else ""


def _link(change: dict[str, Any], post: str, comment: str) -> str:
    """Where it can be read: as Facebook says, or by the number of its post. Instagram tells neither."""
    given = payloads.text(change, "permalink_url") or payloads.text(
        payloads.part(change, "post"), "permalink_url"
    )
    if not given and _POST.fullmatch(post):
        given = f"https://www.facebook.com/{post}"
    last = comment.rpartition("_")[2]
    if given and last.isdecimal() and comment != post and "comment_id=" not in given:
        given += f"{'&' if '?' in given else '?'}comment_id={last}"
    return one_spelling(given)


def _id(event: dict[str, Any], whose: str) -> str:
    return payloads.text(payloads.part(event, whose), "id")
