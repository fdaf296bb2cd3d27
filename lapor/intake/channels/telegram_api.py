"""What we ask of Telegram's Bot API: to send a message, for the files that it holds for us, and where to deliver.

Source: Telegram, "Bot API" 9: sendMessage, getFile, setWebhook, ResponseParameters; "Bots FAQ", limits.
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
from lapor.intake.channels import payloads
from lapor.intake.channels.interface import Outgoing, Undelivered
from lapor.intake.channels.rates import Rate, Rates
from lapor.intake.channels.talk import Unfetchable
from lapor.intake.channels.telegram import NAME, UPDATES, number, reference

DEFAULT_API: Final = "https://api.telegram.org"
PATIENCE_SECONDS: Final = 20.0
LONGEST_TEXT: Final = 4096
# Thirty a second in all; one a second to a chat, with short bursts.
RATES: Final = Rates(account=Rate.per_second(30, burst=5), address=Rate(1.0, burst=5))
_DEFAULT_REST: Final = timedelta(seconds=30)
_LONGEST_REST: Final = timedelta(hours=1)
_UNTIL_MENDED: Final = timedelta(minutes=5)
_FILE: Final = re.compile(r"[0-9A-Za-z_-]+")


class TelegramApi:
    """One bot of ours, as it speaks; its connections are kept until `close`."""

    name = NAME
    reply_window: timedelta | None = None
    rates = RATES

    def __init__(self, account: Account) -> None:
        self._account = account
        self._token = account.secrets.get("token", "")
        self._api = (account.settings.get("api") or DEFAULT_API).rstrip("/")
        self._held: httpx.AsyncClient | None = None

    async def send(self, message: Outgoing) -> str:
        """Send a text, in pieces when it is too long for one; return the reference of the last."""
        chat = message.chat
        assert chat is not None
        address = message.addresses[0]
        if not address.isdecimal():
            raise Undelivered("alamat Telegram tidak sah", for_good=True)
        # A letter's first line names the ticket.
        text = "\n\n".join(part for part in (message.subject, message.body.strip()) if part)
        found: dict[str, Any] = {}
        parts = list(split(text))
        way = f"{NAME}:{self._account.name}"
        begun = await pieces.begun(message, way, len(parts))
        for place, piece in enumerate(parts[begun:], start=begun + 1):
            body: dict[str, Any] = {
                "chat_id": int(address),
                "text": piece,
                # Nobody but the reporter opens a link of theirs, not even to show what is behind it.
                "link_preview_options": {"is_disabled": True},
            }
            if chat.choices and place == len(parts):
                rows = [[{"text": label, "callback_data": code}] for code, label in chat.choices]
                body["reply_markup"] = {"inline_keyboard": rows}
            found = await self._post("sendMessage", body)
            await pieces.note(message, way, place, len(parts))
        sent = number(payloads.part(found, "result"), "message_id") or 0
        return reference(self._account.name, int(address), sent)

    async def fetch(self, reference: str, most_bytes: int) -> bytes:
        """Return a file that Telegram holds, up to 20 MB; raises Unfetchable."""
        if not _FILE.fullmatch(reference):
            raise Unfetchable("rujukan berkas tidak sah", for_good=True)
        told = await fetching.read_json(self._client(), f"/bot{self._token}/getFile?file_id={reference}")
        found = payloads.part(told, "result")
        if (number(found, "file_size") or 0) > most_bytes:
            raise Unfetchable("berkasnya terlalu besar", for_good=True)
        path = quote(payloads.text(found, "file_path"))
        if not path:
            raise Unfetchable("Telegram tidak menyebut tempat berkasnya")
        return await fetching.read(self._client(), f"{self._api}/file/bot{self._token}/{path}", most_bytes)

    async def deliver_to(self, address: str) -> dict[str, Any]:
        """Let Telegram deliver to an address of ours, and return what it knows about that; raises Undelivered."""
        await self._post(
            "setWebhook",
            {
                "url": address,
                "secret_token": self._account.secrets.get("secret_token", ""),
                "allowed_updates": list(UPDATES),
            },
        )
        return payloads.part(await self._post("getWebhookInfo", {}), "result")

    async def close(self) -> None:
        """Close every connection."""
        if self._held:
            await self._held.aclose()

    async def _post(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = await self._client().post(f"/bot{self._token}/{method}", json=body)
            found = answer.json()
        except httpx.TimeoutException:
            raise Undelivered("Telegram tidak menjawab") from None
        except (httpx.HTTPError, ValueError):
            raise Undelivered("Telegram tidak dapat dihubungi", wait=_DEFAULT_REST) from None
        if answer.is_success and isinstance(found, dict) and found.get("ok") is True:
            return found
        raise _refusal(answer.status_code, found if isinstance(found, dict) else {})

    def _client(self) -> httpx.AsyncClient:
        if self._held is None:
            self._held = httpx.AsyncClient(
                base_url=self._api,
                timeout=PATIENCE_SECONDS,
                follow_redirects=False,
                # The environment names no proxy behind anybody's back.
                trust_env=False,
            )
        return self._held


def split(text: str) -> Iterator[str]:
    """Return a text in pieces that Telegram takes, parted between paragraphs, lines or words where there are any."""
    while _length(text) > LONGEST_TEXT:
        room = _fitting(text)
        at = next((cut for mark in ("\n\n", "\n", " ") if (cut := text.rfind(mark, 0, room)) > 0), room)
        yield text[:at].rstrip()
        text = text[at:].lstrip()
    if text:
        yield text


def _length(text: str) -> int:
    """How long it is as Telegram counts: in units of UTF-16."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _fitting(text: str) -> int:
    """How many characters fit into one message."""
    units = 0
    for place, character in enumerate(text):
        units += 2 if ord(character) > 0xFFFF else 1
        if units > LONGEST_TEXT:
            return place
    return len(text)


def _refusal(status: int, found: dict[str, Any]) -> Undelivered:
    """Why Telegram did not take it; its own words are not kept."""
    reason = f"Telegram menjawab {status}"
    asked = number(payloads.part(found, "parameters"), "retry_after")
    if status == 429:
        wait = min(timedelta(seconds=max(asked or 0, 1)), _LONGEST_REST) if asked else _DEFAULT_REST
        return Undelivered(reason, wait=wait)
    if status in (401, 404):
        # The token is nobody's.
        return Undelivered(reason, wait=_UNTIL_MENDED, broken=True)
    if status >= 500:
        return Undelivered(reason, wait=_DEFAULT_REST)
    # 403: they have stopped the bot, or never begun; 400: there is no such chat.
    return Undelivered(reason, for_good=True, code=status)
