"""Who newly acts as an inspector waits and is told of; what one person alone must not hide, count or take over."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigInt, BigSerial, Timestamptz, Varchar

from lapor.migrations.m0013_registers import _NOT_ONESELF, _OWN_OFFICE
from lapor.schema import table_migration

ID = "2026-11-22T12:00:00:000023"
VERSION = "1.38.0"
DESCRIPTION = "second persons that are two persons"

_DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"

_TABLES = {
    "InspectorChange": {
        "id": BigSerial(primary_key=True),
        "person": BigInt(),
        "region": BigInt(),
        "kind": Varchar(length=16),
        "by_person": BigInt(null=True, default=None),
        "at": Timestamptz(),
    },
}
_COLUMNS = {"Approval": {"category_before": BigInt(null=True, default=None)}}

# Noted by the database itself, whatever page, file or panel it came through; the inspectorate and the head are told in
# the same transaction. Installing and loading a region has no author and changes nobody's inspectorate behind its back.
_CHANGED = f"""
CREATE FUNCTION inspector_changed(whose bigint, what text) RETURNS void LANGUAGE plpgsql {_DEFINER} AS $$
DECLARE
  inspected bigint;
  made bigint;
BEGIN
  FOR inspected IN
    SELECT DISTINCT a.region FROM appointment h JOIN office o ON o.id = h.office JOIN agency a ON a.id = o.agency
    WHERE h.person = whose AND o.role = 'inspector' AND (h.ends_at IS NULL OR h.ends_at > lapor_now())
  LOOP
    INSERT INTO inspector_change (person, region, kind, by_person, at)
    VALUES (whose, inspected, what, nullif(app_user(), whose), lapor_now()) RETURNING id INTO made;
    INSERT INTO message (dedupe_key, kind, office, state, attempts, next_attempt_at, created_at)
    SELECT 'inspector_changed:' || made || ':' || o.id, 'inspector_changed', o.id, 'waiting', 0, lapor_now(), lapor_now()
    FROM office o JOIN agency a ON a.id = o.agency
    WHERE a.region = inspected AND a.active AND o.active AND o.role IN ('inspector', 'head_of_region');
  END LOOP;
END $$"""

_APPOINTED = f"""
CREATE FUNCTION inspector_appointed() RETURNS trigger LANGUAGE plpgsql {_DEFINER} AS $$
BEGIN
  IF app_user() IS NOT NULL AND EXISTS (SELECT FROM office WHERE id = NEW.office AND role = 'inspector')
     AND (TG_OP = 'INSERT' OR (NEW.office, NEW.person, NEW.starts_at) IS DISTINCT FROM (OLD.office, OLD.person, OLD.starts_at)
          OR coalesce(NEW.ends_at, 'infinity') > coalesce(OLD.ends_at, 'infinity')) THEN
    PERFORM inspector_changed(NEW.person, 'appointed');
  END IF;
  RETURN NULL;
END $$"""

_OFFICE = f"""
CREATE FUNCTION inspector_office_changed() RETURNS trigger LANGUAGE plpgsql {_DEFINER} AS $$
DECLARE
  moved boolean;
BEGIN
  IF app_user() IS NULL THEN
    RETURN NULL;
  END IF;
  IF TG_TABLE_NAME = 'office' THEN
    moved := NEW.role = 'inspector' AND ((NEW.role, NEW.agency) IS DISTINCT FROM (OLD.role, OLD.agency)
                                         OR (NEW.active AND NOT OLD.active));
    IF moved THEN
      PERFORM inspector_changed(h.person, 'office_changed')
      FROM (SELECT DISTINCT person FROM appointment WHERE office = NEW.id) h;
    END IF;
  ELSIF NEW.region IS DISTINCT FROM OLD.region OR (NEW.active AND NOT OLD.active) THEN
    PERFORM inspector_changed(h.person, 'office_changed')
    FROM (SELECT DISTINCT a.person FROM appointment a JOIN office o ON o.id = a.office
          WHERE o.agency = NEW.id AND o.role = 'inspector') h;
  END IF;
  RETURN NULL;
END $$"""

# A link by mail sets a new password: whoever changes the address can have one sent to themselves.
_PERSON = f"""
CREATE FUNCTION inspector_account_changed() RETURNS trigger LANGUAGE plpgsql {_DEFINER} AS $$
BEGIN
  IF app_user() IS DISTINCT FROM NEW.id AND app_user() IS NOT NULL
     AND (NEW.email IS DISTINCT FROM OLD.email OR NEW.username IS DISTINCT FROM OLD.username) THEN
    PERFORM inspector_changed(NEW.id, 'account_changed');
  ELSIF app_user() IS NOT NULL AND NEW.active AND NOT OLD.active THEN
    PERFORM inspector_changed(NEW.id, 'account_opened');
  END IF;
  RETURN NULL;
END $$"""

_LOGIN = f"""
CREATE FUNCTION inspector_let_in() RETURNS trigger LANGUAGE plpgsql {_DEFINER} AS $$
BEGIN
  PERFORM inspector_changed(NEW.person, NEW.kind);
  RETURN NULL;
END $$"""
# An authenticator that its owner takes away with its code is no reset.
_LET_IN = "NEW.kind IN ('password_given', 'reset_used') OR (NEW.kind = 'factor_removed' AND NEW.by_person IS NOT NULL)"

# Nobody acts with an office or a password that is fresh, nor do both owe theirs to one administrator. What else has to
# hold is asked behind this door, to which no role has another way.
_REVEAL = f"""
CREATE FUNCTION reveal_identity(asked bigint, waiting interval) RETURNS SETOF identity LANGUAGE plpgsql {_DEFINER} AS $$
BEGIN
  IF EXISTS (
       SELECT FROM reveal v JOIN inspector_change k ON
         (k.person = v.asked_by AND k.at > lapor_now() - waiting)
         OR (k.person = v.asked_by AND k.at > v.asked_at - waiting AND k.at <= v.asked_at)
         OR (k.person = v.decided_by AND k.at > v.decided_at - waiting AND k.at <= v.decided_at)
       WHERE v.id = asked)
     OR EXISTS (
       SELECT FROM reveal v JOIN inspector_change a ON a.person = v.asked_by
       JOIN inspector_change b ON b.person = v.decided_by AND b.by_person = a.by_person
       WHERE v.id = asked AND least(a.at, b.at) > v.asked_at - waiting) THEN
    RAISE EXCEPTION 'this identity is not shown' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN QUERY SELECT * FROM reveal_identity(asked);
END $$"""

# Only of what the asker keeps: an agency admin of the own agency, a coordinator of what is taught.
_WEIGHT = f"""
CREATE FUNCTION kept_weight(register text, asked bigint) RETURNS bigint LANGUAGE plpgsql STABLE {_DEFINER} AS $$
BEGIN
  IF my_agencies_as('{{administrator}}') = '{{}}' AND NOT (CASE register
       WHEN 'agency' THEN asked = ANY (my_agencies_as('{{agency_admin}}'))
       WHEN 'category' THEN my_agencies_as('{{coordinator}}') <> '{{}}'
       WHEN 'routing_rule' THEN my_agencies_as('{{coordinator}}') <> '{{}}'
       ELSE false END) THEN
    RAISE EXCEPTION 'only for who keeps this row' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN register_weight(register, asked);
END $$"""
# Asked through their doors only: signature, who asked before, and the door with who may ask it.
_DOORS = (
    ("reveal_identity(bigint)", "lapor_desk", "reveal_identity(bigint, interval)"),
    ("register_weight(text, bigint)", "lapor_reader", "kept_weight(text, bigint)"),
)

_FUNCTIONS = {
    "inspector_changed(bigint, text)": _CHANGED,
    "inspector_appointed()": _APPOINTED,
    "inspector_office_changed()": _OFFICE,
    "inspector_account_changed()": _PERSON,
    "inspector_let_in()": _LOGIN,
}
_TRIGGERS = {
    "appointment": "AFTER INSERT OR UPDATE ON appointment FOR EACH ROW EXECUTE FUNCTION inspector_appointed()",
    "office": "AFTER UPDATE OF role, agency, active ON office FOR EACH ROW EXECUTE FUNCTION inspector_office_changed()",
    "agency": "AFTER UPDATE OF region, active ON agency FOR EACH ROW EXECUTE FUNCTION inspector_office_changed()",
    "person": "AFTER UPDATE OF email, username, active ON person FOR EACH ROW EXECUTE FUNCTION inspector_account_changed()",
    "login_event": f"AFTER INSERT ON login_event FOR EACH ROW WHEN ({_LET_IN}) EXECUTE FUNCTION inspector_let_in()",
}

# Named desks see children and violence: who sits there is an administrator's to say.
_OWN_PLAIN_OFFICE = _OWN_OFFICE.replace("AND o.role IN", "AND NOT o.named_desk AND o.role IN")
_KEEPS = "(SELECT my_agencies_as('{administrator}')) <> '{}'"


def _appointing(own: str) -> list[str]:
    return [
        f"ALTER POLICY agency_adds ON appointment WITH CHECK ({own} AND {_NOT_ONESELF})",
        f"ALTER POLICY agency_ends ON appointment USING ({own} AND {_NOT_ONESELF}) WITH CHECK ({own} AND {_NOT_ONESELF})",
        f"ALTER POLICY takes_away ON appointment USING (({_KEEPS} OR {own}) AND {_NOT_ONESELF})",
    ]


# What a look by words finds is traced line by line; where no line is shown, guarded complaints are left out. Functions,
# because the planner would put the whole policy of complaints into every statement that reads words or events.
_GUARDED = f"""
CREATE FUNCTION is_guarded(asked bigint) RETURNS boolean LANGUAGE plpgsql STABLE {_DEFINER} AS $$
BEGIN
  RETURN (SELECT confidential OR protected OR about_official FROM complaint WHERE id = asked);
END $$"""
_UNGUARDED = """
CREATE POLICY unguarded ON content AS RESTRICTIVE FOR SELECT TO lapor_reader USING (
  (SELECT current_setting('app.unguarded', true)) IS DISTINCT FROM 'on' OR NOT is_guarded(complaint))"""
# A link made while both were open names a complaint that may be hidden since: asked with the asker's own sight.
_SEES = """
CREATE FUNCTION sees(asked bigint) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM complaint WHERE id = asked);
END $$"""
_NAMES_SEEN = """
CREATE POLICY names_what_is_seen ON event AS RESTRICTIVE FOR SELECT TO lapor_reader USING (
  kind NOT IN ('linked', 'unlinked') OR sees(coalesce(facts::jsonb->>'leader', facts::jsonb->>'follower')::bigint))"""
_ASKED_BY_POLICIES = ("is_guarded(bigint)", "sees(bigint)")


def _approval_kinds(kinds: str) -> list[str]:
    return [
        "ALTER TABLE approval DROP CONSTRAINT approval_kind_known",
        f"ALTER TABLE approval ADD CONSTRAINT approval_kind_known CHECK (kind IS NULL OR kind IN ({kinds}))",
    ]


_BEFORE_KINDS = "'completion', 'rejection', 'referral', 'answer'"
_SEEN_BY = "region = ANY ((SELECT my_regions_as('{inspector,head_of_region}'))::bigint[])"


_FORWARDS = [
    "ALTER TABLE inspector_change ADD FOREIGN KEY (person) REFERENCES person (id)",
    "ALTER TABLE inspector_change ADD FOREIGN KEY (region) REFERENCES region (id)",
    "CREATE INDEX inspector_change_person ON inspector_change (person, at)",
    "ALTER TABLE inspector_change ENABLE ROW LEVEL SECURITY",
    f"CREATE POLICY seen ON inspector_change FOR SELECT TO lapor_reader, lapor_desk USING ({_SEEN_BY})",
    "CREATE POLICY worker_select ON inspector_change FOR SELECT TO lapor_worker USING (true)",
    "GRANT SELECT ON inspector_change TO lapor_reader, lapor_desk, lapor_worker",
    "CREATE TRIGGER inspector_change_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON inspector_change"
    " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()",
    *_FUNCTIONS.values(),
    *(f"REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC" for name in _FUNCTIONS),
    *(f"CREATE TRIGGER {table}_of_inspector {trigger}" for table, trigger in _TRIGGERS.items()),
    _REVEAL,
    _WEIGHT,
    *(f"REVOKE EXECUTE ON FUNCTION {name} FROM {role}" for name, role, _ in _DOORS),
    *(f"REVOKE EXECUTE ON FUNCTION {door} FROM PUBLIC" for *_, door in _DOORS),
    *(f"GRANT EXECUTE ON FUNCTION {door} TO {role}" for _, role, door in _DOORS),
    *_appointing(_OWN_PLAIN_OFFICE),
    _GUARDED,
    _SEES,
    *(f"REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC" for name in _ASKED_BY_POLICIES),
    *(f"GRANT EXECUTE ON FUNCTION {name} TO lapor_reader" for name in _ASKED_BY_POLICIES),
    _UNGUARDED,
    _NAMES_SEEN,
    *_approval_kinds(f"{_BEFORE_KINDS}, 'protection'"),
    # Letters name what was attached to an answer; its contents stay out of the worker's reach.
    "GRANT SELECT (filename) ON attachment TO lapor_worker",
]

_BACKWARDS = [
    "REVOKE SELECT (filename) ON attachment FROM lapor_worker",
    *_approval_kinds(_BEFORE_KINDS),
    "DROP POLICY names_what_is_seen ON event",
    "DROP POLICY unguarded ON content",
    *(f"DROP FUNCTION {name}" for name in _ASKED_BY_POLICIES),
    *_appointing(_OWN_OFFICE),
    *(f"DROP FUNCTION {door}" for *_, door in _DOORS),
    *(f"GRANT EXECUTE ON FUNCTION {name} TO {role}" for name, role, _ in _DOORS),
    *(f"DROP TRIGGER {table}_of_inspector ON {table}" for table in _TRIGGERS),
    "DROP TRIGGER inspector_change_refuse ON inspector_change",
    "DROP POLICY worker_select ON inspector_change",
    "DROP POLICY seen ON inspector_change",
    *(f"DROP FUNCTION {name}" for name in reversed(_FUNCTIONS)),
]


async def forwards() -> MigrationManager:
    return table_migration(
        ID, DESCRIPTION, tables=_TABLES, columns=_COLUMNS, forwards=_FORWARDS, backwards=_BACKWARDS
    )
