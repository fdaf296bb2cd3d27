"""The numbers that complaints have in SP4N-LAPOR!, each taken over once."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigInt, BigSerial, Timestamptz, Varchar

from lapor.schema import table_migration

ID = "2026-11-22T12:00:00:000028"
VERSION = "1.38.0"
DESCRIPTION = "complaints of SP4N-LAPOR!"

_TABLES = {
    "Sp4nReport": {
        "id": BigSerial(primary_key=True),
        "sp4n_id": Varchar(length=60),
        "complaint": BigInt(),
        "received_at": Timestamptz(),
        "taken_over_at": Timestamptz(),
    },
}

_FORWARDS = [
    "ALTER TABLE sp4n_report ADD FOREIGN KEY (complaint) REFERENCES complaint (id)",
    "CREATE UNIQUE INDEX sp4n_report_number ON sp4n_report (sp4n_id)",
    "CREATE UNIQUE INDEX sp4n_report_complaint ON sp4n_report (complaint)",
    "ALTER TABLE sp4n_report ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE sp4n_report FORCE ROW LEVEL SECURITY",
    "CREATE POLICY worker_select ON sp4n_report FOR SELECT TO lapor_worker USING (true)",
    "CREATE POLICY worker_insert ON sp4n_report FOR INSERT TO lapor_worker WITH CHECK (true)",
    "GRANT SELECT, INSERT ON sp4n_report TO lapor_worker",
    "GRANT USAGE ON SEQUENCE sp4n_report_id_seq TO lapor_worker",
]


async def forwards() -> MigrationManager:
    return table_migration(
        ID,
        DESCRIPTION,
        tables=_TABLES,
        forwards=_FORWARDS,
        backwards=[f"DROP POLICY worker_{command} ON sp4n_report" for command in ("select", "insert")],
    )
