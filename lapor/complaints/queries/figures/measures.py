"""What is counted of a complaint, once each: lines (complaint, agency, person, measure, amount) out of the record.

Every line is charged to whoever had it in hand: a first answer to the agency and person that gave it, what is still
unanswered to the agency that has the complaint now, a promise to whoever made it, a hand-on to the giver. Nothing
that happened after `$2` is known, so that the same moment always gives the same facts.
"""

from typing import Final

# An answer is repeated when the agency had sent the same words to so many other complaints before.
SAME_WORDS_BEFORE: Final = 5

# $1 complaints, $2 the moment that is looked at.
COMMON: Final = f"""
asked AS MATERIALIZED (
  SELECT c.id, c.filed_at, c.owner_agency AS owner, c.channel,
    CASE WHEN c.confidential OR c.protected OR c.about_official THEN 0 ELSE coalesce(c.category, 0) END AS category,
    CASE WHEN c.confidential OR c.protected OR c.about_official THEN 0 ELSE coalesce(c.district, 0) END AS district
  FROM complaint c WHERE c.id = ANY ($1) AND NOT c.trial AND c.filed_at <= $2
), acts AS MATERIALIZED (
  SELECT e.complaint, e.seq, e.kind, e.agency, e.occurred_at AS at, e.facts,
    CASE WHEN e.kind IN ('completed', 'rejected', 'referred')
           THEN (SELECT p.requested_by FROM approval p WHERE p.id = (e.facts::jsonb ->> 'approval')::bigint)
         WHEN e.actor LIKE 'officer:%' THEN substr(e.actor, 9)::bigint END AS person
  FROM event e JOIN asked q ON q.id = e.complaint
  WHERE e.occurred_at <= $2 AND e.kind IN ('answered', 'promised', 'rejected', 'referred', 'completed', 'disputed',
    'reopened', 'paused', 'handed_over', 'routed', 'triaged', 'transfer_taken', 'ruled')
), answers AS MATERIALIZED (
  SELECT complaint, seq, agency, person, at FROM acts
  WHERE kind IN ('answered', 'promised', 'rejected', 'referred')
    -- What was taken back within its seconds was no answer.
    AND NOT EXISTS (
      SELECT FROM event u WHERE u.complaint = acts.complaint AND u.kind = 'undone' AND u.occurred_at <= $2
        AND u.facts::jsonb ->> 'statement' = acts.facts::jsonb ->> 'statement')
), clocks AS MATERIALIZED (
  SELECT k.id, k.complaint, k.subject, k.kind, k.cycle, k.started_at, k.due_at, q.owner,
    CASE WHEN k.met_at <= $2 THEN k.met_at END AS met_at
  FROM clock k JOIN asked q ON q.id = k.complaint
  WHERE k.kind IN ('response', 'promise', 'completion', 'emergency') AND k.started_at <= $2
), responses AS MATERIALIZED (
  SELECT DISTINCT ON (k.id) k.*, coalesce(a.agency, k.owner) AS agency, coalesce(a.person, 0) AS person
  FROM clocks k LEFT JOIN answers a ON a.complaint = k.complaint AND a.at <= k.met_at
  WHERE k.kind = 'response' ORDER BY k.id, a.seq DESC NULLS LAST
), first AS MATERIALIZED (
  SELECT *, extract(epoch FROM met_at - started_at) AS seconds, extract(epoch FROM $2 - started_at) AS age
  FROM responses WHERE cycle = 1
), orders AS (
  SELECT o.complaint, a.id AS agency, o.facts::jsonb ->> 'from' AS giver, o.kind, o.seq,
    CASE WHEN row_number() OVER one = 1 THEN least(q.filed_at, o.at) ELSE o.at END AS since,
    lead(o.at) OVER one AS following
  FROM acts o JOIN asked q ON q.id = o.complaint JOIN agency a ON a.code = o.facts::jsonb ->> 'agency'
  WHERE o.kind IN ('routed', 'triaged', 'transfer_taken', 'ruled')
  WINDOW one AS (PARTITION BY o.complaint ORDER BY o.seq)
), turns AS (
  SELECT o.*, least(o.following, w.at) AS ended
  FROM orders o LEFT JOIN (SELECT complaint, min(at) AS at FROM answers GROUP BY complaint) w
    ON w.complaint = o.complaint
), words AS (
  SELECT s.complaint, s.agency, coalesce(s.person, 0) AS person,
    s.fingerprint IS NOT NULL AND (
      SELECT count(*) FROM (
        SELECT FROM statement o
        WHERE o.agency = s.agency AND o.fingerprint = s.fingerprint AND o.to_reporter AND o.complaint <> s.complaint
          AND o.made_at < s.made_at LIMIT {SAME_WORDS_BEFORE}) earlier) >= {SAME_WORDS_BEFORE} AS repeated
  FROM statement s JOIN asked q ON q.id = s.complaint
  WHERE s.kind IN ('final', 'interim') AND s.to_reporter AND s.made_at <= $2
), stars AS (
  SELECT DISTINCT ON (r.id) r.complaint, r.stars, coalesce(a.agency, q.owner) AS agency,
    coalesce(a.person, 0) AS person
  FROM rating r JOIN asked q ON q.id = r.complaint
  LEFT JOIN acts a ON a.complaint = r.complaint AND a.at <= r.rated_at
    AND a.kind IN ('answered', 'promised', 'rejected', 'referred', 'completed')
  WHERE r.rated_at <= $2 ORDER BY r.id, a.seq DESC NULLS LAST
), replied AS (
  SELECT DISTINCT ON (a.complaint, a.seq) a.complaint, a.kind, a.agency, coalesce(w.person, 0) AS person
  FROM acts a LEFT JOIN answers w ON w.complaint = a.complaint AND w.seq < a.seq
  WHERE a.kind IN ('disputed', 'reopened') ORDER BY a.complaint, a.seq, w.seq DESC NULLS LAST
), ended AS (
  SELECT DISTINCT ON (k.id) k.*, coalesce(a.agency, k.owner) AS agency, coalesce(a.person, 0) AS person
  FROM clocks k LEFT JOIN acts a ON a.complaint = k.complaint AND a.at <= k.met_at
    AND a.kind = ANY (CASE k.kind WHEN 'emergency' THEN '{{handed_over}}'
                                  ELSE '{{completed,rejected,referred}}' END::text[])
  WHERE k.kind IN ('completion', 'emergency') ORDER BY k.id, a.seq DESC NULLS LAST
), promised AS (
  SELECT k.*, coalesce(s.agency, k.owner) AS agency, coalesce(s.person, 0) AS person
  FROM clocks k LEFT JOIN statement s ON s.id = k.subject WHERE k.kind = 'promise'
)"""

_KNOWN = "(met_at IS NOT NULL OR due_at < $2)"

# Begun hours for four days, begun days after that: enough to say how long, and few enough to add up quickly.
_HOURS = (
    "greatest(CASE WHEN seconds <= 345600 THEN ceil(seconds / 3600) ELSE ceil(seconds / 86400) * 24 END, 1)"
)

# measure → (lines out of COMMON, amount, condition)
LINES: Final[dict[str, tuple[str, str, str]]] = {
    "reports": ("first", "1", "true"),
    "answered": ("first", "1", "met_at IS NOT NULL"),
    "unanswered": ("first", "1", "met_at IS NULL"),
    "unanswered_late": ("first", "1", "met_at IS NULL AND due_at < $2"),
    "known_24": ("first", "1", "met_at IS NOT NULL OR age > 86400"),
    "within_24": ("first", "1", "seconds <= 86400"),
    "known_48": ("first", "1", "met_at IS NOT NULL OR age > 172800"),
    "within_48": ("first", "1", "seconds <= 172800"),
    "hours": ("first", _HOURS, "met_at IS NOT NULL"),
    # One complaint is overdue once, however many of its clocks are; only the newest cycle can be unmet in practice.
    "overdue": (
        "(SELECT DISTINCT complaint, agency, person FROM responses WHERE met_at IS NULL AND due_at < $2) late",
        "1",
        "true",
    ),
    "answered_late": ("responses", "1", "met_at > due_at"),
    "promises": ("promised", "1", _KNOWN),
    "promises_kept": ("promised", "1", "met_at <= due_at"),
    "completions": ("ended", "1", f"kind = 'completion' AND {_KNOWN}"),
    "completed_in_class": ("ended", "1", "kind = 'completion' AND met_at <= due_at"),
    "disputed": ("replied", "1", "kind = 'disputed'"),
    "reopened": ("replied", "1", "kind = 'reopened'"),
    "handed_on": (
        "(SELECT t.complaint, g.id AS agency, 0::bigint AS person FROM orders t JOIN agency g ON g.code = t.giver"
        " WHERE t.kind IN ('transfer_taken', 'ruled') AND g.id <> t.agency) given",
        "1",
        "true",
    ),
    "turns": ("(SELECT *, 0::bigint AS person FROM turns) turns", "1", "since < ended"),
    "held_seconds": (
        "(SELECT *, 0::bigint AS person FROM turns) turns",
        "floor(extract(epoch FROM ended - since))",
        "since < ended",
    ),
    "paused": (
        "(SELECT complaint, agency, coalesce(person, 0) AS person FROM acts WHERE kind = 'paused') waits",
        "1",
        "true",
    ),
    "replies": ("words", "1", "true"),
    "same_words": ("words", "1", "repeated"),
    "ratings": ("stars", "1", "true"),
    "stars": ("stars", "stars", "true"),
    "emergencies": ("ended", "1", f"kind = 'emergency' AND {_KNOWN}"),
    "emergencies_in_time": ("ended", "1", "kind = 'emergency' AND met_at <= due_at"),
}


def lines_sql() -> str:
    """Return the lines of all measures as one union over COMMON."""
    return "\n  UNION ALL ".join(
        f"SELECT complaint, agency, person, '{measure}' AS measure, ({amount})::bigint AS amount"
        f" FROM {source} WHERE {condition}"
        for measure, (source, amount, condition) in LINES.items()
    )


# When time alone changes a fact of a complaint: a deadline, or 24 and 48 hours, that are still to pass.
NEXT_CHANGE: Final = """
SELECT k.complaint, min(at) AS at FROM clocks k CROSS JOIN LATERAL (
  SELECT k.due_at AS at UNION ALL SELECT k.started_at + interval '24 hours' WHERE k.kind = 'response' AND k.cycle = 1
  UNION ALL SELECT k.started_at + interval '48 hours' WHERE k.kind = 'response' AND k.cycle = 1) moments
WHERE k.met_at IS NULL AND at >= $2 GROUP BY k.complaint"""
