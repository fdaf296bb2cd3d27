"""What has changed since a moment of the ledger, asked by the web process for all its viewers at once.

Every verb appends to the ledger, so its newest rows name every complaint that changed. Nothing is sent when a verb
commits: a notification there would let all commits of the database wait for one another.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from lapor.schema import table_migration

ID = "2026-11-22T12:00:00:000009"
VERSION = "1.38.0"
DESCRIPTION = "what has changed, for live pages"

_DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"

# Numbers only; whether a viewer may hear of a complaint is asked again as that viewer, under the row policies.
_CHANGES = f"""
CREATE FUNCTION changes_since(asked bigint, most integer)
RETURNS TABLE (event bigint, complaint bigint, region bigint, agencies bigint[])
LANGUAGE sql STABLE {_DEFINER} AS $$
  SELECT e.id, e.complaint, c.region,
    array_remove(ARRAY[e.agency, c.owner_agency, c.offered_agency] || c.supporting::bigint[], NULL)
  FROM event e JOIN complaint c ON c.id = e.complaint
  WHERE e.id > asked ORDER BY e.id LIMIT most
$$"""
_LAST = f"""
CREATE FUNCTION last_change() RETURNS bigint LANGUAGE sql STABLE {_DEFINER} AS $$
  SELECT coalesce(max(id), 0) FROM event
$$"""
_SIGNATURES = ("changes_since(bigint, integer)", "last_change()")


async def forwards() -> MigrationManager:
    return table_migration(
        ID,
        DESCRIPTION,
        forwards=[
            _CHANGES,
            _LAST,
            *(f"REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC" for name in _SIGNATURES),
            *(f"GRANT EXECUTE ON FUNCTION {name} TO lapor_gate" for name in _SIGNATURES),
        ],
        backwards=[f"DROP FUNCTION {name}" for name in _SIGNATURES],
    )
