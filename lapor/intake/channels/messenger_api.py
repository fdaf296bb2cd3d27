"""What we ask of Meta for Messenger and Instagram: to send a message, and for the files that it holds for us.

Source: Meta, "Messenger Platform" and "Instagram Platform": Send API, messaging windows, error codes, version 23.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

import httpx

from lapor.channel_accounts import Account
from lapor.intake import fetching, pieces
from lapor.intake.channels import meta, payloads
from lapor.intake.channels.interface import Below, Chat, Outgoing, Undelivered
from lapor.intake.channels.messenger import NAME
from lapor.intake.channels.rates import Rate, Rates
from lapor.intake.channels.talk import Unfetchable

PATIENCE_SECONDS: Final = 20.0
WINDOW: Final = timedelta(hours=24)
# What is still under way when the window shuts would be refused.
MARGIN: Final = timedelta(minutes=5)
# Instagram counts bytes, and takes the fewest.
LONGEST_TEXT: Final = 1000
# A hundred a second on Instagram, which allows the fewest; nothing is said about one person.
RATES: Final = Rates(account=Rate.per_second(100, burst=10))
# A comment on Instagram, which takes fewer letters than Facebook.
LONGEST_COMMENT: Final = 2000
# A comment that is gone, that stands where our page has no say, or was answered privately before: nothing of ours is broken.
_NOT_THERE: Final = (3, 10, 100, 200, 551, 10900, 10903)
# "This message is sent outside of allowed window."
_SHUT: Final = (2018278, 2534022)
# Throughput and request limits, and services that are away: the account rests.
_REST: Final = (2, 4, 32, 613, 80006)
# Tokens and permissions: nothing leaves until somebody has mended the account.
_BROKEN: Final = (3, 10, 190, 368)
# A failure that passes: only this message rests.
_LATER: Final = (1, 1200)
_DEFAULT_REST: Final = timedelta(seconds=30)
_LONGEST_REST: Final = timedelta(hours=1)
_UNTIL_MENDED: Final = timedelta(minutes=5)
_REFERENCE: Final = re.compile(r"(?P<message>[0-9A-Za-z_.=:$+/-]+)#(?P<place>\d{1,2})")


class MessengerApi:
    """One page or account of ours, as it speaks; its connections are kept until `close`."""

    name = NAME
    reply_window: timedelta | None = WINDOW
    rates = RATES

    def __init__(self, account: Account) -> None:
        self._account = account
        self._held: httpx.AsyncClient | None = None

    async def send(self, message: Outgoing) -> str:
        """Send a text inside the window, in pieces when it is too long for one; return the reference of the last.

        Raises Undelivered for good outside: what Meta lets human agents say later is not for a machine to say.
        """
        chat = message.chat
        assert chat is not None
        if chat.below:
            return await self._answer(chat.below, message, chat.link)
        if chat.heard_at is None or message.at - chat.heard_at > WINDOW - MARGIN:
            raise Undelivered("jendela jawaban 24 jam sudah tertutup", for_good=True)
        # A letter's first line names the ticket.
        text = "\n\n".join(part for part in (message.subject, message.body.strip()) if part)
        parts = list(split(text))
        way = f"{NAME}:{self._account.name}"
        begun = await pieces.begun(message, way, len(parts))
        sent = ""
        for place, piece in enumerate(parts[begun:], start=begun + 1):
            last = place == len(parts)
            sent = await self._post(message.addresses[0], _content(piece, chat if last else None))
            await pieces.note(message, way, place, len(parts))
        return sent

    async def _answer(self, below: Below, message: Outgoing, link: str) -> str:
        """Answer a comment, in one piece: a provider takes no second one."""
        text = "\n\n".join(part for part in (message.subject, message.body.strip()) if part)
        content: dict[str, Any]
        if not below.public:
            content = {"recipient": {"comment_id": below.comment}, "message": {"text": _fitted(text, link)}}
            return await self._posted(f"/{self._account.name}/messages", content, "message_id", _NOT_THERE)
        edge = "replies" if below.instagram else "comments"
        content = {
            "message": text if len(text) <= LONGEST_COMMENT else f"{text[: LONGEST_COMMENT - 2].rstrip()} …"
        }
        return await self._posted(f"/{below.comment}/{edge}", content, "id", _NOT_THERE)

    async def fetch(self, reference: str, most_bytes: int) -> bytes:
        """Return a file of a message that Meta holds; raises Unfetchable. Its address is asked for anew each time."""
        found = _REFERENCE.fullmatch(reference)
        if not found:
            raise Unfetchable("rujukan berkas tidak sah", for_good=True)
        told = await fetching.read_json(
            self._client(), f"/{quote(found['message'], safe='')}?fields=attachments"
        )
        files = payloads.parts(payloads.part(told, "attachments"), "data")
        place = int(found["place"])
        if place >= len(files):
            raise Unfetchable("berkasnya sudah dihapus pengirimnya", for_good=True)
        one = files[place]
        address = (
            payloads.text(payloads.part(one, "image_data"), "url")
            or payloads.text(payloads.part(one, "video_data"), "url")
            or payloads.text(one, "file_url")
        )
        return await fetching.read(self._client(), address, most_bytes)

    async def close(self) -> None:
        """Close every connection."""
        if self._held:
            await self._held.aclose()

    async def _post(self, address: str, content: dict[str, Any]) -> str:
        body = {"recipient": {"id": address}, "messaging_type": "RESPONSE", "message": content}
        return await self._posted(f"/{self._account.name}/messages", body, "message_id")

    async def _posted(
        self, place: str, body: dict[str, Any], told: str, for_good: tuple[int, ...] = ()
    ) -> str:
        try:
            answer = await self._client().post(place, json=body)
            found = answer.json()
        except httpx.TimeoutException:
            raise Undelivered("Meta tidak menjawab") from None
        except (httpx.HTTPError, ValueError):
            raise Undelivered("Meta tidak dapat dihubungi", wait=_DEFAULT_REST) from None
        found = found if isinstance(found, dict) else {}
        if answer.is_success and (sent := payloads.text(found, told)):
            return sent[:200]
        error = payloads.part(found, "error")
        if error.get("code") in for_good:
            raise Undelivered("komentarnya tidak dapat dijawab lewat Meta", for_good=True, code=error["code"])
        raise _refusal(answer, error)

    def _client(self) -> httpx.AsyncClient:
        if self._held is None:
            self._held = httpx.AsyncClient(
                base_url=self._account.settings.get("api") or meta.DEFAULT_API,
                headers={"Authorization": f"Bearer {self._account.secrets.get('access_token', '')}"},
                timeout=PATIENCE_SECONDS,
                follow_redirects=False,
                # The environment names no proxy behind anybody's back.
                trust_env=False,
            )
        return self._held


def split(text: str, longest: int = LONGEST_TEXT) -> Iterator[str]:
    """Return a text in pieces that both take, parted between paragraphs, lines or words where there are any."""
    while len(text.encode()) > longest:
        room = len(text.encode()[:longest].decode(errors="ignore"))
        at = next((cut for mark in ("\n\n", "\n", " ") if (cut := text.rfind(mark, 0, room)) > 0), room)
        yield text[:at].rstrip()
        text = text[at:].lstrip()
    if text:
        yield text


def _fitted(text: str, link: str) -> str:
    """A text that goes in one piece, with the link behind it when it had to be cut."""
    if len(text.encode()) <= LONGEST_TEXT:
        return text
    room = LONGEST_TEXT - len(link.encode()) - len(" …\n\n".encode())
    return f"{next(split(text, room))} …\n\n{link}"


def _content(text: str, chat: Chat | None) -> dict[str, Any]:
    if chat is None or not chat.choices:
        return {"text": text}
    replies = [
        {"content_type": "text", "title": label[:20], "payload": code} for code, label in chat.choices[:13]
    ]
    return {"text": text, "quick_replies": replies}


def _refusal(answer: httpx.Response, error: dict[str, Any]) -> Undelivered:
    """Why Meta did not take it; its own words are not kept."""
    code, more = error.get("code"), error.get("error_subcode")
    reason = f"Meta menjawab {answer.status_code}" + (f", kode {code}" if isinstance(code, int) else "")
    if more in _SHUT:
        return Undelivered("jendela jawaban 24 jam sudah tertutup", for_good=True)
    if code in _LATER:
        return Undelivered(reason)
    if code in _BROKEN or answer.status_code == 401:
        return Undelivered(reason, wait=_UNTIL_MENDED, broken=True)
    if code in _REST or answer.status_code == 429 or answer.status_code >= 500:
        asked = answer.headers.get("retry-after", "")
        rest = timedelta(seconds=int(asked)) if asked.isdecimal() else _DEFAULT_REST
        return Undelivered(reason, wait=min(rest, _LONGEST_REST))
    # Somebody who has blocked us or left, or a message that will never do.
    return Undelivered(reason, for_good=True, code=code if isinstance(code, int) else 0)
