"""What officers need to work on a complaint together, and who may see and write it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigInt, BigSerial, Boolean, Column, Integer, Text, Timestamptz, Varchar

from lapor.migrations.m0003_ledger import _DUE_FROZEN
from lapor.migrations.m0005_likeness import _LIKENESS
from lapor.schema import table_migration

ID = "2026-11-22T12:00:00:000010"
VERSION = "1.38.0"
DESCRIPTION = "working together on a complaint"

_DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"

# Of the two conditions the second says nothing new; it keeps the planner from hashing all complaints to check a few.
_OF_COMPLAINT = "EXISTS (SELECT FROM complaint c WHERE c.id = complaint AND c.id >= complaint)"

_TABLES = {
    "Assignment": {
        "id": BigSerial(primary_key=True),
        "complaint": BigInt(),
        "person": BigInt(null=True, default=None),
        "assigned_by": BigInt(null=True, default=None),
        "assigned_at": Timestamptz(),
    },
    "AnswerTemplate": {
        "id": BigSerial(primary_key=True),
        "code": Varchar(length=60, unique=True),
        "agency": BigInt(null=True, default=None),
        "category": BigInt(null=True, default=None),
        "kind": Varchar(length=10, default="final"),
        "title": Varchar(length=120),
        "text": Text(),
        "position": Integer(default=100),
        "active": Boolean(default=True),
    },
}

_COLUMNS: dict[str, dict[str, Column]] = {
    "Agency": {"answers_need_approval": Boolean(default=False)},
    "Statement": {
        "undoable_until": Timestamptz(null=True, default=None),
        "undone_at": Timestamptz(null=True, default=None),
    },
    "Attachment": {"filename": Varchar(length=120, null=True, default=None)},
}

# Nobody keeps in hand what has become another agency's.
_LAPSE = f"""
CREATE FUNCTION assignment_lapses() RETURNS trigger LANGUAGE plpgsql {_DEFINER} AS $$
BEGIN
  IF (SELECT person FROM assignment WHERE complaint = NEW.id ORDER BY id DESC LIMIT 1) IS NOT NULL THEN
    INSERT INTO assignment (complaint, assigned_by, assigned_at) VALUES (NEW.id, app_user(), lapor_now());
  END IF;
  RETURN NULL;
END $$"""

# A clock stays met, but for one case: `undo_statement` below, which runs with the owner's rights, takes the meeting
# back. No role that serves pages can do it in any other way, whatever it sets.
_FROZEN = _DUE_FROZEN.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
_FROZEN_BUT_FOR_UNDO = _FROZEN.replace(
    "IF OLD.met_at IS NOT NULL AND NEW.met_at IS DISTINCT FROM OLD.met_at THEN",
    "IF OLD.met_at IS NOT NULL AND NEW.met_at IS DISTINCT FROM OLD.met_at\n"
    "     AND NOT (NEW.met_at IS NULL AND coalesce(current_setting('app.undoing', true), '') = 'yes' AND current_user =\n"
    "              (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID)) THEN",
)

# What an agency shows with an answer is neither the reporter's photo nor a proof.
_LIKE = _LIKENESS.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
_LIKE_REPORTERS_OR_PROOF = _LIKE.replace(
    "a.complaint = asked AND a.purpose <> 'proof'", "a.complaint = asked AND a.purpose IN ('report', 'reply')"
)

# An answer that is taken back within seconds has met nothing: its clocks run on with the ladder that was frozen with
# them. A rung whose time came meanwhile is due at once, and since the next answer leaves what is due standing
# (`clocks.meet`), no row of answers and undoings can keep a rung from firing.
_UNDO = f"""
CREATE FUNCTION undo_statement(asked bigint) RETURNS void LANGUAGE plpgsql {_DEFINER} AS $$
DECLARE
  said statement;
BEGIN
  SELECT * INTO said FROM statement WHERE id = asked FOR UPDATE;
  IF said.id IS NULL OR said.complaint IS DISTINCT FROM nullif(current_setting('app.holding', true), '')::bigint
     OR said.person IS DISTINCT FROM app_user() OR said.undone_at IS NOT NULL
     OR said.undoable_until IS NULL OR said.undoable_until <= lapor_now()
     OR EXISTS (SELECT FROM escalation e JOIN clock k ON k.id = e.clock
                WHERE k.subject_kind = 'promise' AND k.subject = asked AND e.step = 'escalate') THEN
    RAISE EXCEPTION 'this statement cannot be undone' USING ERRCODE = 'insufficient_privilege';
  END IF;
  UPDATE message SET state = 'cancelled' WHERE statement = asked AND state = 'waiting';
  IF EXISTS (SELECT FROM message WHERE statement = asked AND state <> 'cancelled') THEN
    RAISE EXCEPTION 'it has left already' USING ERRCODE = 'insufficient_privilege';
  END IF;
  UPDATE statement SET to_reporter = false, fingerprint = NULL, undone_at = lapor_now() WHERE id = asked;
  DELETE FROM publication WHERE statement = asked;
  IF said.kind IN ('final', 'interim') THEN
    DELETE FROM clock WHERE subject_kind = 'promise' AND subject = asked;
    PERFORM set_config('app.undoing', 'yes', true);
    UPDATE clock SET met_at = NULL, next_at = CASE WHEN rung < cardinality(rung_times) THEN rung_times[rung + 1]
      ELSE rung_times[cardinality(rung_times)] + repeat_every * (rung + 1 - cardinality(rung_times)) END
    WHERE complaint = said.complaint AND met_at = said.made_at AND kind IN ('response', 'triage', 'promise');
    PERFORM set_config('app.undoing', '', true);
  END IF;
END $$"""

# Who filed is not told, only which other readable complaints came from the same sender. Those whose sender is
# hidden take no part, on either side.
_SAME_REPORTER = f"""
CREATE FUNCTION same_reporter(asked bigint) RETURNS SETOF bigint LANGUAGE plpgsql STABLE {_DEFINER} AS $$
DECLARE
  mine identity;
BEGIN
  IF NOT may_read(asked) OR NOT EXISTS (SELECT FROM complaint c WHERE c.id = asked
      AND NOT (c.anonymous OR c.confidential OR c.protected OR c.about_official)) THEN
    RETURN;
  END IF;
  SELECT * INTO mine FROM identity WHERE complaint = asked;
  RETURN QUERY
    SELECT c.id FROM identity i JOIN complaint c ON c.id = i.complaint
    WHERE (i.phone_lookup = mine.phone_lookup OR i.email_lookup = mine.email_lookup
           OR i.external_lookup = mine.external_lookup)
      AND c.id <> asked AND NOT (c.anonymous OR c.confidential OR c.protected OR c.about_official) AND may_read(c.id)
    ORDER BY c.id DESC LIMIT 20;
END $$"""

# By which way letters leave for the reporter, and nothing of where they go.
_REACH = f"""
CREATE FUNCTION reporter_reach(asked bigint) RETURNS text LANGUAGE sql STABLE {_DEFINER} AS $$
  SELECT CASE WHEN i.email IS NOT NULL THEN 'email' WHEN c.channel IN ('whatsapp', 'telegram', 'sms', 'social')
              THEN c.channel ELSE '' END
  FROM complaint c JOIN identity i ON i.complaint = c.id WHERE c.id = asked AND may_read(asked)
$$"""

_FUNCTIONS = ("undo_statement(bigint)", "same_reporter(bigint)", "reporter_reach(bigint)")
_EDITS = "(SELECT my_agencies_as('{administrator}')) <> '{}' OR agency = ANY ((SELECT my_agencies_as('{agency_admin}'))::bigint[])"
_OWN = "EXISTS (SELECT FROM complaint c WHERE c.id = attachment.complaint)"
_TOLD = "EXISTS (SELECT FROM statement s WHERE s.id = attachment.statement AND s.to_reporter)"


def _known(table: str, column: str, values: str) -> list[str]:
    return [
        f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_{column}_known",
        f"ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_known CHECK ({column} IS NULL OR {column} IN ({values}))",
    ]


_FORWARDS = [
    "ALTER TABLE assignment ADD FOREIGN KEY (complaint) REFERENCES complaint (id)",
    "ALTER TABLE assignment ADD FOREIGN KEY (person) REFERENCES person (id)",
    "CREATE INDEX assignment_complaint ON assignment (complaint, id DESC)",
    "CREATE INDEX assignment_person ON assignment (person)",
    "ALTER TABLE assignment ENABLE ROW LEVEL SECURITY",
    f"CREATE POLICY seen ON assignment FOR SELECT TO lapor_reader, lapor_desk USING ({_OF_COMPLAINT})",
    f"CREATE POLICY writes ON assignment FOR INSERT TO lapor_desk WITH CHECK ({_OF_COMPLAINT})",
    "GRANT SELECT ON assignment TO lapor_reader, lapor_desk",
    "GRANT INSERT ON assignment TO lapor_desk",
    "GRANT USAGE ON SEQUENCE assignment_id_seq TO lapor_desk",
    _LAPSE,
    "REVOKE EXECUTE ON FUNCTION assignment_lapses() FROM PUBLIC",
    "CREATE TRIGGER assignment_lapses AFTER UPDATE OF owner_agency ON complaint FOR EACH ROW"
    " WHEN (OLD.owner_agency IS DISTINCT FROM NEW.owner_agency) EXECUTE FUNCTION assignment_lapses()",
    "ALTER TABLE answer_template ADD FOREIGN KEY (agency) REFERENCES agency (id)",
    "ALTER TABLE answer_template ADD FOREIGN KEY (category) REFERENCES category (id)",
    *_known("answer_template", "kind", "'final', 'interim', 'question'"),
    "CREATE INDEX answer_template_agency ON answer_template (agency)",
    "CREATE INDEX answer_template_category ON answer_template (category)",
    "ALTER TABLE answer_template ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY officers ON answer_template FOR SELECT TO lapor_reader, lapor_desk USING (app_user() IS NOT NULL)",
    f"CREATE POLICY edits_insert ON answer_template FOR INSERT TO lapor_reader WITH CHECK ({_EDITS})",
    f"CREATE POLICY edits_update ON answer_template FOR UPDATE TO lapor_reader USING ({_EDITS}) WITH CHECK ({_EDITS})",
    "GRANT SELECT ON answer_template TO lapor_reader, lapor_desk",
    "GRANT INSERT, UPDATE ON answer_template TO lapor_reader",
    "GRANT USAGE ON SEQUENCE answer_template_id_seq TO lapor_reader",
    "CREATE TRIGGER answer_template_history AFTER INSERT OR UPDATE OR DELETE ON answer_template"
    " FOR EACH ROW EXECUTE FUNCTION register_history()",
    *_known("approval", "kind", "'completion', 'rejection', 'referral', 'answer'"),
    *_known("attachment", "purpose", "'report', 'reply', 'proof', 'answer'"),
    f"ALTER POLICY own ON attachment USING ({_OWN} AND (purpose NOT IN ('proof', 'answer') OR {_TOLD}))",
    "GRANT UPDATE (undoable_until) ON statement TO lapor_desk",
    _LIKE_REPORTERS_OR_PROOF,
    _FROZEN_BUT_FOR_UNDO,
    _UNDO,
    _SAME_REPORTER,
    _REACH,
    f"REVOKE EXECUTE ON FUNCTION {', '.join(_FUNCTIONS)} FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION undo_statement(bigint) TO lapor_desk",
    "GRANT EXECUTE ON FUNCTION same_reporter(bigint), reporter_reach(bigint) TO lapor_reader",
    "CREATE INDEX identity_external ON identity (external_lookup) WHERE external_lookup IS NOT NULL",
    "CREATE INDEX content_place ON content (latitude, longitude) WHERE latitude IS NOT NULL",
    "CREATE INDEX complaint_village ON complaint (village, category, filed_at) WHERE village IS NOT NULL",
]

_BACKWARDS = [
    "DROP INDEX complaint_village",
    "DROP INDEX content_place",
    "DROP INDEX identity_external",
    *(f"DROP FUNCTION {name}" for name in _FUNCTIONS),
    _LIKE,
    _FROZEN,
    f"ALTER POLICY own ON attachment USING ({_OWN} AND (purpose <> 'proof' OR {_TOLD}))",
    *_known("attachment", "purpose", "'report', 'reply', 'proof'"),
    *_known("approval", "kind", "'completion', 'rejection', 'referral'"),
    "DROP TRIGGER assignment_lapses ON complaint",
    "DROP FUNCTION assignment_lapses()",
]


async def forwards() -> MigrationManager:
    return table_migration(
        ID, DESCRIPTION, tables=_TABLES, columns=_COLUMNS, forwards=_FORWARDS, backwards=_BACKWARDS
    )
