"""Links of duplicates, corrections, and what the worker may read of instructions and write of photos."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigInt, BigSerial, Timestamptz

from lapor.schema import table_migration

ID = "2026-11-22T12:00:00:000006"
VERSION = "1.38.0"
DESCRIPTION = "links, corrections, photos through channels"

_TABLES = {
    "ComplaintLink": {
        "id": BigSerial(primary_key=True),
        "complaint": BigInt(),
        "leader": BigInt(),
        "linked_by": BigInt(),
        "linked_at": Timestamptz(),
        "unlinked_by": BigInt(null=True, default=None),
        "unlinked_at": Timestamptz(null=True, default=None),
    },
}

# Whoever may not see one of the two is shown no link; a verb that holds one of them finds it, to end it. The second
# condition says nothing new; it keeps the planner from hashing all complaints to check a few.
_FOLLOWER = "EXISTS (SELECT FROM complaint c WHERE c.id = complaint AND c.id >= complaint)"
_LEADER = "EXISTS (SELECT FROM complaint c WHERE c.id = leader AND c.id >= leader)"
_BOTH = f"{_FOLLOWER} AND {_LEADER}"
_ONE = f"{_FOLLOWER} OR {_LEADER}"
_HELD = "nullif(current_setting('app.holding', true), '')::bigint"

# The worker adds what a resident sent through a channel, to a complaint that it holds: to the report of one that came
# that way, or beside a reply. It never writes a proof, and what it wrote says nothing about likeness.
_SENT = f"""flagged IS NULL AND complaint = {_HELD} AND (
  (purpose = 'report' AND statement IS NULL
   AND EXISTS (SELECT FROM complaint c WHERE c.id = attachment.complaint
               AND c.channel NOT IN ('web', 'counter', 'phone', 'kiosk')))
  OR (purpose = 'reply'
      AND EXISTS (SELECT FROM statement s WHERE s.id = attachment.statement AND s.complaint = attachment.complaint
                  AND s.kind = 'reply')))"""

_FORWARDS = [
    "ALTER TABLE complaint_link ADD FOREIGN KEY (complaint) REFERENCES complaint (id)",
    "ALTER TABLE complaint_link ADD FOREIGN KEY (leader) REFERENCES complaint (id)",
    "ALTER TABLE complaint_link ADD CONSTRAINT complaint_link_two CHECK (complaint <> leader)",
    "CREATE UNIQUE INDEX complaint_link_once ON complaint_link (complaint) WHERE unlinked_at IS NULL",
    "CREATE INDEX complaint_link_leader ON complaint_link (leader) WHERE unlinked_at IS NULL",
    "ALTER TABLE complaint_link ENABLE ROW LEVEL SECURITY",
    f"CREATE POLICY seen ON complaint_link FOR SELECT TO lapor_reader USING ({_BOTH})",
    f"CREATE POLICY found ON complaint_link FOR SELECT TO lapor_desk USING ({_ONE})",
    f"CREATE POLICY writes ON complaint_link FOR INSERT TO lapor_desk WITH CHECK ({_BOTH})",
    f"CREATE POLICY ended ON complaint_link FOR UPDATE TO lapor_desk USING ({_ONE})",
    "GRANT SELECT ON complaint_link TO lapor_reader, lapor_desk",
    "GRANT INSERT, UPDATE (unlinked_by, unlinked_at) ON complaint_link TO lapor_desk",
    "GRANT USAGE ON SEQUENCE complaint_link_id_seq TO lapor_desk",
    "GRANT UPDATE (district, village) ON complaint TO lapor_desk",
    "GRANT UPDATE (address) ON content TO lapor_desk",
    f"CREATE POLICY corrected ON content FOR UPDATE TO lapor_desk USING (complaint = {_HELD})",
    "GRANT UPDATE (category, district) ON publication TO lapor_desk",
    f"CREATE POLICY corrected ON publication FOR UPDATE TO lapor_desk USING (complaint = {_HELD})",
    "CREATE POLICY worker_reads ON instruction FOR SELECT TO lapor_worker USING (true)",
    "CREATE POLICY worker_reads ON instruction_item FOR SELECT TO lapor_worker USING (true)",
    "REVOKE SELECT ON attachment FROM lapor_worker",
    "GRANT SELECT (id, complaint, statement, purpose, sha256) ON attachment TO lapor_worker",
    "CREATE POLICY worker_compares ON attachment FOR SELECT TO lapor_worker USING (purpose <> 'proof')",
    f"CREATE POLICY worker_adds ON attachment FOR INSERT TO lapor_worker WITH CHECK ({_SENT})",
]

_BACKWARDS = [
    "DROP POLICY worker_adds ON attachment",
    "DROP POLICY worker_compares ON attachment",
    "REVOKE SELECT (id, complaint, statement, purpose, sha256) ON attachment FROM lapor_worker",
    "GRANT SELECT ON attachment TO lapor_worker",
    "DROP POLICY worker_reads ON instruction_item",
    "DROP POLICY worker_reads ON instruction",
    "DROP POLICY corrected ON publication",
    "REVOKE UPDATE (category, district) ON publication FROM lapor_desk",
    "DROP POLICY corrected ON content",
    "REVOKE UPDATE (address) ON content FROM lapor_desk",
    "REVOKE UPDATE (district, village) ON complaint FROM lapor_desk",
]


async def forwards() -> MigrationManager:
    return table_migration(ID, DESCRIPTION, tables=_TABLES, forwards=_FORWARDS, backwards=_BACKWARDS)
