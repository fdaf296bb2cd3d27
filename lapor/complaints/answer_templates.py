"""Prepared answers: which there are for a complaint, how their named fields are filled, what is still open in a text."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lapor import database
from lapor.complaints.masking import mask

# Fields that the system fills in; every other one is left for the officer.
FIELDS: Final = ("nama", "nomor", "instansi", "lokasi", "kategori", "tanggal", "tenggat")
NAME: Final = "nama"
# How somebody is addressed whose name is not given, or not shown.
UNNAMED: Final = "Bapak/Ibu"
_FIELD = re.compile(r"\{([a-z][a-z0-9_ ]{0,39})\}")
_WORDS_OF_NAME = 4

_FOR_COMPLAINT = """
SELECT t.id, t.kind, t.title, t.text FROM answer_template t
WHERE t.active AND (t.agency IS NULL OR t.agency = $1) AND (t.category IS NULL OR t.category = $2)
ORDER BY t.category IS NULL, t.agency IS NULL, t.position, t.title, t.id LIMIT 200"""


@dataclass(frozen=True)
class Prepared:
    """A prepared answer. `kind` is final, interim or question."""

    id: int
    kind: str
    title: str
    text: str


async def prepared_for(agency: int, category: int | None) -> Sequence[Prepared]:
    """Return what an agency has prepared for a category, the most particular first; in the running transaction."""
    return [Prepared(**dict(row)) for row in await database.fetch(_FOR_COMPLAINT, agency, category)]


def fields_of(text: str) -> list[str]:
    """Return the names of the fields that stand open in a text, each once, in their order."""
    return list(dict.fromkeys(_FIELD.findall(text)))


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return the text with the fields filled whose value is known; the others stay open."""
    return _FIELD.sub(lambda found: values.get(found.group(1)) or found.group(0), text)


def addressed(name: str) -> str:
    """Return how a reporter is addressed by name, in a form that publication masks; without a name when it cannot."""
    words = name.replace("{", " ").replace("}", " ").title().split()[:_WORDS_OF_NAME]
    spoken = f"{UNNAMED} {' '.join(words)}".strip()
    # An answer may be published. What `mask` would not find again is not written.
    masked = mask(f"Yth. {spoken}, ")
    return UNNAMED if any(word in masked for word in words) else spoken
