"""Our accounts at providers, opened: what each is called there, its secrets, whether it is switched on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import asyncpg
import structlog

from lapor import crypto, database
from lapor.crypto import Undecipherable
from lapor.secret_values import DEMO_SECRET

log = structlog.get_logger()

# The kind of the message by which an administrator tries an account.
TRIAL = "channel_trial"
# However many deliveries come in or are refused, the row is written no oftener.
NOTED_EVERY = timedelta(seconds=60)
REFUSED_EVERY = timedelta(seconds=1)


@dataclass(frozen=True)
class Account:
    """One account that is switched on. `name` is the provider's own id of it."""

    id: int
    channel: str
    name: str
    secrets: Mapping[str, str] = field(repr=False)
    settings: Mapping[str, str] = field(default_factory=dict)
    failures: int = 0
    # The address of ours at which its provider tells what becomes of our messages; empty while nothing is sent.
    hook: str = ""

    @property
    def demonstration(self) -> bool:
        """Whether its secrets are a demonstration's: production knows no such account."""
        return any(secret.startswith(DEMO_SECRET) for secret in self.secrets.values())


_ACTIVE = """
SELECT id, channel, name, secrets, settings{more} FROM channel_account
WHERE active AND ($1::text IS NULL OR channel = $1) ORDER BY id"""
_SEEN = """
UPDATE channel_account SET last_seen_at = $3::timestamptz
WHERE channel = $1 AND name = $2 AND (last_seen_at IS NULL OR last_seen_at < $3::timestamptz - $4::interval)"""
_REFUSED = """
UPDATE channel_account SET refusals = refusals + 1, refused_at = lapor_now()
WHERE channel = $1 AND (refused_at IS NULL OR refused_at < lapor_now() - $2::interval)"""
_REFUSED_UNNAMED = """
INSERT INTO hook_refusal AS h (channel, refusals, refused_at) VALUES ($1, 1, lapor_now())
ON CONFLICT (channel) DO UPDATE SET refusals = h.refusals + 1, refused_at = lapor_now()
WHERE h.refused_at IS NULL OR h.refused_at < lapor_now() - $2::interval"""


async def listening(channel: str) -> list[Account]:
    """Return the accounts of a channel that may be heard; inside a transaction of `intake` or `worker`."""
    return _opened(await database.fetch(_ACTIVE.format(more=""), channel))


async def speaking() -> list[Account]:
    """Return every account that is switched on, with how often in a row it has failed; inside one of `worker`."""
    return _opened(await database.fetch(_ACTIVE.format(more=", failures"), None))


async def note_seen(channel: str, name: str, at: datetime) -> None:
    """Note that the provider has delivered something, at most once a minute; inside a transaction of `worker`."""
    await database.execute(_SEEN, channel, name, at, NOTED_EVERY)


async def note_refused(channel: str) -> None:
    """Count a delivery that nobody we know had signed, at most one a second; inside a transaction of `intake`.

    Whose name it came in is not known, so that it counts for every account of the channel.
    """
    await database.execute(_REFUSED, channel, REFUSED_EVERY)


async def note_refused_unnamed(channel: str) -> None:
    """The same for a channel that has no accounts, whose secrets are settings."""
    await database.execute(_REFUSED_UNNAMED, channel, REFUSED_EVERY)


def said_context(key: str) -> str:
    """Return what the encrypted words of a message without a complaint are bound to."""
    return f"chat:{key}"


def sealed(channel: str, name: str, secrets: Mapping[str, str]) -> bytes:
    """Return secrets as they are stored."""
    return crypto.keyring().encrypt(json.dumps(dict(secrets)), _context(channel, name))


def opened(channel: str, name: str, stored: bytes) -> dict[str, str]:
    """Return stored secrets; raises Undecipherable when their key is gone."""
    if not stored:
        return {}
    found: dict[str, str] = json.loads(crypto.keyring().decrypt(stored, _context(channel, name)))
    return found


def _context(channel: str, name: str) -> str:
    return f"channel_account:{channel}:{name}"


def _opened(rows: Sequence[asyncpg.Record]) -> list[Account]:
    """The accounts whose secrets can be read: one whose key is gone must not silence the others."""
    found = []
    for row in rows:
        channel, name = row["channel"], row["name"]
        try:
            secrets = opened(channel, name, row["secrets"])
        except Undecipherable:
            log.warning("account_unreadable", channel=channel)
            continue
        settings = json.loads(row["settings"])
        found.append(Account(row["id"], channel, name, secrets, settings, row.get("failures", 0)))
    return found
