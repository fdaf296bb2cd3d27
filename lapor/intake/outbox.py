"""What the outbox holds, as the heartbeat tells it, and the dead messages that are sent again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import asyncpg

from lapor import database
from lapor.database import transaction
from lapor.intake import letters
from lapor.intake.bundling import reach_again

# Nobody can be written to; somebody has to appoint a holder or mend an address.
UNREACHED: Final = (letters.NO_HOLDER, letters.NO_ADDRESS)

_COUNTS = """
SELECT count(*) AS waiting, (SELECT count(*) FROM message WHERE state = 'dead') AS dead,
  coalesce(extract(epoch FROM lapor_now() - min(next_attempt_at) FILTER (WHERE next_attempt_at < lapor_now())), 0)::int
    AS oldest,
  (SELECT count(*) FROM alarm WHERE cleared_at IS NULL) AS alarms,
  (SELECT count(*) FROM message WHERE repeats > 0) AS repeated
FROM message WHERE state IN ('waiting', 'sending')"""


@dataclass(frozen=True)
class Outbox:
    """How many messages wait and were given up, the age of the oldest that is due, and the open alarms.

    `sent_after_all` had nobody to go to before; `repeated` may have left twice.
    """

    waiting: int
    dead: int
    oldest_seconds: int
    alarms: int
    sent_after_all: int
    repeated: int


async def look() -> Outbox:
    """Count what the outbox holds; what had nobody to go to is sent after all once somebody can be reached."""
    again = await reach_again(list(UNREACHED))
    async with transaction("worker"):
        row = await database.fetchrow(_COUNTS)
    assert row is not None
    return Outbox(row["waiting"], row["dead"], row["oldest"], row["alarms"], again, row["repeated"])


async def resend(message: int) -> bool:
    """Put a dead message back into the outbox, due now; return whether there was such a one."""
    async with transaction("worker"):
        found: asyncpg.Record | None = await database.fetchrow(
            "UPDATE message SET state = 'waiting', attempts = 0, next_attempt_at = lapor_now(), leased_until = NULL"
            " WHERE id = $1 AND state = 'dead' RETURNING id",
            message,
        )
    return found is not None
