"""Outlines of regions, for a map of districts."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigInt, BigSerial, Text

from lapor.database import ROLES
from lapor.schema import table_migration

ID = "2026-11-22T12:00:00:000035"
VERSION = "1.38.0"
DESCRIPTION = "outlines of regions"

_TABLES = {
    "RegionOutline": {
        "id": BigSerial(primary_key=True),
        "region": BigInt(unique=True),
        "outline": Text(),
    },
}

# Only a pack writes them; everybody may know where a district lies.
_FORWARDS = [
    "ALTER TABLE region_outline ADD FOREIGN KEY (region) REFERENCES region (id) ON DELETE CASCADE",
    "ALTER TABLE region_outline ADD CONSTRAINT region_outline_short CHECK (length(outline) <= 20000)",
    "ALTER TABLE region_outline ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY everybody ON region_outline FOR SELECT TO PUBLIC USING (true)",
    f"GRANT SELECT ON region_outline TO {', '.join(f'lapor_{role}' for role in ROLES)}",
    "CREATE TRIGGER region_outline_history AFTER INSERT OR UPDATE OR DELETE ON region_outline"
    " FOR EACH ROW EXECUTE FUNCTION register_history()",
    "CREATE TRIGGER region_outline_moved AFTER INSERT OR UPDATE OR DELETE ON region_outline"
    " FOR EACH STATEMENT EXECUTE FUNCTION register_moved()",
]


async def forwards() -> MigrationManager:
    return table_migration(ID, DESCRIPTION, tables=_TABLES, forwards=_FORWARDS)
