"""What leaves is leased: who holds the lease of a message, and nobody else, writes down what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from lapor import database
from lapor.database import transaction
from lapor.intake.letters import Letter

LEASE: Final = timedelta(minutes=2)

_CLAIM = """
UPDATE message SET state = 'sending', attempts = attempts + 1, leased_until = $1, next_attempt_at = $1
FROM (
  SELECT id AS due, state = 'sending' AS interrupted FROM message
  WHERE state IN ('waiting', 'sending') AND next_attempt_at <= $2
    -- What we say in a conversation leaves in the order in which we said it.
    AND (dialogue IS NULL OR NOT EXISTS (
      SELECT FROM message before WHERE before.dialogue = message.dialogue AND before.id < message.id
        AND (before.state = 'sending' OR before.state = 'waiting' AND before.next_attempt_at <= $2)))
  ORDER BY next_attempt_at, id FOR UPDATE SKIP LOCKED LIMIT $3) taken
WHERE id = due
RETURNING id, kind, complaint, office, attempts, leased_until, trouble, interrupted"""

SENT = """
UPDATE message SET state = 'sent', channel = $3, person = coalesce($4, person), provider_reference = $5, sent_at = $6,
  leased_until = NULL, trouble = NULL, repeats = repeats + $7, slot_key = NULL, slot_at = NULL
WHERE id = $1 AND state = 'sending' AND leased_until = $2"""

_PUT_BACK = """
UPDATE message SET state = $3, channel = $4, person = coalesce($5, person), trouble = $6, next_attempt_at = $7,
  attempts = $8, leased_until = NULL, slot_key = CASE WHEN $9 THEN slot_key END, slot_at = CASE WHEN $9 THEN slot_at END
WHERE id = $1 AND state = 'sending' AND leased_until = $2"""


@dataclass(frozen=True)
class Leased:
    """A message under lease; only whoever holds this very lease may say what became of it."""

    id: int
    kind: str
    complaint: int | None
    office: int | None
    attempts: int
    leased_until: datetime
    # Why it has not arrived so far.
    trouble: str | None
    # Whoever held it before has died with it: it may have left already.
    interrupted: bool


async def lease(count: int) -> list[Leased]:
    """Take up to so many messages that are due, and return them in the order in which they were written."""
    async with transaction("worker"):
        at = await database.now()
        rows = await database.fetch(_CLAIM, at + LEASE, at, count)
    return [Leased(**dict(row)) for row in sorted(rows, key=lambda row: row["id"])]


async def put_back(
    message: Leased,
    letter: Letter | None,
    state: str,
    trouble: str | None,
    until: datetime,
    attempts: int,
    *,
    in_turn: bool = False,
) -> None:
    """Let somebody take it up again at `until`, in this state and with so many attempts behind it.

    Only one that waits `in_turn`, for its way out to be free, keeps its turn.
    """
    async with transaction("worker"):
        await database.execute(
            _PUT_BACK,
            message.id,
            message.leased_until,
            state,
            letter.channel if letter else None,
            letter.person if letter else None,
            trouble[:300] if trouble else None,
            until,
            attempts,
            in_turn,
        )
