"""A rehearsal of a partner's system and of a sensor: signed deliveries (Standard Webhooks 1.0.0)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook

from lapor.channel_accounts import Account
from lapor.commands import Failed
from lapor.commands.rehearsal import Message, Rehearsal
from lapor.settings import Settings

CHANNEL = "partner"
_SECRET = "secret"  # noqa: S105 (the name under which it is kept)
_OF_NOBODY = "whsec_" + "YWJj" * 11


def partners(settings: Settings, *, sensors: bool) -> Sequence[Account]:
    """Return who may deliver, people's systems or sensors, with the secret that they sign with."""
    found = {pair.partner: pair.secret for pair in reversed(settings.partner_secrets)}
    return [
        Account(0, CHANNEL, name, {_SECRET: secret})
        for name, secret in found.items()
        if (name in settings.partner_sensors) is sensors
    ]


class PartnerRehearsal(Rehearsal):
    """A system of somebody else, in which a resident has told something."""

    async def tell(self, photos: int) -> None:
        """A complaint with its place; the same delivery twice; one that somebody else has signed."""
        delivery = f"gladi-{secrets.token_hex(8)}"
        self.show("mitra  > laporan dengan titik lokasi")
        await self._deliver(delivery, self._told())
        await self.became(delivery)
        await self._deliver(delivery, self._told())
        self.show("  (kiriman yang sama sekali lagi: tidak dibaca dua kali)")
        forged = self._signed(f"gladi-{secrets.token_hex(8)}", self._told(), _OF_NOBODY)
        answer = await self.client.post("/hooks/partner", content=forged[0], headers=forged[1])
        if answer.status_code != 401:
            raise Failed(f"a forged delivery was answered {answer.status_code}")
        self.show("  (tanda tangan orang lain: ditolak, 401)")

    def _told(self) -> Message:
        reporter = {"id": self.sender, "name": self.story.name}
        return {"type": "complaint", "text": self.story.words, **self.story.pin, "reporter": reporter}

    async def _deliver(self, delivery: str, told: Message) -> None:
        await self.post(*self._signed(delivery, told, self.account.secrets[_SECRET]))

    def _signed(self, delivery: str, told: Message, secret: str) -> tuple[bytes, dict[str, str]]:
        content = json.dumps(told)
        # A delivery is as old as the clock of its sender says.
        at = datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "webhook-id": delivery,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret).sign(delivery, at, content),
        }
        return content.encode(), headers


class SensorRehearsal(PartnerRehearsal):
    """A machine: its complaint has no reporter, nobody who could be asked."""

    def _told(self) -> Message:
        words = f"Sensor {self.sender}: tinggi air 182 cm, melewati batas siaga."
        return {"type": "complaint", "text": words, **self.story.pin}
