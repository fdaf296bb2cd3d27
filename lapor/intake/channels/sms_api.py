"""How SMS leave: by Twilio, or by a gateway whose address and field names stand in the account's settings.

Source: Twilio, "Messages resource" and "Error and warning dictionary".
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

import httpx

from lapor.channel_accounts import Account
from lapor.database import transaction
from lapor.intake import pieces, sms_words, stopped
from lapor.intake.channels import payloads, twilio
from lapor.intake.channels.interface import Outgoing, Undelivered
from lapor.intake.channels.rates import UNLIMITED, Rate, Rates
from lapor.intake.channels.sms import HEADER, NAME, TWILIO

TWILIO_API: Final = "https://api.twilio.com"
PATIENCE_SECONDS: Final = 20.0
# A number sends one a second, and a provider queues a few more than that.
USUAL_RATE: Final = 1
BURST: Final = 3
# "2/4 " before every part that is a message of its own.
_MARK: Final = 4
_DEFAULT_REST: Final = timedelta(seconds=30)
_LONGEST_REST: Final = timedelta(hours=1)
_UNTIL_MENDED: Final = timedelta(minutes=5)
# Too many requests, a full queue.
_REST: Final = (20429, 21611, 14107)
# Credentials, a suspended account, a number that is not ours.
_BROKEN: Final = (20003, 20005, 21606, 21603, 21659)
# They have sent STOP to Twilio itself.
_STOPPED: Final = 21610


class SmsApi:
    """One number of ours, as it speaks; its connections are kept until `close`."""

    name = NAME
    reply_window: timedelta | None = None

    def __init__(self, account: Account) -> None:
        self._account = account
        self.rates = _rates(account.settings.get("per_second", ""))
        self._held: httpx.AsyncClient | None = None

    async def send(self, message: Outgoing) -> str:
        """Send a text in as many parts as it takes, and return the provider's id of the last."""
        address = message.addresses[0]
        async with transaction("worker"):
            if await stopped.forbids(NAME, self._account.name, address, message.key):
                raise Undelivered(stopped.ASKED, for_good=True, unwanted=True)
        # A letter's first line names the ticket.
        text = sms_words.fitted("\n".join(part for part in (message.subject, message.body) if part))
        if self._account.settings.get("provider") == TWILIO:
            return await self._by_twilio(address, text, message.key)
        if self._account.settings.get("long") != "split":
            return await self._by_gateway(address, text, message.key)
        parts = sms_words.parted(text, _MARK)
        way = f"{NAME}:{self._account.name}"
        begun = await pieces.begun(message, way, len(parts))
        reference = ""
        for place, part in enumerate(parts[begun:], start=begun + 1):
            # The ticket stands first in the first one; the others say that they follow.
            marked = part if place == 1 else f"{place}/{len(parts)} {part}"
            reference = await self._by_gateway(address, marked, f"{message.key}:{place}")
            await pieces.note(message, way, place, len(parts))
        return reference

    async def close(self) -> None:
        """Close every connection."""
        if self._held:
            await self._held.aclose()

    async def _by_twilio(self, address: str, text: str, key: str) -> str:
        settings = self._account.settings
        sid = settings.get("account_sid", "")
        service = settings.get("messaging_service", "")
        sender = {"MessagingServiceSid": service} if service else {"From": f"+{self._account.name}"}
        found = await self._post(
            f"{settings.get('api') or TWILIO_API}/2010-04-01/Accounts/{sid}/Messages.json",
            data={"To": f"+{address}", "Body": text, **sender, **self._told_at(key)},
            auth=httpx.BasicAuth(sid, self._account.secrets.get("auth_token", "")),
        )
        return payloads.text(found, "sid", 200)

    def _told_at(self, key: str) -> dict[str, str]:
        """Where Twilio tells what became of this message; it takes no address that it cannot reach.

        The key comes back with every receipt: so we know that a message has left even if we died before its answer.
        """
        hook = self._account.hook
        return {"StatusCallback": f"{hook}?{twilio.KEY}={quote(key)}"} if hook.startswith("https://") else {}

    async def _by_gateway(self, address: str, text: str, key: str) -> str:
        settings = self._account.settings
        url = settings.get("api", "")
        if not url:
            raise Undelivered("alamat pengiriman SMS belum diisi", wait=_UNTIL_MENDED, broken=True)
        names = {"to": "to", "text": "text", "from": "from", "key": "key", "id": "id"}
        names |= dict(pair.partition("=")[::2] for pair in settings.get("send_fields", "").split())
        body = {names["to"]: address, names["text"]: text}
        body |= {names["from"]: self._account.name, names["key"]: key}
        token = self._account.secrets.get("send_token", "")
        headers = {settings.get("send_header") or HEADER: token} if token else {}
        form = settings.get("send_as") == "form"
        found = await self._post(url, headers=headers, **({"data": body} if form else {"json": body}))
        reference = found.get(names["id"])
        return str(reference)[:200] if isinstance(reference, str | int) else ""

    async def _post(self, url: str, **asked: Any) -> dict[str, Any]:
        if self._held is None:
            # The environment names no proxy behind anybody's back.
            self._held = httpx.AsyncClient(timeout=PATIENCE_SECONDS, follow_redirects=False, trust_env=False)
        try:
            answer = await self._held.post(url, **asked)
        except httpx.TimeoutException:
            raise Undelivered("penyedia SMS tidak menjawab") from None
        except (httpx.HTTPError, httpx.InvalidURL):
            raise Undelivered("penyedia SMS tidak dapat dihubungi", wait=_DEFAULT_REST) from None
        try:
            found = answer.json()
        except ValueError:
            found = {}
        given = found if isinstance(found, dict) else {}
        if answer.is_success:
            return given
        raise _refusal(answer, given)


def _rates(given: str) -> Rates:
    """What its contract allows: one a second unless the account says otherwise; 0 is without limit."""
    count = int(given) if given.isdecimal() else USUAL_RATE
    return Rates(account=Rate(1 / count, BURST)) if count else UNLIMITED


def _refusal(answer: httpx.Response, found: dict[str, Any]) -> Undelivered:
    """Why it was not taken; the provider's own words often repeat the number and are not kept."""
    code = found.get("code")
    known = isinstance(code, int)
    reason = f"penyedia SMS menjawab {answer.status_code}" + (f", kode {code}" if known else "")
    if code in _BROKEN or answer.status_code in (401, 403):
        return Undelivered(reason, wait=_UNTIL_MENDED, broken=True)
    if code in _REST or answer.status_code == 429 or answer.status_code >= 500:
        asked = answer.headers.get("retry-after", "")
        wait = timedelta(seconds=int(asked)) if asked.isdecimal() and len(asked) < 6 else _DEFAULT_REST
        return Undelivered(reason, wait=min(wait, _LONGEST_REST))
    if code == _STOPPED:
        return Undelivered(stopped.ASKED, for_good=True, unwanted=True)
    return Undelivered(reason, for_good=True, code=answer.status_code)
