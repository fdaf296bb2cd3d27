"""Before the outbox is emptied: what waits for the morning is put off, and many messages to one office become one.

The records of the rungs are not touched. A message that leaves inside another one is `bundled` and names it.
"""

from lapor import database
from lapor.database import transaction
from lapor.intake.recipients import MORNING
from lapor.sla import alarms

# Who hears of a passed deadline from above the agency.
LEADING = ("head_of_region", "deputy_head", "sekda", "leadership_staff", "inspector")
DIGEST = "escalation_digest"
# Told this often of one deadline, an office hears of it again only in the digest.
TOLD_SINGLY = 2
# What no digest of the morning has taken along leaves by itself a little later.
PUT_OFF_UNTIL = "interval '10 minutes'"

_LEADING = ",".join(LEADING)

# Of message m, complaint c and office o. The second half is an imported backlog: late before it was stored here.
DIGEST_ONLY = f"""(m.kind = 'rung_escalate' AND c.emergency IS FALSE AND (
    (SELECT count(*) FROM message t WHERE t.complaint = m.complaint AND t.clock = m.clock AND t.office = m.office
       AND t.kind = 'rung_escalate' AND t.rung < m.rung) >= {TOLD_SINGLY}
    OR (o.role = ANY ('{{{_LEADING}}}') AND EXISTS (
      SELECT FROM escalation e WHERE e.clock = m.clock AND e.rung = m.rung AND e.due_at < c.filed_at))))"""

# The hour that the office has chosen for its digest, else the usual one.
_HOUR = f"coalesce((SELECT h.at FROM digest_hour h WHERE h.office = m.office), time '{MORNING}')"
_BY_MORNING = f"""
((((m.created_at AT TIME ZONE r.timezone) - {_HOUR})::date + 1) + {_HOUR}) AT TIME ZONE r.timezone"""

_PUT_OFF = f"""
UPDATE message SET next_attempt_at = held.until FROM (
  SELECT m.id, ({_BY_MORNING}) + {PUT_OFF_UNTIL} AS until
  FROM message m
  JOIN complaint c ON c.id = m.complaint
  JOIN office o ON o.id = m.office
  JOIN agency a ON a.id = o.agency
  JOIN region r ON r.id = a.region
  WHERE m.state = 'waiting' AND m.next_attempt_at <= $1 AND m.kind = 'rung_escalate'
    AND ({_BY_MORNING}) + {PUT_OFF_UNTIL} > $1 AND {DIGEST_ONLY}
  FOR UPDATE OF m SKIP LOCKED) held
WHERE message.id = held.id"""

# The digest of the morning takes along what was put off for it.
_CALL_IN = f"""
WITH mornings AS MATERIALIZED (
  SELECT DISTINCT office FROM message
  WHERE state = 'waiting' AND next_attempt_at <= $1 AND kind = '{DIGEST}')
UPDATE message SET next_attempt_at = $1 FROM (
  SELECT m.id FROM message m JOIN office o ON o.id = m.office JOIN complaint c ON c.id = m.complaint
  WHERE m.state = 'waiting' AND m.next_attempt_at > $1 AND m.attempts = 0 AND m.office IN (SELECT office FROM mornings)
    AND {DIGEST_ONLY}
  FOR UPDATE OF m SKIP LOCKED) held
WHERE message.id = held.id"""

# Left alone: emergencies, whatever takes others along already, requests between leaders, and what would reach somebody in the reported agency.
_GATHER = f"""
WITH due AS MATERIALIZED (
  SELECT m.id, m.office, m.kind = '{alarms.NOTICE}' AS alarm, m.kind = '{DIGEST}' AS morning,
         m.kind IN ('{DIGEST}', '{alarms.NOTICE}') OR {DIGEST_ONLY} AS gathers
  FROM message m
  JOIN office o ON o.id = m.office
  LEFT JOIN complaint c ON c.id = m.complaint
  WHERE m.state = 'waiting' AND m.next_attempt_at <= $1
    AND m.kind IN ('rung_notify', 'rung_remind', 'rung_escalate', '{DIGEST}', '{alarms.NOTICE}')
    AND c.emergency IS NOT TRUE AND (m.complaint IS NULL OR c.id IS NOT NULL)
    AND NOT EXISTS (SELECT FROM message b WHERE b.bundle = m.id)
    AND NOT EXISTS (
      SELECT FROM appointment h JOIN appointment b ON b.person = h.person JOIN office x ON x.id = b.office
      WHERE c.reported_agency IS NOT NULL AND h.office = m.office AND x.agency = c.reported_agency
        AND (h.ends_at IS NULL OR h.ends_at > $1) AND (b.ends_at IS NULL OR b.ends_at > $1))
  FOR UPDATE OF m SKIP LOCKED
), counted AS (
  SELECT *, count(*) OVER (PARTITION BY office, alarm) AS together FROM due
), taken AS (
  SELECT * FROM counted WHERE gathers OR together > $2
), led AS (
  SELECT id, first_value(id) OVER (PARTITION BY office, alarm ORDER BY morning DESC, id) AS lead FROM taken
)
SELECT id, lead FROM led WHERE id <> lead"""

# A statement of its own: right after an outage the planner would take thousands for a few, and join them row by row.
_BUNDLE = """
UPDATE message SET state = 'bundled', bundle = taken.lead
FROM unnest($1::bigint[], $2::bigint[]) AS taken(id, lead) WHERE message.id = taken.id"""

_REACHED_AGAIN = """
UPDATE alarm SET cleared_at = lapor_now() FROM office o JOIN agency a ON a.id = o.agency
WHERE alarm.code = $1 AND alarm.cleared_at IS NULL AND alarm.subject = 'office:' || o.id
  AND (NOT o.active OR a.email <> '' OR EXISTS (
    SELECT FROM appointment h JOIN person p ON p.id = h.person
    WHERE h.office = o.id AND p.active AND p.email <> ''
      AND h.starts_at <= lapor_now() AND (h.ends_at IS NULL OR h.ends_at > lapor_now())))
RETURNING o.id"""

_SEND_AFTER_ALL = """
UPDATE message SET state = 'waiting', attempts = 0, next_attempt_at = lapor_now(), trouble = NULL
WHERE state = 'dead' AND office = ANY ($1) AND trouble = ANY ($2) RETURNING id"""


async def bundle(digest_from: int) -> int:
    """Put off what waits for the morning, and let one letter stand for more than `digest_from` messages to an office.

    Return how many messages will leave inside another one.
    """
    async with transaction("worker"):
        at = await database.now()
        await database.execute(_PUT_OFF, at)
        await database.execute(_CALL_IN, at)
        taken = await database.fetch(_GATHER, at, digest_from)
        if taken:
            await database.execute(_BUNDLE, [row["id"] for row in taken], [row["lead"] for row in taken])
        return len(taken)


async def reach_again(reasons: list[str]) -> int:
    """End the alarm about every office in which somebody can be reached again, and send what had waited for them.

    `reasons` are the troubles of messages that had nobody to go to. Return how many messages are sent after all.
    """
    async with transaction("worker"):
        offices = [row["id"] for row in await database.fetch(_REACHED_AGAIN, alarms.UNREACHED)]
        if not offices:
            return 0
        return len(await database.fetch(_SEND_AFTER_ALL, offices, reasons))
