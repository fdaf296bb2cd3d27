"""Of whom nothing is open, nothing is kept: conversations that are over, files long fetched, threads of the forgotten."""

from __future__ import annotations

from datetime import timedelta

from lapor import database
from lapor.database import transaction
from lapor.intake import sender_pairs
from lapor.intake.dialogue_rows import FORGOTTEN_AFTER

# A provider keeps a file for a month at most.
FILES_AFTER = timedelta(days=30)

_OVER = """
WITH over AS (
  DELETE FROM dialogue WHERE id IN (
    SELECT id FROM dialogue WHERE heard_at < lapor_now() - $1::interval AND silent_at IS NULL
    ORDER BY heard_at LIMIT $2 FOR UPDATE SKIP LOCKED)
  RETURNING id
), unsaid AS (
  UPDATE message SET said = NULL, dialogue = NULL FROM over WHERE message.dialogue = over.id
)
SELECT count(*) FROM over"""
_FILES = """
DELETE FROM channel_media WHERE id IN (
  SELECT id FROM channel_media WHERE state <> 'waiting' AND received_at < lapor_now() - $1::interval
  ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)"""

# A thread leads to whoever wrote there: it goes with what else said who they are.
_THREADS = """
UPDATE social_thread SET link = NULL, comment = NULL WHERE id IN (
  SELECT t.id FROM social_thread t JOIN identity i ON i.complaint = t.complaint
  WHERE i.secret IS NULL AND (t.link IS NOT NULL OR t.comment IS NOT NULL)
  ORDER BY t.id LIMIT $1 FOR UPDATE OF t SKIP LOCKED)"""


async def forget_over(batch: int = 500) -> int:
    """Erase who talked to us and what we said in it, at most `batch` conversations; return how many."""
    async with transaction("worker"):
        count: int = await database.fetchval(_OVER, FORGOTTEN_AFTER, batch)
        await database.execute(_FILES, FILES_AFTER, batch)
        await sender_pairs.forget_old()
        await database.execute(_THREADS, batch)
    return count
