"""Questions of a category: what the form asks about complaints of one kind, kept like the other registers."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import Array, BigInt, BigSerial, Boolean, Integer, Varchar

from lapor.database import ROLES
from lapor.schema import table_migration

ID = "2026-11-22T12:00:00:000017"
VERSION = "1.38.0"
DESCRIPTION = "questions of categories"

_TABLES = {
    "CategoryQuestion": {
        "id": BigSerial(primary_key=True),
        "code": Varchar(length=60, unique=True),
        "category": BigInt(),
        "text": Varchar(length=200),
        "text_en": Varchar(length=200, default=""),
        "kind": Varchar(length=10, default="text"),
        "choices": Array(base_column=Varchar(), default=list),
        "choices_en": Array(base_column=Varchar(), default=list),
        "required": Boolean(default=False),
        "position": Integer(default=100),
        "active": Boolean(default=True),
    },
}

# The same offices that keep categories and rules.
_TEACHES = "(SELECT my_agencies_as('{administrator,coordinator}')) <> '{}'"
_CHECKS = {
    "kind_known": "kind IN ('text', 'choice', 'yes_no')",
    "asks": "btrim(text) <> ''",
    "choices_fit": "CASE WHEN kind = 'choice' THEN cardinality(choices) BETWEEN 2 AND 12 ELSE choices = '{}' END",
    "choices_both": "cardinality(choices_en) IN (0, cardinality(choices))",
    "choices_short": "length(array_to_string(choices || choices_en, '', '')) <= 1200",
}

_FORWARDS = [
    # A category that may be deleted has no complaints; its questions hang on nothing else.
    "ALTER TABLE category_question ADD CONSTRAINT category_question_category_fkey"
    " FOREIGN KEY (category) REFERENCES category (id) ON DELETE CASCADE",
    *(
        f"ALTER TABLE category_question ADD CONSTRAINT category_question_{name} CHECK ({condition})"
        for name, condition in _CHECKS.items()
    ),
    "CREATE INDEX category_question_category ON category_question (category, position)",
    "ALTER TABLE category_question ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY everybody ON category_question FOR SELECT TO PUBLIC USING (true)",
    f"CREATE POLICY edits_insert ON category_question FOR INSERT TO lapor_reader WITH CHECK ({_TEACHES})",
    f"CREATE POLICY edits_update ON category_question FOR UPDATE TO lapor_reader USING ({_TEACHES})"
    f" WITH CHECK ({_TEACHES})",
    f"CREATE POLICY takes_away ON category_question FOR DELETE TO lapor_reader USING ({_TEACHES})",
    f"GRANT SELECT ON category_question TO {', '.join(f'lapor_{role}' for role in ROLES)}",
    "GRANT INSERT, UPDATE, DELETE ON category_question TO lapor_reader",
    "GRANT USAGE ON SEQUENCE category_question_id_seq TO lapor_reader",
    "CREATE TRIGGER category_question_history AFTER INSERT OR UPDATE OR DELETE ON category_question"
    " FOR EACH ROW EXECUTE FUNCTION register_history()",
    "CREATE TRIGGER category_question_moved AFTER INSERT OR UPDATE OR DELETE ON category_question"
    " FOR EACH STATEMENT EXECUTE FUNCTION register_moved()",
]


async def forwards() -> MigrationManager:
    return table_migration(ID, DESCRIPTION, tables=_TABLES, forwards=_FORWARDS)
