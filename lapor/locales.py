"""The language of a page: how it is chosen, and the texts in it.

Indonesian sentences are the source and need no catalogue. English comes from `lapor/locale/en.po`.
"""

from __future__ import annotations

import gettext
import io
import re
from collections.abc import Sequence
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = ("id", "en")
DEFAULT = "id"
CATALOGUES = Path(__file__).parent / "locale"
# The context of catalogue entries that are patterns: sentences that come with a number or a name already in them.
RETOLD = "retold"

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


def retell(sentence: str) -> str:
    """A sentence that was made in Indonesian below the pages, in the current language; unchanged if it is unknown."""
    texts = _texts(current())
    # The empty sentence is where a catalogue keeps its own description.
    told = texts.gettext(sentence) if sentence else ""
    if told != sentence:
        return told
    for pattern, form in _retold(current()):
        if found := pattern.fullmatch(sentence):
            return form.format(**{name: retell(value) for name, value in found.groupdict().items()})
    return sentence


def load() -> None:
    """Read every catalogue now, so that no visitor waits for it; raises ValueError when one cannot be read."""
    for language in LANGUAGES:
        _texts(language)


@cache
def _texts(language: str) -> gettext.NullTranslations:
    if language == DEFAULT:
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, _catalogue(language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@cache
def _retold(language: str) -> Sequence[tuple[re.Pattern[str], str]]:
    if language == DEFAULT:
        return ()
    retold = [message for message in _catalogue(language) if message.context == RETOLD]
    # Of two that fit, the one that says more: a shorter one would take the rest for a value.
    retold.sort(key=lambda message: len(str(message.id)), reverse=True)
    return [
        (re.compile(_PLACE.sub(r"(?P<\1>.+)", re.escape(str(message.id)))), str(message.string))
        for message in retold
    ]


# A place in a pattern, as re.escape leaves it.
_PLACE = re.compile(r"\\{(\w+)\\}")


@cache
def _catalogue(language: str) -> Catalog:
    with (CATALOGUES / f"{language}.po").open("rb") as source:
        return read_po(source, locale=language, abort_invalid=True)


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
