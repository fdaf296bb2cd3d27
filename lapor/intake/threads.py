"""Where complaints stand on social accounts: found by the link or by the comment, kept with the complaint."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lapor import database

# Two who hand on the same thread at the same moment come one after the other.
_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended($1, 32))"
_FOUND = """
SELECT t.complaint, t.forwarded, c.ticket FROM social_thread t JOIN complaint c ON c.id = t.complaint
WHERE t.link = $1 OR t.comment = ANY ($2) ORDER BY t.id LIMIT 1"""
_OF_TICKET = (
    "SELECT t.complaint FROM social_thread t JOIN complaint c ON c.id = t.complaint WHERE c.ticket = $1"
)
_KEEP = """
INSERT INTO social_thread (complaint, link, account, comment, instagram, forwarded, said_at)
VALUES ($1, nullif($2, ''), $3, nullif($4, ''), $5, $6, $7)"""


@dataclass(frozen=True)
class Thread:
    """A thread as somebody pointed at it; `comment` is the provider's id of the one to answer, `account` ours."""

    link: str = ""
    account: str = ""
    comment: str = ""
    instagram: bool = False
    forwarded: bool = False


@dataclass(frozen=True)
class Known:
    """The complaint that a thread is already; `forwarded`: the staff of the head's account have told us of it."""

    complaint: int
    ticket: str
    forwarded: bool


async def known(link: str, *comments: str) -> Known | None:
    """Return the complaint of this link, or of one of these comments; nobody else finds it while this lasts.

    Inside a transaction of `worker`, at whose end somebody else may look.
    """
    named = sorted({name for name in (link, *comments) if name})
    for name in named:
        await database.execute(_ALONE, name)
    row = await database.fetchrow(_FOUND, link, [name for name in comments if name])
    return Known(row["complaint"], row["ticket"], row["forwarded"]) if row else None


async def of_ticket(ticket: str) -> int | None:
    """Return the complaint with this ticket, if it came from a thread."""
    found: int | None = await database.fetchval(_OF_TICKET, ticket)
    return found


async def keep(complaint: int, thread: Thread, at: datetime) -> None:
    """Keep the thread with its complaint; inside the transaction in which `known` did not know it."""
    await database.execute(
        _KEEP,
        complaint,
        thread.link,
        thread.account,
        thread.comment,
        thread.instagram,
        thread.forwarded,
        at,
    )
