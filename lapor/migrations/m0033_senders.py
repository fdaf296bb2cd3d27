"""How much somebody writes, by which ids they are known, which letter a bounce is about, and numbers of SP4N-LAPOR!."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigSerial, Bytea, Column, Integer, Timestamptz, Varchar

from lapor.complaints.tables import CHANNELS
from lapor.schema import table_migration

ID = "2026-11-22T12:00:00:000033"
VERSION = "1.38.0"
DESCRIPTION = "senders, bounces and numbers"

_TABLES = {
    "SenderPair": {
        "id": BigSerial(primary_key=True),
        "channel": Varchar(length=12),
        "account": Varchar(length=60),
        "phone_lookup": Varchar(length=80),
        "user_lookup": Varchar(length=80),
        "ids": Bytea(),
        "seen_at": Timestamptz(),
    },
}

_COLUMNS: dict[str, dict[str, Column]] = {
    "Dialogue": {
        # What was read of this sender in the window that began then: of minutes, of a day, and photos without words.
        "window_at": Timestamptz(null=True, default=None),
        "window_count": Integer(default=0),
        "day_at": Timestamptz(null=True, default=None),
        "day_count": Integer(default=0),
        "photo_count": Integer(default=0),
    },
}

_KNOWN = ", ".join(f"'{channel}'" for channel in CHANNELS)
_WORKER = ("SELECT", "INSERT", "UPDATE", "DELETE")
_POLICIES = (
    *(
        f"worker_{command.lower()} ON sender_pair FOR {command} TO lapor_worker"
        + (" WITH CHECK (true)" if command == "INSERT" else " USING (true)")
        for command in _WORKER
    ),
    # The number goes wherever the complaint itself may be seen.
    "seen ON sp4n_report FOR SELECT TO lapor_reader"
    " USING (EXISTS (SELECT FROM complaint c WHERE c.id = complaint AND c.id >= complaint))",
)

_FORWARDS = [
    f"ALTER TABLE sender_pair ADD CONSTRAINT sender_pair_channel_known CHECK (channel IN ({_KNOWN}))",
    "CREATE UNIQUE INDEX sender_pair_once ON sender_pair (channel, account, user_lookup)",
    "CREATE INDEX sender_pair_phone ON sender_pair (channel, account, phone_lookup)",
    "CREATE INDEX sender_pair_seen ON sender_pair (seen_at)",
    "ALTER TABLE sender_pair ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE sender_pair FORCE ROW LEVEL SECURITY",
    *(f"CREATE POLICY {policy}" for policy in _POLICIES),
    "GRANT SELECT, INSERT, DELETE ON sender_pair TO lapor_worker",
    "GRANT UPDATE (phone_lookup, ids, seen_at) ON sender_pair TO lapor_worker",
    "GRANT USAGE ON SEQUENCE sender_pair_id_seq TO lapor_worker",
    "GRANT UPDATE (window_at, window_count, day_at, day_count, photo_count) ON dialogue TO lapor_worker",
    "GRANT SELECT (complaint, sp4n_id, received_at) ON sp4n_report TO lapor_reader",
    # By the first part of a letter's Message-ID, as `mail_threads.message_id` makes it.
    "CREATE INDEX message_mail_id ON message (substr(encode(sha256(dedupe_key::text::bytea), 'hex'), 1, 24))"
    " WHERE channel = 'email' AND state = 'sent'",
]


async def forwards() -> MigrationManager:
    return table_migration(
        ID,
        DESCRIPTION,
        tables=_TABLES,
        columns=_COLUMNS,
        forwards=_FORWARDS,
        backwards=[
            "DROP INDEX message_mail_id",
            "REVOKE SELECT (complaint, sp4n_id, received_at) ON sp4n_report FROM lapor_reader",
            *(f"DROP POLICY {policy.split(' FOR ')[0]}" for policy in reversed(_POLICIES)),
        ],
    )
