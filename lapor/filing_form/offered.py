"""What every page of filing shows: what can be chosen, what was typed, and what is wrong with it."""

from __future__ import annotations

from typing import Any

from lapor.filing_form import asked, choices
from lapor.filing_form.checks import Checked
from lapor.routing.directory import Registry


def offered(registry: Registry, form: Checked) -> dict[str, Any]:
    """Return what the template of a form asks for, by name."""
    return {
        "categories": choices.categories(registry),
        "asked": asked.groups(registry, form.typed.get("category", "")),
        "regions": choices.areas(registry),
        "agencies": [agency for agency in registry.agencies.values() if agency.active],
        "typed": form.typed,
        "errors": form.errors,
        "photos_again": form.photos > 0,
    }
