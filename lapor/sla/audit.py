"""The watchman: counts what ought not to be, with statements of its own that share nothing with the sweep."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from lapor import database
from lapor.database import transaction
from lapor.registers import moment
from lapor.routing.directory import REGISTRY
from lapor.sla import alarms
from lapor.sla.register import SCHEDULE, Schedule
from lapor.sla.tables import CLOCK_KINDS

# A sweep runs every few seconds; what is overdue for less than this is not yet anybody's fault.
GRACE_SECONDS = 60
STUCK_SECONDS = 600
# The chains that the quick audit follows are those of the newest events; the whole audit follows all.
NEWEST_EVENTS = 20_000
# A year has to be loaded this long before it begins.
CALENDAR_AHEAD = timedelta(days=90)


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

# What leaders see as late is kept line by line; here it is found out from clocks, escalations and complaints themselves.
_LIST_WRONG = """
WITH late AS (
  SELECT k.id, k.complaint, k.due_at, k.met_at FROM clock k
  WHERE k.kind = 'response' AND k.met_at IS NULL AND k.due_at < $1::timestamptz
  UNION
  SELECT k.id, k.complaint, k.due_at, k.met_at FROM escalation e JOIN clock k ON k.id = e.clock
  WHERE e.step = 'escalate' AND e.seen_at IS NULL AND k.kind <> 'explanation'
    AND CASE k.kind WHEN 'response' THEN k.met_at > k.due_at ELSE k.met_at IS NULL AND k.kind <> 'reporter_window' END
)
SELECT count(*) FROM (SELECT late.*, c.region, c.owner_agency, c.offered_agency, c.reported_agency, c.protected,
    c.about_official FROM late JOIN complaint c ON c.id = late.complaint) k
FULL JOIN (SELECT * FROM lateness WHERE listed_from < $1) l ON l.clock = k.id
WHERE (k.due_at, k.met_at, k.region, k.owner_agency, k.offered_agency, k.reported_agency, k.protected, k.about_official)
  IS DISTINCT FROM
  (l.due_at, l.met_at, l.region, l.owner_agency, l.offered_agency, l.reported_agency, l.protected, l.about_official)"""

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
WHERE o.active AND a.active AND o.role IN ('head_of_region', 'sekda', 'agency_head') AND NOT EXISTS (
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
    _Question(
        "list_wrong", _LIST_WRONG, "lines of the list of escalations are not what the clocks say", ("now",)
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


_UNREADABLE = ("rule_unreadable", "routing rules cannot be read and are passed over")
_POLICY_UNREADABLE = ("policy_unreadable", "policies of deadlines cannot be read and are passed over")
_NO_CALENDAR = ("calendar_missing", "regions lack the working calendar of this year or of one within 90 days")

_SUBJECT = "audit"
# The quick audit sees only the newest events; only the whole one may say that these are mended.
_OF_EVENTS = frozenset({"fired_twice", "chain_gap", "chain_broken"})
CODES = (
    *(question.code for question in _QUESTIONS),
    _UNREADABLE[0],
    _POLICY_UNREADABLE[0],
    _NO_CALENDAR[0],
)


async def audit(*, whole: bool = True) -> list[Finding]:
    """Return what ought not to be; an empty list means that everything is as it should be.

    `whole` follows every chain of events; without it only the chains of the newest events, which takes
    the same short time however large the ledger grows.
    """
    findings = []
    async with transaction("worker"):
        seen = await moment()
        given = {
            "now": seen.at,
            "grace": GRACE_SECONDS,
            "stuck": STUCK_SECONDS,
            "newest": None if whole else NEWEST_EVENTS,
        }
        for question in _QUESTIONS:
            count = await database.fetchval(question.sql, *(given[name] for name in question.takes))
            findings.append(Finding(question.code, count, question.sentence))
        registry = await REGISTRY.get(seen.version)
        findings.append(_named(_UNREADABLE, registry.unreadable_rules))
        schedule = await SCHEDULE.get(seen.version)
        findings.append(_named(_POLICY_UNREADABLE, schedule.unreadable_policies))
        zones = {agency.region: agency.timezone for agency in registry.agencies.values() if agency.active}
        lacking = [region for region, zone in zones.items() if _lacks_year(schedule, region, zone, seen.at)]
        findings.append(Finding(_NO_CALENDAR[0], len(lacking), _NO_CALENDAR[1]))
    return [finding for finding in findings if finding.count]


def _named(question: tuple[str, str], codes: Sequence[str]) -> Finding:
    """A finding that says which rows of a register it is about."""
    code, sentence = question
    return Finding(code, len(codes), f"{sentence}: {', '.join(sorted(codes))}")


def _lacks_year(schedule: Schedule, region: str, zone: str, at: datetime) -> bool:
    try:
        years = schedule.calendar(region).years
    except LookupError:
        return True
    local = at.astimezone(ZoneInfo(zone))
    return years is not None and not {local.year, (local + CALENDAR_AHEAD).year} <= years


async def watch(*, whole: bool = True) -> list[Finding]:
    """Audit, raise an alarm for what is found and not told by channel, end those of what is gone; return what was found."""
    findings = await audit(whole=whole)
    found = {finding.code for finding in findings}
    async with transaction("worker"):
        for finding in findings:
            if finding.code in alarms.TOLD_BY_CHANNEL:
                continue
            sentence = alarms.SENTENCES[finding.code].format(count=finding.count)
            await alarms.sound(finding.code, _SUBJECT, sentence)
        gone = [code for code in CODES if code not in found and (whole or code not in _OF_EVENTS)]
        await alarms.clear(gone, _SUBJECT)
    return findings
