"""The form that puts category, type and place right, and how a correction is told afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lapor.admin.lists import category_in_language
from lapor.admin.value_labels import value_label
from lapor.complaints.queries.choices import Option, english_categories
from lapor.complaints.queries.complaint import OneComplaint
from lapor.locales import say
from lapor.routing.directory import RegionEntry, Registry
from lapor.routing.tables import COMPLAINT_TYPES

# Beyond this the list would outweigh the page: then only the villages of the district that is named now.
_FEW = 400


@dataclass(frozen=True)
class Correction:
    """What the form offers, and the codes that stand there now; a place that is not known is empty."""

    categories: Sequence[Option]
    types: Sequence[Option]
    districts: Sequence[Option]
    villages: Sequence[Mapping[str, Any]]
    category: str
    type: str
    district: str
    village: str


def correction_of(one: OneComplaint) -> Correction:
    """Return the form for one complaint, with the places of its region."""
    places = {entry.id: entry.code for entry in one.registry.regions.values()}
    district = places.get(one.row["district"], "")
    return Correction(
        _categories(one),
        [(name, say(value_label(name))) for name in COMPLAINT_TYPES],
        [(entry.code, entry.name) for entry in _districts(one, district)],
        _villages(one, district),
        next((e.code for e in one.registry.categories.values() if e.id == one.row["category"]), ""),
        one.row["type"],
        district,
        places.get(one.row["village"], ""),
    )


def _categories(one: OneComplaint) -> Sequence[Option]:
    english = english_categories(one.registry)
    return [
        (entry.code, category_in_language(entry.name, english) or entry.code)
        for entry in one.registry.categories.values()
        if entry.active or entry.id == one.row["category"]
    ]


def _districts(one: OneComplaint, present: str) -> Sequence[RegionEntry]:
    """The districts of the region, and the one that is named now wherever it lies."""
    regions = one.registry.regions.values()
    inside = next((entry.code for entry in regions if entry.id == one.row["region"]), "")
    return [
        entry
        for entry in regions
        if entry.kind == "district" and (entry.code == present or inside in one.registry.chain(entry.code))
    ]


def _villages(one: OneComplaint, present: str) -> Sequence[Mapping[str, Any]]:
    within: dict[str, list[Option]] = {entry.code: [] for entry in _districts(one, present)}
    for entry in one.registry.regions.values():
        if entry.kind in ("village", "urban_village") and entry.parent in within:
            within[entry.parent].append((entry.code, entry.name))
    if sum(len(villages) for villages in within.values()) > _FEW:
        within = {present: within.get(present, [])}
    return [
        {"label": _place(one.registry, code), "group": code, "options": villages}
        for code, villages in within.items()
        if villages
    ]


def told(one: OneComplaint, facts: Mapping[str, Any]) -> list[str]:
    """Return what a correction changed, in words; nothing for whoever may not read what it is about."""
    if not one.readable:
        return []
    before, after = facts.get("before", {}), facts.get("after", {})
    found = []
    for name in facts.get("changed", ()):
        label = _labels().get(name, name)
        if name in after:
            old, new = (_word(one, name, codes.get(name)) for codes in (before, after))
            found.append(
                say("{what} dari {before} menjadi {after}").format(what=label, before=old, after=new)
            )
        else:
            found.append(label)
    return found


def _labels() -> dict[str, str]:
    return {
        "category": say("kategori"),
        "type": say("jenis"),
        "district": say("kecamatan"),
        "village": say("kelurahan atau desa"),
        "address": say("alamat"),
    }


def _word(one: OneComplaint, name: str, code: str | None) -> str:
    if not code:
        return say("tidak disebut")
    if name == "type":
        return say(value_label(code))
    if name == "category":
        entry = one.registry.categories.get(code)
        found = category_in_language(entry.name, english_categories(one.registry)) if entry else None
        return found or code
    return _place(one.registry, code)


def _place(registry: Registry, code: str) -> str:
    entry = registry.regions.get(code)
    return entry.name if entry else code
