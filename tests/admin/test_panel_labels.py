"""The panel speaks Indonesian in every column: a name, and what to know before filling it in."""

from __future__ import annotations

import pytest

from lapor.admin.column_labels import is_labelled
from lapor.admin.panel_shown import SHOWN
from lapor.admin.shown_table import Shown
from lapor.admin.value_labels import value_label
from tests.visitor import Visitor

# Words that Indonesian writes like English.
_SAME = {"status", "email", "Status"}


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: shown.slug)
def test_every_fixed_value_has_an_indonesian_name(shown: Shown) -> None:
    for column, values in shown.choices.items():
        unnamed = [
            value
            for value in values
            if value_label(value) == value and value not in ("open311", "sms", "web")
        ]
        assert unnamed == [], f"{shown.slug}.{column}"


async def test_every_column_of_every_table_has_an_indonesian_name_and_help(site: Visitor) -> None:
    await site.as_role("administrator")
    missing: list[str] = []
    for shown in SHOWN:
        schema = (await site.panel("GET", f"/tables/{shown.slug}/schema/")).json()
        assert schema["extra"]["help_text"], f"{shown.slug} says nothing about itself"
        for name, column in schema["properties"].items():
            english = name.replace("_", " ")
            said = column["extra"]["help_text"] or ""
            named = column["title"]
            if not is_labelled(name) or (named.lower() == english and named not in _SAME):
                missing.append(f"{shown.slug}.{name}: name {named!r}")
            if len(said) < 10 or said.lower().startswith(english.lower() + "."):
                missing.append(f"{shown.slug}.{name}: help {said!r}")
    assert missing == []


async def test_lists_of_fixed_values_are_chosen_from_names(site: Visitor) -> None:
    await site.as_role("administrator")
    schema = (await site.panel("GET", "/tables/jenjang_eskalasi/schema/")).json()["properties"]
    names = {one["display_name"] for one in schema["audience"]["extra"]["choices"].values()}
    assert {"Kepala daerah", "Pelapor", "Inspektorat"} <= names
    zones = (await site.panel("GET", "/tables/wilayah/schema/")).json()["properties"]["timezone"]
    assert {one["display_name"] for one in zones["extra"]["choices"].values()} >= {"WIB", "WITA", "WIT"}
