"""Registers that are kept with care: proposals before grave changes, deletion of what has no history, history by region."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigInt, BigSerial, Text, Timestamptz, Varchar

from lapor.schema import table_migration

ID = "2026-11-22T12:00:00:000013"
VERSION = "1.38.0"
DESCRIPTION = "keeping of registers"

_DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"

_TABLES = {
    "RegisterProposal": {
        "id": BigSerial(primary_key=True),
        "person": BigInt(),
        "register": Varchar(length=40),
        "kind": Varchar(length=12),
        "row_id": BigInt(null=True, default=None),
        "wish": Text(default=""),
        "made_at": Timestamptz(),
    },
}
_COLUMNS = {"RegisterChange": {"region": BigInt(null=True, default=None)}}

_KEEPS = "(SELECT my_agencies_as('{administrator}')) <> '{}'"
_TEACHES = "(SELECT my_agencies_as('{administrator,coordinator}')) <> '{}'"
_PROPOSES = "(SELECT my_agencies_as('{administrator,coordinator,agency_admin}')) <> '{}'"
_IN_MY_REGIONS = "(SELECT my_regions_below('{administrator,coordinator}'))::bigint[]"
_OWN_OFFICE = (
    "office IN (SELECT o.id FROM office o WHERE o.agency = ANY ((SELECT my_agencies_as('{agency_admin}'))::bigint[])"
    " AND o.role IN ('agency_head', 'checker', 'liaison', 'staff', 'agency_admin'))"
)
_NOT_ONESELF = "person IS DISTINCT FROM app_user()"

# What may be taken away by hand, as long as nothing has happened by it; everything else is made inactive.
_DELETABLE = {
    "appointment": f"({_KEEPS} OR {_OWN_OFFICE}) AND {_NOT_ONESELF}",
    "category": _TEACHES,
    "routing_rule": _TEACHES,
    "outside_body": _KEEPS,
    "emergency_number": _KEEPS,
    "policy": _KEEPS,
    "policy_rung": _KEEPS,
    "calendar_year": _KEEPS,
    "calendar_day": _KEEPS,
    "office_hours": _KEEPS,
}
_REMEMBERED = (
    "appointment",
    "category",
    "routing_rule",
    "policy",
    "calendar_year",
    "calendar_day",
    "office_hours",
)

_FUNCTIONS = {
    "my_regions_below(text[])": f"""
CREATE FUNCTION my_regions_below(roles text[]) RETURNS bigint[] LANGUAGE plpgsql STABLE {_DEFINER} AS $$
BEGIN
  RETURN (
  WITH RECURSIVE below AS (
    SELECT r AS id FROM unnest(my_regions_as(roles)) AS r
    UNION SELECT region.id FROM region JOIN below ON region.parent = below.id)
  SELECT coalesce(array_agg(id), '{{}}') FROM below);
END $$""",
    # The region that a row of a register belongs to; what belongs to all of them has none.
    "register_region(text, jsonb)": f"""
CREATE FUNCTION register_region(register text, kept jsonb) RETURNS bigint LANGUAGE sql STABLE {_DEFINER} AS $$
  SELECT CASE register
    WHEN 'region' THEN (kept->>'id')::bigint
    WHEN 'policy' THEN (SELECT id FROM region WHERE code = kept->>'region')
    WHEN 'policy_rung' THEN (
      SELECT r.id FROM policy p JOIN region r ON r.code = p.region WHERE p.id = (kept->>'policy')::bigint)
    WHEN 'routing_rule' THEN NULL
    WHEN 'appointment' THEN (
      SELECT a.region FROM office o JOIN agency a ON a.id = o.agency WHERE o.id = (kept->>'office')::bigint)
    WHEN 'person' THEN (
      SELECT a.region FROM appointment h JOIN office o ON o.id = h.office JOIN agency a ON a.id = o.agency
      WHERE h.person = (kept->>'id')::bigint ORDER BY h.starts_at DESC, h.id DESC LIMIT 1)
    ELSE CASE
      WHEN kept ? 'region' THEN (kept->>'region')::bigint
      WHEN kept ? 'agency' THEN (SELECT region FROM agency WHERE id = (kept->>'agency')::bigint)
    END
  END
$$""",
    # Only a number leaves here: whoever keeps the registers need not see a single complaint.
    "register_weight(text, bigint)": f"""
CREATE FUNCTION register_weight(register text, asked bigint) RETURNS bigint LANGUAGE plpgsql STABLE {_DEFINER} AS $$
BEGIN
  IF my_agencies_as('{{administrator,coordinator,agency_admin}}') = '{{}}' THEN
    RAISE EXCEPTION 'only for who keeps registers' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN (SELECT CASE register
    WHEN 'agency' THEN (
      SELECT count(*) FROM complaint WHERE asked IN (owner_agency, offered_agency)
        AND status NOT IN ('closed', 'rejected', 'referred'))
    WHEN 'region' THEN (
      SELECT count(*) FROM complaint WHERE asked IN (region, district, village)
        AND status NOT IN ('closed', 'rejected', 'referred'))
    WHEN 'category' THEN (
      SELECT count(*) FROM complaint WHERE category = asked AND status NOT IN ('closed', 'rejected', 'referred'))
    WHEN 'routing_rule' THEN (
      SELECT count(*) FROM complaint c JOIN routing_rule u ON u.code = c.rule AND u.id = asked
      WHERE c.filed_at > lapor_now() - interval '30 days')
    WHEN 'policy' THEN (SELECT count(*) FROM clock WHERE policy = asked AND met_at IS NULL)
    WHEN 'policy_rung' THEN (
      SELECT count(*) FROM clock k JOIN policy_rung g ON g.policy = k.policy AND g.id = asked WHERE k.met_at IS NULL)
    ELSE 0 END);
END $$""",
    # Whoever does it by hand; loading a region pack deletes nothing of this kind.
    "register_keeps_history()": f"""
CREATE FUNCTION register_keeps_history() RETURNS trigger LANGUAGE plpgsql {_DEFINER} AS $$
DECLARE
  today date := (lapor_now() AT TIME ZONE 'UTC')::date;
  hangs text;
BEGIN
  IF app_user() IS NULL THEN
    RETURN OLD;
  END IF;
  CASE TG_TABLE_NAME
    WHEN 'appointment' THEN
      IF OLD.starts_at <= lapor_now() THEN hangs := 'appointment_has_begun'; END IF;
    WHEN 'category' THEN
      IF EXISTS (SELECT FROM complaint WHERE category = OLD.id) THEN hangs := 'category_has_complaints';
      ELSIF EXISTS (SELECT FROM policy WHERE category = OLD.code)
         OR EXISTS (SELECT FROM routing_rule WHERE OLD.code = ANY (categories)) THEN hangs := 'category_is_named';
      END IF;
    WHEN 'routing_rule' THEN
      IF EXISTS (SELECT FROM complaint WHERE rule = OLD.code) THEN hangs := 'rule_has_decided'; END IF;
    WHEN 'policy' THEN
      IF EXISTS (SELECT FROM clock WHERE policy = OLD.id) THEN hangs := 'policy_has_clocks'; END IF;
    WHEN 'calendar_year' THEN
      IF OLD.year <= extract(year FROM today) THEN hangs := 'calendar_has_counted'; END IF;
    WHEN 'calendar_day' THEN
      IF OLD.day <= today THEN hangs := 'calendar_has_counted'; END IF;
    WHEN 'office_hours' THEN
      IF OLD.valid_from IS NULL OR OLD.valid_from <= today THEN hangs := 'hours_have_begun'; END IF;
  END CASE;
  IF hangs IS NOT NULL THEN
    RAISE EXCEPTION 'history hangs on this row: "%"', hangs USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN OLD;
END $$""",
}

_HISTORY = f"""
CREATE OR REPLACE FUNCTION register_history() RETURNS trigger LANGUAGE plpgsql {_DEFINER} AS $$
DECLARE
  before jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) - 'password' - 'last_login' END;
  after jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) - 'password' - 'last_login' END;
BEGIN
  IF before IS DISTINCT FROM after THEN
    INSERT INTO register_change (register, row_id, before, after, person, changed_at, region)
    VALUES (TG_TABLE_NAME, coalesce((after->>'id')::bigint, (before->>'id')::bigint), before::text, after::text,
            nullif(current_setting('app.user_id', true), '')::bigint, lapor_now(),
            register_region(TG_TABLE_NAME, coalesce(after, before)));
  END IF;
  RETURN NULL;
END $$"""

_HISTORY_BEFORE = f"""
CREATE OR REPLACE FUNCTION register_history() RETURNS trigger LANGUAGE plpgsql {_DEFINER} AS $$
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

_FORWARDS = [
    "ALTER TABLE register_proposal ADD FOREIGN KEY (person) REFERENCES person (id)",
    "ALTER TABLE register_proposal ADD CONSTRAINT register_proposal_kind_known"
    " CHECK (kind IN ('change', 'delete', 'file'))",
    "CREATE INDEX register_proposal_person ON register_proposal (person, made_at)",
    "ALTER TABLE register_proposal ENABLE ROW LEVEL SECURITY",
    *_FUNCTIONS.values(),
    *(f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC" for signature in _FUNCTIONS),
    "GRANT EXECUTE ON FUNCTION my_regions_below(text[]), register_weight(text, bigint) TO lapor_reader",
    "CREATE POLICY own ON register_proposal FOR ALL TO lapor_reader USING (person = app_user())"
    f" WITH CHECK (person = app_user() AND {_PROPOSES})",
    "GRANT SELECT, INSERT, DELETE ON register_proposal TO lapor_reader",
    "GRANT USAGE ON SEQUENCE register_proposal_id_seq TO lapor_reader",
    _HISTORY,
    "UPDATE register_change SET region = register_region(register, coalesce(after, before)::jsonb)",
    "CREATE INDEX register_change_person ON register_change (person, id)",
    "ALTER POLICY seen ON register_change USING"
    f" ({_TEACHES} AND (region IS NULL OR region = ANY ({_IN_MY_REGIONS})))",
    *(f"GRANT DELETE ON {table} TO lapor_reader" for table in _DELETABLE),
    *(
        f"CREATE POLICY takes_away ON {table} FOR DELETE TO lapor_reader USING ({condition})"
        for table, condition in _DELETABLE.items()
    ),
    *(
        f"CREATE TRIGGER {table}_remembered BEFORE DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION register_keeps_history()"
        for table in _REMEMBERED
    ),
]

_BACKWARDS = [
    *(f"DROP TRIGGER {table}_remembered ON {table}" for table in _REMEMBERED),
    *(f"DROP POLICY takes_away ON {table}" for table in _DELETABLE),
    *(f"REVOKE DELETE ON {table} FROM lapor_reader" for table in _DELETABLE),
    f"ALTER POLICY seen ON register_change USING ({_KEEPS})",
    "DROP INDEX register_change_person",
    _HISTORY_BEFORE,
    "DROP POLICY own ON register_proposal",
    *(f"DROP FUNCTION {signature}" for signature in _FUNCTIONS),
]


async def forwards() -> MigrationManager:
    return table_migration(
        ID, DESCRIPTION, tables=_TABLES, columns=_COLUMNS, forwards=_FORWARDS, backwards=_BACKWARDS
    )
