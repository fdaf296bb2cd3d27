"""The rows of a filed complaint, table by table: what the form writes in one statement, as plain SQL would."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import asyncpg

from lapor import crypto, database
from lapor.complaints.draft import Draft, Filing, clocks_of, values_of
from lapor.filing_form.checks import check
from lapor.registers import Moment, moment
from lapor.routing.directory import REGISTRY, Registry
from lapor.routing.rules import Facts
from lapor.sla.register import SCHEDULE, Schedule

_COMMON = {"type": "complaint", "district": "33.74.06", "village": "33.74.06.1010", "website": ""}
FORMS: tuple[dict[str, str], ...] = (
    {
        **_COMMON,
        "category": "jalan-rusak",
        "text": "Jalan berlubang di depan pasar, sudah dua motor jatuh sejak hujan minggu lalu.",
        "address": "Jalan Contoh 12, dekat jembatan",
        "contact_kind": "phone",
        "phone": "0812-0000-0012",
        "name": "Budi Contoh",
        "privacy": "open",
    },
    {
        **_COMMON,
        "category": "saluran-air",
        "text": "Selokan mampet, setiap hujan air masuk ke rumah warga di gang sebelah masjid.",
        "address": "Gang Melati",
        "contact_kind": "email",
        "email": "warga@contoh.example",
        "name": "Sri Contoh",
        "privacy": "confidential",
    },
    {
        **_COMMON,
        "category": "",
        "text": "Petugas loket berkata pelayanan sudah tutup padahal masih jam kerja, mohon penjelasan.",
        "address": "",
        "contact_kind": "none",
        "privacy": "anonymous",
    },
    {
        **_COMMON,
        "category": "trotoar-jembatan",
        "text": "Trotoar di depan sekolah pecah dan ditempati pedagang; anak-anak berjalan di badan jalan.",
        "address": "Jalan Contoh 7",
        "contact_kind": "phone",
        "phone": "+62 812 0000 0099",
        "name": "",
        "privacy": "open",
    },
)

_COMPLAINT = """
INSERT INTO complaint (id, ticket, type, category, channel, status, region, district, village, owner_agency,
  reported_agency, supporting, about_official, anonymous, confidential, protected, emergency, filed_at,
  written_at, reporter_key, rule, reason, published, cycle, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
  false, 1, 1)"""
_CONTENT = "INSERT INTO content (complaint, text, address, latitude, longitude, salt) VALUES ($1, $2, $3, $4, $5, $6)"
_IDENTITY = """
INSERT INTO identity (complaint, name, phone, email, address, external, secret, phone_lookup, email_lookup,
  external_lookup, language)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"""
_MESSAGE = """
INSERT INTO message (dedupe_key, kind, complaint, state, attempts, next_attempt_at, created_at)
VALUES ('acknowledgement:' || $1::bigint, 'acknowledgement', $1, 'waiting', 0, $2, $2)"""
_CLOCK = """
INSERT INTO clock (complaint, subject_kind, subject, kind, cycle, policy, started_at, due_at, rung, rung_times,
  repeat_every, next_at)
SELECT $1, 'complaint', $1, k.kind, 1, k.policy, k.started_at, k.due_at, 0, ($8::timestamptz[])[k.first:k.last],
       k.repeat_every, ($8::timestamptz[])[k.first]
FROM unnest($2::text[], $3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::interval[], $7::int[], $9::int[])
  AS k(kind, policy, started_at, due_at, repeat_every, first, last)"""
_EVENT = """
INSERT INTO event (complaint, kind, actor, agency, facts, digest)
SELECT $1, e.kind, e.actor, $2, e.facts, e.digest
FROM unnest($3::text[], $4::text[], $5::text[], $6::bytea[]) AS e(kind, actor, facts, digest)"""
_INBOUND = """
INSERT INTO inbound (channel, account, external_id, payload, received_at, state, attempts, next_attempt_at, complaint)
SELECT 'web', account, external_id, '', lapor_now(), 'read', 0, lapor_now(), $3
FROM (VALUES ('form', $1::text), ($1, $2)) AS marks(account, external_id)"""

# What is compared afterwards: both sides must have left the same number of rows for each complaint.
TABLES = {
    "complaint": "id",
    "content": "complaint",
    "identity": "complaint",
    "message": "complaint",
    "clock": "complaint",
    "event": "complaint",
    "ledger_head": "subject",
    "publication": "complaint",
    "inbound": "complaint",
}


@dataclass(frozen=True)
class Rows:
    """The rows of one complaint, every value decided beforehand."""

    id: int
    opening: str
    statements: tuple[tuple[str, tuple[Any, ...]], ...]

    async def write(self, connection: asyncpg.Connection) -> None:
        """Write them in one transaction, as the role that the form enters."""
        await connection.execute(self.opening)
        for sql, values in self.statements:
            await connection.execute(sql, *values)
        await connection.execute("COMMIT")


async def prepare(url: str, count: int) -> list[Rows]:
    """The rows of `count` complaints that the forms make, decided by the same rules and clocks."""
    database.configure(url)
    await database.open_pool(1)
    try:
        async with database.transaction("intake"):
            seen = await moment()
            registry, schedule = await REGISTRY.get(seen.version), await SCHEDULE.get(seen.version)
            ids = await database.fetch(
                "SELECT nextval('complaint_id_seq') AS id FROM generate_series(1, $1)", count
            )
        filings = [_filing(one, registry) for one in FORMS]
        return [
            _rows(_draft(filings[number % len(filings)], row["id"], seen, registry, schedule))
            for number, row in enumerate(ids)
        ]
    finally:
        await database.close_pool()


def _filing(typed: dict[str, str], registry: Registry) -> Filing:
    checked = check({**typed, "form": secrets.token_urlsafe(24)}, registry)
    if checked.filing is None:
        raise RuntimeError(f"the form of the measurement is refused: {checked.errors}")
    return checked.filing


def _draft(filing: Filing, complaint: int, seen: Moment, registry: Registry, schedule: Schedule) -> Draft:
    decision = registry.decide(
        Facts(
            type=filing.type,
            category=filing.category,
            text=filing.text,
            place_codes=registry.chain(filing.village),
            channel=filing.channel,
            reported_agency=None,
            about_official=False,
            region=registry.default_region,
        )
    )
    return Draft(
        filing=filing,
        at=seen.at,
        registry=registry,
        schedule=schedule,
        category=registry.categories.get(filing.category or ""),
        region=registry.default_region,
        decision=decision,
        owner=registry.agencies[decision.agency]
        if decision.agency
        else registry.coordinating(registry.default_region),
        id=complaint,
        text=filing.text,
        secret=crypto.new_secret(),
    )


def _rows(draft: Draft) -> Rows:
    values = values_of(draft, clocks_of(draft))
    complaint, owner, filed_at, key = values[0], values[9], values[17], values[19]
    opening = (
        "BEGIN; SET LOCAL ROLE lapor_intake; SELECT set_config('app.user_id', '', true),"
        f" set_config('app.reporter_key', '{key}', true), set_config('app.now', '', true)"
    )
    cover = secrets.token_hex(len(draft.secret))
    return Rows(
        draft.id,
        opening,
        (
            (_COMPLAINT, tuple(values[:22])),
            (_CONTENT, (complaint, *values[22:27])),
            (_IDENTITY, (complaint, *values[27:37])),
            (_MESSAGE, (complaint, filed_at)),
            (_CLOCK, (complaint, *values[37:45])),
            (_EVENT, (complaint, owner, *values[45:49])),
            (_INBOUND, (secrets.token_hex(20), cover, complaint)),
        ),
    )
