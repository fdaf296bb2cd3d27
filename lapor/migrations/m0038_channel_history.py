"""Every change of an account at a provider is kept with what it was before, without any of its secrets."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from lapor.schema import sql_migration

ID = "2026-11-22T12:00:00:000038"
VERSION = "1.38.0"
DESCRIPTION = "history of channel accounts"

# Secrets are encrypted anew with every change, so that they tell of none; the time of a change stands for them. What an
# account has heard or failed at is no change.
_TOLD = (
    "jsonb_build_object('id', {0}.id, 'channel', {0}.channel, 'name', {0}.name, 'title', {0}.title,"
    " 'active', {0}.active, 'settings', {0}.settings, 'changed_at', {0}.changed_at)"
)
_KEEP = f"""
CREATE FUNCTION channel_account_changed() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  before jsonb := CASE WHEN TG_OP <> 'INSERT' THEN {_TOLD.format("OLD")} END;
  after jsonb := CASE WHEN TG_OP <> 'DELETE' THEN {_TOLD.format("NEW")} END;
BEGIN
  IF before IS DISTINCT FROM after THEN
    INSERT INTO register_change (register, row_id, before, after, person, changed_at)
    VALUES (TG_TABLE_NAME, coalesce((after->>'id')::bigint, (before->>'id')::bigint), before::text, after::text,
            nullif(current_setting('app.user_id', true), '')::bigint, lapor_now());
  END IF;
  RETURN NULL;
END $$"""


async def forwards() -> MigrationManager:
    return sql_migration(
        ID,
        DESCRIPTION,
        [
            _KEEP,
            "REVOKE EXECUTE ON FUNCTION channel_account_changed() FROM PUBLIC",
            "CREATE TRIGGER channel_account_history AFTER INSERT OR UPDATE OR DELETE ON channel_account"
            " FOR EACH ROW EXECUTE FUNCTION channel_account_changed()",
        ],
        [
            "DROP TRIGGER channel_account_history ON channel_account",
            "DROP FUNCTION channel_account_changed()",
        ],
    )
