"""The one line of history: forwards, backwards, forwards again, and nothing in the tables that it does not make."""

from __future__ import annotations

import secrets

import asyncpg

from lapor import database, schema
from tests.ground import LOGINS, Ground, World


async def _shape(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        columns = await connection.fetch(
            "SELECT table_name, column_name, data_type, column_default, is_nullable FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name <> 'migration' ORDER BY 1, 2"
        )
        policies = await connection.fetch(
            "SELECT tablename, policyname, roles::text, cmd, qual, with_check FROM pg_policies ORDER BY 1, 2"
        )
        functions = await connection.fetch(
            "SELECT proname, prosrc, proacl::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1"
        )
        grants = await connection.fetch(
            "SELECT relname, relacl::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE 'migration%' ORDER BY 1"
        )
        triggers = await connection.fetch(
            "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2"
        )
        return [str(tuple(row)) for rows in (columns, policies, functions, grants, triggers) for row in rows]
    finally:
        await connection.close()


async def test_history_runs_forwards_backwards_and_forwards_to_the_same_shape(ground: Ground) -> None:
    name = f"t_{secrets.token_hex(6)}"
    await schema.prepare_cluster(ground.servers.admin_url(), name, LOGINS)
    url = ground.url("lapor_owner", name)
    try:
        assert len(await schema.migrate(url)) >= 4
        first = await _shape(url)
        await schema.migrate_backwards(url)
        assert [line for line in await _shape(url) if "lapor" in line] == []
        await schema.migrate(url)
        assert await _shape(url) == first
        assert await schema.migrate(url) == []
    finally:
        database.DB.config.clear()
        admin = await asyncpg.connect(ground.servers.admin_url())
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()


async def test_the_tables_in_code_are_those_that_the_history_makes() -> None:
    assert await schema.drift() == []


async def test_every_table_with_rows_about_people_or_complaints_has_row_level_security(world: World) -> None:
    rows = await world.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
        " AND NOT relrowsecurity ORDER BY 1"
    )
    assert {row["relname"] for row in rows} == {"deployment", "heartbeat", "migration"}


async def test_functions_with_the_owner_s_rights_fix_their_search_path_and_are_not_for_everybody(
    world: World,
) -> None:
    rows = await world.fetch(
        "SELECT proname, proconfig::text AS config, proacl::text AS rights FROM pg_proc"
        " WHERE pronamespace = 'public'::regnamespace AND prosecdef"
    )
    assert len(rows) >= 8
    for row in rows:
        assert "search_path=pg_catalog, public, pg_temp" in row["config"], row["proname"]
        # An entry without a name before the equals sign is a grant to everybody.
        assert row["rights"] is not None, row["proname"]
        assert "{=" not in row["rights"], row["proname"]
        assert ",=" not in row["rights"], row["proname"]
