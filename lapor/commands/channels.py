"""`lapor channels`: a rehearsal without the provider, over signed deliveries, and telling Telegram where to deliver."""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
from PIL import Image

from lapor import channel_accounts, database
from lapor.channel_accounts import Account
from lapor.commands import OK, Failed, say, telegram_webhook
from lapor.commands.whatsapp_stand_in import StandIn, words_of
from lapor.intake.channels.meta import signature
from lapor.runtime import Ground, grounded, running

LOOPBACK = ("127.0.0.1", "localhost", "::1")
PATIENCE_SECONDS = 15.0
# Nobody has these numbers: they are too short.
SENDERS = "6281000"

Message = dict[str, Any]


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.epilog = (
        "Needs LAPOR_WORKER_DATABASE_URL, the web and the worker running, and an account that is switched on on the"
        " page Kanal. With an API address on this machine, such as http://127.0.0.1:8765, nothing leaves it: the"
        " command answers in the provider's place and shows what comes back."
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True, dest="action", title="actions")
    simulate = actions.add_parser(
        "simulate", help="deliver what a resident would write", allow_abbrev=False, epilog=parser.epilog
    )
    simulate.add_argument("channel", choices=["whatsapp"], help="which channel")
    simulate.add_argument(
        "--url", metavar="ADDRESS", help="where the installation is; LAPOR_BASE_URL if not given"
    )
    simulate.add_argument("--account", metavar="NAME", help="which account; the only one if not given")
    simulate.add_argument(
        "--photos", type=int, default=3, metavar="N", help="how many photos the album has (default 3)"
    )
    webhook = actions.add_parser(
        "telegram-webhook", help="tell Telegram to deliver to LAPOR_BASE_URL", allow_abbrev=False
    )
    webhook.add_argument("--account", metavar="NAME", help="which bot; the only one if not given")


def run(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Simulate, or set the webhook."""
    if options.action == "telegram-webhook":
        with grounded(environ) as ground:
            asyncio.run(_set_webhook(options, ground))
        return OK
    if not 0 <= options.photos <= 30:
        raise Failed("an album has at most 30 photos")
    with grounded(environ) as ground:
        asyncio.run(_simulate(options, ground))
    return OK


async def _set_webhook(options: argparse.Namespace, ground: Ground) -> None:
    async with running(ground.settings, "worker"):
        account = await _account("telegram", options.account)
    await telegram_webhook.tell(account, ground.settings.base_url)


async def _simulate(options: argparse.Namespace, ground: Ground) -> None:
    async with running(ground.settings, "worker"):
        account = await _account(options.channel, options.account)
    api = account.settings.get("api", "")
    local = urlsplit(api).hostname in LOOPBACK
    stand_in = StandIn(api)
    server = await stand_in.serve() if local else None
    try:
        async with httpx.AsyncClient(
            base_url=options.url or ground.settings.base_url, trust_env=False
        ) as client:
            await _Resident(client, account, stand_in, heard=local).tell(options.photos)
    finally:
        if server:
            await stand_in.stop(server)


async def _account(channel: str, name: str | None) -> Account:
    async with database.transaction("worker"):
        found = [one for one in await channel_accounts.listening(channel) if name in (None, one.name)]
    if len(found) != 1:
        raise Failed(
            f"there is no account of {channel} that is switched on: open the page Kanal"
            if not found
            else f"there are {len(found)} accounts of {channel}: choose one with --account"
        )
    return found[0]


@dataclass
class _Resident:
    """Somebody invented, who writes and waits for the answer."""

    client: httpx.AsyncClient
    account: Account
    stand_in: StandIn
    heard: bool

    def __post_init__(self) -> None:
        self.sender = SENDERS + str(secrets.randbelow(10_000)).zfill(4)
        self.number = 0

    async def tell(self, photos: int) -> None:
        """A conversation with an album, a pin and buttons; the same message twice; a receipt; an addition."""
        await self._say("halo", self._text("Assalamualaikum"))
        await self._say("laporan dengan album", *self._album(photos))
        await self._say(
            "titik lokasi", self._message("location", {"latitude": -7.0051, "longitude": 110.4381})
        )
        await self._say("tombol", self._pressed("open", "Biasa"))
        sending = self._pressed("send", "Kirim")
        answered = await self._say("tombol", sending)
        await self._deliver(messages=[sending])
        say("  (kiriman yang sama sekali lagi: tidak dibaca dua kali)")
        if answered:
            await self._deliver(statuses=[self._receipt(answered["id"], "delivered")])
            await self._deliver(statuses=[self._receipt(answered["id"], "read")])
            say("  (tanda terima: sampai, dibaca)")
        await self._say("tambahan", self._text("Sekarang lampunya juga mati."))
        await self._say("status", self._text("status"))

    async def _say(self, what: str, *messages: Message) -> Message | None:
        """Deliver, show it, and return the last answer that came; None where the provider itself would have it."""
        say(f"warga  > {what}")
        await self._deliver(messages=messages)
        if not self.heard:
            return None
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                answer = await self.stand_in.sent.get()
        except TimeoutError:
            raise Failed("no answer came: does the worker run?") from None
        while True:
            for line in words_of(answer).splitlines():
                say(f"lapor  < {line}")
            if self.stand_in.sent.empty():
                return answer
            answer = self.stand_in.sent.get_nowait()

    async def _deliver(self, *, messages: Sequence[Message] = (), statuses: Sequence[Message] = ()) -> None:
        value: Message = {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "62810000000", "phone_number_id": self.account.name},
        }
        if messages:
            value["contacts"] = [{"profile": {"name": "Warga Gladi"}, "wa_id": self.sender}]
            value["messages"] = list(messages)
        if statuses:
            value["statuses"] = list(statuses)
        entry = {"id": "gladi", "changes": [{"field": "messages", "value": value}]}
        body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
        headers = {"X-Hub-Signature-256": signature(self.account.secrets.get("app_secret", ""), body)}
        answer = await self.client.post("/hooks/whatsapp", content=body, headers=headers)
        if answer.status_code != 200:
            raise Failed(f"the installation answered {answer.status_code}")

    def _album(self, photos: int) -> list[Message]:
        words = "Jalan berlubang dalam di Tlogosari Kulon, sudah dua motor jatuh"
        if not photos:
            return [self._text(words)]
        made = []
        for number in range(photos):
            reference = f"gladi{secrets.token_hex(6)}"
            self.stand_in.media[reference] = _photo()
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


def _photo() -> bytes:
    """A picture that no other one is like."""
    grey = Image.frombytes("L", (8, 6), secrets.token_bytes(48)).resize((640, 480))
    out = io.BytesIO()
    grey.save(out, "JPEG")
    return out.getvalue()
