"""How far our mailboxes are read, and the mails of a complaint."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigInt, BigSerial, Timestamptz

from lapor.schema import table_migration

ID = "2026-11-22T12:00:00:000021"
VERSION = "1.38.0"
DESCRIPTION = "mailboxes"

_TABLES = {
    "Mailbox": {
        "id": BigSerial(primary_key=True),
        "account": BigInt(),
        "uidvalidity": BigInt(null=True, default=None),
        "last_uid": BigInt(default=0),
        "read_at": Timestamptz(null=True, default=None),
    },
}

_FORWARDS = [
    "ALTER TABLE mailbox ADD FOREIGN KEY (account) REFERENCES channel_account (id)",
    "CREATE UNIQUE INDEX mailbox_once ON mailbox (account)",
    "ALTER TABLE mailbox ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE mailbox FORCE ROW LEVEL SECURITY",
    "CREATE POLICY worker_select ON mailbox FOR SELECT TO lapor_worker USING (true)",
    "CREATE POLICY worker_insert ON mailbox FOR INSERT TO lapor_worker WITH CHECK (true)",
    "CREATE POLICY worker_update ON mailbox FOR UPDATE TO lapor_worker USING (true)",
    "GRANT SELECT, INSERT ON mailbox TO lapor_worker",
    "GRANT UPDATE (uidvalidity, last_uid, read_at) ON mailbox TO lapor_worker",
    "GRANT USAGE ON SEQUENCE mailbox_id_seq TO lapor_worker",
    # A letter answers the newest mail of its complaint.
    "CREATE INDEX inbound_complaint ON inbound (complaint) WHERE complaint IS NOT NULL",
]


async def forwards() -> MigrationManager:
    return table_migration(
        ID,
        DESCRIPTION,
        tables=_TABLES,
        forwards=_FORWARDS,
        backwards=[
            "DROP INDEX inbound_complaint",
            *(f"DROP POLICY worker_{command} ON mailbox" for command in ("select", "insert", "update")),
        ],
    )
