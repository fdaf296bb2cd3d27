"""A rehearsal of SMS, as the account's gateway or Twilio would deliver them, and a stand-in that takes the answers."""

from __future__ import annotations

import json
import secrets
from typing import Any
from urllib.parse import parse_qsl, urlencode

from lapor.commands.rehearsal import Message, Rehearsal
from lapor.commands.whatsapp_stand_in import StandIn
from lapor.intake.channels import twilio
from lapor.intake.channels.sms import HEADER, TWILIO, named


class SmsStandIn(StandIn):
    """A gateway, or Twilio: it takes whatever is posted."""

    def words(self, message: dict[str, Any]) -> str:
        """Return what a message says: the longest thing in it."""
        return max((str(value) for name, value in message.items() if name != "lapor_id"), key=len)

    def _answer(self, method: str, last: str, path: str, body: bytes) -> tuple[int, bytes]:
        message = json.loads(body) if body[:1] == b"{" else dict(parse_qsl(body.decode()))
        reference = f"SMgladi{secrets.token_hex(8)}"
        self.sent.put_nowait({**message, "lapor_id": reference})
        return 200, json.dumps({"sid": reference, "id": reference}).encode()


class SmsRehearsal(Rehearsal):
    """Somebody with a plain telephone."""

    async def tell(self, photos: int) -> None:
        """A message without a place, the place; the same delivery twice; a receipt; a long one in two parts; stopping."""
        await self._say("laporan", self._message("Jalan berlubang dalam, sudah dua motor jatuh"))
        place = self._message("depan pasar Tlogosari Kulon")
        answered = await self._say("tempat", place)
        await self._deliver(place)
        self.show("  (kiriman yang sama sekali lagi: tidak dibaca dua kali)")
        if answered:
            await self._deliver(
                {"id": answered["lapor_id"], "status": "delivered", "from": self.account.name}
            )
            self.show("  (tanda terima: sampai)")
        if self.account.settings.get("provider") == TWILIO:
            await self._say("tambahan", self._message(self.story.more))
        else:
            parts = {"ref": str(secrets.randbelow(256)), "parts": "2"}
            long = [
                self._message("Sekarang lampunya juga ", part="1", **parts),
                self._message("mati, sampai ujung jalan.", part="2", **parts),
            ]
            await self._say("tambahan dalam dua bagian", *long)
        await self._say("status", self._message("status"))
        await self._say("BERHENTI", self._message("BERHENTI"))

    async def _say(self, what: str, *messages: Message) -> Message | None:
        self.show(f"warga  > {what}")
        for message in messages:
            await self._deliver(message)
        return await self.answered()

    async def _deliver(self, message: Message) -> None:
        settings, known = self.account.settings, self.account.secrets
        if settings.get("provider") == TWILIO:
            fields = [(twilio.NAMES[name], value) for name, value in message.items() if name in twilio.NAMES]
            address = f"{self.settings.base_url}/hooks/sms"
            signed = twilio.signature(known.get("auth_token", ""), address, fields)
            headers = {"X-Twilio-Signature": signed, "Content-Type": "application/x-www-form-urlencoded"}
            await self.post(urlencode(fields).encode(), headers)
            return
        names = named(settings.get("fields", ""))
        body = json.dumps({names[name]: value for name, value in message.items()}).encode()
        header = settings.get("token_header") or HEADER
        await self.post(body, {header: known.get("webhook_token", ""), "Content-Type": "application/json"})

    def _message(self, words: str, **more: str) -> Message:
        sender = f"+{self.sender}"
        return {
            "from": sender,
            "to": f"+{self.account.name}",
            "text": words,
            "id": f"SMgladi{secrets.token_hex(8)}",
            **more,
        }
