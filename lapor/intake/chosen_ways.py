"""The way on which a reporter wants to hear first: which there are, and what they choose."""

from __future__ import annotations

from dataclasses import dataclass

from lapor import crypto, database
from lapor.locales import say


@dataclass(frozen=True)
class Ways:
    """The ways that a reporter has given, in the order in which they are taken, and the one they chose."""

    given: tuple[str, ...] = ()
    chosen: str = ""

    @property
    def first(self) -> str:
        """The one that is taken first."""
        return self.chosen if self.chosen in self.given else next(iter(self.given), "")


async def of_complaint(complaint: int) -> Ways:
    """Return the ways of a complaint; inside a transaction of its `reporter`."""
    rows = await database.fetch("SELECT way, first_way FROM reporter_ways($1)", complaint)
    return Ways(tuple(row["way"] for row in rows), (rows[0]["first_way"] or "") if rows else "")


async def choose(complaint: int, secret: str, way: str) -> bool:
    """Take this way first from now on; False when it is none of those that were given."""
    async with database.transaction("reporter", reporter_key=crypto.secret_hash(secret)):
        taken: bool = await database.fetchval("SELECT choose_way($1, $2)", complaint, way)
    return taken


async def sms_is_sent() -> bool:
    """Return whether a number of ours can send an SMS."""
    async with database.transaction("public"):
        sent: bool = await database.fetchval("SELECT sends_sms()")
    return sent


def shown(ways: Ways, channel: str) -> list[dict[str, str]]:
    """Return the ways as a form offers them; `channel` is the one of the complaint."""
    chats = {"whatsapp": "WhatsApp", "telegram": "Telegram"}
    names = {
        "chat": chats.get(channel) or say("Pesan di media sosial"),
        "email": say("Surel (e-mail)"),
        "sms": "SMS",
    }
    return [{"value": way, "text": names[way]} for way in ways.given]
