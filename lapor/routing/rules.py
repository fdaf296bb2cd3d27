"""Who is responsible: ordered rules over plain facts, and never the party that is reported."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from lapor.routing.words import Phrases

VILLAGE_OFFICES = frozenset({"kelurahan", "desa"})
LEADERSHIP = frozenset({"sekretariat", "pimpinan"})


@dataclass(frozen=True)
class Rule:
    """One ordered rule. An empty condition matches everything; of those given, all have to match.

    The target is an agency, or the office of a kind at the place. `reason` is shown to officers.
    """

    code: str
    position: int
    categories: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    target_agency: str | None = None
    office_of: str | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        if (self.target_agency is None) == (self.office_of is None):
            raise ValueError(f"rule {self.code}: name either an agency or the kind of an office")


@dataclass(frozen=True)
class Facts:
    """What rules may ask about a complaint.

    `place_codes` runs from the village up to the province, as far as known; `region` is where it was
    filed, for a complaint without a place. `about_official` without `reported_agency` is a complaint
    about some official whose office the reporter does not know.
    """

    type: str
    category: str | None
    text: str
    place_codes: tuple[str, ...] = ()
    channel: str = "web"
    reported_agency: str | None = None
    about_official: bool = False
    region: str = ""


@dataclass(frozen=True)
class AgencyFact:
    """An agency of the directory; `place` is the region that a kecamatan, kelurahan or desa serves."""

    code: str
    kind: str
    region: str
    place: str | None = None
    parent: str | None = None
    active: bool = True


@dataclass(frozen=True)
class Directory:
    """The agencies by code, and the coordinating agency of each region by its Kemendagri code."""

    agencies: Mapping[str, AgencyFact]
    coordinating: Mapping[str, str] = field(default_factory=dict)

    def living(self, code: str | None) -> AgencyFact | None:
        """The agency, or None when there is none of this code or it is no longer active."""
        agency = self.agencies.get(code) if code else None
        return agency if agency and agency.active else None

    def office_at(self, kind: str, place_codes: Iterable[str]) -> AgencyFact | None:
        """The active office of a kind that serves the place; a place has one kelurahan or one desa."""
        kinds = VILLAGE_OFFICES if kind in VILLAGE_OFFICES else (kind,)
        found = (self._by_place.get((one, place)) for place in place_codes for one in kinds)
        return next((agency for agency in found if agency), None)

    def of_kind(self, kind: str, region: str) -> AgencyFact | None:
        """The active agency of a kind that serves a whole region."""
        return self._by_region.get((kind, region))

    def belongs_to(self, agency: AgencyFact, above: str | None) -> bool:
        """Whether the agency is `above` or a unit below it."""
        seen: set[str] = set()
        current = agency if above else None
        while current and current.code not in seen:
            if current.code == above:
                return True
            seen.add(current.code)
            current = self.agencies.get(current.parent or "")
        return False

    @cached_property
    def _by_place(self) -> dict[tuple[str, str], AgencyFact]:
        placed = (one for one in self.agencies.values() if one.active and one.place)
        return {(one.kind, one.place or ""): one for one in placed}

    @cached_property
    def _by_region(self) -> dict[tuple[str, str], AgencyFact]:
        whole = (one for one in self.agencies.values() if one.active and not one.place)
        found: dict[tuple[str, str], AgencyFact] = {}
        for one in whole:
            found.setdefault((one.kind, one.region), one)
        return found


@dataclass(frozen=True)
class Decision:
    """Who becomes responsible and why.

    `agency` is None only when no agency is left that may have it. `needs_triage` means that the
    coordinating agency has it because no rule could say more. `supporting` agencies see it too;
    `refer_outside` means that only a body outside can judge it.
    """

    agency: str | None
    rule: str | None
    reason: str
    needs_triage: bool
    supporting: tuple[str, ...] = ()
    refer_outside: bool = False


class Rulebook:
    """Rules in their order (position, then code) with an index over words and categories, built once."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(sorted(rules, key=lambda rule: (rule.position, rule.code)))
        numbered = list(enumerate(self.rules))
        self._phrases = Phrases((word, number) for number, rule in numbered for word in rule.words)
        self._always = {n for n, rule in numbered if not rule.words and not rule.categories}
        self._by_category: dict[str, set[int]] = {}
        for number, rule in numbered:
            for category in rule.categories if not rule.words else ():
                self._by_category.setdefault(category, set()).add(number)

    def matching(self, facts: Facts) -> Iterator[Rule]:
        """The rules that match, first things first."""
        worded = self._phrases.found_in(facts.text)
        for number in sorted(worded | self._always | self._by_category.get(facts.category or "", set())):
            rule = self.rules[number]
            if (
                _allows(rule.categories, facts.category)
                and _allows(rule.types, facts.type)
                and _allows(rule.channels, facts.channel)
                and not (rule.places and rule.places.isdisjoint(facts.place_codes))
            ):
                yield rule


def decide(rules: Rulebook, facts: Facts, directory: Directory) -> Decision:
    """Who is responsible for a complaint.

    One about an agency or an official goes to whoever supervises it; every other one to the target of
    the first rule that matches and may have it; what is left to the coordinating agency for triage.
    """
    if facts.reported_agency or facts.about_official:
        supervised = _supervised(facts, directory)
        if supervised:
            return supervised
    if facts.about_official and facts.reported_agency not in directory.agencies:
        return _for_triage(facts, directory, [])  # any rule might hit the very office that is meant
    skipped: list[str] = []
    for rule in rules.matching(facts):
        target, trouble = _target(rule, facts, directory)
        if target:
            return Decision(target.code, rule.code, _because(rule.reason, skipped), needs_triage=False)
        skipped.append(f"aturan {rule.code} dilewati karena {trouble}")
    return _for_triage(facts, directory, skipped)


def _allows(wanted: Collection[str], given: str | None) -> bool:
    return not wanted or given in wanted


def _because(reason: str, skipped: list[str]) -> str:
    return f"{reason} ({'; '.join(skipped)})".strip() if skipped else reason


def _target(rule: Rule, facts: Facts, directory: Directory) -> tuple[AgencyFact | None, str]:
    """The agency that the rule names, or None with what speaks against it."""
    if rule.office_of:
        target = directory.office_at(rule.office_of, facts.place_codes)
        trouble = f"tidak ada {rule.office_of} yang aktif di tempat laporan"
    else:
        target = directory.living(rule.target_agency)
        known = rule.target_agency in directory.agencies
        trouble = f"instansi {rule.target_agency} {'tidak aktif' if known else 'tidak ada'}"
    if target and directory.belongs_to(target, facts.reported_agency):
        return None, f"{target.code} adalah terlapor atau berada di bawahnya"
    return target, trouble


def _for_triage(facts: Facts, directory: Directory, skipped: list[str]) -> Decision:
    for region in _regions(facts):
        agency = directory.living(directory.coordinating.get(region))
        if agency and not directory.belongs_to(agency, facts.reported_agency):
            reason = "Belum ada aturan yang menentukan; ditelaah admin koordinator."
            return Decision(agency.code, None, _because(reason, skipped), needs_triage=True)
    reason = "Belum ada aturan yang menentukan, dan tidak ada instansi koordinator yang boleh menerima."
    return Decision(None, None, _because(reason, skipped), needs_triage=True)


def _regions(facts: Facts) -> Iterator[str]:
    """The regions of the complaint, from the place where it happened outwards."""
    for code in (*facts.place_codes[:1], facts.region):
        while code:
            yield code
            code = code.rpartition(".")[0]


def _supervised(facts: Facts, directory: Directory) -> Decision | None:
    """Who looks into a complaint about an agency; None when nobody in this deployment can.

    A village or urban village is answered for by the head of its district with the inspectorate, the
    inspectorate by the regional secretary, the secretary and the head of region by the inspectorate
    of the region above or a body outside, everybody else by the inspectorate.
    """
    reported = directory.agencies.get(facts.reported_agency or "")
    if reported is None:
        inspectorates = (directory.of_kind("inspektorat", region) for region in _regions(facts))
        inspectorate = next((one for one in inspectorates if one), None)
        return _by(inspectorate, "Laporan tentang pejabat ditangani inspektorat.")
    if reported.kind in LEADERSHIP:
        return _leadership(reported, directory)
    inspectorate = directory.of_kind("inspektorat", reported.region)
    if reported.kind == "inspektorat":
        secretary = directory.of_kind("sekretariat", reported.region)
        return _by(secretary, "Laporan tentang inspektorat ditangani sekretaris daerah.")
    if reported.kind in VILLAGE_OFFICES:
        district = _district_of(reported, directory)
        if district:
            supporting = (inspectorate.code,) if inspectorate else ()
            return _by(district, "Laporan tentang kelurahan atau desa ditangani camat.", supporting)
    return _by(inspectorate, "Laporan tentang instansi ditangani inspektorat.")


def _leadership(reported: AgencyFact, directory: Directory) -> Decision | None:
    above = directory.of_kind("inspektorat", reported.region.rpartition(".")[0])
    if above:
        return _by(above, "Laporan tentang pimpinan daerah ditangani inspektorat wilayah di atasnya.")
    own = directory.of_kind("inspektorat", reported.region)
    reason = "Laporan tentang pimpinan daerah, untuk dilimpahkan ke instansi luar."
    return _by(own, reason, refer_outside=True)


def _district_of(village: AgencyFact, directory: Directory) -> AgencyFact | None:
    parent = directory.living(village.parent)
    if parent and parent.kind == "kecamatan":
        return parent
    return directory.office_at("kecamatan", [(village.place or "").rpartition(".")[0]])


def _by(
    agency: AgencyFact | None, reason: str, supporting: tuple[str, ...] = (), *, refer_outside: bool = False
) -> Decision | None:
    if agency is None:
        return None
    return Decision(agency.code, None, reason, False, supporting, refer_outside)
