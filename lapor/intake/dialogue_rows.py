"""Where a conversation stands between two messages: one row for each sender, locked while a message is read."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from lapor import channel_accounts, crypto, database
from lapor.intake import sender_pairs
from lapor.intake.channels.talk import Said
from lapor.intake.conversation_words import Spoken
from lapor.intake.dialogue import Dialogue

# After so long without a word what was told is filed, or let go.
SILENCE = timedelta(minutes=30)
# Longer than any provider's window for answers; then nothing is kept of somebody with whom nothing is open.
FORGOTTEN_AFTER = timedelta(hours=48)

_COLUMNS = "id, channel, account, sender, state, heard_at, received_at"
_FIND = f"""
SELECT {_COLUMNS} FROM dialogue WHERE channel = $1 AND account = $2 AND sender_lookup = ANY ($3) FOR UPDATE"""
_OPEN = """
INSERT INTO dialogue (channel, account, sender_lookup, sender, heard_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (channel, account, sender_lookup) DO NOTHING"""
_KEEP = "UPDATE dialogue SET state = $2, heard_at = $3, received_at = $4, silent_at = $5 WHERE id = $1"
# Whatever waits to be read may belong to it: silence is only what nobody has broken.
_SILENT = f"""
SELECT {_COLUMNS} FROM dialogue d
WHERE silent_at <= lapor_now() AND NOT EXISTS (
  SELECT FROM inbound i WHERE i.state = 'waiting' AND i.channel = d.channel AND i.attempts = 0
    AND i.received_at <= d.silent_at)
ORDER BY silent_at, id FOR UPDATE SKIP LOCKED LIMIT 1"""
_WINDOW = """
SELECT max(heard_at) FROM dialogue WHERE channel = $1 AND account = $2 AND sender_lookup = ANY ($3)"""
_SHUT = """
UPDATE dialogue SET heard_at = least(heard_at, lapor_now() - $4::interval)
WHERE channel = $1 AND account = $2 AND sender_lookup = ANY ($3)"""
_SAY = """
INSERT INTO message (dedupe_key, kind, dialogue, said, state, attempts, next_attempt_at, created_at)
VALUES ($1, 'chat', $2, $3, 'waiting', 0, lapor_now(), lapor_now()) ON CONFLICT (dedupe_key) DO NOTHING"""


@dataclass(frozen=True)
class Talk:
    """A sender's row under its lock. `received_at` is the receipt of the first message that told something."""

    id: int
    channel: str
    account: str
    sender: str
    name: str
    phone: str
    dialogue: Dialogue | None
    heard_at: datetime
    received_at: datetime | None
    # Other ids of the same person.
    others: tuple[str, ...] = ()

    @property
    def external(self) -> str:
        """Who this is, as a filing keeps it."""
        return f"{self.channel}:{self.account}:{self.sender}"

    @property
    def externals(self) -> list[str]:
        """The same by every id of theirs."""
        return [f"{self.channel}:{self.account}:{one}" for one in (self.sender, *self.others)]


async def held(channel: str, account: str, said: Said, at: datetime) -> Talk:
    """Return the sender's row, locked, and made when there was none; inside a transaction of `worker`."""
    sender, *others = await sender_pairs.ids_of(channel, account, said, at)
    lookups = _lookups(channel, account, sender)
    row = await database.fetchrow(_FIND, channel, account, lookups)
    if row is None:
        known = {"id": sender, "name": said.name[:160], "phone": said.phone[:40]}
        sealed = crypto.keyring().encrypt(json.dumps(known), _sender_context(channel, account))
        await database.execute(_OPEN, channel, account, lookups[0], sealed, at)
        row = await database.fetchrow(_FIND, channel, account, lookups)
    assert row is not None
    return replace(_talk(row), others=tuple(others))


async def silent() -> Talk | None:
    """Return one that has been silent for long enough, locked; inside a transaction of `worker`."""
    row = await database.fetchrow(_SILENT)
    return _talk(row) if row else None


async def keep(talk: Talk, dialogue: Dialogue | None, *, received_at: datetime, now: datetime) -> None:
    """Store where the conversation stands; `received_at` is the receipt of what was just heard."""
    told = dialogue is not None and bool(dialogue.text or dialogue.photos or dialogue.point)
    state = None
    if dialogue:
        state = crypto.keyring().encrypt(json.dumps(asdict(dialogue)), _state_context(talk.id))
    await database.execute(
        _KEEP,
        talk.id,
        state,
        max(talk.heard_at, received_at),
        (talk.received_at or received_at) if told else None,
        now + SILENCE if dialogue else None,
    )


async def say(talk_id: int, key: str, spoken: Spoken, language: str) -> None:
    """Put what we say into the outbox, once for the same key."""
    said = {"text": spoken.text, "choices": spoken.choices, "language": language}
    sealed = crypto.keyring().encrypt(json.dumps(said), channel_accounts.said_context(key))
    await database.execute(_SAY, key, talk_id, sealed)


async def heard_last(channel: str, account: str, sender: str) -> datetime | None:
    """Return when a sender was last heard: from then on the provider's window for answers counts."""
    same = await sender_pairs.same_as(channel, account, sender)
    lookups = [lookup for one in same for lookup in _lookups(channel, account, one)]
    found: datetime | None = await database.fetchval(_WINDOW, channel, account, lookups)
    return found


async def shut(channel: str, account: str, sender: str) -> None:
    """Note that the provider's window for answers is shut, whatever we thought."""
    await database.execute(_SHUT, channel, account, _lookups(channel, account, sender), FORGOTTEN_AFTER)


def opened_sender(row: asyncpg.Record) -> str:
    """Return the provider's id of a sender, from a row with channel, account and sender."""
    return str(_sender(row)["id"])


def _talk(row: asyncpg.Record) -> Talk:
    sender = _sender(row)
    return Talk(
        row["id"],
        row["channel"],
        row["account"],
        sender["id"],
        sender["name"],
        sender["phone"],
        _dialogue(row),
        row["heard_at"],
        row["received_at"],
    )


def _sender(row: asyncpg.Record) -> dict[str, str]:
    found: dict[str, str] = json.loads(
        crypto.keyring().decrypt(row["sender"], _sender_context(row["channel"], row["account"]))
    )
    return found


def _dialogue(row: asyncpg.Record) -> Dialogue | None:
    if row["state"] is None:
        return None
    found: dict[str, Any] = json.loads(crypto.keyring().decrypt(row["state"], _state_context(row["id"])))
    point = found.pop("point")
    codes = found.pop("codes")
    return replace(Dialogue(**found), point=tuple(point) if point else None, codes=tuple(codes))


def _lookups(channel: str, account: str, sender: str) -> list[str]:
    return crypto.keyring().lookups(f"{account}:{sender}", f"dialogue:{channel}")


def _sender_context(channel: str, account: str) -> str:
    return f"dialogue:{channel}:{account}"


def _state_context(number: int) -> str:
    return f"dialogue:{number}:state"
