"""Who sees what, as PostgreSQL decides it: rights of every role and the policy of every row.

Rows of `complaint` are what DESIGN calls the clocks: status, whose it is, since when. Rows of `content` are the
words. Two policies carry the whole table of readers; everything that hangs on a complaint asks one of them.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from lapor.migrations.m0003_ledger import REGISTERS
from lapor.schema import sql_migration

ID = "2026-11-22T06:40:00:000004"
VERSION = "1.38.0"
DESCRIPTION = "roles, grants and row-level security"

_DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"

_REGION_READERS = "'{coordinator,inspector,sekda,head_of_region,deputy_head,leadership_staff}'"
_LEADERS = "'{sekda,head_of_region,deputy_head,leadership_staff}'"

# About an official whose office nobody has named yet: it could be any reader of the region but the inspectorate.
_UNNAMED = "(about_official AND reported_agency IS NULL)"

_MINE = """(owner_agency = ANY ((SELECT my_working_agencies())::bigint[])
            OR offered_agency = ANY ((SELECT my_working_agencies())::bigint[]))
           AND (NOT protected OR owner_agency = ANY ((SELECT my_named_agencies())::bigint[])
                OR offered_agency = ANY ((SELECT my_named_agencies())::bigint[]))"""

_SUPPORTING = """(NOT confidential AND NOT protected AND NOT about_official
            AND supporting && (SELECT my_working_agencies())::bigint[])"""

_SEES_CLOCKS = f"""
  (reported_agency IS NULL OR reported_agency <> ALL ((SELECT my_lines())::bigint[]))
  AND (({_MINE}) OR {_SUPPORTING} OR region = ANY ((SELECT my_regions_as('{{inspector}}'))::bigint[])
       OR (NOT {_UNNAMED} AND region = ANY ((SELECT my_regions_as({_REGION_READERS}))::bigint[])))"""

_SEES_WORDS = f"""
  ({_MINE}) OR {_SUPPORTING}
  OR region = ANY ((SELECT my_regions_as('{{inspector}}'))::bigint[])
  OR (NOT protected AND NOT {_UNNAMED} AND region = ANY ((SELECT my_regions_as({_LEADERS}))::bigint[]))
  OR (NOT protected AND NOT about_official
      AND region = ANY ((SELECT my_regions_as('{{coordinator}}'))::bigint[]))"""

# A verb that gives a complaint away still writes its last lines about it.
_HOLDS = "id = nullif(current_setting('app.holding', true), '')::bigint"
_OWN = "reporter_key = nullif(current_setting('app.reporter_key', true), '')"


_FUNCTIONS = {
    "app_user()": """
CREATE FUNCTION app_user() RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT nullif(current_setting('app.user_id', true), '')::bigint
$$""",
    "my_offices()": f"""
CREATE FUNCTION my_offices() RETURNS SETOF office LANGUAGE sql STABLE {_DEFINER} AS $$
  SELECT o.* FROM office o
  WHERE o.active AND o.id IN (
    SELECT a.office FROM appointment a JOIN person p ON p.id = a.person
    WHERE a.person = app_user() AND p.active
      AND a.starts_at <= lapor_now() AND (a.ends_at IS NULL OR a.ends_at > lapor_now()))
$$""",
    "my_agencies()": f"""
CREATE FUNCTION my_agencies() RETURNS bigint[] LANGUAGE plpgsql STABLE {_DEFINER} AS $$
BEGIN
  RETURN (
  SELECT coalesce(array_agg(DISTINCT agency), '{{}}') FROM my_offices());
END $$""",
    "agency_line(bigint)": f"""
CREATE FUNCTION agency_line(asked bigint) RETURNS bigint[] LANGUAGE sql STABLE {_DEFINER} AS $$
  WITH RECURSIVE line AS (
    SELECT id, parent FROM agency WHERE id = asked
    UNION SELECT a.id, a.parent FROM agency a JOIN line ON a.id = line.parent)
  SELECT coalesce(array_agg(id), '{{}}') FROM line
$$""",
    # Whoever works below a reported agency must not learn of it either.
    "my_lines()": f"""
CREATE FUNCTION my_lines() RETURNS bigint[] LANGUAGE plpgsql STABLE {_DEFINER} AS $$
BEGIN
  RETURN (
  SELECT coalesce(array_agg(DISTINCT above), '{{}}')
  FROM my_offices() o CROSS JOIN LATERAL unnest(agency_line(o.agency)) AS above);
END $$""",
    "my_agencies_as(text[])": f"""
CREATE FUNCTION my_agencies_as(roles text[]) RETURNS bigint[] LANGUAGE plpgsql STABLE {_DEFINER} AS $$
BEGIN
  RETURN (
  SELECT coalesce(array_agg(DISTINCT agency), '{{}}') FROM my_offices() WHERE role = ANY (roles));
END $$""",
    # The second person of an office in which only one works is found in the office above.
    "my_working_agencies()": f"""
CREATE FUNCTION my_working_agencies() RETURNS bigint[] LANGUAGE plpgsql STABLE {_DEFINER} AS $$
BEGIN
  RETURN (
  SELECT my_agencies_as('{{agency_head,checker,liaison,staff,inspector,coordinator,sekda}}') || coalesce((
    SELECT array_agg(small.id) FROM agency small
    WHERE small.parent = ANY (my_agencies_as('{{agency_head,checker}}'))
      AND (SELECT count(DISTINCT a.person) FROM office o JOIN appointment a ON a.office = o.id
           WHERE o.agency = small.id AND o.active AND o.role IN ('agency_head','checker','liaison','staff')
             AND a.starts_at <= lapor_now() AND (a.ends_at IS NULL OR a.ends_at > lapor_now())) < 2), '{{}}'));
END $$""",
    "my_named_agencies()": f"""
CREATE FUNCTION my_named_agencies() RETURNS bigint[] LANGUAGE plpgsql STABLE {_DEFINER} AS $$
BEGIN
  RETURN (
  SELECT coalesce(array_agg(DISTINCT agency), '{{}}') FROM my_offices() WHERE named_desk);
END $$""",
    "my_regions_as(text[])": f"""
CREATE FUNCTION my_regions_as(roles text[]) RETURNS bigint[] LANGUAGE plpgsql STABLE {_DEFINER} AS $$
BEGIN
  RETURN (
  SELECT coalesce(array_agg(DISTINCT a.region), '{{}}')
  FROM my_offices() o JOIN agency a ON a.id = o.agency WHERE o.role = ANY (roles));
END $$""",
    # What was ordered stays with the agency that was told, even when a complaint has gone to another one.
    "instructs_me(bigint)": f"""
CREATE FUNCTION instructs_me(asked bigint) RETURNS boolean LANGUAGE sql STABLE {_DEFINER} AS $$
  SELECT EXISTS (SELECT FROM instruction WHERE id = asked AND agency = ANY (my_working_agencies()))
$$""",
    "ticket_status(text)": f"""
CREATE FUNCTION ticket_status(asked text)
RETURNS TABLE (ticket text, status text, agency text, filed_at timestamptz, closed_at timestamptz,
               due_at timestamptz, met_at timestamptz, due_kind text, timezone text, hidden boolean, published boolean)
LANGUAGE sql STABLE {_DEFINER} AS $$
  SELECT c.ticket, c.status, CASE WHEN h.hidden THEN NULL ELSE a.name END, c.filed_at, c.closed_at,
         k.due_at, k.met_at, k.kind, r.timezone, h.hidden, c.published
  FROM complaint c
  JOIN agency a ON a.id = c.owner_agency
  JOIN region r ON r.id = c.region
  CROSS JOIN LATERAL (SELECT c.confidential OR c.protected OR c.about_official AS hidden) h
  LEFT JOIN LATERAL (
    SELECT k.due_at, k.met_at, k.kind FROM clock k
    WHERE k.complaint = c.id AND k.kind IN ('response', 'promise', 'completion')
    ORDER BY (k.met_at IS NULL) DESC, k.due_at LIMIT 1) k ON true
  WHERE c.ticket = asked
$$""",
    "receipt_recorded(text, bytea)": f"""
CREATE FUNCTION receipt_recorded(asked text, receipt bytea) RETURNS timestamptz LANGUAGE sql STABLE {_DEFINER} AS $$
  SELECT e.recorded_at FROM complaint c JOIN event e ON e.complaint = c.id AND e.seq = 1
  WHERE c.ticket = asked AND e.hash = receipt
$$""",
    # What a verb holds the desk may see; whether the officer may read it is another question.
    "may_read(bigint)": f"""
CREATE FUNCTION may_read(asked bigint) RETURNS boolean LANGUAGE sql STABLE {_DEFINER} AS $$
  SELECT EXISTS (SELECT FROM complaint c WHERE c.id = asked AND ({_SEES_CLOCKS}) AND ({_SEES_WORDS}))
$$""",
    # Who teaches the rules does not decide what is protected or public.
    "category_is_guarded()": f"""
CREATE FUNCTION category_is_guarded() RETURNS trigger LANGUAGE plpgsql {_DEFINER} AS $$
BEGIN
  IF (NEW.protected, NEW.publish, NEW.emergency) IS DISTINCT FROM (OLD.protected, OLD.publish, OLD.emergency)
     AND app_user() IS NOT NULL AND my_agencies_as('{{administrator}}') = '{{}}' THEN
    RAISE EXCEPTION 'only an administrator changes what is protected or public'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$""",
    "contact_of(bigint)": f"""
CREATE FUNCTION contact_of(asked bigint) RETURNS SETOF identity LANGUAGE plpgsql {_DEFINER} AS $$
DECLARE
  found complaint;
BEGIN
  SELECT * INTO found FROM complaint WHERE id = asked;
  IF found.anonymous OR found.confidential OR found.protected OR found.about_official
     OR NOT (found.owner_agency = ANY (my_working_agencies())
             OR found.region = ANY (my_regions_as('{{coordinator,inspector}}'))) THEN
    RAISE EXCEPTION 'this identity is not shown' USING ERRCODE = 'insufficient_privilege';
  END IF;
  INSERT INTO event (complaint, kind, actor, agency)
  VALUES (asked, 'contact_seen', 'officer:' || app_user(), found.owner_agency);
  RETURN QUERY SELECT * FROM identity WHERE complaint = asked;
END $$""",
}

# Of the two conditions the second says nothing new; it keeps the planner from hashing all complaints to check a few.
_OF_COMPLAINT = "EXISTS (SELECT FROM complaint c WHERE c.id = complaint AND c.id >= complaint)"
_WORDS_OF_COMPLAINT = (
    f"EXISTS (SELECT FROM complaint c WHERE c.id = complaint AND c.id >= complaint AND ({_SEES_WORDS}))"
)
_DESK_WORDS_OF_COMPLAINT = f"EXISTS (SELECT FROM complaint c WHERE c.id = complaint AND c.id >= complaint AND (c.{_HOLDS} OR c.{_OWN} OR {_SEES_WORDS}))"
_PUBLISHABLE = (
    "EXISTS (SELECT FROM complaint c WHERE c.id = complaint AND NOT c.confidential AND NOT c.protected"
    " AND NOT c.about_official)"
)
_WITH_WORDS = (
    "EXISTS (SELECT FROM content c WHERE c.complaint = {0}.complaint AND c.complaint >= {0}.complaint)"
)
_INSTRUCTED = "agency = ANY ((SELECT my_working_agencies())::bigint[])"
# Who may not see the complaint does not read either what was ordered about it; the agency that was told does.
_INSTRUCTION_SEEN = (
    f"{_INSTRUCTED} OR (region = ANY ((SELECT my_regions_as({_REGION_READERS}))::bigint[])"
    " AND EXISTS (SELECT FROM instruction_item i WHERE i.instruction = instruction.id))"
)
_GIVES_INSTRUCTION = f"region = ANY ((SELECT my_regions_as({_LEADERS}))::bigint[])"
_EDITS_REGISTERS = "(SELECT my_agencies_as('{administrator}')) <> '{}'"
_TEACHES_ROUTING = "(SELECT my_agencies_as('{administrator,coordinator}')) <> '{}'"
_OWN_AGENCY = "agency = ANY ((SELECT my_agencies_as('{agency_admin}'))::bigint[])"
_OWN_OFFICE = (
    "office IN (SELECT o.id FROM office o WHERE o.agency = ANY ((SELECT my_agencies_as('{agency_admin}'))::bigint[])"
    " AND o.role IN ('agency_head', 'checker', 'liaison', 'staff', 'agency_admin'))"
)
# Nobody gives an office to themselves, whatever they may edit.
_NOT_ONESELF = "person IS DISTINCT FROM app_user()"
_TEACHING = ("category", "routing_rule")

# (table, policy, command, roles, condition on rows seen, condition on rows written)
_POLICIES: list[tuple[str, str, str, str, str | None, str | None]] = [
    ("complaint", "officer", "SELECT", "lapor_reader", _SEES_CLOCKS, None),
    ("complaint", "desk", "SELECT", "lapor_desk", f"{_HOLDS} OR {_OWN} OR ({_SEES_CLOCKS})", None),
    ("complaint", "desk_writes", "UPDATE", "lapor_desk", _HOLDS, "true"),
    ("complaint", "own", "SELECT", "lapor_reporter, lapor_intake", _OWN, None),
    ("complaint", "files", "INSERT", "lapor_intake, lapor_desk", None, "true"),
    ("content", "officer", "SELECT", "lapor_reader", _WORDS_OF_COMPLAINT, None),
    ("content", "desk", "SELECT", "lapor_desk", _DESK_WORDS_OF_COMPLAINT, None),
    ("content", "own", "SELECT", "lapor_reporter", _OF_COMPLAINT, None),
    ("content", "files", "INSERT", "lapor_intake, lapor_desk", None, "true"),
    ("identity", "files", "INSERT", "lapor_intake, lapor_desk", None, "true"),
    ("event", "seen", "SELECT", "lapor_reader, lapor_desk, lapor_reporter", _OF_COMPLAINT, None),
    ("event", "files", "INSERT", "lapor_intake", None, "true"),
    ("event", "receipt", "SELECT", "lapor_intake", _OF_COMPLAINT, None),
    ("event", "writes", "INSERT", "lapor_desk", None, _OF_COMPLAINT),
    ("clock", "seen", "SELECT", "lapor_reader, lapor_desk, lapor_reporter", _OF_COMPLAINT, None),
    ("clock", "files", "INSERT", "lapor_intake", None, "true"),
    ("clock", "writes", "INSERT", "lapor_desk", None, _OF_COMPLAINT),
    ("clock", "stops", "UPDATE", "lapor_desk", _OF_COMPLAINT, _OF_COMPLAINT),
    ("escalation", "seen", "SELECT", "lapor_reader, lapor_desk", _OF_COMPLAINT, None),
    ("escalation", "noted", "UPDATE", "lapor_desk", _OF_COMPLAINT, _OF_COMPLAINT),
    (
        "statement",
        "officer",
        "SELECT",
        "lapor_reader, lapor_desk",
        _WITH_WORDS.format("statement"),
        None,
    ),
    ("statement", "own", "SELECT", "lapor_reporter", f"to_reporter AND {_OF_COMPLAINT}", None),
    ("statement", "shown", "UPDATE", "lapor_desk", _OF_COMPLAINT, _OF_COMPLAINT),
    ("statement", "writes", "INSERT", "lapor_desk", None, _OF_COMPLAINT),
    ("attachment", "officer", "SELECT", "lapor_reader, lapor_desk", _WITH_WORDS.format("attachment"), None),
    ("attachment", "own", "SELECT", "lapor_reporter", _OF_COMPLAINT, None),
    ("attachment", "files", "INSERT", "lapor_intake", None, "true"),
    ("attachment", "writes", "INSERT", "lapor_desk", None, _OF_COMPLAINT),
    ("rating", "seen", "SELECT", "lapor_reader, lapor_desk, lapor_reporter", _OF_COMPLAINT, None),
    ("rating", "writes", "INSERT", "lapor_desk", None, _OF_COMPLAINT),
    ("instruction", "seen", "SELECT", "lapor_reader, lapor_desk", _INSTRUCTION_SEEN, None),
    ("instruction", "gives", "INSERT", "lapor_desk", None, _GIVES_INSTRUCTION),
    ("instruction", "carried_out", "UPDATE", "lapor_desk", _INSTRUCTED, _INSTRUCTED),
    (
        "instruction_item",
        "seen",
        "SELECT",
        "lapor_reader, lapor_desk",
        f"{_OF_COMPLAINT} OR instructs_me(instruction)",
        None,
    ),
    ("instruction_item", "gives", "INSERT", "lapor_desk", None, _OF_COMPLAINT),
    ("alarm", "seen", "SELECT", "lapor_reader", "app_user() IS NOT NULL", None),
    ("list_link", "gate", "ALL", "lapor_gate", "true", "true"),
    ("list_link", "worker_makes", "INSERT", "lapor_worker", None, "true"),
    ("alarm", "gate", "SELECT", "lapor_gate", "true", None),
    ("approval", "seen", "SELECT", "lapor_reader, lapor_desk", _OF_COMPLAINT, None),
    ("approval", "writes", "INSERT", "lapor_desk", None, _OF_COMPLAINT),
    ("approval", "decided", "UPDATE", "lapor_desk", _OF_COMPLAINT, _OF_COMPLAINT),
    ("transfer", "seen", "SELECT", "lapor_reader, lapor_desk", _OF_COMPLAINT, None),
    ("transfer", "writes", "INSERT", "lapor_desk", None, _OF_COMPLAINT),
    ("transfer", "decided", "UPDATE", "lapor_desk", _OF_COMPLAINT, _OF_COMPLAINT),
    (
        "publication",
        "everybody",
        "SELECT",
        "lapor_public, lapor_reporter, lapor_reader, lapor_desk",
        "true",
        None,
    ),
    ("publication", "writes", "INSERT", "lapor_desk, lapor_intake", None, _PUBLISHABLE),
    ("publication", "withdrawn", "DELETE", "lapor_desk", _OF_COMPLAINT, None),
    ("message", "seen", "SELECT", "lapor_reader, lapor_desk", _OF_COMPLAINT, None),
    ("message", "files", "INSERT", "lapor_intake", None, "true"),
    ("message", "writes", "INSERT", "lapor_desk", None, _OF_COMPLAINT),
    ("inbound", "stores", "INSERT", "lapor_intake", None, "true"),
    ("inbound", "repeated", "SELECT", "lapor_intake", "true", None),
    ("register_change", "seen", "SELECT", "lapor_reader", _EDITS_REGISTERS, None),
    ("session", "own", "SELECT", "lapor_reader", "user_id = app_user()", None),
    ("session", "gate", "ALL", "lapor_gate", "true", "true"),
    ("login_attempt", "gate", "ALL", "lapor_gate", "true", "true"),
    ("person", "colleagues", "SELECT", "lapor_reader, lapor_desk", "app_user() IS NOT NULL", None),
    ("person", "gate", "SELECT", "lapor_gate", "true", None),
    ("person", "gate_stamps", "UPDATE", "lapor_gate", "true", "true"),
    *(
        (
            table,
            f"worker_{command.lower()}",
            command,
            "lapor_worker",
            None if command == "INSERT" else "true",
            None if command == "SELECT" else "true",
        )
        for table in (
            "complaint",
            "content",
            "identity",
            "event",
            "clock",
            "escalation",
            "statement",
            "approval",
            "transfer",
            "publication",
            "message",
            "inbound",
            "ledger_head",
            "person",
            "alarm",
        )
        for command in ("SELECT", "INSERT", "UPDATE")
    ),
    *((table, "everybody", "SELECT", "PUBLIC", "true", None) for table in REGISTERS if table != "person"),
    *(
        (
            table,
            f"edits_{command.lower()}",
            command,
            "lapor_reader",
            None if command == "INSERT" else condition,
            condition,
        )
        for table in REGISTERS
        for condition in [
            _TEACHES_ROUTING
            if table in _TEACHING
            else f"{_EDITS_REGISTERS} AND {_NOT_ONESELF}"
            if table == "appointment"
            else _EDITS_REGISTERS
        ]
        for command in ("INSERT", "UPDATE")
    ),
    (
        "office",
        "agency_adds",
        "INSERT",
        "lapor_reader",
        None,
        f"{_OWN_AGENCY} AND NOT named_desk"
        " AND role IN ('agency_head', 'checker', 'liaison', 'staff', 'agency_admin')",
    ),
    ("appointment", "agency_adds", "INSERT", "lapor_reader", None, f"{_OWN_OFFICE} AND {_NOT_ONESELF}"),
    (
        "appointment",
        "agency_ends",
        "UPDATE",
        "lapor_reader",
        f"{_OWN_OFFICE} AND {_NOT_ONESELF}",
        f"{_OWN_OFFICE} AND {_NOT_ONESELF}",
    ),
]

_SECURED = sorted({policy[0] for policy in _POLICIES})

_PERSON_SHOWN = (
    "id, username, first_name, last_name, email, active, admin, superuser, last_login, full_name, phone,"
    " must_change_password, notice_channels, quiet_from, quiet_until"
)
_READS = "complaint, content, event, clock, statement, attachment, rating"
_OFFICER_READS = f"{_READS}, escalation, approval, transfer, publication, message, ledger_head, instruction, instruction_item"
_PUBLIC_REGISTERS = ", ".join(name for name in REGISTERS if name != "person")
_ALL = ", ".join(
    f"lapor_{name}" for name in ("public", "reporter", "intake", "gate", "reader", "desk", "worker")
)
_COMPLAINT_MOVES = (
    "type, category, status, region, owner_agency, offered_agency, supporting, protected, emergency, published,"
    " closed_at, rule, reason, arbiter_since, cycle, version"
)
_CLOCK_MOVES = "met_at, next_at, due_at, rung_times, rung, paused_at, resumes_at, trouble"

_GRANTS = (
    f"GRANT USAGE ON SCHEMA public TO {_ALL}",
    f"GRANT SELECT ON {_PUBLIC_REGISTERS}, deployment TO {_ALL}",
    f"GRANT EXECUTE ON FUNCTION lapor_now(), app_user(), ledger_field(bytea), ledger_time(timestamptz) TO {_ALL}",
    "GRANT SELECT ON publication TO lapor_public, lapor_reporter",
    "GRANT EXECUTE ON FUNCTION ticket_status(text), receipt_recorded(text, bytea) TO lapor_public, lapor_reporter",
    f"GRANT SELECT ON {_READS} TO lapor_reporter",
    f"GRANT SELECT ON {_OFFICER_READS} TO lapor_reader, lapor_desk",
    f"GRANT SELECT ({_PERSON_SHOWN}) ON person TO lapor_reader, lapor_desk, lapor_worker",
    "GRANT EXECUTE ON FUNCTION my_offices(), my_agencies(), my_agencies_as(text[]), my_working_agencies(),"
    " my_named_agencies(), my_regions_as(text[]), my_lines(), may_read(bigint), instructs_me(bigint)"
    " TO lapor_reader, lapor_desk",
    "GRANT EXECUTE ON FUNCTION agency_line(bigint) TO lapor_worker, lapor_desk",
    "GRANT EXECUTE ON FUNCTION contact_of(bigint) TO lapor_desk",
    "GRANT EXECUTE ON FUNCTION lock_complaints(bigint[], boolean) TO lapor_desk, lapor_worker",
    "GRANT SELECT ON register_change, session TO lapor_reader",
    *(f"GRANT INSERT, UPDATE ON {name} TO lapor_reader" for name in REGISTERS if name not in ("person",)),
    f"GRANT INSERT, UPDATE ({_PERSON_SHOWN.removeprefix('id, ')}) ON person TO lapor_reader",
    "GRANT INSERT ON complaint, content, identity, event, clock, attachment, message, inbound TO lapor_intake",
    "GRANT SELECT ON alarm TO lapor_reader, lapor_gate",
    "GRANT INSERT ON attachment, rating, instruction, instruction_item TO lapor_desk",
    "GRANT UPDATE (carried_out_by, carried_out_at, report) ON instruction TO lapor_desk",
    "GRANT SELECT ON attachment, rating, instruction, instruction_item TO lapor_worker",
    "GRANT INSERT ON attachment TO lapor_worker",
    "GRANT SELECT, INSERT, UPDATE ON alarm TO lapor_worker",
    "GRANT INSERT ON list_link TO lapor_worker",
    "GRANT SELECT, DELETE ON list_link TO lapor_gate",
    "GRANT SELECT ON complaint TO lapor_intake",
    "GRANT SELECT (complaint, seq, hash) ON event TO lapor_intake",
    "GRANT INSERT ON publication TO lapor_intake",
    "GRANT UPDATE (to_reporter) ON statement TO lapor_desk",
    "GRANT SELECT (id, channel, account, external_id) ON inbound TO lapor_intake",
    "GRANT INSERT ON complaint, content, identity, event, clock, statement, approval, transfer, publication,"
    " message TO lapor_desk",
    f"GRANT UPDATE ({_COMPLAINT_MOVES}) ON complaint TO lapor_desk, lapor_worker",
    f"GRANT UPDATE ({_CLOCK_MOVES}) ON clock TO lapor_desk, lapor_worker",
    "GRANT UPDATE (seen_at, seen_by) ON escalation TO lapor_desk",
    "GRANT UPDATE (decided_by, decided_at, outcome) ON approval, transfer TO lapor_desk",
    "GRANT DELETE ON publication TO lapor_desk",
    "GRANT SELECT, UPDATE (last_login, password, must_change_password, notice_channels, quiet_from,"
    " quiet_until) ON person TO lapor_gate",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON session, login_attempt TO lapor_gate",
    "GRANT SELECT ON complaint, content, identity, event, clock, escalation, statement, approval, transfer,"
    " publication, message, inbound, ledger_head TO lapor_worker",
    "GRANT INSERT ON complaint, content, identity, event, clock, escalation, statement, publication, message"
    " TO lapor_worker",
    "GRANT UPDATE ON message, inbound TO lapor_worker",
    "GRANT SELECT, INSERT, UPDATE ON heartbeat TO lapor_worker",
    f"GRANT SELECT ON heartbeat TO {_ALL}",
    "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO lapor_intake, lapor_gate, lapor_reader, lapor_desk,"
    " lapor_worker",
    "GRANT SELECT ON migration TO lapor_public, lapor_worker",
)


def _create(policy: tuple[str, str, str, str, str | None, str | None]) -> str:
    table, name, command, roles, seen, written = policy
    using = f" USING ({seen})" if seen else ""
    check = f" WITH CHECK ({written})" if written else ""
    return f"CREATE POLICY {name} ON {table} FOR {command} TO {roles}{using}{check}"


async def forwards() -> MigrationManager:
    return sql_migration(
        ID,
        DESCRIPTION,
        [
            "REVOKE ALL ON SCHEMA public FROM PUBLIC",
            "REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC",
            *_FUNCTIONS.values(),
            "REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC",
            "ALTER TABLE ledger_head ENABLE ROW LEVEL SECURITY",
            *(
                f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
                for table in _SECURED
                if table != "ledger_head"
            ),
            *(_create(policy) for policy in _POLICIES),
            "CREATE TRIGGER category_guarded BEFORE UPDATE ON category"
            " FOR EACH ROW EXECUTE FUNCTION category_is_guarded()",
            *_GRANTS,
        ],
        [
            "DROP TRIGGER category_guarded ON category",
            f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {_ALL}",
            f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {_ALL}",
            f"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM {_ALL}",
            f"REVOKE ALL ON SCHEMA public FROM {_ALL}",
            *(f"DROP POLICY {policy[1]} ON {policy[0]}" for policy in _POLICIES),
            *(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY" for table in _SECURED),
            *(f"DROP FUNCTION {signature}" for signature in reversed(_FUNCTIONS)),
            "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO PUBLIC",
            "GRANT USAGE ON SCHEMA public TO PUBLIC",
        ],
    )
