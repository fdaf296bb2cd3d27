"""Letters kept as they left, and the hour at which an office wants its daily digest."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from lapor import database
from lapor.complaints.actor import Actor
from lapor.complaints.errors import NotFound

WEEKLY = "weekly"
# Offices that get the digest of the morning and the weekly letter.
ADDRESSEES = ("head_of_region", "sekda")
LIMIT = 120

_KEEP = """
INSERT INTO letter_archive (region, kind, period, sha256, body, made_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (region, kind, period) DO NOTHING RETURNING id"""
_LETTERS = f"""
SELECT l.id, l.kind, l.period, l.made_at, l.sha256, octet_length(l.body) AS size, r.name AS region, r.timezone AS zone
FROM letter_archive l JOIN region r ON r.id = l.region ORDER BY l.made_at DESC, l.id DESC LIMIT {LIMIT}"""
_LETTER = """
SELECT l.kind, l.period, l.body, r.code FROM letter_archive l JOIN region r ON r.id = l.region WHERE l.id = $1"""
_HOURS = """
SELECT o.id AS office, o.title, h.at FROM my_offices() o LEFT JOIN digest_hour h ON h.office = o.id
WHERE o.role = ANY ($1) ORDER BY o.id"""
_CHOOSE = """
INSERT INTO digest_hour (office, at, chosen_by, chosen_at) VALUES ($1, $2, $3, lapor_now())
ON CONFLICT (office) DO UPDATE SET at = excluded.at, chosen_by = excluded.chosen_by, chosen_at = excluded.chosen_at"""


@dataclass(frozen=True)
class Archived:
    """A letter in the archive, without its body; `size` in bytes."""

    id: int
    kind: str
    period: str
    made_at: datetime
    sha256: str
    size: int
    region: str
    zone: str


@dataclass(frozen=True)
class Hour:
    """An office and the hour of its digest; None is the usual one."""

    office: int
    title: str
    at: time | None


async def keep(region: int, kind: str, period: str, body: bytes, at: datetime) -> bool:
    """Keep a letter in the worker's transaction; return whether it is the first of its period.

    A second letter of the same period is dropped: the one that is kept stays the letter, byte for byte.
    """
    digest = hashlib.sha256(body).digest()
    return await database.fetchval(_KEEP, region, kind, period, digest, body, at) is not None


async def is_kept(region: int, kind: str, period: str) -> bool:
    """Return whether the region has its letter of this period."""
    found: bool = await database.fetchval(
        "SELECT EXISTS (SELECT FROM letter_archive WHERE region = $1 AND kind = $2 AND period = $3)",
        region,
        kind,
        period,
    )
    return found


async def letters() -> Sequence[Archived]:
    """Return the letters that this officer's offices open, newest first."""
    return [
        Archived(**{**dict(row), "sha256": row["sha256"].hex()}) for row in await database.fetch(_LETTERS)
    ]


async def letter(number: int) -> tuple[str, bytes]:
    """Return a letter's file name and its bytes; NotFound when this officer may not read it."""
    row = await database.fetchrow(_LETTER, number)
    if row is None:
        raise NotFound
    return f"surat-mingguan-{row['code']}-{row['period']}.pdf", row["body"]


async def digest_hours() -> Sequence[Hour]:
    """Return the offices of this officer that get a digest, with their hours."""
    return [Hour(**dict(row)) for row in await database.fetch(_HOURS, list(ADDRESSEES))]


async def choose_hour(actor: Actor, office: int, at: time) -> None:
    """Choose when an office of one's own gets its digest; NotFound for an office that gets none, or another's."""
    async with database.transaction(actor.role, user_id=actor.person):
        if office not in {hour.office for hour in await digest_hours()}:
            raise NotFound
        await database.execute(_CHOOSE, office, at, actor.person)
