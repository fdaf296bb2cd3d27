"""How often a message may have left twice: its sender died after handing it over, or before, and nobody knows which."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import Integer

from lapor.schema import table_migration

ID = "2026-11-22T12:00:00:000027"
VERSION = "1.38.0"
DESCRIPTION = "messages that may have left twice"


async def forwards() -> MigrationManager:
    return table_migration(
        ID,
        DESCRIPTION,
        columns={"Message": {"repeats": Integer(default=0)}},
        forwards=["CREATE INDEX message_repeated ON message (id) WHERE repeats > 0"],
        backwards=["DROP INDEX message_repeated"],
    )
