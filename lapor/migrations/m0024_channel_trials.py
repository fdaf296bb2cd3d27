"""Whoever administers the channels sees what became of a trial message; the worker counts wrong signatures anew."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from lapor.schema import table_migration

ID = "2026-11-22T12:00:00:000024"
VERSION = "1.38.0"
DESCRIPTION = "what became of trial messages"

_TRIALS = """
CREATE POLICY tried ON message FOR SELECT TO lapor_desk
USING (complaint IS NULL AND kind = 'channel_trial' AND (SELECT my_agencies_as('{administrator}')) <> '{}')"""

_OF_ACCOUNT = "CREATE INDEX inbound_account ON inbound (channel, account, received_at)"


async def forwards() -> MigrationManager:
    return table_migration(
        ID,
        DESCRIPTION,
        forwards=[_TRIALS, "GRANT UPDATE (refusals) ON channel_account TO lapor_worker", _OF_ACCOUNT],
        backwards=[
            "DROP INDEX inbound_account",
            "REVOKE UPDATE (refusals) ON channel_account FROM lapor_worker",
            "DROP POLICY tried ON message",
        ],
    )
