"""Seals over the facts of a month: the facts themselves, a digest of them, and the seal before, chained by region.

A month is sealed once as closed. What becomes known afterwards is sealed as a change, in rows of its own.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

import asyncpg

from lapor import database
from lapor.complaints.tables_figures import MEASURES

COUNTED: Final = "complaint, agency, person, region, month, category, district, channel, hours"
_LIST: Final = ", ".join(MEASURES)
_LINE: Final = ", ".join(f"coalesce({name}::text, '')" for name in (*COUNTED.split(", "), *MEASURES))

_DIGEST: Final = f"""
SELECT count(*) AS facts, sha256(convert_to(coalesce(string_agg(line, E'\\n' ORDER BY complaint, agency, person), ''),
  'UTF8')) AS digest
FROM (SELECT complaint, agency, person, concat_ws('|', {_LINE}) AS line FROM figure_frozen WHERE seal = $1) lines"""

_LAST: Final = "SELECT hash FROM figure_seal WHERE region = $1 ORDER BY id DESC LIMIT 1"
_SEAL: Final = """
INSERT INTO figure_seal (id, region, month, kind, as_of, sealed_at, sealed_by, facts, digest, previous, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"""

# Facts of a closed month that are no longer what was last sealed; one that has gone is sealed with nothing in it.
_CHANGED: Final = f"""
WITH sealed AS (
  SELECT DISTINCT ON (complaint, agency, person) * FROM figure_frozen WHERE complaint = ANY ($1)
  ORDER BY complaint, agency, person, seal DESC
), live AS (
  SELECT f.* FROM figure_fact f JOIN figure_seal s ON s.kind = 'closed' AND s.region = f.region AND s.month = f.month
  WHERE f.complaint = ANY ($1)
)
SELECT complaint, agency, person, coalesce(l.region, z.region) AS region, coalesce(l.month, z.month) AS month,
  coalesce(l.category, z.category) AS category, coalesce(l.district, z.district) AS district,
  coalesce(l.channel, z.channel) AS channel, l.hours, {", ".join(f"coalesce(l.{n}, 0) AS {n}" for n in MEASURES)}
FROM live l FULL JOIN sealed z USING (complaint, agency, person)
WHERE (l.hours, {", ".join(f"coalesce(l.{n}, 0)" for n in MEASURES)})
  IS DISTINCT FROM (z.hours, {", ".join(f"coalesce(z.{n}, 0)" for n in MEASURES)})"""
_KEEP_CHANGED: Final = f"""
INSERT INTO figure_frozen (seal, {COUNTED}, {_LIST})
SELECT s.seal, {COUNTED}, {_LIST} FROM ({_CHANGED}) c
JOIN unnest($2::bigint[], $3::bigint[], $4::date[]) AS s (seal, region, month) USING (region, month)"""


@dataclass(frozen=True)
class Sealing:
    """What a seal says of itself; `as_of` is the moment whose facts it holds."""

    region: int
    month: date
    kind: Literal["closed", "changed"]
    as_of: datetime
    by: str = "system"


async def next_seal() -> int:
    """Return the number of a seal about to be made; its facts carry it."""
    number: int = await database.fetchval("SELECT nextval('figure_seal_id_seq')")
    return number


async def seal(number: int, sealing: Sealing) -> bytes:
    """Seal the facts that carry this number, and return the hash; call it where nobody else seals meanwhile."""
    found = await database.fetchrow(_DIGEST, number)
    assert found is not None
    previous = await database.fetchval(_LAST, sealing.region) or b""
    made = chained(previous, sealing, found["facts"], found["digest"])
    await database.execute(
        _SEAL,
        number,
        sealing.region,
        sealing.month,
        sealing.kind,
        sealing.as_of,
        await database.now(),
        sealing.by,
        found["facts"],
        found["digest"],
        previous,
        made,
    )
    return made


def chained(previous: bytes, sealing: Sealing, facts: int, digest: bytes) -> bytes:
    """Return the hash of a seal: SHA-256 over the one before and what this one says, each field with its length."""
    said = (
        "lapor-figures-1",
        str(sealing.region),
        sealing.month.isoformat(),
        sealing.kind,
        f"{sealing.as_of.timestamp():.6f}",
        sealing.by,
        str(facts),
    )
    fields = [previous, *(field.encode() for field in said), digest]
    return hashlib.sha256(b"".join(len(field).to_bytes(4, "big") + field for field in fields)).digest()


async def note_changes(complaints: Sequence[int], at: datetime) -> int:
    """Seal what is new about these complaints in months that are closed already; return how many seals that took."""
    if not await database.fetchval("SELECT EXISTS (SELECT FROM figure_seal)"):
        return 0
    months = await database.fetch(
        f"SELECT DISTINCT region, month FROM ({_CHANGED}) c ORDER BY 1, 2", complaints
    )
    if not months:
        return 0
    regions, of = [row["region"] for row in months], [row["month"] for row in months]
    numbers = [await next_seal() for _ in months]
    await database.execute(_KEEP_CHANGED, complaints, numbers, regions, of)
    for number, region, month in zip(numbers, regions, of, strict=True):
        await seal(number, Sealing(region, month, "changed", at))
    return len(months)


async def broken_seals() -> list[int]:
    """Return the numbers of seals whose facts or chain are not what they were when they were made."""
    broken, before = [], dict[int, bytes]()
    for row in await database.fetch("SELECT * FROM figure_seal ORDER BY id"):
        found = await database.fetchrow(_DIGEST, row["id"])
        assert found is not None
        if not _holds(row, found, before.get(row["region"], b"")):
            broken.append(row["id"])
        before[row["region"]] = row["hash"]
    return broken


def _holds(row: asyncpg.Record, found: asyncpg.Record, previous: bytes) -> bool:
    sealing = Sealing(row["region"], row["month"], row["kind"], row["as_of"], row["sealed_by"])
    expected = chained(previous, sealing, found["facts"], found["digest"])
    return bool(row["previous"] == previous and row["hash"] == expected and row["facts"] == found["facts"])
