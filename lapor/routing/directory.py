"""The directory as read from its registers: who there is, where, and how rules decide between them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from lapor import database
from lapor.registers import Copy
from lapor.routing.places import Place, PlaceNames
from lapor.routing.rules import AgencyFact, Decision, Directory, Facts, Rule, Rulebook, decide
from lapor.routing.suggesting import CategoryWords, Named


@dataclass(frozen=True)
class RegionEntry:
    """A region of the register, with the chain of codes from it up to the province."""

    id: int
    code: str
    name: str
    kind: str
    parent: str | None
    timezone: str


@dataclass(frozen=True)
class AgencyEntry:
    """An agency of the register."""

    id: int
    code: str
    name: str
    short_name: str
    kind: str
    region_id: int
    region: str
    timezone: str
    phone: str
    active: bool
    live_from: datetime | None = None


@dataclass(frozen=True)
class QuestionEntry:
    """A question that the form asks about complaints of one category."""

    id: int
    text: str
    text_en: str
    kind: str
    choices: Sequence[str]
    choices_en: Sequence[str]
    required: bool


@dataclass(frozen=True)
class CategoryEntry:
    """A category of the register."""

    id: int
    code: str
    name: str
    name_en: str
    type: str
    hint: str
    emergency: bool
    protected: bool
    completion_class: str
    completion_days: int | None
    publish: str
    active: bool
    questions: Sequence[QuestionEntry] = ()


@dataclass(frozen=True)
class Registry:
    """One consistent copy of the directory."""

    regions: Mapping[str, RegionEntry]
    agencies: Mapping[str, AgencyEntry]
    agencies_by_id: Mapping[int, AgencyEntry]
    categories: Mapping[str, CategoryEntry]
    emergency_numbers: Mapping[str, Sequence[tuple[str, str]]]
    default_region: str
    rulebook: Rulebook
    unreadable_rules: Sequence[str]
    directory: Directory

    def chain(self, code: str | None) -> tuple[str, ...]:
        """Return the codes from a region up to its province; empty for an unknown region."""
        found: list[str] = []
        entry = self.regions.get(code or "")
        while entry and entry.code not in found:
            found.append(entry.code)
            entry = self.regions.get(entry.parent or "")
        return tuple(found)

    def decide(self, facts: Facts) -> Decision:
        """Return who becomes responsible, by the rules in force."""
        return decide(self.rulebook, facts, self.directory)

    @cached_property
    def place_names(self) -> PlaceNames:
        """The names of all regions, to find a place in what somebody says."""
        return PlaceNames(Place(region.code, region.name) for region in self.regions.values())

    @cached_property
    def category_words(self) -> CategoryWords:
        """The words of all categories in use, to propose one."""
        active = (category for category in self.categories.values() if category.active)
        return CategoryWords(
            (Named(category.code, category.name, category.hint) for category in active), self.rulebook.rules
        )

    def coordinating(self, region: str) -> AgencyEntry:
        """Return the coordinating agency of a region or of the nearest one above; LookupError without one."""
        for code in (*self.chain(region), *self.chain(self.default_region)):
            agency = self.agencies.get(self.directory.coordinating.get(code, ""))
            if agency and agency.active:
                return agency
        raise LookupError("no region of this deployment has a coordinating agency: load a region pack")

    def numbers(self, region: str) -> Sequence[tuple[str, str]]:
        """Return (number, name) of the emergency numbers of the nearest region that has any."""
        for code in (*self.chain(region), *self.chain(self.default_region)):
            if code in self.emergency_numbers:
                return self.emergency_numbers[code]
        return ()


async def _load() -> Registry:
    regions = {
        row["code"]: RegionEntry(**dict(row))
        for row in await database.fetch(
            "SELECT r.id, r.code, r.name, r.kind, p.code AS parent, r.timezone"
            " FROM region r LEFT JOIN region p ON p.id = r.parent ORDER BY r.code"
        )
    }
    facts: dict[str, AgencyFact] = {}
    agencies: dict[str, AgencyEntry] = {}
    coordinating: dict[str, str] = {}
    for row in await database.fetch(
        "SELECT a.*, r.code AS region_code, r.timezone, r.live_from AS region_live_from, p.code AS parent_code, l.code AS place_code"
        " FROM agency a JOIN region r ON r.id = a.region"
        " LEFT JOIN agency p ON p.id = a.parent LEFT JOIN region l ON l.id = a.place ORDER BY a.name"
    ):
        code = row["code"]
        facts[code] = AgencyFact(
            code, row["kind"], row["region_code"], row["place_code"], row["parent_code"], row["active"]
        )
        agencies[code] = AgencyEntry(
            id=row["id"],
            code=code,
            name=row["name"],
            short_name=row["short_name"],
            kind=row["kind"],
            region_id=row["region"],
            region=row["region_code"],
            timezone=row["timezone"],
            phone=row["phone"],
            active=row["active"],
            live_from=max((at for at in (row["live_from"], row["region_live_from"]) if at), default=None),
        )
        if row["coordinating"] and row["active"]:
            coordinating[row["region_code"]] = code
    rules, unreadable = await _rules()
    return Registry(
        regions=regions,
        agencies=agencies,
        agencies_by_id={agency.id: agency for agency in agencies.values()},
        categories=await _categories(),
        emergency_numbers=await _numbers(),
        default_region=await database.fetchval("SELECT default_region FROM deployment WHERE id = 1"),
        rulebook=Rulebook(rules),
        unreadable_rules=unreadable,
        directory=Directory(facts, coordinating),
    )


async def _categories() -> dict[str, CategoryEntry]:
    rows = await database.fetch(
        "SELECT id, code, name, name_en, type, hint, emergency, protected, completion_class, completion_days,"
        " publish, active FROM category ORDER BY position, name"
    )
    questions = await _questions()
    return {row["code"]: CategoryEntry(**dict(row), questions=questions.get(row["id"], ())) for row in rows}


async def _questions() -> dict[int, list[QuestionEntry]]:
    asked: dict[int, list[QuestionEntry]] = defaultdict(list)
    for row in await database.fetch(
        "SELECT category, id, text, text_en, kind, choices, choices_en, required FROM category_question"
        " WHERE active ORDER BY position, code"
    ):
        values = dict(row)
        asked[values.pop("category")].append(QuestionEntry(**values))
    return dict(asked)


async def _numbers() -> dict[str, Sequence[tuple[str, str]]]:
    numbers: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in await database.fetch(
        "SELECT r.code, e.number, e.name FROM emergency_number e JOIN region r ON r.id = e.region ORDER BY e.position"
    ):
        numbers[row["code"]].append((row["number"], row["name"]))
    return dict(numbers)


async def _rules() -> tuple[list[Rule], list[str]]:
    """The rules that can be read, and the codes of those that cannot: one bad row must not stop filing."""
    rules: list[Rule] = []
    unreadable: list[str] = []
    for row in await database.fetch("SELECT * FROM routing_rule WHERE active ORDER BY position, code"):
        try:
            rule = Rule(
                code=row["code"],
                position=row["position"],
                categories=frozenset(row["categories"]),
                words=frozenset(row["words"]),
                places=frozenset(row["places"]),
                types=frozenset(row["types"]),
                channels=frozenset(row["channels"]),
                target_agency=row["agency"],
                office_of=row["office_of"],
                reason=row["reason"],
            )
            Rulebook([rule])
        except ValueError:
            unreadable.append(row["code"])
        else:
            rules.append(rule)
    return rules, unreadable


REGISTRY: Copy[Registry] = Copy(_load)
