"""What is late, kept line by line as the record moves, so that it is counted without asking clock after clock."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import Array, BigInt, Boolean, Integer, Timestamptz, Varchar

from lapor.migrations.m0004_row_security import _SEES_CLOCKS
from lapor.migrations.m0012_leaders import _BELOW, _READERS, _SCREEN_LATE, _SCREEN_TODAY, _SHOWN, _SIGHT
from lapor.migrations.m0019_search import _FOUND
from lapor.migrations.m0026_lateness import _DAYS, _DAYS_SIGNATURE, _LATE, _LATE_SIGNATURE
from lapor.schema import table_migration

ID = "2026-11-22T12:00:00:000034"
VERSION = "1.38.0"
DESCRIPTION = "what is late, kept"

_DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"

_TABLES = {
    "Lateness": {
        "clock": BigInt(primary_key=True),
        "complaint": BigInt(),
        "kind": Varchar(length=20),
        "due_at": Timestamptz(),
        "met_at": Timestamptz(null=True, default=None),
        "level": Integer(default=0),
        "listed_from": Timestamptz(null=True, default=None),
        "several": Boolean(default=False),
        "region": BigInt(),
        "owner_agency": BigInt(),
        "offered_agency": BigInt(null=True, default=None),
        "reported_agency": BigInt(null=True, default=None),
        "supporting": Array(base_column=BigInt(), default=list),
        "category": BigInt(null=True, default=None),
        "district": BigInt(null=True, default=None),
        "about_official": Boolean(default=False),
        "confidential": Boolean(default=False),
        "protected": Boolean(default=False),
        "trial": Boolean(default=False),
    }
}

# What the lists and pictures show of a late answer that somebody has seen ends after ninety days.
_TOO_OLD = "(SELECT lapor_now()) - interval '91 days'"

# Of the complaint: whose it is and who may see it, named as there, so that its policy can be asked here too.
_COPIED = (
    "region",
    "owner_agency",
    "offered_agency",
    "reported_agency",
    "supporting",
    "category",
    "district",
    "about_official",
    "confidential",
    "protected",
    "trial",
)

_UNSEEN = (
    "EXISTS (SELECT FROM escalation e WHERE e.clock = k.id AND e.step = 'escalate' AND e.seen_at IS NULL)"
)
_ESCALATED = "EXISTS (SELECT FROM escalation e WHERE e.clock = k.id AND e.step = 'escalate')"
_OTHERS = "triage,promise,completion,approval,transfer,referral,instruction,emergency"
# A response clock that runs, or was met late not long ago or unseen; another clock that runs and was escalated.
_KEPT = f"""(k.kind = 'response' AND (k.met_at IS NULL OR (k.met_at > k.due_at AND (k.due_at >= {_TOO_OLD} OR {_UNSEEN})))
      OR k.kind = ANY ('{{{_OTHERS}}}') AND k.met_at IS NULL AND {_ESCALATED})"""
# How often it was escalated, from none to "again and again" (3).
_LEVEL = """greatest(least(k.rung - coalesce((
    SELECT min(s.number) FROM policy_rung s WHERE s.policy = k.policy AND s.step = 'escalate'), 0), 3), 0)"""
# It stands on the list from its deadline on, what was escalated before it at once, and what was answered late until
# somebody has seen it.
_LISTED_FROM = f"""CASE WHEN k.kind <> 'response' THEN '-infinity'
    WHEN k.met_at IS NULL OR {_UNSEEN} THEN k.due_at END"""
_NAMES = ("complaint", "kind", "due_at", "met_at", "level", "listed_from", *_COPIED)
_NEW = ", ".join(f"excluded.{name}" for name in _NAMES)
_OLD = ", ".join(f"lateness.{name}" for name in _NAMES)

_KEEP = f"""
CREATE FUNCTION keep_lateness(asked bigint[]) RETURNS void LANGUAGE plpgsql {_DEFINER} AS $$
BEGIN
  INSERT INTO lateness (clock, {", ".join(_NAMES)})
  SELECT k.id, k.complaint, k.kind, k.due_at, k.met_at, {_LEVEL}, {_LISTED_FROM},
    {", ".join(f"c.{name}" for name in _COPIED)}
  FROM clock k JOIN complaint c ON c.id = k.complaint
  WHERE k.complaint = ANY (asked) AND {_KEPT}
  ON CONFLICT (clock) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _NAMES)}
  WHERE ({_OLD}) IS DISTINCT FROM ({_NEW});
  DELETE FROM lateness l WHERE l.complaint = ANY (asked)
    AND NOT EXISTS (SELECT FROM clock k WHERE k.id = l.clock AND {_KEPT});
  UPDATE lateness l SET several = n.several
  FROM (SELECT complaint, count(*) > 1 AS several FROM lateness WHERE complaint = ANY (asked) GROUP BY complaint) n
  WHERE l.complaint = n.complaint AND l.several <> n.several;
END $$"""

_ONE = f"""
CREATE FUNCTION lateness_of_one() RETURNS trigger LANGUAGE plpgsql {_DEFINER} AS $$
BEGIN
  PERFORM keep_lateness(ARRAY[NEW.complaint]);
  RETURN NULL;
END $$"""
# The answer to a new complaint is awaited, and nothing else is known of it yet.
_BEGUN = f"""
CREATE FUNCTION lateness_begun() RETURNS trigger LANGUAGE plpgsql {_DEFINER} AS $$
BEGIN
  IF EXISTS (SELECT FROM lateness WHERE complaint = NEW.complaint) THEN
    PERFORM keep_lateness(ARRAY[NEW.complaint]);
  ELSE
    INSERT INTO lateness (clock, complaint, kind, due_at, listed_from, {", ".join(_COPIED)})
    SELECT NEW.id, c.id, NEW.kind, NEW.due_at, NEW.due_at, {", ".join(f"c.{name}" for name in _COPIED)}
    FROM complaint c WHERE c.id = NEW.complaint;
  END IF;
  RETURN NULL;
END $$"""
_MOVED = f"""
CREATE FUNCTION lateness_moved() RETURNS trigger LANGUAGE plpgsql {_DEFINER} AS $$
BEGIN
  UPDATE lateness SET {", ".join(f"{name} = NEW.{name}" for name in _COPIED)} WHERE complaint = NEW.id;
  RETURN NULL;
END $$"""
# A sweep escalates thousands at once; of most of them there is a line already.
_FIRED = f"""
CREATE FUNCTION lateness_fired() RETURNS trigger LANGUAGE plpgsql {_DEFINER} AS $$
DECLARE
  others bigint[];
BEGIN
  UPDATE lateness l SET level = n.level,
    listed_from = CASE WHEN n.escalated THEN coalesce(l.listed_from, l.due_at) ELSE l.listed_from END
  FROM (SELECT k.id, {_LEVEL} AS level, bool_or(f.step = 'escalate') AS escalated
        FROM fired f JOIN clock k ON k.id = f.clock GROUP BY k.id) n
  WHERE l.clock = n.id AND (l.level <> n.level OR (n.escalated AND l.listed_from IS NULL));
  SELECT array_agg(DISTINCT f.complaint) INTO others FROM fired f
  WHERE f.step = 'escalate' AND NOT EXISTS (SELECT FROM lateness l WHERE l.clock = f.clock);
  IF others IS NOT NULL THEN
    PERFORM keep_lateness(others);
  END IF;
  RETURN NULL;
END $$"""
_FORGET = f"""
CREATE FUNCTION forget_lateness() RETURNS bigint LANGUAGE plpgsql {_DEFINER} AS $$
DECLARE
  forgotten bigint;
BEGIN
  DELETE FROM lateness WHERE listed_from IS NULL AND due_at < {_TOO_OLD};
  GET DIAGNOSTICS forgotten = ROW_COUNT;
  RETURN forgotten;
END $$"""

_DIFFERS = f"({', '.join(f'OLD.{name}' for name in _COPIED)}) IS DISTINCT FROM ({', '.join(f'NEW.{name}' for name in _COPIED)})"
# The name of each trigger, its table, and when it fires.
_TRIGGERS = {
    "lateness_begun": (
        "clock",
        "AFTER INSERT ON clock FOR EACH ROW"
        " WHEN (NEW.kind = 'response' AND NEW.met_at IS NULL) EXECUTE FUNCTION lateness_begun()",
    ),
    "lateness_known": (
        "clock",
        "AFTER INSERT ON clock FOR EACH ROW"
        " WHEN (NEW.kind = 'response' AND NEW.met_at > NEW.due_at) EXECUTE FUNCTION lateness_of_one()",
    ),
    "lateness_met": (
        "clock",
        "AFTER UPDATE OF met_at, due_at ON clock FOR EACH ROW"
        " WHEN (OLD.met_at IS DISTINCT FROM NEW.met_at OR OLD.due_at <> NEW.due_at) EXECUTE FUNCTION lateness_of_one()",
    ),
    "lateness_fired": (
        "escalation",
        "AFTER INSERT ON escalation REFERENCING NEW TABLE AS fired FOR EACH STATEMENT"
        " EXECUTE FUNCTION lateness_fired()",
    ),
    "lateness_seen": (
        "escalation",
        "AFTER UPDATE OF seen_at ON escalation FOR EACH ROW"
        " WHEN (OLD.seen_at IS DISTINCT FROM NEW.seen_at) EXECUTE FUNCTION lateness_of_one()",
    ),
    "lateness_moved": (
        "complaint",
        f"AFTER UPDATE OF {', '.join(_COPIED)} ON complaint FOR EACH ROW"
        f" WHEN ({_DIFFERS}) EXECUTE FUNCTION lateness_moved()",
    ),
}

_SO_FAR = f"""
SELECT keep_lateness(array_agg(DISTINCT complaint)) FROM (
  SELECT complaint FROM clock WHERE kind = 'response' AND met_at IS NULL
  UNION ALL
  SELECT complaint FROM clock WHERE kind = 'response' AND met_at > due_at AND due_at >= {_TOO_OLD}
  UNION ALL
  SELECT complaint FROM escalation WHERE step = 'escalate' AND seen_at IS NULL
) kept"""

_OVERDUE = "c.met_at IS NULL AND c.listed_from < (SELECT lapor_now())"
_BELOW_NOW = f"""
CREATE OR REPLACE FUNCTION regions_below()
RETURNS TABLE (id bigint, code text, name text, timezone text, head text, open bigint, overdue bigint,
               oldest_due_at timestamptz)
LANGUAGE sql STABLE {_DEFINER} AS $$
  WITH below AS (
    SELECT r.id, r.code::text, r.name::text, r.timezone::text FROM region r
    WHERE r.parent = ANY (my_regions_as({_READERS}))
      AND r.kind IN ('regency', 'city') AND EXISTS (SELECT FROM agency a WHERE a.region = r.id AND a.active)
  ), open AS (
    SELECT c.region, count(*) AS count FROM complaint c
    WHERE c.region IN (SELECT b.id FROM below b) AND c.status IN ('received', 'routed', 'in_progress') AND NOT c.trial
    GROUP BY c.region
  ), late AS (
    SELECT c.region, count(DISTINCT c.complaint) AS count, min(c.due_at) AS oldest FROM lateness c
    WHERE {_OVERDUE} AND c.kind = 'response' AND NOT c.trial AND c.region IN (SELECT b.id FROM below b)
    GROUP BY c.region
  )
  SELECT b.id, b.code, b.name, b.timezone,
    (SELECT o.title::text FROM office o JOIN agency a ON a.id = o.agency
     WHERE a.region = b.id AND o.role = 'head_of_region' AND o.active ORDER BY o.id LIMIT 1),
    coalesce(n.count, 0), coalesce(l.count, 0), l.oldest
  FROM below b LEFT JOIN open n ON n.region = b.id LEFT JOIN late l ON l.region = b.id
  ORDER BY b.code
$$"""
_SCREEN_LATE_NOW = f"""
CREATE OR REPLACE FUNCTION screen_late(asked text)
RETURNS TABLE (hidden boolean, agency text, category text, district text, due_at timestamptz)
LANGUAGE sql STABLE {_DEFINER} AS $$
  WITH {_SHOWN}, seen AS (
    SELECT c.complaint, c.confidential OR c.protected OR c.about_official AS hidden, c.owner_agency, c.category,
      c.district, min(c.due_at) AS due_at
    FROM shown s JOIN lateness c ON {_SIGHT} WHERE {_OVERDUE} GROUP BY 1, 2, 3, 4, 5
  )
  SELECT n.hidden, CASE WHEN NOT n.hidden THEN a.short_name::text END, CASE WHEN NOT n.hidden THEN g.name::text END,
    CASE WHEN NOT n.hidden THEN d.code::text END, CASE WHEN NOT n.hidden THEN n.due_at END
  FROM seen n
  JOIN agency a ON a.id = n.owner_agency
  LEFT JOIN category g ON g.id = n.category
  LEFT JOIN region d ON d.id = n.district
$$"""
_SCREEN_TODAY_NOW = f"""
CREATE OR REPLACE FUNCTION screen_today(asked text)
RETURNS TABLE (received bigint, answered bigint, passed bigint)
LANGUAGE sql STABLE {_DEFINER} AS $$
  WITH {_SHOWN}
  SELECT
    (SELECT count(*) FROM complaint c WHERE {_SIGHT} AND c.filed_at >= s.midnight
       AND c.status = ANY ('{{received,routed,in_progress,done,closed,rejected,referred}}')),
    (SELECT count(*) FROM clock k JOIN complaint c ON c.id = k.complaint
     WHERE k.kind = 'response' AND k.met_at IS NOT NULL AND k.met_at >= s.midnight AND {_SIGHT}),
    (SELECT count(*) FROM lateness c
     WHERE c.kind = 'response' AND c.due_at >= s.midnight AND c.due_at < (SELECT lapor_now()) AND {_SIGHT})
  FROM shown s
$$"""

# Words that many hold are looked for along the table, words that few hold in their index: never one plan for both.
_SAYING = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS"
_FOUND_NOW = _FOUND.replace(_SAYING, _SAYING.replace(" AS", " SET plan_cache_mode = force_custom_plan AS"))


def _replacing(sql: str) -> str:
    return sql.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


_FUNCTIONS = {
    "keep_lateness(bigint[])": _KEEP,
    "lateness_of_one()": _ONE,
    "lateness_begun()": _BEGUN,
    "lateness_moved()": _MOVED,
    "lateness_fired()": _FIRED,
    "forget_lateness()": _FORGET,
}

_FORWARDS = [
    "CREATE INDEX lateness_complaint ON lateness (complaint)",
    "CREATE INDEX lateness_listed ON lateness (listed_from)",
    "CREATE INDEX lateness_due ON lateness (due_at)",
    "ALTER TABLE lateness ADD FOREIGN KEY (complaint) REFERENCES complaint ON DELETE RESTRICT",
    # Lines come and go all day long.
    "ALTER TABLE lateness SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05)",
    "ALTER TABLE lateness ENABLE ROW LEVEL SECURITY",
    f"CREATE POLICY officer ON lateness FOR SELECT TO lapor_reader USING ({_SEES_CLOCKS})",
    "CREATE POLICY worker ON lateness FOR SELECT TO lapor_worker USING (true)",
    "GRANT SELECT ON lateness TO lapor_reader, lapor_worker",
    *_FUNCTIONS.values(),
    *(f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC" for signature in _FUNCTIONS),
    "GRANT EXECUTE ON FUNCTION forget_lateness() TO lapor_worker",
    *(f"CREATE TRIGGER {name} {when}" for name, (_, when) in _TRIGGERS.items()),
    _SO_FAR,
    f"DROP FUNCTION {_LATE_SIGNATURE}",
    f"DROP FUNCTION {_DAYS_SIGNATURE}",
    _BELOW_NOW,
    _SCREEN_LATE_NOW,
    _SCREEN_TODAY_NOW,
    _replacing(_FOUND_NOW),
]
_BACKWARDS = [
    _replacing(_FOUND),
    _replacing(_SCREEN_TODAY),
    _replacing(_SCREEN_LATE),
    _replacing(_BELOW),
    _DAYS,
    _LATE,
    *(
        statement
        for signature in (_LATE_SIGNATURE, _DAYS_SIGNATURE)
        for statement in (
            f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC",
            f"GRANT EXECUTE ON FUNCTION {signature} TO lapor_reader",
        )
    ),
    *(f"DROP TRIGGER {name} ON {table}" for name, (table, _) in _TRIGGERS.items()),
    *(f"DROP FUNCTION {signature}" for signature in _FUNCTIONS),
]


async def forwards() -> MigrationManager:
    return table_migration(ID, DESCRIPTION, tables=_TABLES, forwards=_FORWARDS, backwards=_BACKWARDS)
