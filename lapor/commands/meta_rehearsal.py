"""A rehearsal of Messenger and of Instagram: signed deliveries as Meta sends them, and a stand-in for its Send API."""

from __future__ import annotations

import json
import re
import secrets
from typing import Any, Final

from lapor.commands.rehearsal import Message, Rehearsal
from lapor.commands.whatsapp_stand_in import REHEARSED, StandIn
from lapor.intake.channels.meta import signature

# Nobody has these numbers: Meta's are longer.
PEOPLE: Final = "990000"
# A message says itself how many photos it has, so that any stand-in knows.
_ALBUM: Final = re.compile(rf"{REHEARSED}(\d{{1,2}})x[0-9a-f]+")


class MetaStandIn(StandIn):
    """The Send API for a page or an Instagram account, as far as a conversation and a comment need it."""

    def words(self, message: dict[str, Any]) -> str:
        """Return what a message says, with its quick replies."""
        titles = [f"[{reply['title']}]" for reply in message["message"].get("quick_replies", [])]
        return "\n".join([message["message"]["text"], *([" ".join(titles)] if titles else [])])

    def _answer(self, method: str, last: str, path: str, body: bytes) -> tuple[int, bytes]:
        last = last.partition("?")[0]
        if method == "POST" and last in ("messages", "comments", "replies"):
            given = json.loads(body)
            reference = f"m_gladi{next(self._numbers)}"
            # Below a comment the words stand alone.
            said = given if last == "messages" else {"message": {"text": given["message"]}}
            self.sent.put_nowait({**said, "id": reference})
            return 200, json.dumps({"message_id": reference, "id": reference}).encode()
        if "/berkas/" in path and (content := self.file(last)):
            return 200, content
        if album := _ALBUM.fullmatch(last):
            files = [
                {"mime_type": "image/jpeg", "image_data": {"url": f"{self.api}/berkas/{last}-{number}"}}
                for number in range(int(album[1]))
            ]
            return 200, json.dumps({"id": last, "attachments": {"data": files}}).encode()
        return 404, json.dumps({"error": {"code": 100}}).encode()


class MessengerRehearsal(Rehearsal):
    """Somebody with Messenger."""

    object = "page"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.person = PEOPLE + str(secrets.randbelow(1_000_000)).zfill(6)

    async def tell(self, photos: int) -> None:
        """A conversation with an album and buttons; the same message twice; a receipt; an addition; comments."""
        await self._say("halo", self._message({"text": "halo"}))
        await self._say("laporan dengan album", self._album(photos))
        if not photos:
            await self._say("tombol", self._pressed("skip", "Lewati"))
        await self._say("tombol", self._pressed("open", "Biasa"))
        sending = self._pressed("send", "Kirim")
        answered = await self._say("tombol", sending)
        await self._deliver(events=[sending])
        self.show("  (kiriman yang sama sekali lagi: tidak dibaca dua kali)")
        await self._receive(answered)
        await self._say("tambahan", self._message({"text": self.story.more}))
        await self._say("status", self._message({"text": "status"}))
        await self._deliver(changes=[self._comment(self.story.comment)])
        self.show("warga  > komentar di bawah unggahan: menjadi laporan tersendiri, dijawab petugas nanti")
        await self._deliver(changes=[self._comment("mantap")])
        self.show("warga  > komentar pendek: disimpan saja")

    async def hand_on(self, staff: str, words: str) -> None:
        """Let the staff of the head's account pass on a thread."""
        told = self._message({"text": words})
        await self._deliver(events=[{**told, "sender": {"id": staff}}])
        self.show("staf   > tautan yang diteruskan dari akun kepala daerah")

    async def _receive(self, answered: Message | None) -> None:
        """Tell that what was answered has arrived, and what Meta repeats of our own words."""
        if answered is None:
            return
        echo = {"mid": answered["id"], "text": "…", "is_echo": True}
        us, them = self.account.name, self.person
        await self._deliver(events=[{"sender": {"id": us}, "recipient": {"id": them}, "message": echo}])
        await self._deliver(events=[self._event({"delivery": {"mids": [answered["id"]], "watermark": 1}})])
        self.show("  (tanda terima: sampai; gema pesan kami sendiri: diabaikan)")

    async def _say(self, what: str, event: Message) -> Message | None:
        self.show(f"warga  > {what}")
        await self._deliver(events=[event])
        return await self.answered()

    async def _deliver(
        self, *, events: list[Message] | None = None, changes: list[Message] | None = None
    ) -> None:
        entry: Message = {"id": self.account.name, "time": 0}
        if events:
            entry["messaging"] = events
        if changes:
            entry["changes"] = changes
        body = json.dumps({"object": self.object, "entry": [entry]}).encode()
        signed = signature(self.account.secrets.get("app_secret", ""), body)
        await self.post(body, {"X-Hub-Signature-256": signed})

    def _album(self, photos: int) -> Message:
        told: Message = {"text": self.story.words}
        if photos:
            picture = {"type": "image", "payload": {"url": "https://scontent.invalid/foto.jpg"}}
            told |= {"mid": f"{REHEARSED}{photos}x{secrets.token_hex(6)}", "attachments": [picture] * photos}
        return self._message(told)

    def _pressed(self, code: str, title: str) -> Message:
        return self._message({"text": title, "quick_reply": {"payload": code}})

    def _message(self, content: Message) -> Message:
        return self._event({"message": {"mid": f"{REHEARSED}0x{secrets.token_hex(6)}", **content}})

    def _event(self, content: Message) -> Message:
        return {
            "sender": {"id": self.person},
            "recipient": {"id": self.account.name},
            "timestamp": 0,
            **content,
        }

    def _comment(self, words: str) -> Message:
        post = f"{self.account.name}_1"
        told = {"item": "comment", "verb": "add", "post_id": post, "message": words}
        writer = {"id": self.person, "name": self.story.name}
        return {
            "field": "feed",
            "value": {**told, "comment_id": f"1_{secrets.randbelow(10**12)}", "from": writer},
        }


class InstagramRehearsal(MessengerRehearsal):
    """Somebody with Instagram, which tells of no receipts and names its people."""

    object = "instagram"

    async def _receive(self, answered: Message | None) -> None:
        return

    def _comment(self, words: str) -> Message:
        writer = {"id": self.person, "username": "warga.gladi"}
        told = {"id": str(secrets.randbelow(10**12)), "from": writer, "text": words, "media": {"id": "1"}}
        return {"field": "comments", "value": told}
