"""A rehearsal of WhatsApp: signed deliveries as Meta sends them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence

from lapor.commands.rehearsal import Message, Rehearsal, photo
from lapor.intake.channels.meta import signature


class WhatsAppRehearsal(Rehearsal):
    """Somebody with WhatsApp."""

    async def tell(self, photos: int) -> None:
        """A conversation with an album, a pin and buttons; the same message twice; a receipt; an addition."""
        await self._say("halo", self._text("Assalamualaikum"))
        await self._say("laporan dengan album", *self._album(photos))
        await self._say("titik lokasi", self._message("location", self.story.pin))
        await self._say("tombol", self._pressed("open", "Biasa"))
        sending = self._pressed("send", "Kirim")
        answered = await self._say("tombol", sending)
        await self._deliver(messages=[sending])
        self.show("  (kiriman yang sama sekali lagi: tidak dibaca dua kali)")
        if answered:
            await self._deliver(statuses=[self._receipt(answered["id"], "delivered")])
            await self._deliver(statuses=[self._receipt(answered["id"], "read")])
            self.show("  (tanda terima: sampai, dibaca)")
        await self._say("tambahan", self._text(self.story.more))
        await self._say("status", self._text("status"))

    async def _say(self, what: str, *messages: Message) -> Message | None:
        self.show(f"warga  > {what}")
        await self._deliver(messages=messages)
        return await self.answered()

    async def _deliver(self, *, messages: Sequence[Message] = (), statuses: Sequence[Message] = ()) -> None:
        value: Message = {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "62810000000", "phone_number_id": self.account.name},
        }
        if messages:
            value["contacts"] = [{"profile": {"name": self.story.name}, "wa_id": self.sender}]
            value["messages"] = list(messages)
        if statuses:
            value["statuses"] = list(statuses)
        entry = {"id": "gladi", "changes": [{"field": "messages", "value": value}]}
        body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
        signed = signature(self.account.secrets.get("app_secret", ""), body)
        await self.post(body, {"X-Hub-Signature-256": signed})

    def _album(self, photos: int) -> list[Message]:
        words = self.story.words
        if not photos:
            return [self._text(words)]
        made = []
        for number in range(photos):
            reference = f"gladi{secrets.token_hex(6)}"
            self.stand_in.media[reference] = photo()
            content = {"id": reference, "mime_type": "image/jpeg"}
            made.append(self._message("image", content if number else {**content, "caption": words}))
        return made

    def _text(self, words: str) -> Message:
        return self._message("text", {"body": words})

    def _pressed(self, code: str, title: str) -> Message:
        return self._message(
            "interactive", {"type": "button_reply", "button_reply": {"id": code, "title": title}}
        )

    def _message(self, kind: str, content: Message) -> Message:
        self.number += 1
        key = f"wamid.gladi.{self.sender}.{self.number}.{secrets.token_hex(4)}"
        return {"from": self.sender, "id": key, "timestamp": "0", "type": kind, kind: content}

    def _receipt(self, reference: str, state: str) -> Message:
        return {"id": reference, "status": state, "timestamp": "0", "recipient_id": self.sender}
