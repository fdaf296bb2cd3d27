"""What we ask of the Cloud API of Meta: to send a message, and for the files that it holds for us.

Source: Meta, "WhatsApp Business Platform", messages, media, and the list of error codes.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import httpx

from lapor import words
from lapor.channel_accounts import Account
from lapor.intake import fetching
from lapor.intake.channels.interface import Chat, Outgoing, Undelivered
from lapor.intake.channels.rates import Rate, Rates
from lapor.intake.channels.talk import Unfetchable
from lapor.intake.channels.whatsapp import NAME, SHUT

DEFAULT_API: Final = "https://graph.facebook.com/v23.0"
PATIENCE_SECONDS: Final = 20.0
WINDOW: Final = timedelta(hours=24)
# What is still under way when the window shuts would be refused.
MARGIN: Final = timedelta(minutes=5)
LONGEST_TEXT, LONGEST_WITH_BUTTONS, MOST_BUTTONS = 4096, 1024, 3

# Eighty a second for a number of ours; one in six seconds to a person, of which 45 may leave at once.
RATES: Final = Rates(account=Rate.per_second(80, burst=5), address=Rate(6.0, burst=45))
# What opens a list of choices.
_CHOOSE: Final = {"id": "Pilih", "en": "Choose"}
# Throughput, spam and request limits, and services that are away: the account rests.
_REST: Final = (4, 80007, 130429, 131048, 131064, 131016, 131057, 133004, 2, 131000)
# Tokens and permissions: nothing leaves until somebody has mended the account.
_BROKEN: Final = (0, 3, 10, 190, *range(200, 300), 368, 131005, 131031, 131037, 131042, 131045, 133010)
# To the same person too quickly: only this message rests.
_LATER: Final = (1, 131056)
_DEFAULT_REST: Final = timedelta(seconds=30)
_LONGEST_REST: Final = timedelta(hours=1)
_UNTIL_MENDED: Final = timedelta(minutes=5)


class WhatsAppApi:
    """One account of ours, as it speaks; its connections are kept until `close`."""

    name = NAME
    reply_window: timedelta | None = WINDOW
    rates = RATES

    def __init__(self, account: Account) -> None:
        self._account = account
        self._held: httpx.AsyncClient | None = None

    async def send(self, message: Outgoing) -> str:
        """Send a text, inside the window, or the approved template, outside; return the provider's id of it."""
        chat = message.chat
        assert chat is not None
        if _shut(message, chat):
            return await self._post(message, self._template(message, chat))
        try:
            return await self._post(message, _content(message, chat))
        except Undelivered as refusal:
            if refusal.code != SHUT:
                raise
        # It had shut although we thought otherwise.
        return await self._post(message, self._template(message, chat))

    async def fetch(self, reference: str, most_bytes: int) -> bytes:
        """Return a file that the provider holds; raises Unfetchable. Its address is good for five minutes only."""
        if not reference.isalnum():
            raise Unfetchable("rujukan berkas tidak sah", for_good=True)
        found = await fetching.read_json(self._client(), f"/{reference}")
        size = found.get("file_size")
        if isinstance(size, int) and size > most_bytes:
            raise Unfetchable("berkasnya terlalu besar", for_good=True)
        return await fetching.read(self._client(), str(found.get("url", "")), most_bytes)

    async def close(self) -> None:
        """Close every connection."""
        if self._held:
            await self._held.aclose()

    async def _post(self, message: Outgoing, content: dict[str, Any]) -> str:
        address = message.addresses[0]
        body = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            # Somebody without a telephone number is known by a business-scoped id.
            ("to" if address.isdigit() else "recipient"): address,
            # It comes back with every receipt: so we know that a message has left even if we died before its answer.
            "biz_opaque_callback_data": message.key,
            **content,
        }
        try:
            answer = await self._client().post(f"/{self._account.name}/messages", json=body)
            found = answer.json()
        except httpx.TimeoutException:
            raise Undelivered("WhatsApp tidak menjawab") from None
        except (httpx.HTTPError, ValueError):
            raise Undelivered("WhatsApp tidak dapat dihubungi", wait=_DEFAULT_REST) from None
        if answer.is_success and isinstance(found, dict):
            sent = found.get("messages")
            if isinstance(sent, list) and sent and isinstance(sent[0], dict):
                return str(sent[0].get("id", ""))[:200]
        raise _refusal(answer, found)

    def _template(self, message: Outgoing, chat: Chat) -> dict[str, Any]:
        name = self._account.settings.get("template", "")
        if not name or not chat.link:
            # A conversation's own words are worth nothing a day later; a letter takes the reporter's next way.
            raise Undelivered("jendela jawaban 24 jam sudah tertutup", for_good=True)
        # A trial names no ticket, and no variable of a template may be empty.
        named = words.ticket(message.ticket) or "-"
        texts = [{"type": "text", "text": text} for text in (named, chat.link)]
        return {
            "type": "template",
            "template": {
                "name": name,
                "language": {"code": chat.language},
                "components": [{"type": "body", "parameters": texts}],
            },
        }

    def _client(self) -> httpx.AsyncClient:
        if self._held is None:
            self._held = httpx.AsyncClient(
                base_url=self._account.settings.get("api") or DEFAULT_API,
                headers={"Authorization": f"Bearer {self._account.secrets.get('access_token', '')}"},
                timeout=PATIENCE_SECONDS,
                follow_redirects=False,
                # The environment names no proxy behind anybody's back.
                trust_env=False,
            )
        return self._held


def _shut(message: Outgoing, chat: Chat) -> bool:
    return chat.heard_at is None or message.at - chat.heard_at > WINDOW - MARGIN


def _content(message: Outgoing, chat: Chat) -> dict[str, Any]:
    # A letter's first line names the ticket.
    text = "\n\n".join(part for part in (message.subject, message.body.strip()) if part)
    if not chat.choices:
        return {"type": "text", "text": {"preview_url": False, "body": text[:LONGEST_TEXT]}}
    if len(chat.choices) <= MOST_BUTTONS and len(text) <= LONGEST_WITH_BUTTONS:
        buttons = [
            {"type": "reply", "reply": {"id": code, "title": label[:20]}} for code, label in chat.choices
        ]
        action: dict[str, Any] = {"buttons": buttons}
        return {
            "type": "interactive",
            "interactive": {"type": "button", "body": {"text": text}, "action": action},
        }
    rows = [{"id": code, "title": label[:24]} for code, label in chat.choices[:10]]
    action = {"button": _CHOOSE.get(chat.language, _CHOOSE["id"]), "sections": [{"rows": rows}]}
    return {
        "type": "interactive",
        "interactive": {"type": "list", "body": {"text": text[:LONGEST_TEXT]}, "action": action},
    }


def _refusal(answer: httpx.Response, found: Any) -> Undelivered:
    """Why the provider did not take it; its own words often repeat the number and are not kept."""
    error = found.get("error") if isinstance(found, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    reason = f"WhatsApp menjawab {answer.status_code}" + (f", kode {code}" if isinstance(code, int) else "")
    if code in _LATER:
        return Undelivered(reason)
    if code in _BROKEN or answer.status_code in (401, 403):
        return Undelivered(reason, wait=_UNTIL_MENDED, broken=True)
    if code in _REST or answer.status_code == 429 or answer.status_code >= 500:
        return Undelivered(reason, wait=_rest(answer.headers.get("retry-after", "")))
    return Undelivered(reason, for_good=True, code=code if isinstance(code, int) else 0)


def _rest(asked: str) -> timedelta:
    seconds = int(asked) if asked.isdigit() else 0
    return min(timedelta(seconds=seconds), _LONGEST_REST) if seconds else _DEFAULT_REST
