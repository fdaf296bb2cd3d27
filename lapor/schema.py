"""Roles of the cluster, migrations, drift: what an administrator runs, never the web or the worker."""

import contextlib
import io
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import asyncpg
from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.apps.migrations.commands.backwards import BackwardsMigrationManager
from piccolo.apps.migrations.commands.base import BaseMigrationManager
from piccolo.apps.migrations.commands.forwards import ForwardsMigrationManager
from piccolo.apps.migrations.commands.new import AutoMigrationManager
from piccolo.apps.migrations.tables import Migration
from piccolo.columns import Column
from piccolo.conf.apps import AppConfig, MigrationModule

from lapor import database
from lapor.database import ROLES, WEB_LOGIN_ROLES, WORKER_LOGIN_ROLES

_MIGRATION_LOCK = 0x1A908


def sql_migration(
    migration_id: str, description: str, forwards: Sequence[str], backwards: Sequence[str]
) -> MigrationManager:
    """Return a migration made of plain statements, each run on its own in the migration's transaction."""
    manager = MigrationManager(migration_id=migration_id, app_name="lapor", description=description)

    async def run() -> None:
        for statement in forwards:
            await database.execute(statement)

    async def undo() -> None:
        for statement in backwards:
            await database.execute(statement)

    manager.add_raw(run)
    manager.add_raw_backwards(undo)
    return manager


@dataclass
class _TableMigration(MigrationManager):
    """Tables and columns, then statements; backwards the other way round. All in one transaction."""

    forwards: Sequence[str] = field(default_factory=list)
    backwards: Sequence[str] = field(default_factory=list)
    before: Sequence[str] = field(default_factory=list)
    restored: Sequence[str] = field(default_factory=list)
    wrap_in_transaction: bool = False

    async def run(self, backwards: bool = False) -> None:
        """Run it in its direction."""
        async with database.DB.transaction():
            await self._all(self.backwards if backwards else self.before)
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                await super().run(backwards=backwards)
            # What follows its name is about a transaction that it did not open itself.
            sys.stdout.write(printed.getvalue().split("...")[0] + "... ")
            await self._all(self.restored if backwards else self.forwards)

    async def _all(self, statements: Sequence[str]) -> None:
        for statement in statements:
            await database.execute(statement)


def table_migration(
    migration_id: str,
    description: str,
    *,
    tables: Mapping[str, Mapping[str, Column]] | None = None,
    columns: Mapping[str, Mapping[str, Column]] | None = None,
    forwards: Sequence[str] = (),
    backwards: Sequence[str] = (),
    dropped: Sequence[str] = (),
    before: Sequence[str] = (),
    restored: Sequence[str] = (),
) -> MigrationManager:
    """Return a migration that makes new tables and columns and then runs statements on them.

    Both mappings lead from the name of the table class, `ListLink`, to its columns by name. A table is named after
    its class: `list_link`. `backwards` undoes the statements only; tables and columns are taken away by themselves.
    `dropped` names classes whose tables go: what is to be saved of them is saved by the statements `before`, and
    `restored` follows when the tables are back, empty and without rights.
    """
    manager = _TableMigration(
        migration_id=migration_id,
        app_name="lapor",
        description=description,
        forwards=forwards,
        backwards=backwards,
        before=before,
        restored=restored,
    )
    for class_name in dropped:
        manager.drop_table(class_name, _tablename(class_name))
    for class_name in tables or {}:
        manager.add_table(class_name, _tablename(class_name))
    for class_name, named in {**(tables or {}), **(columns or {})}.items():
        for name, column in named.items():
            manager.add_column(
                table_class_name=class_name,
                tablename=_tablename(class_name),
                column_name=name,
                db_column_name=name,
                column_class_name=type(column).__name__,
                column_class=type(column),
                params=dict(column._meta.params),
            )
    return manager


def _tablename(class_name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in class_name).lstrip("_")


async def prepare_cluster(admin_url: str, database_name: str, passwords: dict[str, str]) -> None:
    """Create the roles and the database, or bring them up to date; safe to repeat.

    `passwords` names the log-in roles lapor_owner, lapor_web and lapor_work. The owner only migrates;
    the other two hold no right and may only enter the roles of `lapor.database.ROLES`.
    """
    connection = await asyncpg.connect(admin_url)
    try:
        existing = {row["rolname"] for row in await connection.fetch("SELECT rolname FROM pg_roles")}
        for role in ROLES:
            if f"lapor_{role}" not in existing:
                await connection.execute(f"CREATE ROLE lapor_{role} NOLOGIN NOINHERIT")
        for login in ("lapor_owner", "lapor_web", "lapor_work"):
            verb = "ALTER" if login in existing else "CREATE"
            # The owner of a database owns its public schema only through an inherited role.
            inherits = "INHERIT" if login == "lapor_owner" else "NOINHERIT"
            secret = await connection.fetchval("SELECT quote_literal($1::text)", passwords[login])
            await connection.execute(
                f"{verb} ROLE {login} LOGIN {inherits} NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {secret}"
            )
        # The owner may enter every role too: an administrator who replays or seeds acts through the same verbs.
        for login, roles in (
            ("lapor_web", WEB_LOGIN_ROLES),
            ("lapor_work", WORKER_LOGIN_ROLES),
            ("lapor_owner", ROLES),
        ):
            for role in roles:
                await connection.execute(f"GRANT lapor_{role} TO {login}")
        await _ensure_database(connection, database_name)
    finally:
        await connection.close()


async def _ensure_database(connection: asyncpg.Connection, name: str) -> None:
    quoted = await connection.fetchval("SELECT quote_ident($1)", name)
    if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name):
        await connection.execute(
            f"CREATE DATABASE {quoted} OWNER lapor_owner TEMPLATE template0 ENCODING 'UTF8'"
        )
    await connection.execute(f"REVOKE ALL ON DATABASE {quoted} FROM PUBLIC")
    await connection.execute(f"GRANT CONNECT ON DATABASE {quoted} TO lapor_web, lapor_work")


async def migrate(owner_url: str) -> list[str]:
    """Run the migrations that are missing, one process at a time; return their ids."""
    lock = await asyncpg.connect(owner_url)
    try:
        await lock.execute("SELECT pg_advisory_lock($1)", _MIGRATION_LOCK)
        database.configure(owner_url)
        missing = await pending()
        if missing:
            await ForwardsMigrationManager(app_name="lapor", migration_id="all").run()
        return missing
    finally:
        await lock.close()


async def migrate_backwards(owner_url: str, migration_id: str = "all") -> None:
    """Undo migrations down to and including `migration_id`; `all` leaves an empty database."""
    database.configure(owner_url)
    await BackwardsMigrationManager(app_name="lapor", migration_id=migration_id, auto_agree=True).run()


async def pending() -> list[str]:
    """Return the ids of migrations that the configured database has not seen."""
    known = BaseMigrationManager().get_migration_ids(_modules())
    if not await Migration.table_exists():
        return sorted(known)
    done = set(await Migration.get_migrations_which_ran(app_name="lapor"))
    return sorted(set(known) - done)


async def drift() -> list[str]:
    """Return the changes of the table classes that no migration makes; an empty list means none."""
    statements = await AutoMigrationManager().get_alter_statements(app_config=_app_config())
    return [line for group in statements for line in group.statements]


def _app_config() -> AppConfig:
    from lapor.piccolo_app import APP_CONFIG

    return APP_CONFIG


def _modules() -> dict[str, MigrationModule]:
    return BaseMigrationManager().get_migration_modules(_app_config().resolved_migrations_folder_path)
