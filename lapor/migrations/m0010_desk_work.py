"""What officers need to work on a complaint together, and who may see and write it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigInt, BigSerial, Timestamptz

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
]

_BACKWARDS = [
    "DROP TRIGGER assignment_lapses ON complaint",
    "DROP FUNCTION assignment_lapses()",
]


async def forwards() -> MigrationManager:
    return table_migration(ID, DESCRIPTION, tables=_TABLES, forwards=_FORWARDS, backwards=_BACKWARDS)
