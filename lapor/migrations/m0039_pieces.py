"""How many pieces of a letter have left already, on which way, when it could not be finished."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import Varchar

from lapor.schema import table_migration

ID = "2026-11-22T12:00:00:000039"
VERSION = "1.38.0"
DESCRIPTION = "letters in pieces"


async def forwards() -> MigrationManager:
    """Add the column; the worker may write it as the rest of the outbox."""
    return table_migration(
        ID, DESCRIPTION, columns={"Message": {"pieces": Varchar(length=90, null=True, default=None)}}
    )
