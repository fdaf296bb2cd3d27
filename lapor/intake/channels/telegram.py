"""Telegram, by its Bot API: what it delivers to us.

Source: Telegram, "Bot API" 9: Update, Message, CallbackQuery, setWebhook (secret_token).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from lapor import crypto
from lapor.intake.channels import contact_cards, payloads
from lapor.intake.channels.interface import Keys, Part, Posted, Unreadable, Unverified
from lapor.intake.channels.talk import Media, MediaKind, Receipt, Said
from lapor.intake.dialogue import Heard

NAME: Final = "telegram"
# What a bot asks to be told, and nothing else.
UPDATES: Final = ("message", "edited_message", "callback_query")
_MEDIA: Final[Mapping[str, MediaKind]] = {
    "voice": "voice",
    "audio": "voice",
    "video": "video",
    "video_note": "video",
    # Before "document": an animation is delivered as both.
    "animation": "video",
    "document": "document",
}
# What somebody does in a chat, and what Telegram says about it: nothing that anybody said to us.
_SILENT: Final = (
    "dice",
    "pinned_message",
    "new_chat_members",
    "message_auto_delete_timer_changed",
)
_BEGIN: Final = "halo"


class Telegram:
    """The channel as it hears: an account is a bot of ours, its `name` the bot's id."""

    name = NAME
    has_accounts = True

    def challenge(self, query: Mapping[str, str], keys: Keys) -> str | None:
        """Telegram asks nothing beforehand."""
        return None

    def accept(self, posted: Posted, keys: Keys) -> list[Part]:
        """Return the update, whole, of the bot whose secret token the header repeats; raises Unverified."""
        given = posted.headers.get("x-telegram-bot-api-secret-token", "").encode()
        found = ""
        for account in keys.accounts:
            secret = account.secrets.get("secret_token", "").encode()
            if secret and hmac.compare_digest(secret, given):
                found = found or account.name
        if not found:
            raise Unverified
        try:
            update = payloads.json_object(posted.body)
        except Unreadable:
            return [Part(found, _hash(posted.body), posted.body)]
        given_id = number(update, "update_id")
        key = _hash(posted.body) if given_id is None else str(given_id)
        return [Part(found, key[:200], _packed({"bot": found, "update": update}))]

    def parse(self, payload: bytes) -> Said | Receipt | None:
        """Return what an update tells; raises Unreadable."""
        given = payloads.json_object(payload)
        update, bot = payloads.part(given, "update"), payloads.text(given, "bot")
        if "update_id" not in update:
            raise Unreadable("isi kiriman bukan update dari Telegram")
        if "callback_query" in update:
            return _pressed(payloads.part(update, "callback_query"))
        for name in ("message", "edited_message"):
            if name in update:
                return _said(payloads.part(update, name), bot, edited=name == "edited_message")
        return None


def answer(parts: Sequence[Part]) -> tuple[str, bytes] | None:
    """Return what Telegram reads in the answer to a delivery: that a button was pressed, so that it stops waiting.

    Source: "Bot API", Making requests when getting updates.
    """
    for part in parts:
        try:
            query = payloads.part(
                payloads.part(payloads.json_object(part.payload), "update"), "callback_query"
            )
        except Unreadable:
            return None
        if query_id := payloads.text(query, "id"):
            told = {"method": "answerCallbackQuery", "callback_query_id": query_id}
            return "application/json", _packed(told)
    return None


def reference(bot: str, chat: int, message: int) -> str:
    """Return by what a message of ours is known. The number of a chat is a person's: it is kept as a keyed hash."""
    return f"telegram:{crypto.keyring().lookups(f'{bot}:{chat}:{message}', 'telegram')[0]}"[:200]


def number(given: dict[str, Any], name: str) -> int | None:
    """Return a whole number, if that is what stands there."""
    value = given.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _pressed(query: dict[str, Any]) -> Said | None:
    person = payloads.part(query, "from")
    chat = payloads.part(payloads.part(query, "message"), "chat")
    if chat and payloads.text(chat, "type") != "private":
        return None
    return Said(_sender(person), Heard(choice=payloads.text(query, "data")[:40]), _name(person))


def _said(message: dict[str, Any], bot: str, *, edited: bool) -> Said | None:
    person, chat = payloads.part(message, "from"), payloads.part(message, "chat")
    if payloads.text(chat, "type") != "private" or person.get("is_bot") is True:
        return None
    if any(name in message for name in _SILENT):
        return None
    if edited and not (payloads.text(message, "text") or payloads.text(message, "caption")):
        # Somebody on the move shares where they are: every step is an edit.
        return None
    media = () if edited else _media(message)
    replied = number(payloads.part(message, "reply_to_message"), "message_id")
    chat_id = number(chat, "id")
    return Said(
        sender=_sender(person),
        name=_name(person),
        heard=_heard(message, media, edited),
        media=media,
        replies_to=reference(bot, chat_id, replied) if chat_id is not None and replied is not None else "",
    )


def _heard(message: dict[str, Any], media: tuple[Media, ...], edited: bool) -> Heard:
    card = payloads.part(message, "contact")
    if words := contact_cards.lines([(_name(card), [payloads.text(card, "phone_number")])]):
        return Heard(text=words, card=True)
    if "sticker" in message:
        return Heard(sticker=True)
    text = payloads.text(message, "text") or payloads.text(message, "caption")
    venue = payloads.part(message, "venue")
    named = [payloads.text(venue, "title"), payloads.text(venue, "address")]
    first = media[0].kind if media else None
    return Heard(
        text=_spoken(text),
        photos=1 if first == "photo" else 0,
        point=_point(payloads.part(message, "location") or payloads.part(venue, "location")),
        unheard=first if first and first != "photo" else "",
        place=", ".join(filter(None, named)),
        album="" if edited else payloads.text(message, "media_group_id"),
        edited=edited,
    )


def _spoken(text: str) -> str:
    """A command of bots as people say it in other chats: "/status@bot" is "status"."""
    if not text.startswith("/"):
        return text
    command, _, rest = text[1:].partition(" ")
    command = command.partition("@")[0]
    return _BEGIN if command == "start" else f"{command} {rest}".strip()


def _media(message: dict[str, Any]) -> tuple[Media, ...]:
    sizes = payloads.parts(message, "photo")
    if sizes:
        largest = max(sizes, key=lambda size: (number(size, "width") or 0) * (number(size, "height") or 0))
        return _held(largest, "photo")
    for name, kind in _MEDIA.items():
        content = payloads.part(message, name)
        if content:
            # A photo that was sent as a file, to keep it sharp.
            sharp = name == "document" and payloads.text(content, "mime_type").startswith("image/")
            return _held(content, "photo" if sharp else kind)
    return ()


def _held(content: dict[str, Any], kind: MediaKind) -> tuple[Media, ...]:
    file_id = payloads.text(content, "file_id")
    return (Media(file_id, kind, payloads.text(content, "file_name")),) if file_id else ()


def _sender(person: dict[str, Any]) -> str:
    person_id = number(person, "id")
    if person_id is None:
        raise Unreadable("pesan tanpa pengirim")
    return str(person_id)[:80]


def _name(person: dict[str, Any]) -> str:
    return f"{payloads.text(person, 'first_name')} {payloads.text(person, 'last_name')}".strip()


def _point(content: dict[str, Any]) -> tuple[float, float] | None:
    latitude, longitude = content.get("latitude"), content.get("longitude")
    if not isinstance(latitude, int | float) or not isinstance(longitude, int | float):
        return None
    return (float(latitude), float(longitude)) if abs(latitude) <= 90 and abs(longitude) <= 180 else None


def _packed(given: dict[str, Any]) -> bytes:
    return json.dumps(given, sort_keys=True, separators=(",", ":")).encode()


def _hash(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
