"""The database's time, the chain of events, the history of the registers."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from lapor.schema import sql_migration

ID = "2026-11-22T06:40:00:000003"
VERSION = "1.38.0"
DESCRIPTION = "time, ledger, history of registers"

_DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"

_NOW = f"""
CREATE FUNCTION lapor_now() RETURNS timestamptz LANGUAGE sql STABLE {_DEFINER} AS $$
  SELECT CASE WHEN simulation
    THEN coalesce(nullif(current_setting('app.now', true), '')::timestamptz,
                  now() + make_interval(secs => clock_offset_seconds))
    ELSE now() END
  FROM deployment WHERE id = 1
$$"""

_FIELD = """
CREATE FUNCTION ledger_field(value bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN value IS NULL THEN '\\xffffffff'::bytea
              ELSE int4send(octet_length(value)) || value END
$$"""

_TIME = """
CREATE FUNCTION ledger_time(moment timestamptz) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
  SELECT convert_to(to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'UTF8')
$$"""

_APPEND = f"""
CREATE FUNCTION ledger_append() RETURNS trigger LANGUAGE plpgsql {_DEFINER} AS $$
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
  NEW.canonical :=
       ledger_field('lapor-event-1')
    || ledger_field(convert_to(NEW.complaint::text, 'UTF8'))
    || ledger_field(convert_to(NEW.seq::text, 'UTF8'))
    || ledger_field(convert_to(NEW.kind, 'UTF8'))
    || ledger_field(convert_to(NEW.actor, 'UTF8'))
    || ledger_field(convert_to(NEW.agency::text, 'UTF8'))
    || ledger_field(ledger_time(NEW.occurred_at))
    || ledger_field(ledger_time(NEW.recorded_at))
    || ledger_field(convert_to(NEW.facts, 'UTF8'))
    || ledger_field(NEW.digest);
  NEW.hash := sha256(NEW.previous || NEW.canonical);
  UPDATE ledger_head SET seq = NEW.seq, hash = NEW.hash WHERE subject = NEW.complaint;
  RETURN NEW;
END $$"""

_REFUSE = """
CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'insufficient_privilege';
END $$"""

_LOCK = f"""
CREATE FUNCTION lock_complaints(ids bigint[], passing boolean) RETURNS SETOF bigint
LANGUAGE plpgsql {_DEFINER} AS $$
BEGIN
  IF passing THEN
    RETURN QUERY SELECT subject FROM ledger_head WHERE subject = ANY (ids)
      ORDER BY subject FOR NO KEY UPDATE SKIP LOCKED;
  ELSE
    RETURN QUERY SELECT subject FROM ledger_head WHERE subject = ANY (ids)
      ORDER BY subject FOR NO KEY UPDATE;
  END IF;
END $$"""

_DUE_FROZEN = """
CREATE FUNCTION clock_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.due_at <> OLD.due_at AND coalesce(current_setting('app.pausing', true), '') <> 'yes' THEN
    RAISE EXCEPTION 'a deadline is written once' USING ERRCODE = 'check_violation';
  END IF;
  IF (NEW.complaint, NEW.subject_kind, NEW.subject, NEW.kind, NEW.cycle, NEW.policy, NEW.started_at)
     IS DISTINCT FROM
     (OLD.complaint, OLD.subject_kind, OLD.subject, OLD.kind, OLD.cycle, OLD.policy, OLD.started_at) THEN
    RAISE EXCEPTION 'a clock does not change what it measures' USING ERRCODE = 'check_violation';
  END IF;
  IF OLD.met_at IS NOT NULL AND NEW.met_at IS DISTINCT FROM OLD.met_at THEN
    RAISE EXCEPTION 'a clock is met once' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$"""

# A running clock keeps the version that it started with: what somebody wants to change gets a policy of its own.
_POLICY_IN_USE = f"""
CREATE FUNCTION policy_is_frozen() RETURNS trigger LANGUAGE plpgsql {_DEFINER} AS $$
DECLARE
  used bigint[];
BEGIN
  IF TG_TABLE_NAME = 'policy_rung' THEN
    used := ARRAY[OLD.policy, NEW.policy];
  ELSIF (NEW.clock, NEW.type, NEW.category, NEW.agency_kind, NEW.region, NEW.completion_class, NEW.amount, NEW.unit,
         NEW.start, NEW.ends, NEW.after_hours_rolls, NEW.weekend_rolls, NEW.skip_holidays, NEW.valid_from)
     IS DISTINCT FROM
        (OLD.clock, OLD.type, OLD.category, OLD.agency_kind, OLD.region, OLD.completion_class, OLD.amount, OLD.unit,
         OLD.start, OLD.ends, OLD.after_hours_rolls, OLD.weekend_rolls, OLD.skip_holidays, OLD.valid_from) THEN
    used := ARRAY[OLD.id];
  END IF;
  IF used IS NOT NULL AND EXISTS (SELECT FROM clock WHERE policy = ANY (used)) THEN
    RAISE EXCEPTION 'a clock runs by this policy: end it and write a new one' USING ERRCODE = 'check_violation';
  END IF;
  RETURN coalesce(NEW, OLD);
END $$"""

REGISTERS = (
    "region",
    "agency",
    "outside_body",
    "person",
    "office",
    "appointment",
    "category",
    "routing_rule",
    "emergency_number",
    "policy",
    "policy_rung",
    "calendar_year",
    "calendar_day",
    "office_hours",
)

_HISTORY = f"""
CREATE FUNCTION register_history() RETURNS trigger LANGUAGE plpgsql {_DEFINER} AS $$
DECLARE
  before jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) - 'password' - 'last_login' END;
  after jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) - 'password' - 'last_login' END;
BEGIN
  IF before IS DISTINCT FROM after THEN
    INSERT INTO register_change (register, row_id, before, after, person, changed_at)
    VALUES (TG_TABLE_NAME, coalesce((after->>'id')::bigint, (before->>'id')::bigint), before::text, after::text,
            nullif(current_setting('app.user_id', true), '')::bigint, lapor_now());
  END IF;
  RETURN NULL;
END $$"""

_VERSION = f"""
CREATE FUNCTION register_moved() RETURNS trigger LANGUAGE plpgsql {_DEFINER} AS $$
BEGIN
  UPDATE deployment SET register_version = register_version + 1 WHERE id = 1;
  RETURN NULL;
END $$"""

# The log-in stamps its time on the person; that is no change of a register.
_VERSIONED = tuple(name for name in REGISTERS if name not in ("person", "appointment", "office"))

_FUNCTIONS = (
    "policy_is_frozen()",
    "register_moved()",
    "register_history()",
    "clock_is_frozen()",
    "lock_complaints(bigint[], boolean)",
    "ledger_refuse()",
    "ledger_append()",
    "ledger_time(timestamptz)",
    "ledger_field(bytea)",
    "lapor_now()",
)


async def forwards() -> MigrationManager:
    return sql_migration(
        ID,
        DESCRIPTION,
        [
            _NOW,
            _FIELD,
            _TIME,
            _APPEND,
            _REFUSE,
            _LOCK,
            _DUE_FROZEN,
            _HISTORY,
            _VERSION,
            _POLICY_IN_USE,
            "CREATE TRIGGER event_append BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION ledger_append()",
            "CREATE TRIGGER event_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON event"
            " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()",
            "CREATE TRIGGER policy_frozen BEFORE UPDATE ON policy FOR EACH ROW EXECUTE FUNCTION policy_is_frozen()",
            "CREATE TRIGGER policy_rung_frozen BEFORE INSERT OR UPDATE OR DELETE ON policy_rung"
            " FOR EACH ROW EXECUTE FUNCTION policy_is_frozen()",
            "CREATE TRIGGER clock_frozen BEFORE UPDATE ON clock FOR EACH ROW EXECUTE FUNCTION clock_is_frozen()",
            *(
                f"CREATE TRIGGER {name}_history AFTER INSERT OR UPDATE OR DELETE ON {name}"
                " FOR EACH ROW EXECUTE FUNCTION register_history()"
                for name in REGISTERS
            ),
            *(
                f"CREATE TRIGGER {name}_moved AFTER INSERT OR UPDATE OR DELETE ON {name}"
                " FOR EACH STATEMENT EXECUTE FUNCTION register_moved()"
                for name in _VERSIONED
            ),
        ],
        [
            *(f"DROP TRIGGER {name}_moved ON {name}" for name in _VERSIONED),
            *(f"DROP TRIGGER {name}_history ON {name}" for name in REGISTERS),
            "DROP TRIGGER policy_rung_frozen ON policy_rung",
            "DROP TRIGGER policy_frozen ON policy",
            "DROP TRIGGER clock_frozen ON clock",
            "DROP TRIGGER event_refuse ON event",
            "DROP TRIGGER event_append ON event",
            *(f"DROP FUNCTION {signature}" for signature in _FUNCTIONS),
        ],
    )
