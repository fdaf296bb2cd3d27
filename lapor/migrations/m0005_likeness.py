"""Which photos show the same, asked across agencies; proof is the reporter's to see once it was confirmed."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from lapor.schema import sql_migration

ID = "2026-11-22T06:40:00:000005"
VERSION = "1.38.0"
DESCRIPTION = "likeness of photos"

# The officer who sends a proof does not see the complaint from which it was taken: only the database can tell.
_LIKENESS = """
CREATE FUNCTION photo_likeness(asked bigint, digest bytea, likeness_asked bigint, most integer)
RETURNS TABLE (complaint bigint, purpose text, equal boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT found.complaint, found.purpose, found.equal FROM (
    SELECT a.id, a.complaint, a.purpose, a.sha256 = digest AS equal, a.likeness FROM attachment a
    WHERE a.complaint = asked AND a.purpose <> 'proof'
    UNION ALL
    SELECT a.id, a.complaint, a.purpose, true, a.likeness FROM attachment a
    WHERE a.sha256 = digest AND a.purpose = 'proof' AND a.complaint <> asked
    UNION ALL
    SELECT a.id, a.complaint, a.purpose, false, a.likeness FROM attachment a
    WHERE a.purpose = 'proof' AND a.complaint <> asked
      AND bit_count((a.likeness # likeness_asked)::bit(64)) <= most
  ) found
  WHERE found.equal OR bit_count((found.likeness # likeness_asked)::bit(64)) <= most
  ORDER BY found.equal DESC, bit_count((found.likeness # likeness_asked)::bit(64)), found.id
  LIMIT 1
$$"""

_OWN = "EXISTS (SELECT FROM complaint c WHERE c.id = attachment.complaint)"
_CONFIRMED = "EXISTS (SELECT FROM statement s WHERE s.id = attachment.statement AND s.to_reporter)"


async def forwards() -> MigrationManager:
    return sql_migration(
        ID,
        DESCRIPTION,
        [
            _LIKENESS,
            "REVOKE EXECUTE ON FUNCTION photo_likeness(bigint, bytea, bigint, integer) FROM PUBLIC",
            "GRANT EXECUTE ON FUNCTION photo_likeness(bigint, bytea, bigint, integer) TO lapor_desk",
            f"ALTER POLICY own ON attachment USING ({_OWN} AND (purpose <> 'proof' OR {_CONFIRMED}))",
        ],
        [
            f"ALTER POLICY own ON attachment USING ({_OWN})",
            "DROP FUNCTION photo_likeness(bigint, bytea, bigint, integer)",
        ],
    )
