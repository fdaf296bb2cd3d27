"""Many events at once: what a sweep appends is chained in one statement, by the same rule as one event."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from lapor.migrations.m0003_ledger import _APPEND as _APPEND_BEFORE
from lapor.schema import sql_migration

ID = "2026-11-22T12:00:00:000007"
VERSION = "1.38.0"
DESCRIPTION = "many events at once"

_DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"

# The one place that says which bytes an event is: length-prefixed fields in this order.
_CANONICAL = """
CREATE FUNCTION ledger_canonical(complaint bigint, seq integer, kind text, actor text, agency bigint,
  occurred_at timestamptz, recorded_at timestamptz, facts text, digest bytea) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT ledger_field('lapor-event-1')
    || ledger_field(convert_to(complaint::text, 'UTF8'))
    || ledger_field(convert_to(seq::text, 'UTF8'))
    || ledger_field(convert_to(kind, 'UTF8'))
    || ledger_field(convert_to(actor, 'UTF8'))
    || ledger_field(convert_to(agency::text, 'UTF8'))
    || ledger_field(ledger_time(occurred_at))
    || ledger_field(ledger_time(recorded_at))
    || ledger_field(convert_to(facts, 'UTF8'))
    || ledger_field(digest)
$$"""

_APPEND = f"""
CREATE OR REPLACE FUNCTION ledger_append() RETURNS trigger LANGUAGE plpgsql {_DEFINER} AS $$
DECLARE
  head ledger_head;
BEGIN
  IF NEW.kind = 'filed' THEN
    INSERT INTO ledger_head (subject, seq, hash) VALUES (NEW.complaint, 0, '\\x') RETURNING * INTO head;
  ELSE
    SELECT * INTO head FROM ledger_head WHERE subject = NEW.complaint FOR NO KEY UPDATE;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'complaint % has no ledger', NEW.complaint USING ERRCODE = 'foreign_key_violation';
    END IF;
  END IF;
  NEW.seq := head.seq + 1;
  NEW.previous := head.hash;
  NEW.occurred_at := lapor_now();
  NEW.recorded_at := clock_timestamp();
  NEW.canonical := ledger_canonical(NEW.complaint, NEW.seq, NEW.kind, NEW.actor, NEW.agency, NEW.occurred_at,
                                    NEW.recorded_at, NEW.facts, NEW.digest);
  NEW.hash := sha256(NEW.previous || NEW.canonical);
  UPDATE ledger_head SET seq = NEW.seq, hash = NEW.hash WHERE subject = NEW.complaint;
  RETURN NEW;
END $$"""

# A complaint that is named more than once gets its events one round after the other, in the order given.
_APPEND_EVENTS = f"""
CREATE FUNCTION append_events(complaints bigint[], kinds text[], agencies bigint[], told text[])
RETURNS bigint LANGUAGE plpgsql {_DEFINER} AS $$
DECLARE
  occurred timestamptz := lapor_now();
  recorded timestamptz;
  appended bigint := 0;
  these bigint;
  this_round integer := 0;
BEGIN
  LOOP
    this_round := this_round + 1;
    recorded := clock_timestamp();
    WITH given AS (
      SELECT g.*, row_number() OVER (PARTITION BY g.complaint ORDER BY g.place) AS nth
      FROM unnest(complaints, kinds, agencies, told) WITH ORDINALITY AS g (complaint, kind, agency, facts, place)
    ), heads AS MATERIALIZED (
      SELECT h.subject, h.seq, h.hash FROM ledger_head h
      WHERE h.subject IN (SELECT complaint FROM given WHERE nth = this_round)
      ORDER BY h.subject FOR NO KEY UPDATE
    ), made AS MATERIALIZED (
      SELECT g.complaint, h.seq + 1 AS seq, g.kind, g.agency, g.facts, h.hash AS previous,
             ledger_canonical(g.complaint, h.seq + 1, g.kind, 'system', g.agency, occurred, recorded, g.facts, NULL)
               AS canonical
      FROM given g JOIN heads h ON h.subject = g.complaint WHERE g.nth = this_round
    ), chained AS MATERIALIZED (
      SELECT *, sha256(previous || canonical) AS hash FROM made
    ), moved AS (
      UPDATE ledger_head h SET seq = c.seq, hash = c.hash FROM chained c WHERE h.subject = c.complaint
    )
    INSERT INTO event (complaint, seq, kind, actor, agency, occurred_at, recorded_at, facts, previous, canonical, hash)
    SELECT complaint, seq, kind, 'system', agency, occurred, recorded, facts, previous, canonical, hash
    FROM chained ORDER BY complaint;
    GET DIAGNOSTICS these = ROW_COUNT;
    EXIT WHEN these = 0;
    appended := appended + these;
  END LOOP;
  IF appended <> cardinality(complaints) THEN
    RAISE EXCEPTION 'a complaint has no ledger' USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN appended;
END $$"""

_SIGNATURE = "append_events(bigint[], text[], bigint[], text[])"
_CANONICAL_SIGNATURE = (
    "ledger_canonical(bigint, integer, text, text, bigint, timestamptz, timestamptz, text, bytea)"
)
# Nobody who serves pages or sweeps can name a place in the chain: what they leave out, the database fills in.
_COLUMNS = "complaint, kind, actor, agency, facts, digest"
_WRITERS = "lapor_intake, lapor_desk, lapor_worker"
_EACH = "BEFORE INSERT ON event FOR EACH ROW"

_OLD_APPEND = _APPEND_BEFORE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


async def forwards() -> MigrationManager:
    return sql_migration(
        ID,
        DESCRIPTION,
        [
            _CANONICAL,
            _APPEND,
            _APPEND_EVENTS,
            "DROP TRIGGER event_append ON event",
            f"CREATE TRIGGER event_append {_EACH} WHEN (NEW.hash = ''::bytea) EXECUTE FUNCTION ledger_append()",
            f"REVOKE INSERT ON event FROM {_WRITERS}",
            f"GRANT INSERT ({_COLUMNS}) ON event TO {_WRITERS}",
            f"REVOKE EXECUTE ON FUNCTION {_SIGNATURE} FROM PUBLIC",
            f"GRANT EXECUTE ON FUNCTION {_SIGNATURE} TO lapor_worker",
        ],
        [
            f"REVOKE INSERT ({_COLUMNS}) ON event FROM {_WRITERS}",
            f"GRANT INSERT ON event TO {_WRITERS}",
            "DROP TRIGGER event_append ON event",
            f"CREATE TRIGGER event_append {_EACH} EXECUTE FUNCTION ledger_append()",
            f"DROP FUNCTION {_SIGNATURE}",
            _OLD_APPEND,
            f"DROP FUNCTION {_CANONICAL_SIGNATURE}",
        ],
    )
