"""What a form that files offers to choose from: categories and places, in the language of the page."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from lapor import database
from lapor.locales import current
from lapor.registers import moment
from lapor.routing.directory import REGISTRY, RegionEntry, Registry

# Beyond this the list would outweigh the page; the address then says where in the district.
MOST_VILLAGES = 600


async def registry_now() -> Registry:
    """Return the registers as they are in force, in a transaction of everybody's."""
    async with database.transaction("public"):
        return await REGISTRY.get((await moment()).version)


def categories(registry: Registry) -> list[dict[str, Any]]:
    """Return the categories in use."""
    english = current() == "en"
    return [
        {
            "code": category.code,
            "name": category.name_en if english and category.name_en else category.name,
            "type": category.type,
            "emergency": category.emergency,
        }
        for category in registry.categories.values()
        if category.active
    ]


def areas(registry: Registry) -> list[dict[str, Any]]:
    """Return cities and regencies with their districts and, when there are not too many, their villages."""
    inside: dict[str, list[RegionEntry]] = defaultdict(list)
    for region in registry.regions.values():
        inside[region.parent or ""].append(region)
    few = (
        sum(region.kind in ("village", "urban_village") for region in registry.regions.values())
        <= MOST_VILLAGES
    )
    return [
        {
            "name": region.name,
            "districts": [
                {"code": one.code, "name": one.name, "villages": inside[one.code] if few else []}
                for one in inside[region.code]
            ],
        }
        for region in registry.regions.values()
        if region.kind in ("city", "regency") and inside[region.code]
    ]
