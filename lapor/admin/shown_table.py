"""One table as the panel shows it: which of its columns, under which names, editable or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from piccolo.table import Table

WHO = "Siapa dan di mana"
WHAT = "Apa dan ke mana"
WHEN = "Kapan"
SEEN = "Catatan pengaduan"


@dataclass(frozen=True)
class Shown:
    """One table of the panel. `shown_as` are the columns by which other tables name its rows."""

    table: type[Table]
    slug: str
    group: str
    columns: Sequence[str]
    shown_as: Sequence[str] = ("id",)
    help: str = ""
    editable: bool = False
    links: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    newest_first: bool = False
    listed: Sequence[str] = ()

    @property
    def tablename(self) -> str:
        """The table's name in the database."""
        return str(self.table._meta.tablename)

    @property
    def title(self) -> str:
        """The register's name on screen."""
        return self.slug.replace("_", " ").capitalize()
