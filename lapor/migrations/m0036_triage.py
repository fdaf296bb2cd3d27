"""What waits to be routed stands in the order of its deadlines, whatever words are looked for in it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from lapor.schema import sql_migration

ID = "2026-11-22T12:00:00:000036"
VERSION = "1.38.0"
DESCRIPTION = "triage in the order of deadlines"


async def forwards() -> MigrationManager:
    return sql_migration(
        ID,
        DESCRIPTION,
        ["CREATE INDEX complaint_unrouted ON complaint (next_due, id) WHERE status = 'received'"],
        ["DROP INDEX complaint_unrouted"],
    )
