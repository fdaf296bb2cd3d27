"""The threads on social accounts from which complaints came."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigInt, BigSerial, Boolean, Timestamptz, Varchar

from lapor.schema import table_migration

ID = "2026-11-22T12:00:00:000032"
VERSION = "1.38.0"
DESCRIPTION = "threads on social accounts"

_TABLES = {
    "SocialThread": {
        "id": BigSerial(primary_key=True),
        "complaint": BigInt(),
        "link": Varchar(length=500, null=True, default=None),
        "account": Varchar(length=60, default=""),
        "comment": Varchar(length=120, null=True, default=None),
        "instagram": Boolean(default=False),
        "forwarded": Boolean(default=False),
        "said_at": Timestamptz(),
        "private_message": BigInt(null=True, default=None),
    },
}

# A link leads to whoever wrote there: it is read with the words, and not where the reporter is anonymous.
_SEEN = "may_read(complaint) AND EXISTS (SELECT FROM complaint c WHERE c.id = social_thread.complaint AND NOT c.anonymous)"

_POLICIES = (
    f"seen ON social_thread FOR SELECT TO lapor_reader USING ({_SEEN})",
    "worker_select ON social_thread FOR SELECT TO lapor_worker USING (true)",
    "worker_insert ON social_thread FOR INSERT TO lapor_worker WITH CHECK (true)",
    "worker_update ON social_thread FOR UPDATE TO lapor_worker USING (true) WITH CHECK (true)",
)

_FORWARDS = [
    "ALTER TABLE social_thread ADD FOREIGN KEY (complaint) REFERENCES complaint (id)",
    "CREATE UNIQUE INDEX social_thread_complaint ON social_thread (complaint)",
    "CREATE UNIQUE INDEX social_thread_link ON social_thread (link)",
    "CREATE UNIQUE INDEX social_thread_comment ON social_thread (comment)",
    "ALTER TABLE social_thread ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE social_thread FORCE ROW LEVEL SECURITY",
    *(f"CREATE POLICY {policy}" for policy in _POLICIES),
    "GRANT SELECT, INSERT ON social_thread TO lapor_worker",
    "GRANT UPDATE (link, comment, private_message) ON social_thread TO lapor_worker",
    "GRANT USAGE ON SEQUENCE social_thread_id_seq TO lapor_worker",
    "GRANT SELECT (complaint, link, account, comment, forwarded) ON social_thread TO lapor_reader",
]


async def forwards() -> MigrationManager:
    return table_migration(
        ID,
        DESCRIPTION,
        tables=_TABLES,
        forwards=_FORWARDS,
        backwards=[f"DROP POLICY {policy.split(' FOR ')[0]}" for policy in reversed(_POLICIES)],
    )
