"""What a region above may ask of a region below: an explanation, with a clock and a chain of events of its own.

A governor does not command a regent. They ask; the head of the region below answers, or their staff in their name.
"""

from datetime import datetime

import asyncpg

from lapor import database
from lapor.complaints import clocks, events
from lapor.complaints.actor import Actor
from lapor.complaints.clocks import Start
from lapor.complaints.errors import NotFound, Refused
from lapor.complaints.instructing import GIVING_ROLES, Giving, giving_office
from lapor.complaints.statements import words_of
from lapor.registers import moment, zone_of
from lapor.sla.policy import Facts, NoPolicy, Opened
from lapor.sla.register import SCHEDULE

# The head answers, or who acts for them; the sekda administers and is told, but does not speak for the head here.
ANSWERING_ROLES = ("head_of_region", "deputy_head", "leadership_staff")
LISTENERS = ("head_of_region", "leadership_staff")

_ASKED = """
SELECT r.id, r.code, r.timezone, r.parent,
  (SELECT o.agency FROM office o JOIN agency a ON a.id = o.agency
   WHERE a.region = r.id AND o.role = 'head_of_region' AND o.active ORDER BY o.id LIMIT 1) AS agency
FROM region r
WHERE r.id = $1 AND r.kind IN ('regency', 'city') AND r.parent = ANY (my_regions_as($2))"""

_REPEATED = """
SELECT id FROM explanation WHERE region = $1 AND asked_by = $2 AND text = $3 AND answered_at IS NULL
  AND asked_at > lapor_now() - interval '10 minutes' ORDER BY id DESC LIMIT 1"""

# One numbering with complaints: both are subjects of the same ledger and of the same table of clocks.
_INSERT = """
INSERT INTO explanation (id, region, agency, asking_region, asking_agency, text, salt, asked_by, in_name_of, asked_at,
  due_at, answer, answer_salt)
SELECT $1, $2, $3, $4, o.agency, $5, $6, $7, $8, $9, $10, '', '' FROM office o WHERE o.id = $8"""

_ANSWER = """
UPDATE explanation SET answered_by = $2, answered_in_name_of = $3, answered_at = $4, answer = $5, answer_salt = $6
WHERE id = $1"""

_TELL = """
INSERT INTO message (dedupe_key, kind, complaint, office, state, attempts, next_attempt_at, created_at)
SELECT $1 || ':' || $2::bigint || ':' || o.id, $1, $2, o.id, 'waiting', 0, $3, $3
FROM office o WHERE o.active AND o.agency = $4 AND o.role = ANY ($5)
ON CONFLICT (dedupe_key) DO NOTHING"""


async def ask_explanation(actor: Actor, *, region: int, text: str, due_at: datetime) -> int:
    """Ask the head of a region below for an explanation until a date; return the request's id.

    Staff of the leadership ask in the name of their head, which is recorded. The same words within ten minutes are
    the same request, sent twice. Raises NotFound for a region that is not directly below, Refused otherwise.
    """
    async with database.transaction(actor.role, user_id=actor.person):
        asked = await database.fetchrow(_ASKED, region, list(GIVING_ROLES))
        if asked is None:
            raise NotFound
        if asked["agency"] is None:
            raise Refused("Jabatan kepala daerah ini belum terdaftar.")
        office = await _office(asked["parent"], GIVING_ROLES)
        words = words_of(text)
        seen = await moment()
        if due_at <= seen.at:
            raise Refused("Tanggalnya harus di masa depan.", "due_at")
        repeated: int | None = await database.fetchval(_REPEATED, region, actor.person, words)
        if repeated is not None:
            return repeated
        opened = await _opened(asked, seen.at, seen.version, due_at)
        return await _write(actor, asked, office, words, seen.at, opened)


async def explain(actor: Actor, explanation: int, *, text: str) -> None:
    """Answer a request as the head of the region that was asked, or in their name; it meets the clock, in time or late.

    Raises NotFound for a request that this officer does not see, Refused when theirs is not to answer.
    """
    async with database.transaction(actor.role, user_id=actor.person):
        if await database.fetchrow("SELECT id FROM explanation WHERE id = $1", explanation) is None:
            raise NotFound
        await database.execute("SELECT lock_complaints(ARRAY[$1::bigint], false)", explanation)
        row = await database.fetchrow("SELECT * FROM explanation WHERE id = $1", explanation)
        assert row is not None
        office = await _office(row["region"], ANSWERING_ROLES)
        if row["answered_at"] is not None:
            raise Refused("Penjelasan ini sudah diberikan.")
        words = words_of(text)
        at = await database.now()
        salt, digest = events.salted(words)
        await database.execute(_ANSWER, explanation, actor.person, office, at, words, salt)
        await clocks.meet(explanation, "explanation", at=at)
        await events.record(
            explanation,
            "explanation_given",
            actor.name,
            agency=row["agency"],
            facts={"office": office},
            digest=digest,
        )
        await database.execute(
            _TELL, "explanation_given", explanation, at, row["asking_agency"], list(LISTENERS)
        )


async def asking_office(region: int) -> Giving | None:
    """Return in whose name this officer may ask on behalf of a region; None when they may not."""
    return await giving_office(region, GIVING_ROLES)


async def _office(region: int, roles: tuple[str, ...]) -> int:
    """Return the office in whose name the officer speaks for a region; raises Refused when none does."""
    giving = await giving_office(region, roles)
    if giving is None:
        raise Refused("Hanya kepala daerah, atau stafnya atas nama kepala daerah, yang dapat melakukan ini.")
    if giving.office is None:
        raise Refused("Jabatan kepala daerah belum terdaftar.")
    return giving.office


async def _opened(asked: asyncpg.Record, at: datetime, version: int, due_at: datetime) -> Opened:
    schedule = await SCHEDULE.get(version)
    facts = Facts(region=asked["code"], agency_kind="pimpinan", zone=zone_of(asked["timezone"]))
    try:
        return schedule.open("explanation", facts, at, due=due_at)
    except NoPolicy as error:
        raise Refused("Kebijakan tenggat untuk permintaan penjelasan belum ada.") from error


async def _write(
    actor: Actor, asked: asyncpg.Record, office: int, text: str, at: datetime, opened: Opened
) -> int:
    salt, digest = events.salted(text)
    explanation: int = await database.fetchval("SELECT nextval('complaint_id_seq')")
    await database.execute(
        _INSERT,
        explanation,
        asked["id"],
        asked["agency"],
        asked["parent"],
        text,
        salt,
        actor.person,
        office,
        at,
        opened.due_at,
    )
    await clocks.start(explanation, Start("explanation", opened, at, 1, "explanation"))
    await events.record(
        explanation,
        "explanation_asked",
        actor.name,
        agency=asked["agency"],
        facts={"due": opened.due_at.isoformat(), "office": office},
        digest=digest,
    )
    await database.execute(_TELL, "explanation_asked", explanation, at, asked["agency"], list(LISTENERS))
    return explanation
