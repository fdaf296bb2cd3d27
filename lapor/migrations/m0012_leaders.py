"""Requests for explanation with a clock of their own, what a region above may count, screens of a command centre."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigInt, BigSerial, Bytea, Text, Timestamptz, Varchar

from lapor.schema import table_migration

ID = "2026-11-22T12:00:00:000012"
VERSION = "1.38.0"
DESCRIPTION = "explanations, counts for the region above, screens"

_DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"

_TABLES = {
    "Explanation": {
        "id": BigInt(primary_key=True),
        "region": BigInt(),
        "agency": BigInt(),
        "asking_region": BigInt(),
        "asking_agency": BigInt(),
        "text": Text(),
        "salt": Bytea(),
        "asked_by": BigInt(),
        "in_name_of": BigInt(),
        "asked_at": Timestamptz(),
        "due_at": Timestamptz(),
        "answered_by": BigInt(null=True, default=None),
        "answered_in_name_of": BigInt(null=True, default=None),
        "answered_at": Timestamptz(null=True, default=None),
        "answer": Text(default=""),
        "answer_salt": Bytea(default=b""),
    },
    "Screen": {
        "id": BigSerial(primary_key=True),
        "name": Varchar(length=80),
        "region": BigInt(),
        "code_hash": Varchar(length=64, null=True, default=None),
        "code_until": Timestamptz(null=True, default=None),
        "token_hash": Varchar(length=64, null=True, default=None),
        "made_by": BigInt(),
        "made_at": Timestamptz(),
        "opened_at": Timestamptz(null=True, default=None),
        "last_seen_at": Timestamptz(null=True, default=None),
        "revoked_at": Timestamptz(null=True, default=None),
        "revoked_by": BigInt(null=True, default=None),
    },
}

_KINDS_BEFORE = (
    "response",
    "triage",
    "promise",
    "completion",
    "approval",
    "transfer",
    "referral",
    "instruction",
    "reporter_window",
    "emergency",
)
_CHECKED = (("policy", "clock"), ("clock", "kind"))
_READERS = "'{head_of_region,deputy_head,sekda,leadership_staff,inspector}'"
_ASKERS = "'{head_of_region,deputy_head,sekda,leadership_staff}'"
_ANSWERERS = "'{head_of_region,deputy_head,leadership_staff}'"
_MAKERS = "'{administrator,leadership_staff}'"

_REFERENCES = (
    *(("explanation", column, "region") for column in ("region", "asking_region")),
    *(("explanation", column, "agency") for column in ("agency", "asking_agency")),
    *(("explanation", column, "person") for column in ("asked_by", "answered_by")),
    *(("explanation", column, "office") for column in ("in_name_of", "answered_in_name_of")),
    ("screen", "region", "region"),
    ("screen", "made_by", "person"),
    ("screen", "revoked_by", "person"),
)

# Its chain begins with the request itself; the trigger of the ledger looks for a head that is there already.
_OPENS = f"""
CREATE FUNCTION explanation_opens_ledger() RETURNS trigger LANGUAGE plpgsql {_DEFINER} AS $$
BEGIN
  INSERT INTO ledger_head (subject, seq, hash) VALUES (NEW.id, 0, '\\x');
  RETURN NULL;
END $$"""

# What a region above learns of the regions below it: how many and since when, and nothing of what they are about.
_BELOW = f"""
CREATE FUNCTION regions_below()
RETURNS TABLE (id bigint, code text, name text, timezone text, head text, open bigint, overdue bigint,
               oldest_due_at timestamptz)
LANGUAGE sql STABLE {_DEFINER} AS $$
  WITH below AS (
    SELECT r.id, r.code::text, r.name::text, r.timezone::text FROM region r
    WHERE r.parent = ANY (my_regions_as({_READERS})) AND r.kind IN ('regency', 'city')
      AND EXISTS (SELECT FROM agency a WHERE a.region = r.id AND a.active)
  ), open AS (
    SELECT c.region, count(*) AS count FROM complaint c
    WHERE c.region IN (SELECT b.id FROM below b) AND c.status IN ('received', 'routed', 'in_progress') AND NOT c.trial
    GROUP BY c.region
  ), late AS (
    SELECT c.region, count(DISTINCT k.complaint) AS count, min(k.due_at) AS oldest
    FROM clock k JOIN complaint c ON c.id = k.complaint
    WHERE k.kind = 'response' AND k.met_at IS NULL AND k.due_at < lapor_now()
      AND c.region IN (SELECT b.id FROM below b) AND NOT c.trial
    GROUP BY c.region
  )
  SELECT b.id, b.code, b.name, b.timezone,
    (SELECT o.title::text FROM office o JOIN agency a ON a.id = o.agency
     WHERE a.region = b.id AND o.role = 'head_of_region' AND o.active ORDER BY o.id LIMIT 1),
    coalesce(n.count, 0), coalesce(l.count, 0), l.oldest
  FROM below b LEFT JOIN open n ON n.region = b.id LEFT JOIN late l ON l.region = b.id
  ORDER BY b.code
$$"""

# The head's own list as a screen may show it: what the head of the region may not see is not even counted, and of
# what is confidential, protected or about an official there is nothing but the count.
_SHOWN = """
  shown AS (
    SELECT s.region, coalesce((
      SELECT array_agg(above) FROM office o JOIN agency a ON a.id = o.agency
      CROSS JOIN LATERAL unnest(agency_line(a.id)) AS above
      WHERE a.region = s.region AND o.role = 'head_of_region' AND o.active), '{}') AS lines,
      date_trunc('day', lapor_now() AT TIME ZONE r.timezone) AT TIME ZONE r.timezone AS midnight
    FROM screen s JOIN region r ON r.id = s.region WHERE s.token_hash = asked AND s.revoked_at IS NULL
  )"""
_SIGHT = """c.region = s.region AND NOT (c.about_official AND c.reported_agency IS NULL)
      AND (c.reported_agency IS NULL OR c.reported_agency <> ALL (s.lines))"""

_SCREEN_LATE = f"""
CREATE FUNCTION screen_late(asked text)
RETURNS TABLE (hidden boolean, agency text, category text, district text, due_at timestamptz)
LANGUAGE sql STABLE {_DEFINER} AS $$
  WITH {_SHOWN}, late AS MATERIALIZED (
    SELECT every.complaint, min(every.due_at) AS due_at FROM (
      SELECT k.complaint, k.due_at FROM clock k
      WHERE k.kind = 'response' AND k.met_at IS NULL AND k.due_at < lapor_now()
      UNION ALL
      SELECT k.complaint, k.due_at FROM clock k
      WHERE k.kind = ANY ('{{triage,promise,completion,approval,transfer,referral,instruction,emergency}}')
        AND k.met_at IS NULL
        AND k.due_at < (SELECT CASE WHEN EXISTS (SELECT FROM policy_rung p WHERE p.step = 'escalate'
          AND (p.base = 'start' OR p.offset_minutes < 0)) THEN 'infinity' ELSE lapor_now() END)
        AND EXISTS (SELECT FROM escalation e WHERE e.clock = k.id AND e.step = 'escalate')
    ) every GROUP BY every.complaint
  ), seen AS (
    SELECT c.confidential OR c.protected OR c.about_official AS hidden, c.owner_agency, c.category, c.district, f.due_at
    FROM shown s JOIN complaint c ON {_SIGHT} JOIN late f ON f.complaint = c.id
  )
  SELECT n.hidden, CASE WHEN NOT n.hidden THEN a.short_name::text END, CASE WHEN NOT n.hidden THEN g.name::text END,
    CASE WHEN NOT n.hidden THEN d.code::text END, CASE WHEN NOT n.hidden THEN n.due_at END
  FROM seen n
  JOIN agency a ON a.id = n.owner_agency
  LEFT JOIN category g ON g.id = n.category
  LEFT JOIN region d ON d.id = n.district
$$"""

_SCREEN_TODAY = f"""
CREATE FUNCTION screen_today(asked text)
RETURNS TABLE (received bigint, answered bigint, passed bigint)
LANGUAGE sql STABLE {_DEFINER} AS $$
  WITH {_SHOWN}
  SELECT
    (SELECT count(*) FROM complaint c WHERE {_SIGHT} AND c.filed_at >= s.midnight
       AND c.status = ANY ('{{received,routed,in_progress,done,closed,rejected,referred}}')),
    (SELECT count(*) FROM clock k JOIN complaint c ON c.id = k.complaint
     WHERE k.kind = 'response' AND k.met_at IS NOT NULL AND k.met_at >= s.midnight AND {_SIGHT}),
    (SELECT count(*) FROM (
       SELECT k.complaint FROM clock k
       WHERE k.kind = 'response' AND k.met_at IS NULL AND k.due_at >= s.midnight AND k.due_at < lapor_now()
       UNION ALL
       SELECT k.complaint FROM clock k
       WHERE k.kind = 'response' AND k.met_at > k.due_at AND k.due_at >= s.midnight) late
     JOIN complaint c ON c.id = late.complaint WHERE {_SIGHT})
  FROM shown s
$$"""

# What happened on a day; a clock enters them when it is met, never when it starts.
_INDEXES = {
    "clock_answered": "CREATE INDEX clock_answered ON clock (met_at) WHERE kind = 'response' AND met_at IS NOT NULL",
    "clock_answered_late": (
        "CREATE INDEX clock_answered_late ON clock (due_at) WHERE kind = 'response' AND met_at > due_at"
    ),
}

_OF_EXPLANATION = "EXISTS (SELECT FROM explanation x WHERE x.id = {0}.complaint)"


def _kinds(kinds: tuple[str, ...], valid: str = "") -> list[str]:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    statements = []
    for table, column in _CHECKED:
        statements.append(f"ALTER TABLE {table} DROP CONSTRAINT {table}_{column}_known")
        statements.append(
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_known CHECK ({column} IN ({listed})){valid}"
        )
    return statements


def _policy(name: str, table: str, command: str, roles: str, seen: str = "", written: str = "") -> str:
    using = f" USING ({seen})" if seen else ""
    check = f" WITH CHECK ({written})" if written else ""
    return f"CREATE POLICY {name} ON {table} FOR {command} TO {roles}{using}{check}"


def _mine(column: str, roles: str) -> str:
    return f"{column} = ANY ((SELECT my_regions_as({roles}))::bigint[])"


_OFFICERS = "lapor_reader, lapor_desk"
_SHARED = (
    ("event", "SELECT", _OFFICERS),
    ("event", "INSERT", "lapor_desk"),
    ("clock", "SELECT", _OFFICERS),
    ("clock", "INSERT", "lapor_desk"),
    ("clock", "UPDATE", "lapor_desk"),
    ("message", "SELECT", "lapor_desk"),
    ("message", "INSERT", "lapor_desk"),
)
_POLICIES = (
    _policy(
        "seen",
        "explanation",
        "SELECT",
        _OFFICERS,
        f"{_mine('region', _READERS)} OR {_mine('asking_region', _READERS)}",
    ),
    _policy(
        "asks",
        "explanation",
        "INSERT",
        "lapor_desk",
        written=f"{_mine('asking_region', _ASKERS)} AND asked_by = app_user() AND EXISTS"
        " (SELECT FROM region r WHERE r.id = region AND r.parent = asking_region)",
    ),
    _policy(
        "answered",
        "explanation",
        "UPDATE",
        "lapor_desk",
        f"answered_at IS NULL AND {_mine('region', _ANSWERERS)}",
        f"answered_by = app_user() AND {_mine('region', _ANSWERERS)}",
    ),
    _policy("worker", "explanation", "SELECT", "lapor_worker", "true"),
    _policy("kept", "screen", "SELECT", "lapor_reader", _mine("region", _MAKERS)),
    _policy(
        "made",
        "screen",
        "INSERT",
        "lapor_reader",
        written=f"{_mine('region', _MAKERS)} AND made_by = app_user() AND token_hash IS NULL",
    ),
    _policy(
        "revoked", "screen", "UPDATE", "lapor_reader", _mine("region", _MAKERS), _mine("region", _MAKERS)
    ),
    _policy("gate_finds", "screen", "SELECT", "lapor_gate", "true"),
    _policy("gate_opens", "screen", "UPDATE", "lapor_gate", "revoked_at IS NULL", "revoked_at IS NULL"),
)


def _explained(table: str, command: str, roles: str) -> str:
    condition = _OF_EXPLANATION.format(table)
    seen = "" if command == "INSERT" else condition
    written = "" if command == "SELECT" else condition
    return _policy(f"explained_{command.lower()}", table, command, roles, seen, written)


_FORWARDS = [
    *_kinds((*_KINDS_BEFORE, "explanation")),
    *(
        f"ALTER TABLE {table} ADD FOREIGN KEY ({column}) REFERENCES {to} (id)"
        for table, column, to in _REFERENCES
    ),
    *_INDEXES.values(),
    "CREATE INDEX explanation_region ON explanation (region, asked_at)",
    "CREATE INDEX explanation_asking ON explanation (asking_region, asked_at)",
    "CREATE UNIQUE INDEX screen_token ON screen (token_hash) WHERE token_hash IS NOT NULL",
    "CREATE UNIQUE INDEX screen_code ON screen (code_hash) WHERE code_hash IS NOT NULL",
    "ALTER TABLE explanation ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE screen ENABLE ROW LEVEL SECURITY",
    _OPENS,
    _BELOW,
    _SCREEN_LATE,
    _SCREEN_TODAY,
    "REVOKE EXECUTE ON FUNCTION explanation_opens_ledger(), regions_below(), screen_late(text), screen_today(text)"
    " FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION regions_below() TO lapor_reader",
    "GRANT EXECUTE ON FUNCTION screen_late(text), screen_today(text) TO lapor_gate",
    "CREATE TRIGGER explanation_opens AFTER INSERT ON explanation"
    " FOR EACH ROW EXECUTE FUNCTION explanation_opens_ledger()",
    *_POLICIES,
    *(_explained(*shared) for shared in _SHARED),
    "GRANT SELECT ON explanation TO lapor_reader, lapor_desk, lapor_worker",
    "GRANT INSERT ON explanation TO lapor_desk",
    "GRANT UPDATE (answered_by, answered_in_name_of, answered_at, answer, answer_salt) ON explanation TO lapor_desk",
    "GRANT SELECT (id, name, region, made_by, made_at, opened_at, last_seen_at, revoked_at, revoked_by, code_until)"
    " ON screen TO lapor_reader",
    "GRANT INSERT ON screen TO lapor_reader",
    "GRANT UPDATE (revoked_at, revoked_by, code_hash, code_until) ON screen TO lapor_reader",
    "GRANT SELECT, UPDATE (code_hash, code_until, token_hash, opened_at, last_seen_at) ON screen TO lapor_gate",
    "GRANT USAGE ON SEQUENCE screen_id_seq TO lapor_reader",
]

_BACKWARDS = [
    *(f"DROP POLICY explained_{command.lower()} ON {table}" for table, command, _ in _SHARED),
    *(f"DROP INDEX {name}" for name in _INDEXES),
    "DROP FUNCTION screen_today(text)",
    "DROP FUNCTION screen_late(text)",
    "DROP FUNCTION regions_below()",
    "DROP TRIGGER explanation_opens ON explanation",
    "DROP FUNCTION explanation_opens_ledger()",
    # Clocks that ran stay in the record; only new ones are refused.
    *_kinds(_KINDS_BEFORE, " NOT VALID"),
]


async def forwards() -> MigrationManager:
    return table_migration(ID, DESCRIPTION, tables=_TABLES, forwards=_FORWARDS, backwards=_BACKWARDS)
