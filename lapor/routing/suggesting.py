"""Which categories a story could be about, by the words that the registers themselves use for them.

It proposes and never decides: whoever takes the story down chooses.
"""

import math
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from lapor.routing.rules import Rule
from lapor.routing.words import Phrases, spelled

MOST = 3
# What the name of a category says counts more than its hint; most counts a phrase that a rule looks for in it.
_PHRASE, _NAME, _TARGET, _HINT = 3.0, 2.0, 2.0, 0.5
_ENOUGH = 0.7
# What is far behind the likeliest is no help to somebody in a hurry.
_BEHIND = 0.35

_BEFORE = re.compile(r"^(?:ber|ter|per|pe[nm]g?|me[nm]g?|di|ke|se)(?=\w{4})")
_AFTER = re.compile(r"(?<=\w{4})(?:nya|kan|an|lah|i)$")
_SAYS_NOTHING = frozenset(
    [
        "ada",
        "adalah",
        "agar",
        "akan",
        "anda",
        "atau",
        "bagi",
        "bahwa",
        "banyak",
        "belum",
        "bila",
        "boleh",
        "dalam",
        "dan",
        "dapat",
        "dari",
        "dengan",
        "di",
        "dia",
        "hanya",
        "harus",
        "hari",
        "hubungi",
        "ini",
        "itu",
        "jam",
        "jangan",
        "juga",
        "kalau",
        "kami",
        "karena",
        "ke",
        "kepada",
        "lain",
        "laporan",
        "lebih",
        "masih",
        "membaca",
        "menulis",
        "nama",
        "nomor",
        "oleh",
        "orang",
        "pada",
        "paling",
        "perlu",
        "petugas",
        "saja",
        "sampai",
        "sangat",
        "saya",
        "sebelum",
        "sebutkan",
        "sedang",
        "sejak",
        "sekali",
        "seperti",
        "setiap",
        "sudah",
        "supaya",
        "telah",
        "tentang",
        "terdekat",
        "terhadap",
        "tetapi",
        "tidak",
        "tulis",
        "untuk",
        "urusan",
        "warga",
        "yang",
    ]
)


@dataclass(frozen=True)
class Named:
    """A category as its register names it."""

    code: str
    name: str
    hint: str = ""


class CategoryWords:
    """The words of all categories, indexed once.

    A phrase of a rule speaks for the categories of that rule, or, less, for all that rules give to the same target.
    """

    def __init__(self, categories: Iterable[Named], rules: Sequence[Rule] = ()) -> None:
        named = list(categories)
        self._order = {category.code: place for place, category in enumerate(named)}
        self._weights: dict[str, dict[str, float]] = defaultdict(dict)
        for category in named:
            for word in _stems(category.hint):
                self._weights[word][category.code] = _HINT
            for word in _stems(category.name):
                self._weights[word][category.code] = _NAME
        worded = [rule for rule in rules if rule.words]
        self._spoken = [_spoken_for(rule, rules, self._order.keys()) for rule in worded]
        self._phrases = Phrases((words, place) for place, rule in enumerate(worded) for words in rule.words)

    def suggest(self, text: str) -> list[str]:
        """Return the codes of at most three categories that the text speaks of, the likeliest first."""
        scores: dict[str, float] = defaultdict(float)
        for word in _stems(text):
            _add(scores, self._weights.get(word, {}))
        for place in self._phrases.found_in(text):
            _add(scores, self._spoken[place])
        least = max(_ENOUGH, _BEHIND * max(scores.values(), default=0.0))
        likely = [code for code, score in scores.items() if score >= least]
        return sorted(likely, key=lambda code: (-scores[code], self._order[code]))[:MOST]


def _add(scores: dict[str, float], found: Mapping[str, float]) -> None:
    """A word that many categories share says less of each."""
    for code, weight in found.items():
        scores[code] += weight / math.sqrt(len(found))


def _spoken_for(rule: Rule, rules: Sequence[Rule], known: Collection[str]) -> dict[str, float]:
    if rule.categories:
        return {code: _PHRASE for code in rule.categories if code in known}
    target = (rule.target_agency, rule.office_of)
    alike = (other for other in rules if (other.target_agency, other.office_of) == target)
    return {code: _TARGET for other in alike for code in other.categories if code in known}


def _stems(text: str) -> set[str]:
    """The words of a text without what Indonesian puts before and after them, and without those that say nothing."""
    words = (word for word in spelled(text).split() if len(word) > 2 and word not in _SAYS_NOTHING)
    return {_AFTER.sub("", _BEFORE.sub("", word)) for word in words}
