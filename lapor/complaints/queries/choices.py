"""What the lists of choice on the desk offer, from the copy of the registers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lapor import database
from lapor.complaints.assigning import COLLEAGUES
from lapor.complaints.holding import WORKING_ROLES
from lapor.registers import moment
from lapor.routing.directory import REGISTRY, Registry

Option = tuple[str, str]


@dataclass(frozen=True)
class Choices:
    """Options as (value, text). Codes for filters, ids for forms. `english` has categories' English names by name."""

    categories: Sequence[Option]
    districts: Sequence[Option]
    agencies: Sequence[Option]
    english: Mapping[str, str]


async def filter_choices(regions: Sequence[int] = ()) -> Choices:
    """Return what lists are filtered by; districts and agencies are those of the given regions, or all."""
    seen = await moment()
    registry = await REGISTRY.get(seen.version)
    inside = _codes(registry, regions)
    return Choices(
        [(entry.code, entry.name) for entry in registry.categories.values()],
        [
            (entry.code, entry.name)
            for entry in registry.regions.values()
            if entry.kind == "district" and (not inside or inside & set(registry.chain(entry.code)))
        ],
        [
            (entry.code, entry.name)
            for entry in registry.agencies.values()
            if entry.active and (not inside or entry.region in inside)
        ],
        english_categories(registry),
    )


def english_categories(registry: Registry) -> Mapping[str, str]:
    """Return the English name of each category that has one, by its Indonesian name."""
    return {entry.name: entry.name_en for entry in registry.categories.values() if entry.name_en}


async def agency_choices(registry: Registry, *, without: int, reported: int | None) -> Sequence[Option]:
    """Return (id, name) of the agencies that may become responsible; never the reported party."""
    directory = registry.directory
    accused = registry.agencies_by_id[reported].code if reported else None
    return [
        (str(entry.id), entry.name)
        for entry in registry.agencies.values()
        if entry.active
        and entry.id != without
        and not (accused and directory.belongs_to(directory.agencies[entry.code], accused))
    ]


async def transfer_choices() -> Sequence[Option]:
    """Return (id, name) of every active agency; whether one may have a complaint the verb decides."""
    seen = await moment()
    registry = await REGISTRY.get(seen.version)
    return [(str(entry.id), entry.name) for entry in registry.agencies.values() if entry.active]


async def colleague_choices(agency: int, *, protected: bool) -> Sequence[Option]:
    """Return (id, name) of the people of an agency into whose hands a complaint can be put."""
    rows = await database.fetch(COLLEAGUES, agency, list(WORKING_ROLES), protected)
    return [(str(row["id"]), row["full_name"]) for row in rows]


async def outside_bodies() -> Sequence[Option]:
    """Return (id, name) of the bodies outside to which a complaint can be referred."""
    rows = await database.fetch("SELECT id, name FROM outside_body WHERE active ORDER BY name")
    return [(str(row["id"]), row["name"]) for row in rows]


def _codes(registry: Registry, regions: Sequence[int]) -> set[str]:
    return {entry.code for entry in registry.regions.values() if entry.id in set(regions)}
