"""What every page knows about the installation: the region's name and its emergency numbers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from lapor import database

FRESH_SECONDS = 20.0


@dataclass(frozen=True)
class EmergencyNumber:
    """A number to call first."""

    number: str
    name: str


@dataclass(frozen=True)
class Site:
    """The region whose site this is."""

    region_name: str = ""
    region_code: str = ""
    timezone: str = "Asia/Jakarta"
    head_title: str = ""
    emergency_numbers: tuple[EmergencyNumber, ...] = ()


async def read_site() -> Site:
    """The site as the registers describe it now."""
    async with database.transaction("public"):
        region = await database.fetchrow(
            "SELECT r.name, r.code, r.timezone,"
            " coalesce((SELECT o.title FROM office o JOIN agency a ON a.id = o.agency"
            "  WHERE a.region = r.id AND o.role = 'head_of_region' AND o.active"
            "  ORDER BY o.id LIMIT 1), '') AS head"
            " FROM region r JOIN deployment d ON d.default_region = r.code"
        )
        if region is None:
            return Site()
        numbers = await database.fetch(
            "SELECT e.number, e.name FROM emergency_number e JOIN region r ON r.id = e.region"
            " WHERE r.code = $1 ORDER BY e.position, e.id",
            region["code"],
        )
    return Site(
        region["name"],
        region["code"],
        region["timezone"],
        region["head"],
        tuple(EmergencyNumber(row["number"], row["name"]) for row in numbers),
    )


class SiteCache:
    """The site, read at most every 20 seconds; the last one known while the database is away."""

    def __init__(self) -> None:
        self._site = Site()
        self._stale_at = 0.0
        self._reading = asyncio.Lock()

    async def get(self) -> Site:
        """The site; never raises, so that an error page can still be made."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._stale_at or self._reading.locked():
            return self._site
        async with self._reading:
            self._stale_at = loop.time() + FRESH_SECONDS
            try:
                self._site = await read_site()
            except Exception:
                # The page itself will say what is wrong; try again soon.
                self._stale_at = loop.time() + 1
        return self._site
