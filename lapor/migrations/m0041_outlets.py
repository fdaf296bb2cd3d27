"""How fast each way out may be used, which server rests, whose turn it is; refusals of channels without accounts."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigSerial, Integer, Timestamptz, Varchar

from lapor.schema import table_migration

ID = "2026-11-22T12:00:00:000041"
VERSION = "1.38.0"
DESCRIPTION = "ways out"

_TABLES = {
    "Outlet": {
        "id": BigSerial(primary_key=True),
        "key": Varchar(length=120),
        "free_at": Timestamptz(null=True, default=None),
        "failures": Integer(default=0),
        "paused_until": Timestamptz(null=True, default=None),
        "trouble": Varchar(length=300, null=True, default=None),
    },
    "HookRefusal": {
        "id": BigSerial(primary_key=True),
        "channel": Varchar(length=12),
        "refusals": Integer(default=0),
        "refused_at": Timestamptz(null=True, default=None),
    },
}
_COLUMNS = {
    "Message": {
        "slot_key": Varchar(length=120, null=True, default=None),
        "slot_at": Timestamptz(null=True, default=None),
    },
}

_WORKER = ("SELECT", "INSERT", "UPDATE", "DELETE")
_POLICIES = tuple(
    f"worker_{command.lower()} ON outlet FOR {command} TO lapor_worker"
    + (" WITH CHECK (true)" if command == "INSERT" else " USING (true)")
    for command in _WORKER
)
_COUNTERS = (
    "counts_new ON hook_refusal FOR INSERT TO lapor_intake WITH CHECK (true)",
    "counts ON hook_refusal FOR SELECT TO lapor_intake, lapor_worker USING (true)",
    "counts_more ON hook_refusal FOR UPDATE TO lapor_intake, lapor_worker USING (true)",
)
_FORWARDS = [
    "CREATE UNIQUE INDEX outlet_once ON outlet (key)",
    "CREATE INDEX message_slot ON message (slot_key, id) WHERE slot_key IS NOT NULL",
    "ALTER TABLE outlet ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE outlet FORCE ROW LEVEL SECURITY",
    "CREATE UNIQUE INDEX hook_refusal_once ON hook_refusal (channel)",
    "ALTER TABLE hook_refusal ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE hook_refusal FORCE ROW LEVEL SECURITY",
    *(f"CREATE POLICY {policy}" for policy in (*_POLICIES, *_COUNTERS)),
    "GRANT SELECT, INSERT ON hook_refusal TO lapor_intake",
    "GRANT UPDATE (refusals, refused_at) ON hook_refusal TO lapor_intake, lapor_worker",
    "GRANT SELECT ON hook_refusal TO lapor_worker",
    "GRANT USAGE ON SEQUENCE hook_refusal_id_seq TO lapor_intake",
    "GRANT SELECT, INSERT, DELETE ON outlet TO lapor_worker",
    "GRANT UPDATE (free_at, failures, paused_until, trouble) ON outlet TO lapor_worker",
    "GRANT USAGE ON SEQUENCE outlet_id_seq TO lapor_worker",
]


async def forwards() -> MigrationManager:
    """Add the tables, and the columns, which the worker may write as the rest of the outbox."""
    return table_migration(
        ID,
        DESCRIPTION,
        tables=_TABLES,
        columns=_COLUMNS,
        forwards=_FORWARDS,
        backwards=[
            "DROP INDEX message_slot",
            *(f"DROP POLICY {policy.split(' FOR ')[0]}" for policy in reversed((*_POLICIES, *_COUNTERS))),
        ],
    )
