"""What is late, as an officer's offices may see it, found out at once instead of clock by clock."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from lapor.migrations.m0004_row_security import _SEES_CLOCKS
from lapor.schema import sql_migration

ID = "2026-11-22T12:00:00:000026"
VERSION = "1.38.0"
DESCRIPTION = "lateness"

_DEFINER = (
    "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_custom_plan"
)

# Response clocks past due and unmet; escalations raised for another cause whose clock is still unmet; response
# clocks that were met late and whose escalation nobody of the leadership has seen. One line per complaint: its oldest.
# An escalation before its deadline exists only where a policy has such a rung; only then all running clocks are read.
# What a complaint is about is not told where the leadership may not read it.
# Under row-level security every clock and every escalation would ask for itself whether its complaint may be seen.
_LATE = f"""
CREATE FUNCTION late_complaints(asked timestamptz)
RETURNS TABLE (complaint bigint, clock bigint, kind varchar, policy bigint, rung integer, started_at timestamptz,
               due_at timestamptz, met_at timestamptz, trouble varchar, owner_agency bigint, category bigint,
               district bigint)
LANGUAGE plpgsql STABLE {_DEFINER} AS $$
#variable_conflict use_column
DECLARE
  early boolean := EXISTS (SELECT FROM policy_rung s
                           WHERE s.step = 'escalate' AND (s.base = 'start' OR s.offset_minutes < 0));
BEGIN
  RETURN QUERY
  SELECT DISTINCT ON (l.complaint) l.complaint, l.clock, l.kind, l.policy, l.rung, l.started_at, l.due_at, l.met_at,
    l.trouble, c.owner_agency, CASE WHEN NOT c.protected AND NOT c.about_official THEN c.category END,
    CASE WHEN NOT c.protected AND NOT c.about_official THEN c.district END
  FROM (
    SELECT k.complaint, k.id AS clock, k.kind, k.policy, k.rung, k.started_at, k.due_at, k.met_at, k.trouble
    FROM clock k WHERE k.kind = 'response' AND k.met_at IS NULL AND k.due_at < asked
    UNION ALL
    SELECT k.complaint, k.id, k.kind, k.policy, k.rung, k.started_at, k.due_at, k.met_at, k.trouble FROM clock k
    WHERE k.kind = ANY ('{{triage,promise,completion,approval,transfer,referral,instruction,emergency}}')
      AND k.met_at IS NULL AND k.due_at < CASE WHEN early THEN 'infinity' ELSE asked END
      AND EXISTS (SELECT FROM escalation e WHERE e.clock = k.id AND e.step = 'escalate')
    UNION ALL
    SELECT k.complaint, k.id, k.kind, k.policy, k.rung, k.started_at, k.due_at, k.met_at, k.trouble
    FROM escalation e JOIN clock k ON k.id = e.clock
    WHERE e.step = 'escalate' AND e.seen_at IS NULL AND k.kind = 'response' AND k.met_at > k.due_at
  ) l JOIN (SELECT * FROM complaint WHERE {_SEES_CLOCKS}) c ON c.id = l.complaint
  ORDER BY l.complaint, l.met_at IS NOT NULL, l.due_at, l.clock;
END $$"""
_LATE_SIGNATURE = "late_complaints(timestamptz)"

# A day is the region's own. What was answered late in the meantime stays on the day on which it became late.
_DAYS = f"""
CREATE FUNCTION late_days(zone text, days integer) RETURNS TABLE (day date, late bigint, answered bigint)
LANGUAGE plpgsql STABLE {_DEFINER} AS $$
#variable_conflict use_column
DECLARE
  today date := (lapor_now() AT TIME ZONE zone)::date;
  since timestamptz := (today - days + 1)::timestamp AT TIME ZONE zone;
BEGIN
  RETURN QUERY
  WITH counted AS (
    SELECT (k.due_at AT TIME ZONE zone)::date AS day, count(*) AS late, count(*) FILTER (WHERE k.answered) AS answered
    FROM (
      SELECT complaint, due_at, false AS answered FROM clock
      WHERE kind = 'response' AND met_at IS NULL AND due_at >= since AND due_at < lapor_now()
      UNION ALL
      SELECT complaint, due_at, true FROM clock
      WHERE kind = 'response' AND met_at > due_at AND due_at >= since
    ) k JOIN (SELECT id FROM complaint WHERE {_SEES_CLOCKS}) c ON c.id = k.complaint GROUP BY 1
  )
  SELECT d::date, coalesce(n.late, 0), coalesce(n.answered, 0)
  FROM generate_series(today - days + 1, today, interval '1 day') d LEFT JOIN counted n ON n.day = d::date ORDER BY 1;
END $$"""
_DAYS_SIGNATURE = "late_days(text, integer)"


async def forwards() -> MigrationManager:
    return sql_migration(
        ID,
        DESCRIPTION,
        [
            _LATE,
            _DAYS,
            *(
                statement
                for signature in (_LATE_SIGNATURE, _DAYS_SIGNATURE)
                for statement in (
                    f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC",
                    f"GRANT EXECUTE ON FUNCTION {signature} TO lapor_reader",
                )
            ),
            # Promises that were kept too late, newest first, for the overview of an agency.
            "CREATE INDEX clock_promise_late ON clock (due_at) WHERE kind = 'promise' AND met_at > due_at",
        ],
        [
            "DROP INDEX clock_promise_late",
            f"DROP FUNCTION {_DAYS_SIGNATURE}",
            f"DROP FUNCTION {_LATE_SIGNATURE}",
        ],
    )
