"""Our accounts at providers, conversations, media that a provider holds, and what is said in a conversation."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigInt, BigSerial, Boolean, Bytea, Column, Integer, Text, Timestamptz, Varchar

from lapor.complaints.tables import CHANNELS
from lapor.intake.tables import MEDIA_STATES
from lapor.schema import table_migration

ID = "2026-11-22T12:00:00:000020"
VERSION = "1.38.0"
DESCRIPTION = "conversations over channels"

_TABLES = {
    "ChannelAccount": {
        "id": BigSerial(primary_key=True),
        "channel": Varchar(length=12),
        "name": Varchar(length=60),
        "title": Varchar(length=80, default=""),
        "active": Boolean(default=False),
        "secrets": Bytea(default=b""),
        "settings": Text(default="{}"),
        "last_seen_at": Timestamptz(null=True, default=None),
        "refusals": Integer(default=0),
        "refused_at": Timestamptz(null=True, default=None),
        "paused_until": Timestamptz(null=True, default=None),
        "failures": Integer(default=0),
        "trouble": Varchar(length=300, null=True, default=None),
        "changed_by": BigInt(null=True, default=None),
        "changed_at": Timestamptz(),
    },
    "Dialogue": {
        "id": BigSerial(primary_key=True),
        "channel": Varchar(length=12),
        "account": Varchar(length=60),
        "sender_lookup": Varchar(length=80),
        "sender": Bytea(),
        "state": Bytea(null=True, default=None),
        "heard_at": Timestamptz(),
        "received_at": Timestamptz(null=True, default=None),
        "silent_at": Timestamptz(null=True, default=None),
    },
    "ChannelMedia": {
        "id": BigSerial(primary_key=True),
        "channel": Varchar(length=12),
        "account": Varchar(length=60),
        "reference": Varchar(length=200),
        "kind": Varchar(length=10),
        "filename": Varchar(length=120, default=""),
        "dialogue": BigInt(null=True, default=None),
        "complaint": BigInt(null=True, default=None),
        "statement": BigInt(null=True, default=None),
        "state": Varchar(length=10, default="heard"),
        "attempts": Integer(default=0),
        "next_attempt_at": Timestamptz(),
        "received_at": Timestamptz(),
        "trouble": Varchar(length=300, null=True, default=None),
    },
}

_COLUMNS: dict[str, dict[str, Column]] = {
    "Message": {
        # A conversation's own words; they belong to no complaint, and no officer sees them.
        "dialogue": BigInt(null=True, default=None),
        "said": Bytea(null=True, default=None),
        # What the provider tells about a message after it has left: sent, delivered, read, failed.
        "receipt": Varchar(length=10, null=True, default=None),
        "receipt_at": Timestamptz(null=True, default=None),
    },
}


def _known(table: str, column: str, values: tuple[str, ...]) -> str:
    listed = ", ".join(f"'{value}'" for value in values)
    return f"ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_known CHECK ({column} IN ({listed}))"


_ADMINISTERS = "(SELECT my_agencies_as('{administrator}')) <> '{}'"
_SECURED = ("channel_account", "dialogue", "channel_media")
_POLICIES = (
    "heard ON channel_account FOR SELECT TO lapor_intake USING (active)",
    "refuses ON channel_account FOR UPDATE TO lapor_intake USING (active)",
    "worker_select ON channel_account FOR SELECT TO lapor_worker USING (true)",
    "worker_update ON channel_account FOR UPDATE TO lapor_worker USING (true)",
    f"shown ON channel_account FOR SELECT TO lapor_desk USING ({_ADMINISTERS})",
    f"opens ON channel_account FOR INSERT TO lapor_desk WITH CHECK ({_ADMINISTERS} AND changed_by = app_user())",
    f"changes ON channel_account FOR UPDATE TO lapor_desk USING ({_ADMINISTERS})"
    f" WITH CHECK ({_ADMINISTERS} AND changed_by = app_user())",
    *(
        f"worker_{command.lower()} ON {table} FOR {command} TO lapor_worker"
        + ("" if command == "INSERT" else " USING (true)")
        + (" WITH CHECK (true)" if command == "INSERT" else "")
        for table in ("dialogue", "channel_media")
        for command in ("SELECT", "INSERT", "UPDATE", "DELETE")
    ),
    # Whoever administers the channels sends a trial message to a number that they type.
    f"tries ON message FOR INSERT TO lapor_desk WITH CHECK ({_ADMINISTERS} AND kind = 'channel_trial'"
    " AND complaint IS NULL)",
)

_SHAPE = (
    _known("channel_account", "channel", CHANNELS),
    _known("dialogue", "channel", CHANNELS),
    _known("channel_media", "channel", CHANNELS),
    _known("channel_media", "state", MEDIA_STATES),
    "ALTER TABLE channel_media ADD FOREIGN KEY (complaint) REFERENCES complaint (id)",
    "ALTER TABLE channel_media ADD CONSTRAINT channel_media_one_owner CHECK (dialogue IS NULL OR complaint IS NULL)",
    "CREATE UNIQUE INDEX channel_account_once ON channel_account (channel, name)",
    "CREATE UNIQUE INDEX dialogue_once ON dialogue (channel, account, sender_lookup)",
    "CREATE INDEX dialogue_silent ON dialogue (silent_at) WHERE silent_at IS NOT NULL",
    "CREATE INDEX dialogue_heard ON dialogue (heard_at)",
    "CREATE INDEX channel_media_due ON channel_media (next_attempt_at) WHERE state = 'waiting'",
    "CREATE INDEX channel_media_dialogue ON channel_media (dialogue) WHERE dialogue IS NOT NULL",
    "CREATE INDEX channel_media_complaint ON channel_media (complaint) WHERE complaint IS NOT NULL",
    # A mail server's answer is no reference by which anything is found again.
    "CREATE INDEX message_reference ON message (provider_reference)"
    " WHERE provider_reference IS NOT NULL AND channel NOT IN ('email', 'console')",
    "CREATE INDEX message_dialogue ON message (dialogue) WHERE dialogue IS NOT NULL",
)
_MEDIA_MOVES = "dialogue, complaint, statement, state, attempts, next_attempt_at, trouble"
_GRANTS = (
    "GRANT SELECT (id, channel, name, secrets, settings, active, refused_at, refusals) ON channel_account TO lapor_intake",
    "GRANT UPDATE (refusals, refused_at) ON channel_account TO lapor_intake",
    "GRANT SELECT ON channel_account TO lapor_worker, lapor_desk",
    "GRANT UPDATE (last_seen_at, paused_until, failures, trouble) ON channel_account TO lapor_worker",
    "GRANT INSERT ON channel_account TO lapor_desk",
    "GRANT UPDATE (title, active, secrets, settings, paused_until, failures, trouble, changed_by, changed_at)"
    " ON channel_account TO lapor_desk",
    "GRANT SELECT, INSERT, DELETE ON dialogue, channel_media TO lapor_worker",
    "GRANT UPDATE (sender, sender_lookup, state, heard_at, received_at, silent_at) ON dialogue TO lapor_worker",
    f"GRANT UPDATE ({_MEDIA_MOVES}) ON channel_media TO lapor_worker",
    # Of a ticket that is not the sender's a conversation says what everybody is told.
    "GRANT EXECUTE ON FUNCTION ticket_status(text) TO lapor_worker",
    # A mailbox is emptied by the worker: it stores what the web stores for the others.
    "GRANT INSERT ON inbound TO lapor_worker",
    "GRANT USAGE ON SEQUENCE channel_account_id_seq TO lapor_desk",
    "GRANT USAGE ON SEQUENCE dialogue_id_seq, channel_media_id_seq TO lapor_worker",
)


async def forwards() -> MigrationManager:
    return table_migration(
        ID,
        DESCRIPTION,
        tables=_TABLES,
        columns=_COLUMNS,
        forwards=[
            *_SHAPE,
            *(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY" for table in _SECURED),
            *(f"CREATE POLICY {policy}" for policy in _POLICIES),
            *_GRANTS,
        ],
        backwards=[
            "REVOKE INSERT ON inbound FROM lapor_worker",
            "REVOKE EXECUTE ON FUNCTION ticket_status(text) FROM lapor_worker",
            "DROP INDEX message_dialogue",
            "DROP INDEX message_reference",
            *(f"DROP POLICY {policy.split(' FOR ')[0]}" for policy in reversed(_POLICIES)),
        ],
    )
