"""The database of the demonstration: a simulation with the example region, its people and their complaints.

It is made under another name and renamed when it is finished: a demonstration that was killed while it was being
made starts over, and one that stands is never touched.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import asyncpg

from lapor import database, pack, runtime
from lapor.admin import passwords
from lapor.demo import scenario
from lapor.demo.play import Codes, Progress, Stage
from lapor.demo.scenario import Scenario
from lapor.embedded import Servers
from lapor.runtime import EMBEDDED_DATABASE
from lapor.secret_values import SettingsError
from lapor.settings import Settings

UNFINISHED = "lapor_demo_unfinished"
PACK = Path(__file__).parents[2] / "packs" / "contoh"
PASSWORD_FILE = "demo-password"  # noqa: S105 (the name of a file)

_PEOPLE = """
INSERT INTO person (username, password, email, full_name, phone, active, admin, superuser, must_change_password)
SELECT username, $1, email, full_name, phone, true, true, false, false
FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) AS p(username, full_name, email, phone)"""
_APPOINT = """
INSERT INTO appointment (office, person, kind, starts_at, ends_at)
SELECT o.id, p.id, $3, now() - $4::interval, now() + $5::interval
FROM office o, person p WHERE o.code = $1 AND p.username = $2"""
_HAS_REGION = "SELECT CASE WHEN to_regclass('region') IS NULL THEN 0 ELSE 1 END"


async def seed(servers: Servers, settings: Settings, progress: Progress) -> bool:
    """Make the database, unless there is one with a region in it; return whether it was made.

    Raises SettingsError in production: its people share one password.
    """
    if settings.production:
        raise SettingsError("the demonstration is refused in production")
    async with runtime.alone(servers) as superuser:
        if await _stands(superuser, servers):
            await runtime.prepare_alone(servers, EMBEDDED_DATABASE)
            return False
        await superuser.execute(f"DROP DATABASE IF EXISTS {UNFINISHED} WITH (FORCE)")
        await runtime.prepare_alone(servers, UNFINISHED)
        await _fill(superuser, servers, settings, progress)
        await superuser.execute(f"DROP DATABASE IF EXISTS {EMBEDDED_DATABASE} WITH (FORCE)")
        await superuser.execute(f"ALTER DATABASE {UNFINISHED} RENAME TO {EMBEDDED_DATABASE}")
    return True


def demo_password(home: Path) -> str:
    """The password of everybody in this demonstration: made once, kept beside its data (mode 0600)."""
    path = home / PASSWORD_FILE
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(passwords.one_time_password() + "\n")
    return path.read_text().strip()


async def _stands(superuser: asyncpg.Connection, servers: Servers) -> bool:
    found = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)"
    if not await superuser.fetchval(found, EMBEDDED_DATABASE):
        return False
    inside = await asyncpg.connect(servers.admin_url(EMBEDDED_DATABASE))
    try:
        return bool(await inside.fetchval(_HAS_REGION)) and bool(
            await inside.fetchval("SELECT EXISTS (SELECT FROM region)")
        )
    finally:
        await inside.close()


async def _fill(
    superuser: asyncpg.Connection, servers: Servers, settings: Settings, progress: Progress
) -> None:
    owner_url = runtime.embedded_environment(servers, {}, UNFINISHED)["LAPOR_OWNER_DATABASE_URL"]
    plot = scenario.load()
    owner = await asyncpg.connect(owner_url)
    try:
        await owner.execute("UPDATE deployment SET simulation = true")
        database.configure(owner_url)
        await pack.apply(pack.load(PACK))
        await _people(owner, plot, await passwords.hashed(demo_password(servers.home)))
        database.configure(await runtime.simulation_url(superuser, servers, UNFINISHED))
        await database.open_pool(5)
        try:
            await Stage(owner, await Codes.read(owner), settings).play(plot, progress)
        finally:
            await database.close_pool()
        # What was read about tables that have grown since would mislead the first plans.
        await owner.execute("ANALYZE")
    finally:
        await owner.close()


async def _people(owner: asyncpg.Connection, plot: Scenario, hashed: str) -> None:
    """Everybody who can log in. Hashing takes a while, so the one password is hashed once."""
    columns = ("username", "full_name", "email", "phone")
    await owner.execute(
        _PEOPLE, hashed, *([getattr(player, name) for player in plot.players] for name in columns)
    )
    await owner.executemany(
        _APPOINT,
        [
            (
                holding.office,
                holding.username,
                holding.kind,
                timedelta(days=holding.from_days_ago),
                None if holding.until_days is None else timedelta(days=holding.until_days),
            )
            for holding in plot.holdings
        ],
    )
