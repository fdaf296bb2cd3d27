"""What is kept only for a time: who filed, raw deliveries, what providers said about sent messages.

Of a complaint that is still open nothing is erased. What goes is named in its chain by an event `erased`, with the
digest of the ciphertext that stood there; its texts stay. The database decides and writes (`erase_after_time`).
"""

import json
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from lapor import database
from lapor.database import transaction
from lapor.settings import Settings

BATCH = 500
# Nothing is older than this: a term of 0 days keeps for ever.
_NEVER = datetime.fromisoformat("0001-01-01T00:00:00+00:00")

_WHO = """
SELECT i.complaint AS id FROM identity i JOIN complaint c ON c.id = i.complaint
WHERE i.secret IS NOT NULL AND c.status IN ('closed', 'rejected', 'referred') AND c.filed_at < $1
  AND complaint_ended(i.complaint) < $1"""
_DELIVERED = """
SELECT n.complaint AS id FROM inbound n
WHERE n.payload <> ''::bytea AND n.received_at < $1 AND n.state <> 'waiting' AND n.complaint IS NOT NULL
  AND complaint_ended(n.complaint) IS NOT NULL"""
_SENT = """
SELECT m.complaint AS id FROM message m
WHERE m.provider_reference IS NOT NULL AND m.created_at < $1 AND m.state NOT IN ('waiting', 'sending')
  AND m.complaint IS NOT NULL AND complaint_ended(m.complaint) IS NOT NULL"""
_DUE = f"""
SELECT id FROM ({_WHO} UNION {_DELIVERED.replace("$1", "$2")} UNION {_SENT.replace("$1", "$3")}) due
ORDER BY id LIMIT $4"""
_LOCK = "SELECT lock_complaints($1, true)"
_ERASE = "SELECT erase_after_time($1, $2, $3, $4)"

# What belongs to no complaint has no chain: greetings, advertising, what nobody could read, letters about many things.
_LOOSE_INBOUND = """
payload <> ''::bytea AND received_at < $1 AND state <> 'waiting' AND complaint IS NULL"""
_LOOSE_SENT = """
provider_reference IS NOT NULL AND created_at < $1 AND state NOT IN ('waiting', 'sending') AND complaint IS NULL"""
_EMPTY_INBOUND = f"""
UPDATE inbound SET payload = '', external_id = 'erased:' || id
WHERE id IN (SELECT id FROM inbound WHERE {_LOOSE_INBOUND} ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING id"""
_EMPTY_SENT = f"""
UPDATE message SET provider_reference = NULL
WHERE id IN (SELECT id FROM message WHERE {_LOOSE_SENT} ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING id"""


@dataclass(frozen=True)
class Terms:
    """How many days each is kept; 0 is for ever."""

    identity_days: int
    inbound_days: int
    reference_days: int

    @classmethod
    def of(cls, settings: Settings) -> "Terms":
        """Return the terms of this installation."""
        return cls(
            settings.retain_identity_days, settings.retain_inbound_days, settings.retain_reference_days
        )

    def until(self, at: datetime) -> tuple[datetime, datetime, datetime]:
        """Return before when identities (by the end of their complaint), deliveries and references go."""
        identity, inbound, reference = (
            at - timedelta(days=days) if days else _NEVER
            for days in (self.identity_days, self.inbound_days, self.reference_days)
        )
        return identity, inbound, reference


@dataclass
class Erased:
    """How much was erased, or would be."""

    identities: int = 0
    deliveries: int = 0
    references: int = 0

    @property
    def total(self) -> int:
        """All of it."""
        return sum(getattr(self, one.name) for one in fields(self))


async def erase_due(terms: Terms, batch: int = BATCH) -> Erased:
    """Erase what is past its term, at most a batch of complaints and of each loose thing; call it again for more.

    A complaint that somebody is working on is left for the next time.
    """
    erased = Erased()
    async with transaction("worker"):
        until = terms.until(await database.now())
        due = [row["id"] for row in await database.fetch(_DUE, *until, batch)]
        locked = [row[0] for row in await database.fetch(_LOCK, due)] if due else []
        for complaint in locked:
            _count(erased, await database.fetchval(_ERASE, complaint, *until))
    async with transaction("worker"):
        erased.deliveries += len(await database.fetch(_EMPTY_INBOUND, until[1], batch))
        erased.references += len(await database.fetch(_EMPTY_SENT, until[2], batch))
        # Late answers that somebody has seen and that the picture of ninety days no longer shows.
        await database.execute("SELECT forget_lateness()")
    return erased


def _count(erased: Erased, facts: str | None) -> None:
    if facts is None:
        return
    gone = json.loads(facts)
    erased.identities += bool(gone["identity"])
    erased.deliveries += gone["inbound"]
    erased.references += gone["messages"]


async def count_due(terms: Terms) -> Erased:
    """Return what `erase_due` would erase in all, and change nothing."""
    async with transaction("worker", snapshot=True):
        identity, inbound, reference = terms.until(await database.now())
        return Erased(
            await database.fetchval(f"SELECT count(*) FROM ({_WHO}) due", identity),
            await database.fetchval(f"SELECT count(*) FROM ({_DELIVERED}) due", inbound)
            + await database.fetchval(f"SELECT count(*) FROM inbound WHERE {_LOOSE_INBOUND}", inbound),
            await database.fetchval(f"SELECT count(*) FROM ({_SENT}) due", reference)
            + await database.fetchval(f"SELECT count(*) FROM message WHERE {_LOOSE_SENT}", reference),
        )
