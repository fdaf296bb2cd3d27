"""With which agency a unit was counted when a month closed: a later move of the unit moves no figure of that month."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigInt, BigSerial, Date

from lapor.schema import table_migration

ID = "2026-11-22T12:00:00:000042"
VERSION = "1.38.0"
DESCRIPTION = "who a unit was counted with"

_TABLES = {
    "FigureLead": {
        "id": BigSerial(primary_key=True),
        "agency": BigInt(),
        "month": Date(),
        "lead": BigInt(),
    },
}

# As `sight.py` finds it: up to the agency that answers for it, villages and enterprises answer for themselves.
_SO_FAR = """
WITH RECURSIVE up AS (
  SELECT a.id AS agency, a.id AS lead, a.region, a.parent, a.kind, 0 AS depth FROM agency a
  UNION ALL
  SELECT u.agency, p.id, u.region, p.parent, p.kind, u.depth + 1 FROM up u JOIN agency p ON p.id = u.parent
  WHERE p.kind NOT IN ('sekretariat', 'pimpinan') AND u.kind NOT IN ('desa', 'bumd') AND u.depth < 5
), leads AS (
  SELECT DISTINCT ON (agency) agency, region, lead FROM up ORDER BY agency, depth DESC
)
INSERT INTO figure_lead (agency, month, lead)
SELECT l.agency, s.month, l.lead FROM leads l
JOIN (SELECT region, min(month) AS month FROM figure_seal WHERE kind = 'closed' GROUP BY region) s USING (region)"""

_FORWARDS = [
    "ALTER TABLE figure_lead ADD FOREIGN KEY (agency) REFERENCES agency (id)",
    "ALTER TABLE figure_lead ADD FOREIGN KEY (lead) REFERENCES agency (id)",
    "CREATE UNIQUE INDEX figure_lead_once ON figure_lead (agency, month)",
    _SO_FAR,
    "ALTER TABLE figure_lead ENABLE ROW LEVEL SECURITY",
    # Which office belongs to which is no secret.
    "CREATE POLICY everybody ON figure_lead FOR SELECT TO lapor_public, lapor_reader, lapor_worker USING (true)",
    "CREATE POLICY closes ON figure_lead FOR INSERT TO lapor_worker WITH CHECK (true)",
    "GRANT SELECT ON figure_lead TO lapor_public, lapor_reader, lapor_worker",
    "GRANT INSERT ON figure_lead TO lapor_worker",
    "GRANT USAGE ON SEQUENCE figure_lead_id_seq TO lapor_worker",
    "CREATE TRIGGER figure_lead_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON figure_lead"
    " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()",
]


async def forwards() -> MigrationManager:
    return table_migration(
        ID,
        DESCRIPTION,
        tables=_TABLES,
        forwards=_FORWARDS,
        backwards=["DROP TRIGGER figure_lead_refuse ON figure_lead"],
    )
