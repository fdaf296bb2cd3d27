"""A letter that leaves in several messages: those that have left are not sent again when the rest has to wait."""

from __future__ import annotations

from lapor import database
from lapor.database import transaction
from lapor.intake.channels.interface import Outgoing

_BEGUN = "SELECT pieces FROM message WHERE dedupe_key = $1"
_NOTE = "UPDATE message SET pieces = $2 WHERE dedupe_key = $1"


async def begun(message: Outgoing, way: str, count: int) -> int:
    """Return how many of so many pieces have left on this way (channel and account of ours); never all of them."""
    if count < 2:
        return 0
    async with transaction("worker"):
        noted = await database.fetchval(_BEGUN, message.key)
    noted_way, _, left = (noted or "").rpartition(":")
    return min(int(left), count - 1) if noted_way == way else 0


async def note(message: Outgoing, way: str, left: int, count: int) -> None:
    """Note how many of so many have left. After the last one the letter itself is noted as sent."""
    if left < count:
        async with transaction("worker"):
            await database.execute(_NOTE, message.key, f"{way}:{left}")
