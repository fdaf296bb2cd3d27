"""Words as rules and place names compare them: whole, without case, accents and punctuation."""

import re
import unicodedata
from collections.abc import Iterable

_WORD = re.compile(r"[^\W_]+")


def spelled(text: str) -> str:
    """The words of a text, in small letters without accents, each with one space before and after.

    So `spelled("Air mati")` occurs in `spelled(text)` exactly when the phrase stands there as whole words.
    """
    plain = text.casefold()
    if not plain.isascii():
        apart = unicodedata.normalize("NFKD", plain)
        plain = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return " ".join(["", *_WORD.findall(plain), ""])


class Phrases:
    """Phrases of one or more words, indexed by their first word; each stands for some numbers."""

    def __init__(self, phrases: Iterable[tuple[str, int]]) -> None:
        self._by_first: dict[str, dict[str, list[int]]] = {}
        for phrase, number in phrases:
            words = spelled(phrase)
            if not words.strip():
                raise ValueError(f"{phrase!r} holds no word")
            self._by_first.setdefault(words.split()[0], {}).setdefault(words, []).append(number)

    def found_in(self, text: str) -> set[int]:
        """The numbers of all phrases that stand in the text as whole words."""
        words = spelled(text)
        return {
            number
            for first in self._by_first.keys() & set(words.split())
            for phrase, numbers in self._by_first[first].items()
            if phrase in words
            for number in numbers
        }
