"""Operators of the counter and the call centre, and what they are shown of a caller."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from lapor.schema import sql_migration

ID = "2026-11-22T12:00:00:000022"
VERSION = "1.38.0"
DESCRIPTION = "operators of the counter"

_DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
_OPERATORS = "'{operator,coordinator}'"

_ROLES_BEFORE = (
    "head_of_region",
    "deputy_head",
    "sekda",
    "leadership_staff",
    "inspector",
    "coordinator",
    "administrator",
    "agency_head",
    "checker",
    "liaison",
    "staff",
    "agency_admin",
)

# An operator reads no complaint. Of a caller they learn what a ticket tells anybody, and each look stands in the chains
# of what was found, in the order in which every writer locks them.
_HISTORY = f"""
CREATE FUNCTION caller_history(lookups text[])
RETURNS TABLE (ticket text, status text, category text, category_en text, agency text, filed_at timestamptz,
               due_at timestamptz, met_at timestamptz, due_kind text, timezone text)
LANGUAGE plpgsql {_DEFINER} AS $$
DECLARE
  found bigint[];
BEGIN
  IF app_user() IS NULL OR my_agencies_as({_OPERATORS}) = '{{}}' THEN
    RAISE EXCEPTION 'this history is not shown' USING ERRCODE = 'insufficient_privilege';
  END IF;
  found := ARRAY(
    SELECT c.id FROM identity i JOIN complaint c ON c.id = i.complaint
    WHERE i.phone_lookup = ANY (lookups) AND c.region = ANY (my_regions_as({_OPERATORS}))
      AND NOT (c.anonymous OR c.confidential OR c.protected OR c.about_official)
    ORDER BY c.id DESC LIMIT 10);
  INSERT INTO event (complaint, kind, actor, agency)
  SELECT one, 'history_seen', 'officer:' || app_user(),
         (SELECT min(mine) FROM unnest(my_agencies_as({_OPERATORS})) AS mine)
  FROM unnest(found) AS one ORDER BY one;
  RETURN QUERY
    SELECT c.ticket::text, c.status::text, coalesce(g.name, '')::text, coalesce(g.name_en, '')::text,
           a.short_name::text, c.filed_at, s.due_at, s.met_at, coalesce(s.due_kind, '')::text, r.timezone::text
    FROM complaint c JOIN agency a ON a.id = c.owner_agency JOIN region r ON r.id = c.region
    LEFT JOIN category g ON g.id = c.category LEFT JOIN LATERAL ticket_status(c.ticket) s ON true
    WHERE c.id = ANY (found) ORDER BY c.id DESC;
END $$"""


def _roles(known: tuple[str, ...]) -> list[str]:
    listed = ", ".join(f"'{role}'" for role in known)
    return [
        "ALTER TABLE office DROP CONSTRAINT office_role_known",
        f"ALTER TABLE office ADD CONSTRAINT office_role_known CHECK (role IS NULL OR role IN ({listed}))",
    ]


async def forwards() -> MigrationManager:
    return sql_migration(
        ID,
        DESCRIPTION,
        [
            *_roles((*_ROLES_BEFORE, "operator")),
            _HISTORY,
            # Paper with a date of its own is rare, and counted apart.
            "CREATE INDEX complaint_written ON complaint (filed_at) WHERE written_at IS NOT NULL",
            "REVOKE EXECUTE ON FUNCTION caller_history(text[]) FROM PUBLIC",
            "GRANT EXECUTE ON FUNCTION caller_history(text[]) TO lapor_desk",
        ],
        [
            "DROP INDEX complaint_written",
            "DROP FUNCTION caller_history(text[])",
            # Before there were operators their offices were those of staff.
            "UPDATE office SET role = 'staff' WHERE role = 'operator'",
            *_roles(_ROLES_BEFORE),
        ],
    )
