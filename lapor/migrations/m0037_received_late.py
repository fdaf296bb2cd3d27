"""How many complaints were past their deadline when they were received, out of the same facts as every other figure."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from lapor.schema import sql_migration

ID = "2026-11-22T12:00:00:000037"
VERSION = "1.38.0"
DESCRIPTION = "received late, as the month was closed"

# Whether it was late at receipt never changes, for the first deadline and the receipt do not; whose it was does.
# A closed month answers out of the facts of its seal. Few complaints come on old paper: a partial index finds them.
_COUNT = """
CREATE FUNCTION received_late(since date, until date, of_region bigint, of_agencies bigint[])
RETURNS bigint LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  RETURN (
  WITH late AS MATERIALIZED (
    SELECT c.id FROM complaint c
    WHERE c.written_at IS NOT NULL AND c.filed_at >= since - 1 AND c.filed_at < until + 1
      AND EXISTS (SELECT FROM clock k WHERE k.complaint = c.id AND k.kind = 'response' AND k.cycle = 1
                  AND k.due_at < c.filed_at)
  ), counted AS (
    SELECT f.region, f.month, f.agency FROM late l JOIN figure_frozen f ON f.complaint = l.id
    JOIN figure_seal s ON s.id = f.seal AND s.kind = 'closed' WHERE f.reports > 0
    UNION ALL
    SELECT f.region, f.month, f.agency FROM late l JOIN figure_fact f ON f.complaint = l.id
    WHERE f.reports > 0 AND NOT EXISTS (
      SELECT FROM figure_seal s WHERE s.region = f.region AND s.month = f.month AND s.kind = 'closed')
  )
  SELECT count(*) FROM counted
  WHERE month >= since AND month < until AND (of_region IS NULL OR region = of_region)
    AND (of_agencies IS NULL OR agency = ANY (of_agencies))
    AND (region = ANY (figure_regions()) OR agency = ANY (figure_agencies())));
END $$"""
_SIGNATURE = "received_late(date, date, bigint, bigint[])"


async def forwards() -> MigrationManager:
    return sql_migration(
        ID,
        DESCRIPTION,
        [
            _COUNT,
            f"REVOKE EXECUTE ON FUNCTION {_SIGNATURE} FROM PUBLIC",
            f"GRANT EXECUTE ON FUNCTION {_SIGNATURE} TO lapor_reader",
        ],
        [f"DROP FUNCTION {_SIGNATURE}"],
    )
