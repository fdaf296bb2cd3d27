"""The language of a page: how it is chosen, and the texts in it.

Indonesian sentences are the source and need no catalogue. English comes from `lapor/locale/en.po`.
"""

from __future__ import annotations

import gettext
import io
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = ("id", "en")
DEFAULT = "id"
CATALOGUES = Path(__file__).parent / "locale"

_current: ContextVar[str] = ContextVar("lapor_language", default=DEFAULT)


def current() -> str:
    """The language of the page that is being made: `id` or `en`."""
    return _current.get()


def use(language: str) -> None:
    """Set the language of what this request says from here on."""
    _current.set(language if language in LANGUAGES else DEFAULT)


def choose(asked: str | None, remembered: str | None, accepted: str | None) -> str:
    """The language to use: the address's, else the cookie's, else the browser's, else Indonesian."""
    for wish in (asked, remembered, *_wishes(accepted or "")):
        language = (wish or "").lower().split("-")[0]
        # "in" is what old Android browsers call Indonesian.
        language = "id" if language == "in" else language
        if language in LANGUAGES:
            return language
    return DEFAULT


def say(sentence: str) -> str:
    """The sentence in the current language."""
    return _texts(current()).gettext(sentence)


def say_many(one: str, many: str, count: int) -> str:
    """The sentence for this number in the current language."""
    return _texts(current()).ngettext(one, many, count)


@cache
def _texts(language: str) -> gettext.NullTranslations:
    path = CATALOGUES / f"{language}.po"
    if language == DEFAULT or not path.exists():
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _wishes(header: str) -> list[str]:
    """The languages of an Accept-Language header (RFC 9110, 12.5.4), the most wanted first."""
    weighed = []
    for place, part in enumerate(header.split(",")[:20]):
        name, _, parameter = part.strip().partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            weight = 0.0
        if weight > 0:
            weighed.append((-weight, place, name.strip()))
    return [name for _, _, name in sorted(weighed)]
