"""Who wants no more messages on a channel: BERHENTI or STOP was their word, and MULAI or START undoes it."""

from __future__ import annotations

from typing import Final

from lapor import crypto, database

STOP: Final = frozenset(("stop", "berhenti", "unsubscribe", "stop all", "stopall", "unreg"))
# Why nothing leaves to them.
ASKED: Final = "penerima meminta tidak dikirimi pesan lagi lewat kanal ini"
START: Final = frozenset(("start", "mulai", "unstop", "reg"))

_STOP = """
INSERT INTO channel_stop (channel, account, sender_lookup, last_word, stopped_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (channel, account, sender_lookup) DO NOTHING"""
_START = "DELETE FROM channel_stop WHERE channel = $1 AND account = $2 AND sender_lookup = ANY ($3)"
_LAST_WORD = """
SELECT last_word FROM channel_stop WHERE channel = $1 AND account = $2 AND sender_lookup = ANY ($3)"""


async def stop(channel: str, account: str, sender: str, last_word: str) -> None:
    """Send them nothing more after the message with the key `last_word`; inside a transaction of `worker`."""
    now = await database.now()
    await database.execute(_STOP, channel, account, _lookups(channel, account, sender)[0], last_word, now)


async def start(channel: str, account: str, sender: str) -> None:
    """Send to them again; inside a transaction of `worker`."""
    await database.execute(_START, channel, account, _lookups(channel, account, sender))


async def forbids(channel: str, account: str, sender: str, key: str) -> bool:
    """Whether the message with this key must not be sent to them; inside a transaction of `worker`."""
    found = await database.fetchval(_LAST_WORD, channel, account, _lookups(channel, account, sender))
    return found is not None and found != key


def _lookups(channel: str, account: str, sender: str) -> list[str]:
    return crypto.keyring().lookups(f"{account}:{sender}", f"stopped:{channel}")
