"""The providers of the demonstration: they stand on this machine, and its own database has accounts with them.

Secrets are made from the demonstration's own and marked as such: production hears and uses no account that has one.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import asyncpg
import httpx
import uvicorn

from lapor import channel_accounts
from lapor.channel_accounts import Account
from lapor.commands.meta_rehearsal import MessengerRehearsal, MetaStandIn
from lapor.commands.rehearsal import Rehearsal, Story
from lapor.commands.telegram_rehearsal import TelegramRehearsal, TelegramStandIn
from lapor.commands.whatsapp_rehearsal import WhatsAppRehearsal
from lapor.commands.whatsapp_stand_in import StandIn
from lapor.intake.forwarding import FORWARDERS
from lapor.secret_values import DEMO_SECRET
from lapor.settings import Settings

PATIENCE_SECONDS: Final = 30.0
PHOTOS: Final = 2
# The staff of the mayor's own account, and what they hand on.
STAFF: Final = "990000000001"
HANDED_ON: Final = (
    "@warga.gemah: Pak Wali, jembatan kecil di Gemah papannya lapuk, kemarin kaki anak terperosok"
    " https://www.facebook.com/warga.gemah/posts/1000200030004"
)


@dataclass(frozen=True)
class Connected:
    """A channel of the demonstration with its account, whoever stands in for the provider, and what is told there."""

    channel: str
    name: str
    title: str
    secrets: tuple[str, ...]
    stand_in: type[StandIn]
    rehearsal: type[Rehearsal]
    story: Story


CHANNELS: Final = (
    Connected(
        "whatsapp",
        "100000000000001",
        "WhatsApp (peragaan)",
        ("access_token", "app_secret", "verify_token"),
        StandIn,
        WhatsAppRehearsal,
        Story(
            words="Pohon besar di Tlogosari Kulon miring, dahannya sudah menyentuh kabel listrik",
            more="Tadi sore satu dahan patah dan menutup separuh jalan.",
            name="Bu Sekar",
        ),
    ),
    Connected(
        "telegram",
        "1000000002",
        "Telegram (peragaan)",
        ("token", "secret_token"),
        TelegramStandIn,
        TelegramRehearsal,
        Story(
            words="Got di Pedurungan Tengah mampet, airnya meluap ke jalan setiap hujan",
            more="Hari ini airnya masuk ke teras dua rumah.",
            name="Mas Bagas",
        ),
    ),
    Connected(
        "social",
        "100000000000003",
        "Halaman Facebook (peragaan)",
        ("access_token", "app_secret", "verify_token"),
        MetaStandIn,
        MessengerRehearsal,
        Story(
            words="Trotoar di Tembalang dipakai parkir motor, anak sekolah jalan di aspal",
            more="Paling penuh pukul enam sampai tujuh pagi.",
            comment="Pak wali, taman bermain di Tlogosari Kulon ayunannya patah, tolong dicek",
            name="Mbak Laras",
        ),
    ),
)

_KNOWN = "SELECT secrets, settings FROM channel_account WHERE channel = $1 AND name = $2"
_CONNECT = """
INSERT INTO channel_account (channel, name, title, active, secrets, settings, changed_at)
VALUES ($1, $2, $3, true, $4, $5, lapor_now())
ON CONFLICT (channel, name) DO UPDATE SET secrets = excluded.secrets, settings = excluded.settings, failures = 0,
  paused_until = NULL, trouble = NULL"""


class Providers:
    """What answers in the providers' place, in a thread of its own, and the people who write over it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.stand_ins: dict[str, StandIn] = {}
        self._serving: list[tuple[StandIn, uvicorn.Server]] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="providers", daemon=True)

    @property
    def accounts(self) -> Mapping[str, Account]:
        """Our accounts with them, by channel."""
        return {
            one.channel: Account(
                0,
                one.channel,
                one.name,
                {**{name: self._secret(one, name) for name in one.secrets}, FORWARDERS: STAFF},
                {"api": self.stand_ins[one.channel].api},
            )
            for one in CHANNELS
        }

    def tell(self) -> None:
        """Let somebody invented write over each channel, through the webhooks of the site; raises Failed."""
        asyncio.run_coroutine_threadsafe(self._tell(), self._loop).result(PATIENCE_SECONDS)

    async def _tell(self) -> None:
        accounts = self.accounts
        async with httpx.AsyncClient(base_url=self.settings.base_url, trust_env=False) as client:
            for one in CHANNELS:
                # Nobody waits for an answer before going on: what comes first is read first.
                telling = one.rehearsal(
                    client,
                    accounts[one.channel],
                    self.stand_ins[one.channel],
                    False,
                    self.settings,
                    one.story,
                    _silently,
                )
                await telling.tell(PHOTOS)
                if isinstance(telling, MessengerRehearsal):
                    await telling.hand_on(STAFF, HANDED_ON)

    def _secret(self, one: Connected, name: str) -> str:
        given = f"{self.settings.secret_key}:{one.channel}:{one.name}:{name}"
        return f"{DEMO_SECRET}{hashlib.sha256(given.encode()).hexdigest()[:40]}"

    async def _serve(self) -> None:
        for one in CHANNELS:
            stand_in = one.stand_in(f"http://127.0.0.1:{_free_port()}")
            self.stand_ins[one.channel] = stand_in
            self._serving.append((stand_in, await stand_in.serve()))

    async def _connect(self) -> None:
        owner = await asyncpg.connect(self.settings.owner_database_url)
        try:
            for one in CHANNELS:
                account = self.accounts[one.channel]
                known = await owner.fetchrow(_KNOWN, one.channel, one.name)
                secrets, settings = dict(account.secrets), dict(account.settings)
                if known:
                    # What an administrator has changed since stays, but for where somebody answers now.
                    secrets |= channel_accounts.opened(one.channel, one.name, known["secrets"])
                    settings = {**json.loads(known["settings"]), **settings}
                sealed = channel_accounts.sealed(one.channel, one.name, secrets)
                await owner.execute(_CONNECT, one.channel, one.name, one.title, sealed, json.dumps(settings))
        finally:
            await owner.close()

    def start(self) -> None:
        """Answer from now on, and lead the demonstration's accounts here."""
        self._thread.start()
        for begun in (self._serve(), self._connect()):
            asyncio.run_coroutine_threadsafe(begun, self._loop).result(PATIENCE_SECONDS)

    def stop(self) -> None:
        """Answer no longer."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(PATIENCE_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_SECONDS)
        self._loop.close()

    async def _end(self) -> None:
        await asyncio.gather(*(stand_in.stop(server) for stand_in, server in self._serving))


@contextmanager
def standing_in(settings: Settings) -> Iterator[Providers]:
    """The providers, for the length of the block."""
    providers = Providers(settings)
    providers.start()
    try:
        yield providers
    finally:
        providers.stop()


def _silently(line: str) -> None:
    return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
