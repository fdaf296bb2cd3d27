"""When a message may leave by its account: no faster than the provider allows, and to each address in order.

The rates are counted in the database, so that several workers keep them together. A message above them waits in the
outbox. The turn that it is given there is its own, so that those that wait are not all asked again for each that leaves.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import asyncpg

from lapor import crypto, database
from lapor.intake.channels.rates import Rate, Rates
from lapor.intake.letters import Letter

# What did not leave within so long of its turn asks for another: nothing leaves in a heap after a standstill.
LAPSES_AFTER: Final = timedelta(seconds=5)
# Behind an earlier one to the same address, as close as can be.
BEHIND: Final = timedelta(milliseconds=50)
# A way that has been free for so long is as if it had never been used.
FORGOTTEN_AFTER: Final = timedelta(hours=1)

_KNOWN = "INSERT INTO outlet (key) VALUES ($1) ON CONFLICT (key) DO NOTHING"
_FREE = "SELECT free_at FROM outlet WHERE key = $1 FOR UPDATE"
_USE = "UPDATE outlet SET free_at = $2 WHERE key = $1"
_EARLIER = """
SELECT max(next_attempt_at) FROM message WHERE slot_key = $2 AND id < $1 AND state = 'waiting'"""
_WAIT = "UPDATE message SET slot_key = $2, slot_at = $3 WHERE id = $1"
_FORGET = """
DELETE FROM outlet WHERE failures = 0 AND coalesce(free_at, '-infinity') < lapor_now() - $1::interval"""


async def wait_until(message: int, letter: Letter, rates: Rates) -> datetime | None:
    """Return when this message may ask again; None when it leaves now, which is counted. Inside one of `worker`.

    Raises nothing: whoever has to wait is noted with its turn, and keeps it.
    """
    if rates.account is None and rates.address is None:
        return None
    account, address = _keys(letter)
    # The account's row is locked first, and by everybody who sends by it.
    free = await _free(account)
    now = await database.now()
    earlier: datetime | None = await database.fetchval(_EARLIER, message, address)
    if earlier:
        return await _waits(message, address, None, max(earlier, now) + BEHIND)
    address_free = await _free(address) if rates.address else now
    if rates.address and (turn := _turn(rates.address, address_free, now)) > now:
        return await _waits(message, address, None, turn)
    if rates.account and not await _has_its_turn(message, now):
        turn = _turn(rates.account, free, now)
        await database.execute(_USE, account, _used(rates.account, free, now))
        if turn > now:
            return await _waits(message, address, turn, turn)
    if rates.address:
        await database.execute(_USE, address, _used(rates.address, address_free, now))
    return None


async def forget_free() -> None:
    """Let go of every way that has long been free; inside a transaction of `worker`."""
    await database.execute(_FORGET, FORGOTTEN_AFTER)


def _keys(letter: Letter) -> tuple[str, str]:
    """Our account, and the address there as a lookup: it is stored nowhere in the open."""
    chat = letter.outgoing.chat
    account = f"{letter.channel}:{chat.account}" if chat else str(letter.channel)
    address = crypto.keyring().lookup(f"{account}:{','.join(letter.outgoing.addresses)}", "outlet")
    return account, address


async def _free(key: str) -> datetime | None:
    await database.execute(_KNOWN, key)
    free: datetime | None = await database.fetchval(_FREE, key)
    return free


def _turn(rate: Rate, free: datetime | None, now: datetime) -> datetime:
    """When the next one may leave: what is not paid off yet may be as much as a burst."""
    return max(now, (free or now) - timedelta(seconds=rate.seconds * (rate.burst - 1)))


def _used(rate: Rate, free: datetime | None, now: datetime) -> datetime:
    return max(free or now, now) + timedelta(seconds=rate.seconds)


async def _has_its_turn(message: int, now: datetime) -> bool:
    row: asyncpg.Record | None = await database.fetchrow("SELECT slot_at FROM message WHERE id = $1", message)
    return bool(row and row["slot_at"] and row["slot_at"] <= now < row["slot_at"] + LAPSES_AFTER)


async def _waits(message: int, address: str, slot: datetime | None, until: datetime) -> datetime:
    await database.execute(_WAIT, message, address, slot)
    return until
