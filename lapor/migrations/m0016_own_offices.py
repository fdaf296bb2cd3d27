"""Nobody changes the rights of an office that they hold, and what a category protects is an administrator's to decide."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from lapor.schema import sql_migration

ID = "2026-11-22T12:00:00:000016"
VERSION = "1.38.0"
DESCRIPTION = "own offices, protected categories"

_DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"

# Rights follow offices: whoever could turn their own into another one would appoint themselves after all.
_OFFICE = f"""
CREATE FUNCTION office_is_not_ones_own() RETURNS trigger LANGUAGE plpgsql {_DEFINER} AS $$
BEGIN
  IF (NEW.role, NEW.agency, NEW.named_desk, NEW.active) IS DISTINCT FROM
     (OLD.role, OLD.agency, OLD.named_desk, OLD.active)
     AND EXISTS (SELECT FROM appointment a WHERE a.office = OLD.id AND a.person = app_user()
                 AND (a.ends_at IS NULL OR a.ends_at > lapor_now())) THEN
    RAISE EXCEPTION 'nobody changes the rights of an office that they hold'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$"""

# Taking a protected category out of use, or away to write it anew, would take its protection away as well.
_CATEGORY = f"""
CREATE OR REPLACE FUNCTION category_is_guarded() RETURNS trigger LANGUAGE plpgsql {_DEFINER} AS $$
DECLARE
  guarded boolean;
BEGIN
  CASE TG_OP
    WHEN 'INSERT' THEN guarded := NEW.protected OR NEW.emergency OR NEW.publish = 'automatic';
    WHEN 'DELETE' THEN guarded := OLD.protected OR OLD.emergency;
    ELSE guarded := (NEW.protected, NEW.publish, NEW.emergency) IS DISTINCT FROM
                    (OLD.protected, OLD.publish, OLD.emergency)
         OR ((OLD.protected OR OLD.emergency) AND (NEW.code, NEW.active) IS DISTINCT FROM (OLD.code, OLD.active));
  END CASE;
  IF guarded AND app_user() IS NOT NULL AND my_agencies_as('{{administrator}}') = '{{}}' THEN
    RAISE EXCEPTION 'only an administrator changes what is protected or public'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN coalesce(NEW, OLD);
END $$"""

_CATEGORY_BEFORE = f"""
CREATE OR REPLACE FUNCTION category_is_guarded() RETURNS trigger LANGUAGE plpgsql {_DEFINER} AS $$
BEGIN
  IF (NEW.protected, NEW.publish, NEW.emergency) IS DISTINCT FROM (OLD.protected, OLD.publish, OLD.emergency)
     AND app_user() IS NOT NULL AND my_agencies_as('{{administrator}}') = '{{}}' THEN
    RAISE EXCEPTION 'only an administrator changes what is protected or public'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$"""

_GUARD = "FOR EACH ROW EXECUTE FUNCTION category_is_guarded()"


async def forwards() -> MigrationManager:
    return sql_migration(
        ID,
        DESCRIPTION,
        [
            _OFFICE,
            "REVOKE EXECUTE ON FUNCTION office_is_not_ones_own() FROM PUBLIC",
            "CREATE TRIGGER office_guarded BEFORE UPDATE ON office"
            " FOR EACH ROW EXECUTE FUNCTION office_is_not_ones_own()",
            _CATEGORY,
            "DROP TRIGGER category_guarded ON category",
            f"CREATE TRIGGER category_guarded BEFORE INSERT OR UPDATE OR DELETE ON category {_GUARD}",
        ],
        [
            "DROP TRIGGER category_guarded ON category",
            f"CREATE TRIGGER category_guarded BEFORE UPDATE ON category {_GUARD}",
            _CATEGORY_BEFORE,
            "DROP TRIGGER office_guarded ON office",
            "DROP FUNCTION office_is_not_ones_own()",
        ],
    )
