"""Two ids of a provider that are the same person, because one delivery named both: a telephone number and a user's id.

Who was known by one of them is found by the other: their conversation, their complaints. What was filed before is not
changed, and nothing here says anything of anonymous or confidential complaints, which are found by no id.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Final

import asyncpg

from lapor import crypto, database
from lapor.intake.channels.talk import Said

# Where a provider names people by two ids.
_CHANNELS: Final = ("whatsapp",)
# Longer than any complaint stays open with a reporter who says nothing.
FORGOTTEN_AFTER: Final = timedelta(days=400)
# However much somebody writes, the row is written no oftener.
_NOTED_EVERY: Final = timedelta(days=1)

_FIND = """
SELECT id, ids, seen_at FROM sender_pair
WHERE channel = $1 AND account = $2 AND (user_lookup = ANY ($3) OR phone_lookup = ANY ($3))
ORDER BY seen_at DESC, id DESC LIMIT 1"""
_SEEN = "UPDATE sender_pair SET seen_at = $2 WHERE id = $1"
# A number that has passed to somebody else, and a user who has taken another number.
_OVER = """
DELETE FROM sender_pair WHERE channel = $1 AND account = $2
  AND (phone_lookup = ANY ($3) OR user_lookup = ANY ($4))"""
_KEEP = """
INSERT INTO sender_pair (channel, account, phone_lookup, user_lookup, ids, seen_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (channel, account, user_lookup)
DO UPDATE SET phone_lookup = excluded.phone_lookup, ids = excluded.ids, seen_at = excluded.seen_at"""
_KNOWN = """
SELECT EXISTS (SELECT FROM dialogue WHERE channel = $1 AND account = $2 AND sender_lookup = ANY ($3))
  OR EXISTS (SELECT FROM identity WHERE external_lookup = ANY ($4))"""
_FORGET = "DELETE FROM sender_pair WHERE seen_at < lapor_now() - $1::interval"


async def ids_of(channel: str, account: str, said: Said, at: datetime) -> tuple[str, ...]:
    """Return the ids of whoever says this, first the one by which we know them; inside a transaction of `worker`.

    Where the message names two, they are kept together from now on.
    """
    if channel not in _CHANNELS:
        return (said.sender,)
    if said.user_id and said.user_id != said.sender:
        return await _paired(channel, account, said.sender, said.user_id, at)
    row = await database.fetchrow(_FIND, channel, account, _lookups(channel, account, said.sender))
    if row is None:
        return (said.sender,)
    if row["seen_at"] < at - _NOTED_EVERY:
        await database.execute(_SEEN, row["id"], at)
    return _ids(row, channel, account)


async def same_as(channel: str, account: str, sender: str) -> tuple[str, ...]:
    """Return every id of a sender; inside a transaction of `worker`."""
    if channel not in _CHANNELS:
        return (sender,)
    row = await database.fetchrow(_FIND, channel, account, _lookups(channel, account, sender))
    return _ids(row, channel, account) if row else (sender,)


async def forget_old() -> None:
    """Erase the pairs of whom nothing was heard for long; inside a transaction of `worker`."""
    await database.execute(_FORGET, FORGOTTEN_AFTER)


async def _paired(channel: str, account: str, phone: str, user: str, at: datetime) -> tuple[str, ...]:
    row = await database.fetchrow(_FIND, channel, account, _lookups(channel, account, user))
    known = _ids(row, channel, account) if row else ()
    if row and set(known) == {phone, user}:
        if row["seen_at"] < at - _NOTED_EVERY:
            await database.execute(_SEEN, row["id"], at)
        return known
    known_by_user = await _is_known(channel, account, user) and not await _is_known(channel, account, phone)
    ids = (user, phone) if known_by_user else (phone, user)
    phones, users = _lookups(channel, account, phone), _lookups(channel, account, user)
    await database.execute(_OVER, channel, account, phones, users)
    sealed = crypto.keyring().encrypt(json.dumps(ids), _context(channel, account))
    await database.execute(_KEEP, channel, account, phones[0], users[0], sealed, at)
    return ids


async def _is_known(channel: str, account: str, sender: str) -> bool:
    """Whether somebody has talked to us by this id, or filed something that is found by it."""
    keyring = crypto.keyring()
    found: bool = await database.fetchval(
        _KNOWN,
        channel,
        account,
        keyring.lookups(f"{account}:{sender}", f"dialogue:{channel}"),
        keyring.lookups(f"{channel}:{account}:{sender}", "external"),
    )
    return found


def _ids(row: asyncpg.Record, channel: str, account: str) -> tuple[str, ...]:
    return tuple(json.loads(crypto.keyring().decrypt(row["ids"], _context(channel, account))))


def _lookups(channel: str, account: str, sender: str) -> list[str]:
    return crypto.keyring().lookups(f"{account}:{sender}", _context(channel, ""))


def _context(channel: str, account: str) -> str:
    return f"sender_pair:{channel}:{account}"
