"""Officers are told of the way that a letter takes first: the reporter's choice, else the conversation, else mail."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from lapor.migrations.m0010_desk_work import _REACH
from lapor.schema import sql_migration

ID = "2026-11-22T12:00:00:000043"
VERSION = "1.38.0"
DESCRIPTION = "the way that a letter takes first"

_DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"

# By which way letters leave for the reporter, and nothing of where they go. A number alone is no way: an SMS costs, and
# goes to whom something else could have reached.
_FIRST = f"""
CREATE OR REPLACE FUNCTION reporter_reach(asked bigint) RETURNS text LANGUAGE sql STABLE {_DEFINER} AS $$
  SELECT coalesce((
    SELECT w.way FROM (VALUES
      (1, CASE c.channel WHEN 'sms' THEN 'sms' ELSE 'chat' END, c.channel::text,
       c.channel IN ('whatsapp', 'telegram', 'sms', 'social')),
      (2, 'email', 'email', i.email IS NOT NULL),
      (3, 'sms', 'sms', i.email IS NOT NULL AND i.phone IS NOT NULL AND sends_sms())) AS w(place, kind, way, given)
    WHERE w.given ORDER BY (w.kind IS NOT DISTINCT FROM i.first_way) DESC, w.place LIMIT 1), '')
  FROM complaint c JOIN identity i ON i.complaint = c.id WHERE c.id = asked AND may_read(asked)
$$"""


async def forwards() -> MigrationManager:
    return sql_migration(
        ID,
        DESCRIPTION,
        [_FIRST],
        [_REACH.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")],
    )
