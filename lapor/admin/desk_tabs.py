"""The tabs above the queue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lapor.admin.access import QUEUE, Officer
from lapor.admin.lists import address
from lapor.complaints.queries.queue import INSTRUCTIONS, TABS, Counts, Filters
from lapor.locales import say

FIRST = "tugas"


def path_of(tab: str) -> str:
    """The address of a tab."""
    return QUEUE if tab == FIRST else f"{QUEUE}/{tab}"


def tabs(officer: Officer, current: str, filters: Filters, counted: Counts) -> Sequence[dict[str, Any]]:
    """The tabs that are open to this officer, with their counts; filters stay."""
    names = {
        "tugas": say("Tugas saya"),
        "ditawarkan": say("Ditawarkan"),
        "pemeriksa": say("Menunggu pemeriksa"),
        "penelaahan": say("Menunggu penelaahan"),
        INSTRUCTIONS: say("Instruksi"),
        "selesai": say("Selesai"),
    }
    shown = [name for name in names if name in TABS or name == INSTRUCTIONS]
    if "coordinator" not in officer.roles:
        shown.remove("penelaahan")
    return [
        {
            "href": address(path_of(name), filters, without="status") if name in TABS else path_of(name),
            "text": names[name],
            "count": counted.tabs.get(name),
            "current": name == current,
        }
        for name in shown
    ]
