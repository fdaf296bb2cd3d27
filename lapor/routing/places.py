"""Where it happened, read from the words of a complaint when nobody chose the place."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lapor.routing.words import spelled

# A name after one of these words is a region of that kind; "kota" and "kab" open the region's own name.
TITLES = {
    "kelurahan": "village",
    "kel": "village",
    "desa": "village",
    "ds": "village",
    "kecamatan": "district",
    "kec": "district",
    "kota": "regency",
    "kabupaten": "regency",
    "kab": "regency",
    "provinsi": "province",
    "prov": "province",
}
# A name after one of these is a street or a building, wherever it stands.
THINGS = frozenset(
    {"jalan", "jl", "jln", "gang", "gg", "lorong", "pasar", "terminal", "stasiun", "jembatan", "bundaran"}
    | {"taman", "sungai", "kali", "masjid", "gereja", "perumahan", "perum", "apartemen", "hotel", "rumah"}
    | {"rs", "rsud", "puskesmas", "sd", "sdn", "smp", "smpn", "sma", "sman", "smk", "smkn"}
    | {"pak", "bu", "bapak", "ibu"}
)
LEVELS = ("province", "regency", "district", "village")
# Villages that were one name before they were divided: "Tlogosari" is Tlogosari Kulon and Tlogosari Wetan.
SIDES = frozenset({"kulon", "wetan", "lor", "kidul", "utara", "selatan", "timur", "barat", "tengah"})


@dataclass(frozen=True)
class Place:
    """A region by its Kemendagri code (33, 33.74, 33.74.01, 33.74.01.1001) and its name."""

    code: str
    name: str

    @property
    def level(self) -> str:
        """province, regency (or city), district or village, as the length of the code has it."""
        return LEVELS[self.code.count(".")]


@dataclass(frozen=True)
class PlaceGuess:
    """The place that a text names.

    `codes` runs from the smallest region that is certain up to the province and is empty when the text
    names none. `candidates` are the places that fit equally well; more than one means that `codes`
    holds only what they have in common. `sure` is True when a title ("Kel. Kauman") or a district or
    village of the text confirms the name; the name of the city, which everybody adds, does not.
    """

    codes: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    sure: bool = False


@dataclass(frozen=True)
class _Mention:
    places: tuple[Place, ...]
    titled: bool


class PlaceNames:
    """The names of all regions of a deployment, indexed once."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._by_words: dict[tuple[str, ...], list[Place]] = {}
        for place in places:
            for words in {_words(place.name), _untitled(_words(place.name))}:
                self._by_words.setdefault(words, []).append(place)
        self._by_words |= {
            words: divided for words, divided in self._divided().items() if words not in self._by_words
        }
        self._longest = max((len(words) for words in self._by_words), default=0)

    def find(self, text: str, within: str = "") -> PlaceGuess:
        """The place that the text names, among the regions in `within` (a region code) or everywhere.

        Names repeat: of several places of one name, those count that fit the most other places of the
        text. The smallest region wins over the larger ones around it.
        """
        mentions = list(self._mentions(_words(text), within))
        local = [
            mention for mention in mentions if any(place.code.count(".") > 1 for place in mention.places)
        ]
        scored = [
            (_support(place, mentions), mention.titled, place.code.count("."), place.code)
            for mention in mentions
            for place in mention.places
        ]
        if not scored:
            return PlaceGuess()
        best = max(scored)[:3]
        candidates = tuple(sorted({code for *score, code in scored if tuple(score) == best}))
        sure = best[1] or any(_support(Place(code, ""), local) > 1 for code in candidates)
        return PlaceGuess(_path(_common(candidates)), candidates, sure)

    def _divided(self) -> dict[tuple[str, ...], list[Place]]:
        """The villages of one district that differ only by their side, by the name that people call all of them."""
        found: dict[tuple[str, ...], list[Place]] = {}
        for words, places in self._by_words.items():
            if len(words) > 1 and words[-1] in SIDES and words[0] not in TITLES.keys() | THINGS:
                found.setdefault(words[:-1], []).extend(one for one in places if one.level == "village")
        return {
            words: places
            for words, places in found.items()
            if len(places) > 1 and len({place.code.rpartition(".")[0] for place in places}) == 1
        }

    def _mentions(self, words: tuple[str, ...], within: str) -> Iterator[_Mention]:
        """The names in the text from left to right, the longest first: "Semarang Tengah", not "Semarang"."""
        first = 0
        while first < len(words):
            length, places = self._longest_name(words, first, within)
            before = words[first - 1] if first else ""
            if places and before not in THINGS:
                meant = [place for place in places if place.level == TITLES.get(before)]
                titled = bool(meant) or (length > 1 and words[first] in TITLES)
                yield _Mention(tuple(meant or _outermost(places)), titled)
            first += length

    def _longest_name(self, words: tuple[str, ...], first: int, within: str) -> tuple[int, list[Place]]:
        for length in range(min(self._longest, len(words) - first), 0, -1):
            named = self._by_words.get(words[first : first + length], [])
            places = [place for place in named if _inside(place.code, within) or _inside(within, place.code)]
            if places:
                return length, places
        return 1, []


def _words(text: str) -> tuple[str, ...]:
    return tuple(spelled(text).split())


def _untitled(words: tuple[str, ...]) -> tuple[str, ...]:
    return words[1:] if len(words) > 1 and words[0] in TITLES else words


def _inside(code: str, region: str) -> bool:
    return not region or f"{code}.".startswith(f"{region}.")


def _outermost(places: list[Place]) -> list[Place]:
    # A district and a village in it often share a name; only the district is certain then.
    return [
        place
        for place in places
        if not any(place.code != other.code and _inside(place.code, other.code) for other in places)
    ]


def _support(place: Place, mentions: list[_Mention]) -> int:
    """How many places of the text lie around this one, itself included."""
    return sum(any(_inside(place.code, around.code) for around in mention.places) for mention in mentions)


def _common(codes: tuple[str, ...]) -> str:
    parts = [code.split(".") for code in codes]
    shared = 0
    while all(len(part) > shared for part in parts) and len({part[shared] for part in parts}) == 1:
        shared += 1
    return ".".join(parts[0][:shared])


def _path(code: str) -> tuple[str, ...]:
    parts = code.split(".") if code else []
    return tuple(".".join(parts[:length]) for length in range(len(parts), 0, -1))
