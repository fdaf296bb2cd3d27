"""The tabs above the queue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lapor.admin.offices import QUEUE, Officer
from lapor.complaints.queries.queue import Counts
from lapor.complaints.queries.tabs import APPROVALS, FINISHED, INSTRUCTIONS, MINE, OURS, UNROUTED
from lapor.locales import say

FIRST = OURS


def path_of(tab: str) -> str:
    """The address of a tab."""
    return QUEUE if tab == FIRST else f"{QUEUE}/{tab}"


def tabs(officer: Officer, current: str, counted: Counts) -> Sequence[dict[str, Any]]:
    """The tabs that are open to this officer, with their counts; each comes back with its own filters."""
    names = {
        MINE: say("Saya pegang"),
        OURS: say("Instansi saya"),
        "ditawarkan": say("Ditawarkan"),
        "dijanjikan": say("Dijanjikan"),
        APPROVALS: say("Menunggu pemeriksa"),
        "pelapor": say("Menunggu pelapor"),
        "dibantah": say("Dibantah"),
        UNROUTED: say("Menunggu penelaahan"),
        INSTRUCTIONS: say("Instruksi"),
        FINISHED: say("Selesai"),
    }
    shown = [name for name in names if name != UNROUTED or "coordinator" in officer.roles]
    return [
        {
            "name": name,
            "href": path_of(name),
            "text": names[name],
            "count": counted.tabs.get(name),
            "current": name == current,
        }
        for name in shown
    ]
