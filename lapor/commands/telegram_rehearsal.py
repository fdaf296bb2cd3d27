"""A rehearsal of Telegram: updates as a bot is given them, and a stand-in for the Bot API that answers."""

from __future__ import annotations

import json
import secrets
from typing import Any

from lapor.commands.rehearsal import Message, Rehearsal, photo
from lapor.commands.whatsapp_stand_in import StandIn

# Far beyond the numbers that Telegram has given to anybody.
PEOPLE = 100_000_000_000_000


class TelegramStandIn(StandIn):
    """The Bot API, as far as a conversation needs it."""

    def words(self, message: dict[str, Any]) -> str:
        """Return what a message says, with its buttons."""
        rows = message.get("reply_markup", {}).get("inline_keyboard", [])
        titles = [f"[{button['text']}]" for row in rows for button in row]
        return "\n".join([message["text"], *([" ".join(titles)] if titles else [])])

    def _answer(self, method: str, last: str, path: str, body: bytes) -> tuple[int, bytes]:
        if method == "POST" and last == "sendMessage":
            message = json.loads(body)
            message["message_id"] = next(self._numbers)
            self.sent.put_nowait(message)
            return 200, _told({"message_id": message["message_id"]})
        if last == "getFile":
            reference = path.partition("file_id=")[2]
            return 200, _told({"file_id": reference, "file_path": f"gladi/{reference}"})
        if "/file/" in path and (content := self.file(last)):
            return 200, content
        return 404, json.dumps({"ok": False, "error_code": 404}).encode()


def _told(result: Message) -> bytes:
    return json.dumps({"ok": True, "result": result}).encode()


class TelegramRehearsal(Rehearsal):
    """Somebody with Telegram."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.person = PEOPLE + secrets.randbelow(1_000_000_000)
        self.number = secrets.randbelow(1_000_000_000)

    async def tell(self, photos: int) -> None:
        """A conversation with an album, a venue and buttons; the same update twice; an edit; an addition."""
        await self._say("/start", self._message(text="/start"))
        await self._say("laporan dengan album", *self._album(photos))
        point = self.story.pin
        venue = {"location": point, "title": "Pasar Gladi", "address": "Tlogosari Kulon"}
        await self._say("tempat", self._message(venue=venue, location=point))
        if not photos:
            await self._say("tombol", self._pressed("skip"))
        await self._say("tombol", self._pressed("open"))
        sending = self._pressed("send")
        await self._say("tombol", sending)
        await self._deliver(sending)
        self.show("  (kiriman yang sama sekali lagi: tidak dibaca dua kali)")
        edit = self._message(text="Jalan berlubang dalam, sudah tiga motor jatuh")
        await self._say("pesan yang diubah", {"update_id": self._next(), "edited_message": edit["message"]})
        await self._say("tambahan", self._message(text=self.story.more))
        await self._say("status", self._message(text="/status"))

    async def _say(self, what: str, *updates: Message) -> Message | None:
        self.show(f"warga  > {what}")
        for update in updates:
            await self._deliver(update)
        return await self.answered()

    async def _deliver(self, update: Message) -> None:
        secret = self.account.secrets.get("secret_token", "")
        await self.post(json.dumps(update).encode(), {"X-Telegram-Bot-Api-Secret-Token": secret})

    def _album(self, photos: int) -> list[Message]:
        words = self.story.words
        if not photos:
            return [self._message(text=words)]
        made, album = [], secrets.token_hex(6)
        for number in range(photos):
            reference = f"gladi{secrets.token_hex(6)}"
            self.stand_in.media[reference] = photo()
            size = {"file_id": reference, "width": 640, "height": 480}
            content: Message = {"photo": [size], "media_group_id": album}
            made.append(self._message(**content if number else {**content, "caption": words}))
        return made

    def _pressed(self, code: str) -> Message:
        query = {"id": str(self._next()), "from": self._from(), "data": code}
        return {"update_id": self._next(), "callback_query": query}

    def _message(self, **content: Any) -> Message:
        chat = {"id": self.person, "type": "private"}
        message = {"message_id": self._next(), "from": self._from(), "chat": chat, "date": 0, **content}
        return {"update_id": self._next(), "message": message}

    def _from(self) -> Message:
        return {"id": self.person, "is_bot": False, "first_name": "Warga", "last_name": "Gladi"}

    def _next(self) -> int:
        self.number += 1
        return self.number
