"""WhatsApp, by the Cloud API of Meta: what it delivers to us, and what we say.

Source: Meta, "WhatsApp Business Platform", webhooks reference (messages, statuses) and messages API, version 23.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, cast

from lapor.intake.channels import contact_cards, meta, payloads
from lapor.intake.channels.interface import Keys, Part, Posted, Unreadable
from lapor.intake.channels.talk import Media, MediaKind, Receipt, Said
from lapor.intake.dialogue import Heard

NAME: Final = "whatsapp"
LONGEST_KEY: Final = 200
# "More than 24 hours have passed since the recipient last replied."
SHUT: Final = 131047
_STATES: Final = ("sent", "delivered", "read", "failed")
# What people do to messages, and what the provider tells about itself: nothing that anybody said to us.
_SILENT: Final = ("reaction", "system", "revoke", "ephemeral")
_MEDIA: Final[Mapping[str, MediaKind]] = {
    "image": "photo",
    "audio": "voice",
    "voice": "voice",
    "video": "video",
    "document": "document",
}


class WhatsApp:
    """The channel as it hears: an account is a phone number of ours, its `name` the provider's id of that number."""

    name = NAME
    has_accounts = True

    def challenge(self, query: Mapping[str, str], keys: Keys) -> str | None:
        """Return `hub.challenge` when the verify token is ours."""
        return meta.challenge(query, keys)

    def accept(self, posted: Posted, keys: Keys) -> list[Part]:
        """Return a part for each message and each status; raises Unverified when no app secret of ours has signed it."""
        return list(_parts(posted.body, meta.signer(posted, keys).name))

    def parse(self, payload: bytes) -> Said | Receipt | None:
        """Return what a part tells; raises Unreadable."""
        given = payloads.json_object(payload)
        if "message" in given:
            return _said(payloads.part(given, "message"), payloads.part(given, "contact"))
        if "status" in given:
            return _receipt(payloads.part(given, "status"))
        if "other" in given and (given["other"] != "messages" or payloads.part(given, "value").get("errors")):
            return None
        raise Unreadable("isi kiriman tidak dikenal")


def _parts(body: bytes, signed_by: str) -> Iterator[Part]:
    try:
        changes = list(_changes(payloads.json_object(body)))
    except Unreadable:
        changes = []
    if not changes:
        yield Part(signed_by, meta.hashed(body), body)
    for field, value in changes:
        account = payloads.text(payloads.part(value, "metadata"), "phone_number_id")[:60] or signed_by
        contacts = payloads.parts(value, "contacts")
        heard: list[tuple[str, dict[str, Any]]] = [
            (_key(message, "id"), {"message": message, "contact": _contact(message, contacts)})
            for message in payloads.parts(value, "messages")
        ]
        told: list[tuple[str, dict[str, Any]]] = [
            (f"{_key(status, 'id')[:180]}:{payloads.text(status, 'status')[:16]}", {"status": status})
            for status in payloads.parts(value, "statuses")
        ]
        # What is neither is kept as it is: templates that were approved, limits that were changed.
        other: list[tuple[str, dict[str, Any]]] = (
            [] if heard or told else [(meta.hashed(meta.packed(value)), {"other": field, "value": value})]
        )
        for key, content in (*heard, *told, *other):
            yield Part(account, key, meta.packed(content))


def _changes(given: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(given.get("entry"), list):
        raise Unreadable("isi kiriman tidak berisi entry")
    for entry in payloads.parts(given, "entry"):
        for change in payloads.parts(entry, "changes"):
            yield payloads.text(change, "field"), payloads.part(change, "value")


def _contact(message: dict[str, Any], contacts: list[dict[str, Any]]) -> dict[str, Any]:
    """Whoever wrote it, among those that the delivery names."""
    sender = payloads.text(message, "from"), payloads.text(message, "from_user_id")
    for contact in contacts:
        if (payloads.text(contact, "wa_id"), payloads.text(contact, "user_id")) == sender:
            return contact
        if set(sender) & {payloads.text(contact, "wa_id"), payloads.text(contact, "user_id")} - {""}:
            return contact
    return contacts[0] if len(contacts) == 1 else {}


def _said(message: dict[str, Any], contact: dict[str, Any]) -> Said | None:
    kind = payloads.text(message, "type")
    if kind in _SILENT or message.get("group_id"):
        return None
    heard = _written(kind, message)
    if kind == "edit" and heard is None:
        return None
    phone, user = _ids(message, contact)
    sender = phone or user
    if not sender:
        raise Unreadable("pesan tanpa pengirim")
    content = payloads.part(message, kind)
    media = _media(kind, content)
    return Said(
        sender=sender[:80],
        name=payloads.text(payloads.part(contact, "profile"), "name"),
        phone=f"+{phone}" if phone.isdigit() else "",
        heard=heard or _heard(kind, content, media),
        media=(media,) if media else (),
        replies_to=payloads.text(payloads.part(message, "context"), "id"),
        user_id=user[:80],
    )


def _ids(message: dict[str, Any], contact: dict[str, Any]) -> tuple[str, str]:
    """The sender's telephone number and business-scoped id; a contact adds what the message leaves out of the two."""
    phone, user = payloads.text(message, "from"), payloads.text(message, "from_user_id")
    its_phone, its_user = payloads.text(contact, "wa_id"), payloads.text(contact, "user_id")
    if (phone and its_phone and phone != its_phone) or (user and its_user and user != its_user):
        return phone, user
    return phone or its_phone, user or its_user


def _written(kind: str, message: dict[str, Any]) -> Heard | None:
    """What stands elsewhere than in an object under the kind's name: contacts, and what was written anew."""
    if kind == "contacts":
        words = contact_cards.lines(map(_card, payloads.parts(message, kind)))
        return Heard(text=words, card=True) if words else None
    if kind == "edit":
        anew = payloads.part(payloads.part(message, kind), "message")
        content = payloads.part(anew, payloads.text(anew, "type"))
        words = payloads.text(content, "body") or payloads.text(content, "caption")
        return Heard(text=words, edited=True) if words else None
    return Heard(sticker=True) if kind == "sticker" else None


def _card(contact: dict[str, Any]) -> tuple[str, list[str]]:
    name = payloads.part(contact, "name")
    said = payloads.text(name, "formatted_name") or payloads.text(name, "first_name")
    numbers = payloads.parts(contact, "phones")
    return said, [payloads.text(one, "phone") or payloads.text(one, "wa_id") for one in numbers]


def _heard(kind: str, content: dict[str, Any], media: Media | None) -> Heard:
    if kind == "text":
        return Heard(text=payloads.text(content, "body"))
    if media:
        caption = payloads.text(content, "caption")
        if media.kind == "photo":
            return Heard(text=caption, photos=1)
        return Heard(text=caption, unheard=media.kind)
    if kind == "location":
        named = [payloads.text(content, "name"), payloads.text(content, "address")]
        return Heard(point=_point(content), place=", ".join(filter(None, named)))
    if kind == "interactive":
        answer = payloads.part(content, payloads.text(content, "type"))
        return Heard(choice=payloads.text(answer, "id")[:40])
    if kind == "button":
        return Heard(text=payloads.text(content, "text"))
    # Orders and whatever comes next: kept as they came, and answered with what we understand.
    return Heard()


def _media(kind: str, content: dict[str, Any]) -> Media | None:
    meant = _MEDIA.get(kind)
    reference = payloads.text(content, "id")
    if meant is None or not reference:
        return None
    if kind == "document" and payloads.text(content, "mime_type").startswith("image/"):
        # A photo that was sent as a file, to keep it sharp.
        meant = "photo"
    return Media(reference, meant, payloads.text(content, "filename"))


def _point(content: dict[str, Any]) -> tuple[float, float] | None:
    latitude, longitude = content.get("latitude"), content.get("longitude")
    if not isinstance(latitude, int | float) or not isinstance(longitude, int | float):
        return None
    return (float(latitude), float(longitude)) if abs(latitude) <= 90 and abs(longitude) <= 180 else None


def _receipt(status: dict[str, Any]) -> Receipt | None:
    state = payloads.text(status, "status")
    if state not in _STATES:
        return None
    codes = [error.get("code") for error in payloads.parts(status, "errors")]
    return Receipt(
        reference=_key(status, "id"),
        state=cast(Literal["sent", "delivered", "read", "failed"], state),
        key=payloads.text(status, "biz_opaque_callback_data"),
        reason=f"WhatsApp: {', '.join(map(str, codes))}" if codes else "",
        shut=SHUT in codes,
        sender=payloads.text(status, "recipient_id") or payloads.text(status, "recipient_user_id"),
    )


def _key(given: dict[str, Any], name: str) -> str:
    """A provider's id that can be a key: a long or odd one is known by its hash."""
    key = payloads.text(given, name)
    return key if 0 < len(key) <= LONGEST_KEY and key.isprintable() else meta.hashed(meta.packed(given))
