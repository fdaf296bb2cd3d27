"""On which way a reporter hears of their complaint first, as they chose; it goes when who they are is erased."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import Varchar

from lapor.migrations.m0014_privacy import _ERASE
from lapor.schema import table_migration

ID = "2026-11-22T12:00:00:000040"
VERSION = "1.38.0"
DESCRIPTION = "ways that reporters choose"

_DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
_OWN = "c.id = asked AND c.reporter_key = nullif(current_setting('app.reporter_key', true), '')"

_AS_IT_WAS = _ERASE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
_WITH_THE_WAY = _AS_IT_WAS.replace("secret = NULL WHERE", "secret = NULL, first_way = NULL WHERE")

# Whether a number of ours can send an SMS: nothing else of our accounts is told.
_SENDS_SMS = f"""
CREATE FUNCTION sends_sms() RETURNS boolean LANGUAGE sql STABLE {_DEFINER} AS $$
  SELECT EXISTS (SELECT FROM channel_account WHERE channel = 'sms' AND active)
$$"""

# Which ways there are, and nothing of where they lead. Who wrote below a posting is answered there, whatever they chose.
_GIVEN = f"""
CREATE FUNCTION reporter_ways(asked bigint) RETURNS TABLE (way text, first_way text)
LANGUAGE sql STABLE {_DEFINER} AS $$
  SELECT w.way, i.first_way::text
  FROM complaint c JOIN identity i ON i.complaint = c.id
  CROSS JOIN LATERAL (VALUES
    (1, 'chat', i.external IS NOT NULL AND c.channel IN ('whatsapp', 'telegram', 'social')
                AND NOT EXISTS (SELECT FROM social_thread t WHERE t.complaint = c.id)),
    (2, 'email', i.email IS NOT NULL),
    (3, 'sms', sends_sms() AND (i.phone IS NOT NULL OR c.channel = 'sms'))) AS w(place, way, given)
  WHERE {_OWN} AND w.given AND i.secret IS NOT NULL ORDER BY w.place
$$"""

_CHOOSE = f"""
CREATE FUNCTION choose_way(asked bigint, chosen text) RETURNS boolean LANGUAGE plpgsql {_DEFINER} AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM reporter_ways(asked) r WHERE r.way = chosen) THEN
    RETURN false;
  END IF;
  UPDATE identity SET first_way = chosen WHERE complaint = asked;
  RETURN true;
END $$"""

_FUNCTIONS = {
    "sends_sms()": (_SENDS_SMS, "lapor_public"),
    "reporter_ways(bigint)": (_GIVEN, "lapor_reporter"),
    "choose_way(bigint, text)": (_CHOOSE, "lapor_reporter"),
}


async def forwards() -> MigrationManager:
    """Add the column and what reads and writes it."""
    made = [
        statement
        for signature, (definition, roles) in _FUNCTIONS.items()
        for statement in (
            definition,
            f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC",
            f"GRANT EXECUTE ON FUNCTION {signature} TO {roles}",
        )
    ]
    return table_migration(
        ID,
        DESCRIPTION,
        columns={"Identity": {"first_way": Varchar(length=5, null=True, default=None)}},
        forwards=[
            "ALTER TABLE identity ADD CONSTRAINT identity_first_way_known"
            " CHECK (first_way IS NULL OR first_way IN ('chat', 'email', 'sms'))",
            *made,
            _WITH_THE_WAY,
        ],
        backwards=[
            _AS_IT_WAS,
            *(f"DROP FUNCTION {signature}" for signature in reversed(_FUNCTIONS)),
        ],
    )
