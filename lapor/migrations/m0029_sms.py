"""Who wants no more messages on a channel."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigSerial, Timestamptz, Varchar

from lapor.complaints.tables import CHANNELS
from lapor.schema import table_migration

ID = "2026-11-22T12:00:00:000029"
VERSION = "1.38.0"
DESCRIPTION = "who wants no more messages"

_TABLES = {
    "ChannelStop": {
        "id": BigSerial(primary_key=True),
        "channel": Varchar(length=12),
        "account": Varchar(length=60),
        "sender_lookup": Varchar(length=80),
        "last_word": Varchar(length=200),
        "stopped_at": Timestamptz(),
    },
}
_KNOWN = ", ".join(f"'{channel}'" for channel in CHANNELS)
_FORWARDS = [
    f"ALTER TABLE channel_stop ADD CONSTRAINT channel_stop_channel_known CHECK (channel IN ({_KNOWN}))",
    "CREATE UNIQUE INDEX channel_stop_once ON channel_stop (channel, account, sender_lookup)",
    "ALTER TABLE channel_stop ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE channel_stop FORCE ROW LEVEL SECURITY",
    "CREATE POLICY worker_select ON channel_stop FOR SELECT TO lapor_worker USING (true)",
    "CREATE POLICY worker_insert ON channel_stop FOR INSERT TO lapor_worker WITH CHECK (true)",
    "CREATE POLICY worker_delete ON channel_stop FOR DELETE TO lapor_worker USING (true)",
    "GRANT SELECT, INSERT, DELETE ON channel_stop TO lapor_worker",
    "GRANT USAGE ON SEQUENCE channel_stop_id_seq TO lapor_worker",
]


async def forwards() -> MigrationManager:
    return table_migration(
        ID,
        DESCRIPTION,
        tables=_TABLES,
        forwards=_FORWARDS,
        backwards=[
            f"DROP POLICY worker_{command} ON channel_stop" for command in ("select", "insert", "delete")
        ],
    )
