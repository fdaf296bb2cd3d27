"""Files that a provider holds for us: noted when they are heard of, fetched once it is known whose complaint they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from lapor import database
from lapor.intake.channels.talk import Media
from lapor.intake.dialogue_rows import Talk

_NOTE = """
INSERT INTO channel_media (channel, account, reference, kind, filename, dialogue, state, attempts, next_attempt_at,
  received_at) VALUES ($1, $2, $3, $4, $5, $6, 'heard', 0, $7, $7)"""
_BELONGS = """
UPDATE channel_media SET complaint = $2, statement = $3, dialogue = NULL, state = 'waiting',
  next_attempt_at = lapor_now() WHERE dialogue = $1"""
_LET_GO = "DELETE FROM channel_media WHERE dialogue = $1"


async def note(talk: Talk, media: Sequence[Media], received_at: datetime) -> None:
    """Keep the references of what came with a message, until it is known where it belongs."""
    for one in media:
        await database.execute(
            _NOTE,
            talk.channel,
            talk.account,
            one.reference[:200],
            one.kind,
            one.filename[:120],
            talk.id,
            received_at,
        )


async def belongs_to(dialogue: int, complaint: int, statement: int | None = None) -> None:
    """Give everything that a dialogue has brought to a complaint: it is fetched from now on."""
    await database.execute(_BELONGS, dialogue, complaint, statement)


async def let_go(dialogue: int) -> None:
    """Forget what a dialogue has brought that led to nothing."""
    await database.execute(_LET_GO, dialogue)
