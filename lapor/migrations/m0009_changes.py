"""What live pages and lists ask: what has changed since a moment of the ledger, and how every open complaint stands.

Every verb appends to the ledger, so its newest rows name every complaint that changed. Nothing is sent when a verb
commits: a notification there would let all commits of the database wait for one another.
"""

from datetime import UTC, datetime

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigInt, Boolean, Timestamptz

from lapor.schema import table_migration

ID = "2026-11-22T12:00:00:000009"
VERSION = "1.38.0"
DESCRIPTION = "what has changed, and how an open complaint stands"

_DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)

_COLUMNS = {
    "Complaint": {
        "next_due": Timestamptz(default=_NEVER),
        "promised": Boolean(default=False),
        "awaits_reporter": Boolean(default=False),
        "disputed": Boolean(default=False),
        "in_hand": BigInt(null=True, default=None),
    }
}

# Numbers only; whether a viewer may hear of a complaint is asked again as that viewer, under the row policies.
_CHANGES = f"""
CREATE FUNCTION changes_since(asked bigint, most integer)
RETURNS TABLE (event bigint, complaint bigint, region bigint, agencies bigint[])
LANGUAGE sql STABLE {_DEFINER} AS $$
  SELECT e.id, e.complaint, c.region,
    array_remove(ARRAY[e.agency, c.owner_agency, c.offered_agency] || c.supporting::bigint[], NULL)
  FROM event e JOIN complaint c ON c.id = e.complaint
  WHERE e.id > asked ORDER BY e.id LIMIT most
$$"""
_LAST = f"""
CREATE FUNCTION last_change() RETURNS bigint LANGUAGE sql STABLE {_DEFINER} AS $$
  SELECT coalesce(max(id), 0) FROM event
$$"""
# A complaint that was handed on is no longer seen by who gave it away: only numbers of it are told, and to whom it went.
_TRANSFERS = f"""
CREATE FUNCTION my_transfers(since timestamptz)
RETURNS TABLE (outward boolean, other text, taken bigint, refused bigint, waiting bigint, seconds bigint)
LANGUAGE sql STABLE {_DEFINER} AS $$
  WITH mine AS (SELECT unnest(my_agencies_as('{{liaison,agency_head}}')) AS agency)
  SELECT t.from_agency = m.agency, a.name, count(*) FILTER (WHERE t.outcome = 'taken'),
    count(*) FILTER (WHERE t.outcome IN ('refused', 'withdrawn')), count(*) FILTER (WHERE t.decided_at IS NULL),
    avg(extract(epoch FROM coalesce(t.decided_at, lapor_now()) - coalesce((
      SELECT max(b.decided_at) FROM transfer b WHERE b.complaint = t.complaint AND b.to_agency = t.from_agency
        AND b.outcome = 'taken' AND b.decided_at <= t.asked_at), c.filed_at)))::bigint
  FROM transfer t
  JOIN mine m ON m.agency IN (t.from_agency, t.to_agency)
  JOIN complaint c ON c.id = t.complaint
  JOIN agency a ON a.id = CASE WHEN t.from_agency = m.agency THEN t.to_agency ELSE t.from_agency END
  WHERE t.asked_at >= since AND NOT c.protected
  GROUP BY 1, 2 ORDER BY 1 DESC, count(*) DESC, 2
$$"""
_SIGNATURES = ("changes_since(bigint, integer)", "last_change()")

# Every verb ends by counting the version up, when all else is written: no row is written twice for this. A filed
# complaint brings its first deadline itself. A dispute stands until its own cycle is answered or the arbiter has ruled.
_STANDING = f"""
CREATE FUNCTION complaint_standing() RETURNS trigger LANGUAGE plpgsql {_DEFINER} AS $$
DECLARE
  unanswered boolean;
BEGIN
  SELECT coalesce(min(k.due_at), '9999-01-01 00:00:00+00'), coalesce(bool_or(k.kind = 'promise'), false),
         coalesce(bool_or(k.kind = 'response' AND k.cycle = NEW.cycle), false)
  INTO NEW.next_due, NEW.promised, unanswered
  FROM clock k WHERE k.complaint = NEW.id AND k.met_at IS NULL AND k.kind <> 'reporter_window';
  NEW.awaits_reporter := coalesce((SELECT s.kind = 'question' FROM statement s WHERE s.complaint = NEW.id
    AND s.kind <> 'note' ORDER BY s.made_at DESC, s.id DESC LIMIT 1), false);
  NEW.disputed := NEW.cycle > 1 AND (unanswered OR NEW.arbiter_since IS NOT NULL) AND EXISTS (
    SELECT FROM statement s WHERE s.complaint = NEW.id AND s.kind = 'dispute' AND s.cycle = NEW.cycle);
  NEW.in_hand := (SELECT person FROM assignment WHERE complaint = NEW.id ORDER BY id DESC LIMIT 1);
  RETURN NEW;
END $$"""
_OPEN = "status IN ('received', 'routed', 'in_progress')"
# What was filed before these columns were there; nobody has anything in hand yet.
_BEFORE = f"""
UPDATE complaint c SET next_due = coalesce(k.due_at, '9999-01-01 00:00:00+00'), promised = coalesce(k.promised, false),
  awaits_reporter = coalesce((SELECT s.kind = 'question' FROM statement s WHERE s.complaint = c.id AND s.kind <> 'note'
    ORDER BY s.made_at DESC, s.id DESC LIMIT 1), false),
  disputed = c.cycle > 1 AND (coalesce(k.unanswered, false) OR c.arbiter_since IS NOT NULL) AND EXISTS (
    SELECT FROM statement s WHERE s.complaint = c.id AND s.kind = 'dispute' AND s.cycle = c.cycle)
FROM complaint o LEFT JOIN LATERAL (
  SELECT min(k.due_at) AS due_at, bool_or(k.kind = 'promise') AS promised,
    bool_or(k.kind = 'response' AND k.cycle = o.cycle) AS unanswered
  FROM clock k WHERE k.complaint = o.id AND k.met_at IS NULL AND k.kind <> 'reporter_window') k ON true
WHERE o.id = c.id AND c.{_OPEN}"""
_STANDING_FORWARDS = [
    _BEFORE,
    _STANDING,
    "REVOKE EXECUTE ON FUNCTION complaint_standing() FROM PUBLIC",
    "CREATE TRIGGER complaint_standing BEFORE UPDATE OF version ON complaint FOR EACH ROW"
    " EXECUTE FUNCTION complaint_standing()",
    f"CREATE INDEX complaint_due ON complaint (owner_agency, status, next_due, id) WHERE {_OPEN}",
]
_STANDING_BACKWARDS = [
    "DROP INDEX complaint_due",
    "DROP TRIGGER complaint_standing ON complaint",
    "DROP FUNCTION complaint_standing()",
]


_FOR_OFFICERS = "my_transfers(timestamp with time zone)"


async def forwards() -> MigrationManager:
    return table_migration(
        ID,
        DESCRIPTION,
        columns=_COLUMNS,
        forwards=[
            _CHANGES,
            _LAST,
            *(f"REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC" for name in _SIGNATURES),
            *(f"GRANT EXECUTE ON FUNCTION {name} TO lapor_gate" for name in _SIGNATURES),
            _TRANSFERS,
            f"REVOKE EXECUTE ON FUNCTION {_FOR_OFFICERS} FROM PUBLIC",
            f"GRANT EXECUTE ON FUNCTION {_FOR_OFFICERS} TO lapor_reader",
            "CREATE INDEX transfer_from ON transfer (from_agency, asked_at)",
            "CREATE INDEX transfer_to ON transfer (to_agency, asked_at)",
            *_STANDING_FORWARDS,
        ],
        backwards=[
            *_STANDING_BACKWARDS,
            "DROP INDEX transfer_from",
            "DROP INDEX transfer_to",
            f"DROP FUNCTION {_FOR_OFFICERS}",
            *(f"DROP FUNCTION {name}" for name in _SIGNATURES),
        ],
    )
