"""How long first answers took stands in the sums themselves, so that any figure is read from a few rows."""

from decimal import Decimal

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import Numeric

from lapor.schema import table_migration

ID = "2026-11-22T12:00:00:000018"
VERSION = "1.38.0"
DESCRIPTION = "sums of figures with their hours"

# Eight digits for every begun hour up to 96, then for every begun day.
_ONE = "('1e' || 8 * (CASE WHEN hours <= 96 THEN hours ELSE 92 + hours / 24 END - 1))::numeric"
_SAME = (
    "(h.dimension, h.month, h.region, h.agency, h.key, h.frozen)"
    " = (c.dimension, c.month, c.region, c.agency, c.key, c.frozen)"
)
_KEYS = "dimension, month, region, agency, key, frozen"
_SAVE = f"""
CREATE TABLE figure_hours_saved AS
SELECT {_KEYS}, sum(reports * {_ONE}) AS hours_taken FROM figure_hours GROUP BY {_KEYS}"""
_MOVE = f"UPDATE figure_cell c SET hours_taken = h.hours_taken FROM figure_hours_saved h WHERE {_SAME}"
_UNPACK = f"""
CREATE TABLE figure_hours_saved AS
SELECT {_KEYS}, CASE WHEN step <= 96 THEN step ELSE (step - 92) * 24 END AS hours,
  mod(div(hours_taken, ('1e' || 8 * (step - 1))::numeric), 100000000)::int AS reports
FROM figure_cell CROSS JOIN LATERAL generate_series(1, (length(hours_taken::text) + 7) / 8) AS step"""
_PUT_BACK = f"""
INSERT INTO figure_hours ({_KEYS}, hours, reports)
SELECT {_KEYS}, hours, reports FROM figure_hours_saved WHERE reports > 0"""

_READ_BY = (
    "CREATE UNIQUE INDEX figure_cell_once ON figure_cell (dimension, agency, region, month, key, frozen)"
)
_READ_BY_BEFORE = (
    "CREATE UNIQUE INDEX figure_cell_once ON figure_cell (dimension, month, region, agency, key, frozen)"
)
_WORDS = "CREATE INDEX statement_fingerprint ON statement ({}) WHERE fingerprint IS NOT NULL"

_IN_REGION = "region = ANY ((SELECT figure_regions())::bigint[])"
_IN_AGENCY = "agency = ANY ((SELECT figure_agencies())::bigint[])"
_OF_PERSON = (
    "(key = (SELECT app_user())::text"
    " OR agency = ANY ((SELECT my_agencies_as('{agency_head,liaison}'))::bigint[]))"
)
_SEES_SUM = (
    f"(dimension <> 'person' AND ({_IN_REGION} OR {_IN_AGENCY})) OR (dimension = 'person' AND {_OF_PERSON})"
)
_RESTORED = [
    "CREATE UNIQUE INDEX figure_hours_once ON figure_hours"
    " (dimension, month, region, agency, key, frozen, hours)",
    _PUT_BACK,
    "DROP TABLE figure_hours_saved",
    "CREATE TRIGGER figure_hours_frozen BEFORE UPDATE OR DELETE ON figure_hours FOR EACH ROW"
    " WHEN (OLD.frozen) EXECUTE FUNCTION figure_is_closed()",
    "ALTER TABLE figure_hours ENABLE ROW LEVEL SECURITY",
    f"CREATE POLICY officer ON figure_hours FOR SELECT TO lapor_reader USING ({_SEES_SUM})",
    "CREATE POLICY everybody ON figure_hours FOR SELECT TO lapor_public USING (dimension <> 'person')",
    "CREATE POLICY worker ON figure_hours FOR ALL TO lapor_worker USING (true) WITH CHECK (true)",
    "GRANT SELECT ON figure_hours TO lapor_public, lapor_reader",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON figure_hours TO lapor_worker",
    "GRANT USAGE ON SEQUENCE figure_hours_id_seq TO lapor_worker",
]


async def forwards() -> MigrationManager:
    return table_migration(
        ID,
        DESCRIPTION,
        columns={"FigureCell": {"hours_taken": Numeric(default=Decimal(0))}},
        dropped=["FigureHours"],
        before=[_SAVE],
        forwards=[
            # The same figures in another place: closed months keep theirs.
            "ALTER TABLE figure_cell DISABLE TRIGGER figure_cell_frozen",
            _MOVE,
            "ALTER TABLE figure_cell ENABLE TRIGGER figure_cell_frozen",
            "DROP TABLE figure_hours_saved",
            "DROP INDEX figure_cell_once",
            _READ_BY,
            # Sums are changed in place again and again.
            "ALTER TABLE figure_cell SET (fillfactor = 70)",
            "CREATE INDEX figure_seal_month ON figure_seal (region, month, kind)",
            "DROP INDEX statement_fingerprint",
            _WORDS.format("agency, fingerprint, made_at"),
        ],
        backwards=[
            "DROP INDEX statement_fingerprint",
            _WORDS.format("agency, fingerprint"),
            "DROP INDEX figure_seal_month",
            "ALTER TABLE figure_cell RESET (fillfactor)",
            "DROP INDEX figure_cell_once",
            _READ_BY_BEFORE,
            _UNPACK,
        ],
        restored=_RESTORED,
    )
