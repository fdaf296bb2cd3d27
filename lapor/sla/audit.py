"""The watchman: counts what ought not to be, with statements of its own that share nothing with the sweep."""

from dataclasses import dataclass

from lapor import database
from lapor.database import transaction
from lapor.sla.tables import CLOCK_KINDS

# A sweep runs every few seconds; what is overdue for less than this is not yet anybody's fault.
GRACE_SECONDS = 60
STUCK_SECONDS = 600
# The chains that the quick audit follows are those of the newest events; the whole audit follows all.
NEWEST_EVENTS = 20_000


@dataclass(frozen=True)
class Finding:
    """Something that ought not to be: a code for programs, how many, and a sentence for people."""

    code: str
    count: int
    sentence: str


# The complaints that a question is about: those of the newest events, or all of them.
_SCOPE = """
WITH chosen AS MATERIALIZED (
  SELECT DISTINCT complaint FROM event
  WHERE $1::bigint IS NULL OR id > (SELECT max(id) FROM event) - $1)"""

# The time of an escalation is taken from the register, not from the rung times that the sweep itself uses.
_NOT_ESCALATED = f"""
{_SCOPE}, late AS (
  SELECT id, policy, due_at, met_at FROM clock
  WHERE met_at IS NULL AND due_at < $2::timestamptz AND kind = ANY ('{{{",".join(CLOCK_KINDS)}}}')
  UNION ALL
  SELECT id, policy, due_at, met_at FROM clock
  WHERE met_at > due_at AND ($1 IS NULL OR complaint IN (SELECT complaint FROM chosen))
)
SELECT count(*) FROM late k
WHERE EXISTS (
  SELECT FROM policy_rung r
  WHERE r.policy = k.policy AND r.step = 'escalate' AND r.base = 'due'
    AND k.due_at + make_interval(mins => r.offset_minutes)
        < least(coalesce(k.met_at, 'infinity'), $2 - make_interval(secs => $3)))
  AND NOT EXISTS (SELECT FROM escalation e WHERE e.clock = k.id AND e.step = 'escalate')"""

_FIRED_TWICE = f"""
{_SCOPE}
SELECT (SELECT count(DISTINCT (e.clock, e.rung)) FROM escalation e
        WHERE ($1 IS NULL OR e.id > (SELECT max(id) FROM escalation) - $1)
          AND EXISTS (SELECT FROM escalation o WHERE o.clock = e.clock AND o.rung = e.rung AND o.id <> e.id))
     + (SELECT count(*) FROM (
          SELECT FROM event JOIN chosen USING (complaint)
          WHERE kind IN ('rung_escalate', 'rung_remind', 'rung_notify')
          GROUP BY complaint, kind, facts HAVING count(*) > 1) told)"""

_GAPS = f"""
{_SCOPE}
SELECT count(*) FROM (
  SELECT e.complaint FROM event e JOIN chosen USING (complaint)
  GROUP BY e.complaint HAVING min(e.seq) <> 1 OR max(e.seq) <> count(*) OR count(DISTINCT e.seq) <> count(*)) gaps"""

_BROKEN = f"""
{_SCOPE}, links AS (
  SELECT e.*, lag(e.hash, 1, ''::bytea) OVER (PARTITION BY e.complaint ORDER BY e.seq) AS before
  FROM event e JOIN chosen USING (complaint)
), broken AS (
  SELECT complaint FROM links
  WHERE previous <> before OR hash <> sha256(previous || canonical)
     OR canonical <> ledger_field('lapor-event-1') || ledger_field(convert_to(complaint::text, 'UTF8'))
        || ledger_field(convert_to(seq::text, 'UTF8')) || ledger_field(convert_to(kind, 'UTF8'))
        || ledger_field(convert_to(actor, 'UTF8')) || ledger_field(convert_to(agency::text, 'UTF8'))
        || ledger_field(ledger_time(occurred_at)) || ledger_field(ledger_time(recorded_at))
        || ledger_field(convert_to(facts, 'UTF8')) || ledger_field(digest)
  UNION
  SELECT h.subject FROM ledger_head h JOIN chosen ON chosen.complaint = h.subject
  LEFT JOIN LATERAL (SELECT seq, hash FROM event WHERE complaint = h.subject ORDER BY seq DESC LIMIT 1) e ON true
  WHERE (h.seq, h.hash) IS DISTINCT FROM (e.seq, e.hash)
  UNION
  SELECT chosen.complaint FROM chosen
  WHERE NOT EXISTS (SELECT FROM ledger_head h WHERE h.subject = chosen.complaint)
  UNION
  SELECT h.subject FROM ledger_head h
  WHERE $1::bigint IS NULL AND NOT EXISTS (SELECT FROM event e WHERE e.complaint = h.subject)
) SELECT count(*) FROM broken"""

_NO_HEARTBEAT = """
SELECT count(*) FROM (VALUES ('sweep')) AS expected(name)
WHERE NOT EXISTS (
  SELECT FROM heartbeat h WHERE h.name = expected.name AND h.beat_at >= $1::timestamptz - make_interval(secs => $2))"""

_SET_ASIDE = "SELECT count(*) FROM clock WHERE trouble IS NOT NULL"

_NO_HOLDER = """
SELECT count(*) FROM office o JOIN agency a ON a.id = o.agency
WHERE o.active AND a.active AND o.role IN ('head_of_region', 'agency_head') AND NOT EXISTS (
  SELECT FROM appointment h JOIN person p ON p.id = h.person
  WHERE h.office = o.id AND p.active AND h.starts_at <= $1 AND (h.ends_at IS NULL OR h.ends_at > $1))"""

# A rule routes a category when it names it, or when it asks for nothing that a complaint may lack.
_NO_RULE = """
SELECT count(*) FROM category c
WHERE c.active AND NOT EXISTS (
  SELECT FROM routing_rule r
  WHERE r.active AND (r.types = '{}' OR c.type = ANY (r.types))
    AND (c.code = ANY (r.categories) OR (r.categories = '{}' AND r.words = '{}' AND r.channels = '{}'))
    AND (EXISTS (SELECT FROM agency a WHERE a.code = r.agency AND a.active)
      OR EXISTS (SELECT FROM agency a WHERE a.kind = r.office_of AND a.active)))"""

_MESSAGES_DEAD = "SELECT count(*) FROM message WHERE state = 'dead'"
_MESSAGES_STUCK = """
SELECT count(*) FROM message
WHERE state IN ('waiting', 'sending') AND next_attempt_at < $1::timestamptz - make_interval(secs => $2)"""
_INBOUND_DEAD = "SELECT count(*) FROM inbound WHERE state = 'dead'"
_INBOUND_UNREADABLE = "SELECT count(*) FROM inbound WHERE state = 'unreadable'"
_INBOUND_STUCK = """
SELECT count(*) FROM inbound WHERE state = 'waiting' AND next_attempt_at < $1::timestamptz - make_interval(secs => $2)"""


@dataclass(frozen=True)
class _Question:
    """One thing that is counted; `takes` names its arguments: the time, seconds of patience, the newest events."""

    code: str
    sql: str
    sentence: str
    takes: tuple[str, ...] = ()


_QUESTIONS = (
    _Question(
        "overdue_not_escalated",
        _NOT_ESCALATED,
        "clocks are past their deadline and were not escalated",
        ("newest", "now", "grace"),
    ),
    _Question("fired_twice", _FIRED_TWICE, "rungs fired more than once", ("newest",)),
    _Question("chain_gap", _GAPS, "complaints have a gap in the numbers of their events", ("newest",)),
    _Question("chain_broken", _BROKEN, "complaints have a chain of events that does not verify", ("newest",)),
    _Question(
        "no_heartbeat",
        _NO_HEARTBEAT,
        "recurring tasks were not seen for more than a minute",
        ("now", "grace"),
    ),
    _Question(
        "clock_set_aside", _SET_ASIDE, "clocks were set aside by the sweep and wait for somebody to mend them"
    ),
    _Question("office_vacant", _NO_HOLDER, "offices of heads have no holder", ("now",)),
    _Question("category_unrouted", _NO_RULE, "categories have no rule that leads to an active agency"),
    _Question(
        "message_dead", _MESSAGES_DEAD, "messages could not be sent and wait for somebody to resend them"
    ),
    _Question(
        "message_stuck", _MESSAGES_STUCK, "messages have been due for more than ten minutes", ("now", "stuck")
    ),
    _Question(
        "inbound_dead", _INBOUND_DEAD, "deliveries could not be read although they were tried five times"
    ),
    _Question(
        "inbound_unreadable", _INBOUND_UNREADABLE, "genuine deliveries hold no complaint that can be read"
    ),
    _Question(
        "inbound_stuck",
        _INBOUND_STUCK,
        "deliveries have been waiting for more than ten minutes",
        ("now", "stuck"),
    ),
)


async def audit(*, whole: bool = True) -> list[Finding]:
    """Return what ought not to be; an empty list means that everything is as it should be.

    `whole` follows every chain of events; without it only the chains of the newest events, which takes
    the same short time however large the ledger grows.
    """
    findings = []
    async with transaction("worker"):
        given = {
            "now": await database.now(),
            "grace": GRACE_SECONDS,
            "stuck": STUCK_SECONDS,
            "newest": None if whole else NEWEST_EVENTS,
        }
        for question in _QUESTIONS:
            count = await database.fetchval(question.sql, *(given[name] for name in question.takes))
            if count:
                findings.append(Finding(question.code, count, question.sentence))
    return findings
