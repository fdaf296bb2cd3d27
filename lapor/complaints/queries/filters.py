"""What narrows a list of complaints: codes, a person, words or a ticket."""

from dataclasses import dataclass
from typing import Any

from lapor import database
from lapor.complaints import tickets
from lapor.complaints.reading_traces import GUARDS

_UNGUARDED = " AND NOT (" + " OR ".join(f"c.{guard}" for guard in GUARDS) + ")"
# Words that more complaints hold than this are looked for along the list, where many of them soon fill a page.
MOST_SAYING = 3_000


@dataclass(frozen=True)
class Filters:
    """What narrows a list: codes of category, district and agency, a status, the id of the person who has it in hand
    ("0" for nobody), words or a ticket; empty is all.

    What is only counted leaves no trace of reading: with `untraced` words find nothing that is guarded."""

    status: str = ""
    category: str = ""
    district: str = ""
    agency: str = ""
    words: str = ""
    person: str = ""
    untraced: bool = False

    def conditions(self, arguments: list[Any]) -> str:
        """Return the conditions on complaint `c`, beginning with AND; their values are added to `arguments`."""
        found = ""
        for value, condition in (
            (self.status, "c.status = ${}"),
            # Whoever may not read a complaint must not learn by filtering what it is about.
            (
                self.category,
                "c.category = (SELECT id FROM category WHERE code = ${})"
                " AND EXISTS (SELECT FROM content w WHERE w.complaint = c.id)",
            ),
            (self.district, "c.district = (SELECT id FROM region WHERE code = ${})"),
            (self.agency, "c.owner_agency = (SELECT id FROM agency WHERE code = ${})"),
        ):
            if value:
                arguments.append(value)
                found += " AND " + condition.format(len(arguments))
        if self.person.isdecimal() and len(self.person) < 19:
            arguments.append(int(self.person))
            found += f" AND coalesce(c.in_hand, 0) = ${len(arguments)}"
        return found + self._search(arguments)

    def _search(self, arguments: list[Any]) -> str:
        asked = self.words.strip()
        if not asked:
            return ""
        try:
            arguments.append(tickets.parse(asked))
            return f" AND c.id = (SELECT t.id FROM complaint t WHERE t.ticket = ${len(arguments)})"
        except ValueError:
            return self._saying(asked, arguments) + (_UNGUARDED if self.untraced else "")

    def _saying(self, asked: str, arguments: list[Any]) -> str:
        arguments.append(asked)
        return (
            " AND EXISTS (SELECT FROM content w WHERE w.complaint = c.id"
            f" AND w.words @@ websearch_to_tsquery('indonesian', ${len(arguments)}))"
        )


@dataclass(frozen=True)
class LookedUp(Filters):
    """Filters whose words were looked up: `saying` names the complaints that hold them."""

    saying: tuple[int, ...] = ()

    def _saying(self, asked: str, arguments: list[Any]) -> str:
        arguments.append(list(self.saying))
        return f" AND c.id IN (SELECT unnest(${len(arguments)}::bigint[]))"


@dataclass(frozen=True)
class CommonWords(Filters):
    """Filters whose words too many complaints hold to name them: they are looked for along the list."""


# Row-level security finds it for whoever may see the complaint, and for nobody else.
_BY_SP4N = "SELECT complaint FROM sp4n_report WHERE sp4n_id = $1"


async def looked_up(filters: Filters) -> Filters:
    """Return the filters with what a look into the index of words has found; asked once, it stays with them.

    The whole of a number of SP4N-LAPOR! stands for its complaint.
    """
    if not filters.words.strip() or isinstance(filters, LookedUp | CommonWords):
        return filters
    if (numbered := await database.fetchval(_BY_SP4N, filters.words.strip())) is not None:
        return LookedUp(**vars(filters), saying=(numbered,))
    found = await database.fetchval("SELECT complaints_saying($1, $2)", filters.words, MOST_SAYING)
    return CommonWords(**vars(filters)) if found is None else LookedUp(**vars(filters), saying=tuple(found))
