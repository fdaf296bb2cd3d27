"""What has to be true of a whole pack: names that exist, places that fit, clocks that all have a length."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import get_args

from lapor.pack.contents import Found, Manifest, Problem
from lapor.pack.registers import (
    AGENCY,
    CATEGORY,
    CATEGORY_QUESTION,
    POLICIES,
    REGION,
    REGION_OUTLINE,
    REGISTERS,
    ROUTING_RULE,
    Register,
)
from lapor.routing import outlines
from lapor.routing.tables import COMPLETION_CLASSES
from lapor.sla.policy import ClockKind

Rows = Mapping[str, Sequence[Found]]

PARENT_KINDS: Mapping[str, Collection[str]] = {
    "province": (),
    "regency": {"province"},
    "city": {"province"},
    "district": {"regency", "city"},
    "village": {"district"},
    "urban_village": {"district"},
}
MOST_CHOICES = 12
CHOICE_LENGTH = 100
PLACE_KINDS = {"kecamatan": {"district"}, "kelurahan": {"urban_village"}, "desa": {"village"}}
AUDIENCES = {
    "agency",
    "agency_head",
    "liaison",
    "checker",
    "head_of_region",
    "sekda",
    "inspectorate",
    "coordinator",
    "reporter",
    "other_agency",
    "asking_head",
}


def problems_of(manifest: Manifest, rows: Rows) -> list[Problem]:
    """Return everything that the rows of a pack contradict, in the order of its files."""
    return [problem for check in _CHECKS for problem in check(manifest, rows)]


def _codes(rows: Rows, table: str) -> dict[str, Found]:
    return {found.row["code"]: found for found in rows[table]}


def _repeated(manifest: Manifest, rows: Rows) -> Iterator[Problem]:
    for register in REGISTERS:
        yield from _repeated_in(rows[register.table], register)
    counted = Counter(found.row["code"] for found in rows[POLICIES])
    for found in rows[POLICIES]:
        if counted[found.row["code"]] > 1:
            yield Problem(found.where, f"the code {found.row['code']!r} is used more than once")


def _repeated_in(rows: Sequence[Found], register: Register) -> Iterator[Problem]:
    seen: dict[object, str] = {}
    for found in rows:
        key = register.key_of(found.row)
        if key in seen:
            words = ", ".join(str(part) for part in key if part is not None)
            yield Problem(found.where, f"{words!r} stands already in {seen[key]}")
        seen.setdefault(key, found.where)


def _references(manifest: Manifest, rows: Rows) -> Iterator[Problem]:
    codes = {table: set(_codes(rows, table)) for table in (REGION.table, AGENCY.table, CATEGORY.table)}
    for register in REGISTERS:
        for column in register.columns:
            if column.names is None:
                continue
            for found in rows[register.table]:
                value = found.row[column.name]
                for code in value if isinstance(value, tuple) else (value,):
                    if code is not None and code not in codes[column.names]:
                        yield Problem(found.where, f"{column.name}: there is no {column.names} {code!r}")


def _regions(manifest: Manifest, rows: Rows) -> Iterator[Problem]:
    regions = _codes(rows, REGION.table)
    home = regions.get(manifest.default_region)
    if home is None or home.row["kind"] not in ("province", "regency", "city"):
        yield Problem("pack.toml", "default_region is no province, regency or city of regions.csv")
    for code, found in regions.items():
        parent = regions.get(found.row["parent"] or "")
        kind = parent.row["kind"] if parent else None
        fits = kind in PARENT_KINDS.get(found.row["kind"], ())
        # A pack may begin below the province; what has a parent stands under it by its code as well.
        if parent and not (fits and code.startswith(f"{parent.row['code']}.")):
            yield Problem(found.where, f"{code} cannot stand under {parent.row['code']}")
        if parent is None and found.row["kind"] not in ("province", "regency", "city"):
            yield Problem(found.where, f"a {found.row['kind']} needs the region that it lies in as parent")


def _outlines(manifest: Manifest, rows: Rows) -> Iterator[Problem]:
    for found in rows[REGION_OUTLINE.table]:
        if found.row["outline"]:
            try:
                outlines.parse(found.row["outline"])
            except ValueError as wrong:
                yield Problem(found.where, f"outline {wrong}")


def _agencies(manifest: Manifest, rows: Rows) -> Iterator[Problem]:
    regions, agencies = _codes(rows, REGION.table), _codes(rows, AGENCY.table)
    coordinating = Counter(one.row["region"] for one in agencies.values() if one.row["coordinating"])
    for found in agencies.values():
        agency = found.row
        wanted = PLACE_KINDS.get(agency["kind"])
        place = regions.get(agency["place"] or "")
        if wanted and (place is None or place.row["kind"] not in wanted):
            yield Problem(found.where, f"a {agency['kind']} needs its {' or '.join(wanted)} as place")
        if agency["coordinating"] and coordinating[agency["region"]] > 1:
            yield Problem(found.where, f"region {agency['region']} has more than one coordinating agency")
        if agency["email"] and not _looks_like_mail(agency["email"]):
            yield Problem(found.where, f"email cannot be {agency['email']!r}")
        if _is_own_ancestor(agency["code"], agencies):
            yield Problem(found.where, f"{agency['code']} stands above itself")
    if agencies and manifest.default_region and not coordinating[manifest.default_region]:
        yield Problem("agencies.csv", f"region {manifest.default_region} has no coordinating agency")


def _looks_like_mail(address: str) -> bool:
    name, _, domain = address.partition("@")
    return bool(name) and "." in domain and "@" not in domain and not set(address) & set(" ,;<>\r\n")


def _is_own_ancestor(code: str, agencies: Mapping[str, Found]) -> bool:
    seen: set[str] = set()
    above: str | None = agencies[code].row["parent"]
    while above is not None and above in agencies and above not in seen:
        seen.add(above)
        above = agencies[above].row["parent"]
    return code in seen


def _rules(manifest: Manifest, rows: Rows) -> Iterator[Problem]:
    for found in rows[ROUTING_RULE.table]:
        if (found.row["agency"] is None) == (found.row["office_of"] is None):
            yield Problem(found.where, "names either an agency or office_of, one of the two")
        if not any(found.row[name] for name in ("categories", "words", "places", "types", "channels")):
            yield Problem(found.where, "has no condition and would take every complaint")


def _questions(manifest: Manifest, rows: Rows) -> Iterator[Problem]:
    for found in rows[CATEGORY_QUESTION.table]:
        count = len(found.row["choices"])
        if found.row["kind"] == "choice" and not 2 <= count <= MOST_CHOICES:
            yield Problem(found.where, f"a choice has from 2 to {MOST_CHOICES} choices")
        if found.row["kind"] not in ("choice", None) and count:
            yield Problem(found.where, "has choices and is no choice")
        if found.row["choices_en"] and len(found.row["choices_en"]) != count:
            yield Problem(found.where, "choices_en has another length than choices")
        if any(len(one) > CHOICE_LENGTH for one in (*found.row["choices"], *found.row["choices_en"])):
            yield Problem(found.where, f"a choice has at most {CHOICE_LENGTH} characters")


def _numbers(manifest: Manifest, rows: Rows) -> Iterator[Problem]:
    for found in rows[CATEGORY.table]:
        days = found.row["completion_days"]
        if days is not None and not 1 <= days <= 366:
            yield Problem(found.where, "completion_days is a number of working days from 1 to 366")
    for found in rows["calendar_year"]:
        if not 1946 <= (found.row["year"] or 0) <= 2200:
            yield Problem(found.where, f"year cannot be {found.row['year']!r}")
    for found in rows["office_hours"]:
        row = found.row
        if row["opening"] and row["closing"] and row["opening"] >= row["closing"]:
            yield Problem(found.where, "opens no earlier than it closes")
        if row["weekday"] is not None and not 1 <= row["weekday"] <= 7:
            yield Problem(found.where, "weekday is a number from 1 (Monday) to 7")
        if row["valid_from"] and row["valid_until"] and row["valid_until"] < row["valid_from"]:
            yield Problem(found.where, "valid_until lies before valid_from")


def _policies(manifest: Manifest, rows: Rows) -> Iterator[Problem]:
    known = {"region": set(_codes(rows, REGION.table)), "category": set(_codes(rows, CATEGORY.table))}
    for found in rows[POLICIES]:
        for name, codes in known.items():
            if (code := found.row.get(name)) is not None and code not in codes:
                yield Problem(found.where, f"{name}: there is no {name} {code!r}")
        for number, rung in enumerate(found.row["rung"]):
            for audience in set(rung["audience"]) - AUDIENCES:
                yield Problem(found.where, f"rung {number}: nobody is called {audience!r}")
    general = {found.row["clock"] for found in rows[POLICIES] if not _SELECTORS & found.row.keys()}
    classes = {
        found.row.get("completion_class")
        for found in rows[POLICIES]
        if found.row["clock"] == "completion" and not (_SELECTORS - {"completion_class"}) & found.row.keys()
    }
    for clock in get_args(ClockKind):
        if clock not in general and not (clock == "completion" and classes >= set(COMPLETION_CLASSES)):
            yield Problem("policies.toml", f"no policy gives every {clock} clock its length")


_SELECTORS = {"type", "category", "agency_kind", "region", "completion_class"}
_CHECKS: tuple[Callable[[Manifest, Rows], Iterator[Problem]], ...] = (
    _repeated,
    _references,
    _regions,
    _outlines,
    _agencies,
    _rules,
    _questions,
    _numbers,
    _policies,
)
