"""Who may tend what did not arrive, and deliveries that could not be read."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from lapor.migrations.m0004_row_security import _DEFINER, _SEES_CLOCKS
from lapor.schema import table_migration

ID = "2026-11-22T12:00:00:000030"
VERSION = "1.38.0"
DESCRIPTION = "tending deliveries"

# Administrators see that a letter failed, but of guarded complaints nothing; a coordinator what their region has, and
# never what is said about their own line. Letters about no complaint belong to the region of their office.
_TENDS_LETTER = f"""
CREATE FUNCTION tends_letter(of_complaint bigint, of_office bigint) RETURNS boolean
LANGUAGE sql STABLE {_DEFINER} AS $$
  SELECT (my_agencies_as('{{administrator}}') <> '{{}}' AND NOT EXISTS (SELECT FROM complaint c
      WHERE c.id = of_complaint AND (c.confidential OR c.protected OR c.about_official)))
    OR EXISTS (SELECT FROM complaint c WHERE c.id = of_complaint
      AND c.region = ANY (my_regions_as('{{coordinator}}')) AND ({_SEES_CLOCKS}))
    OR (of_complaint IS NULL AND EXISTS (SELECT FROM office o JOIN agency a ON a.id = o.agency
      WHERE o.id = of_office AND a.region = ANY (my_regions_as('{{coordinator}}'))))
$$"""

_RESEND = f"""
CREATE FUNCTION resend_letters(asked bigint[]) RETURNS bigint LANGUAGE plpgsql {_DEFINER} AS $$
DECLARE
  again bigint;
BEGIN
  UPDATE message SET state = 'waiting', attempts = 0, next_attempt_at = lapor_now(), leased_until = NULL
  WHERE id = ANY (asked) AND state = 'dead' AND tends_letter(complaint, office);
  GET DIAGNOSTICS again = ROW_COUNT;
  RETURN again;
END $$"""

# A delivery names no region before somebody has read it: it is the coordinators' of the region that runs the site.
_TENDS_DELIVERIES = f"""
CREATE FUNCTION tends_deliveries() RETURNS boolean LANGUAGE sql STABLE {_DEFINER} AS $$
  SELECT my_agencies_as('{{administrator}}') <> '{{}}' OR EXISTS (
    SELECT FROM deployment d JOIN region r ON r.code = d.default_region
    WHERE r.id = ANY (my_regions_as('{{coordinator}}')))
$$"""

_UNREAD = "state IN ('dead', 'unreadable')"

_READ_AGAIN = f"""
CREATE FUNCTION read_delivery_again(asked bigint) RETURNS boolean LANGUAGE plpgsql {_DEFINER} AS $$
BEGIN
  UPDATE inbound SET state = 'waiting', attempts = 0, next_attempt_at = lapor_now()
  WHERE id = asked AND {_UNREAD} AND payload <> ''::bytea AND tends_deliveries();
  RETURN FOUND;
END $$"""

_FUNCTIONS = {
    "tends_letter(bigint, bigint)": (_TENDS_LETTER, "lapor_reader"),
    "resend_letters(bigint[])": (_RESEND, "lapor_desk"),
    "tends_deliveries()": (_TENDS_DELIVERIES, "lapor_reader"),
    "read_delivery_again(bigint)": (_READ_AGAIN, "lapor_desk"),
}

_POLICIES = (
    "tended ON message FOR SELECT TO lapor_reader USING (state = 'dead'"
    " AND (SELECT my_agencies_as('{administrator,coordinator}')) <> '{}' AND tends_letter(complaint, office))",
    f"tended ON inbound FOR SELECT TO lapor_reader USING ({_UNREAD} AND (SELECT tends_deliveries()))",
)

_GRANTS = (
    "GRANT SELECT (id, channel, account, received_at, state, attempts, complaint, trouble) ON inbound TO lapor_reader",
)


async def forwards() -> MigrationManager:
    return table_migration(
        ID,
        DESCRIPTION,
        forwards=[
            *(function for function, _ in _FUNCTIONS.values()),
            *(f"REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC" for name in _FUNCTIONS),
            *(f"GRANT EXECUTE ON FUNCTION {name} TO {roles}" for name, (_, roles) in _FUNCTIONS.items()),
            *(f"CREATE POLICY {policy}" for policy in _POLICIES),
            *_GRANTS,
        ],
        backwards=[
            "REVOKE SELECT (id, channel, account, received_at, state, attempts, complaint, trouble) ON inbound"
            " FROM lapor_reader",
            *(f"DROP POLICY {policy.split(' FOR ')[0]}" for policy in reversed(_POLICIES)),
            *(f"DROP FUNCTION {name}" for name in reversed(_FUNCTIONS)),
        ],
    )
