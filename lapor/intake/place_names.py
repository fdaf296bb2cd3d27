"""The names of all places of the registers, indexed once for each copy of them."""

from lapor.routing.directory import Registry
from lapor.routing.places import Place, PlaceNames

_held: list[tuple[Registry, PlaceNames]] = []


def names_of(registry: Registry) -> PlaceNames:
    """Return the index of these registers' places."""
    if not _held or _held[0][0] is not registry:
        names = PlaceNames(Place(code, region.name) for code, region in registry.regions.items())
        _held[:] = [(registry, names)]
    return _held[0][1]
