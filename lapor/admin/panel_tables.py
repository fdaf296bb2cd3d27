"""The table classes of the panel: chosen columns, links between them, values to choose from.

The panel gets table classes of its own. A column that is not named in `panel_shown` (a password, a salt, the
hash of a reporter's secret) can then be neither read nor written through it, whatever its interface offers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from piccolo.columns import Column, ForeignKey
from piccolo.columns.base import OnDelete
from piccolo.columns.choices import Choice
from piccolo.columns.readable import Readable
from piccolo.table import Table, create_table_class

from lapor.admin.column_help import column_help
from lapor.admin.panel_shown import SHOWN
from lapor.admin.shown_table import Shown
from lapor.admin.value_labels import value_label

SLUGS: Mapping[str, str] = {shown.slug: shown.tablename for shown in SHOWN}
NAMES: Mapping[str, str] = {shown.tablename: shown.slug for shown in SHOWN}
EDITABLE: frozenset[str] = frozenset(shown.tablename for shown in SHOWN if shown.editable)


def table_classes() -> dict[str, type[Table]]:
    """The panel's own classes, by the table's name in the database."""
    made: dict[str, type[Table]] = {}
    for shown in SHOWN:
        made[shown.tablename] = _table_class(shown, made)
    return made


def _table_class(shown: Shown, made: Mapping[str, type[Table]]) -> type[Table]:
    names = ("id", *shown.columns)
    members: dict[str, Any] = {name: _column(shown, name, made) for name in names}
    members["get_readable"] = classmethod(lambda cls: _readable(cls, shown.shown_as))
    kwargs = {"tablename": shown.tablename, "help_text": shown.help}
    made_class: type[Table] = create_table_class(f"Panel{shown.table.__name__}", (Table,), kwargs, members)
    return made_class


def _readable(table: type[Table], names: Sequence[str]) -> Readable:
    columns = [table._meta.get_column_by_name(name) for name in names]
    return Readable(template=" · ".join(["%s"] * len(columns)), columns=columns)


def _column(shown: Shown, name: str, made: Mapping[str, type[Table]]) -> Column:
    original = shown.table._meta.get_column_by_name(name)
    target = target_of(shown, name)
    said = column_help(shown.tablename, name)
    if target:
        references: Any = "self" if target == shown.tablename else made[target]
        return ForeignKey(
            references, null=original._meta.null, default=None, on_delete=OnDelete.restrict, help_text=said
        )
    column = original.copy()
    column._meta.help_text = said
    if name in shown.choices:
        labelled = {value: Choice(value, value_label(value)) for value in shown.choices[name]}
        column._meta.choices = Enum(name, labelled)  # type: ignore[misc]
    return column


def target_of(shown: Shown, name: str) -> str:
    """The table that a column points to; empty when it is not a link."""
    if name in shown.links:
        return shown.links[name]
    column = next((one for one in shown.table._meta.columns if one._meta.name == name), None)
    if isinstance(column, ForeignKey):
        return str(column._foreign_key_meta.resolved_references._meta.tablename)
    return ""
