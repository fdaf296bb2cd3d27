"""Which complaints hold certain words, looked up in the index of words and then held against the asker's sight."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from lapor.migrations.m0004_row_security import _SEES_CLOCKS, _SEES_WORDS
from lapor.schema import sql_migration

ID = "2026-11-22T12:00:00:000019"
VERSION = "1.38.0"
DESCRIPTION = "search in the words"

# Under row-level security PostgreSQL looks at every row that could be hidden before it may compare its words. Here the
# index is asked first, and what the asker may not read is left out before anything is returned. NULL stands for words
# that so many complaints hold that reading the list itself is quicker.
_FOUND = f"""
CREATE FUNCTION complaints_saying(asked text, most integer) RETURNS bigint[] LANGUAGE plpgsql STABLE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  found bigint[];
BEGIN
  SELECT array_agg(w.complaint) INTO found FROM (
    SELECT s.complaint FROM content s WHERE s.words @@ websearch_to_tsquery('indonesian', asked) LIMIT most + 1
  ) w;
  IF cardinality(found) > most THEN
    RETURN NULL;
  END IF;
  RETURN coalesce((
    SELECT array_agg(c.id) FROM complaint c
    WHERE c.id = ANY (found) AND ({_SEES_CLOCKS}) AND ({_SEES_WORDS})), '{{}}');
END $$"""
_SIGNATURE = "complaints_saying(text, integer)"


async def forwards() -> MigrationManager:
    return sql_migration(
        ID,
        DESCRIPTION,
        [
            _FOUND,
            f"REVOKE EXECUTE ON FUNCTION {_SIGNATURE} FROM PUBLIC",
            f"GRANT EXECUTE ON FUNCTION {_SIGNATURE} TO lapor_reader, lapor_desk",
        ],
        [f"DROP FUNCTION {_SIGNATURE}"],
    )
