"""What the page of one complaint shows: of everybody's view, and of its reporter's."""

from __future__ import annotations

from typing import Any

from lapor.complaints import states, tickets
from lapor.complaints.rating import RATEABLE
from lapor.intake import chosen_ways, story
from lapor.intake.addresses import address
from lapor.intake.residents import Own, Public
from lapor.locales import current, say

_ANSWERS = ("final", "interim", "completion")


def public_view(found: Public) -> dict[str, Any]:
    """Return the context of the bare ticket, or of the published part."""
    status = found.status
    complaint = {
        "ticket": tickets.show(status["ticket"]),
        "status": status["status"],
        # Of a hidden complaint nothing but the status and the deadline.
        "agency_name": status["agency"],
        "filed_at": None if status["hidden"] else status["filed_at"],
        "started_at": None,
        **_deadline(status["due_kind"], status),
    }
    shown = next((copy for copy in found.copies if copy["statement"] is None), None)
    if shown:
        complaint |= {
            "text": shown["text"],
            "category_name": _category(shown["category"], shown["category_en"]),
            "place_name": _district(shown["district"]),
            "photos": (),
        }
    return {
        "view": "published" if shown else "bare",
        "complaint": complaint,
        "story": story.tell_public(status, found.copies) if shown else [],
        "photos_at": "",
        "actions": {},
        "ways": None,
        "way_out": False,
        "now": status["now"],
        "zone": status["timezone"],
    }


def own_view(own: Own, head_title: str) -> dict[str, Any]:
    """Return the context of the reporter's own complaint."""
    row, clock = own.row, own.main_clock
    promise, window = own.clock("promise"), own.clock("reporter_window")
    return {
        "view": "own",
        "complaint": {
            "ticket": tickets.show(row["ticket"]),
            "status": row["status"],
            "agency_name": row["agency"],
            "agency_phone": row["agency_phone"],
            "filed_at": row["filed_at"],
            "started_at": clock["started_at"],
            **_deadline(clock["kind"], clock),
            "escalated_at": story.escalated_at(own),
            "promised_at": promise["due_at"] if promise and clock["kind"] != "promise" else None,
            "promise_met_at": promise["met_at"] if promise else None,
            "closes_at": window["due_at"] if window and row["status"] == states.DONE else None,
            "type": row["type"],
            "category_name": _category(row["category_name"], row["category_en"]),
            "place_name": _place(own),
            "address": row["address"],
            "text": row["text"],
            "photos": [photo for photo in own.photos if photo.purpose == "report"],
            "privacy": "confidential" if row["confidential"] else "anonymous" if row["anonymous"] else "open",
            "about_official": row["about_official"],
            "receipt_hash": own.receipt,
            "unbroken": own.unbroken,
            "stars": own.stars.get(row["cycle"]) if row["status"] in RATEABLE else None,
        },
        "photos_at": photos_at(row["ticket"]),
        "story": story.tell(own, head_title),
        "actions": _actions(own),
        "ways": _ways(own),
        "leave": address(row["ticket"], "tutup"),
        "way_out": _way_out(own),
        "now": row["now"],
        "zone": row["timezone"],
    }


def photos_at(ticket: str) -> str:
    """Return where the photos of this complaint are, for its reporter."""
    return address(ticket, "foto/")


def _deadline(kind: str | None, clock: Any) -> dict[str, Any]:
    return {"due_kind": kind, "due_at": clock["due_at"], "met_at": clock["met_at"]}


def _actions(own: Own) -> dict[str, str]:
    """The forms that are worth showing now, with their addresses; the verbs decide again."""
    status, ticket = own.row["status"], own.row["ticket"]
    answered = any(row["kind"] in _ANSWERS and row["cycle"] == own.row["cycle"] for row in own.statements)
    possible = {
        "agree": ("persetujuan", states.allowed(status, "close")),
        "reply": ("balasan", status not in states.ENDED),
        "dispute": ("bantahan", answered and states.allowed(status, "dispute")),
        "reopen": ("pembukaan-kembali", states.allowed(status, "reopen")),
        "rate": ("penilaian", status in RATEABLE and own.row["cycle"] not in own.stars),
    }
    return {form: address(ticket, below) for form, (below, open_now) in possible.items() if open_now}


def _ways(own: Own) -> dict[str, Any] | None:
    """The form that chooses where news go first; None where there is nothing to choose."""
    if len(own.ways.given) < 2:
        return None
    return {
        "at": address(own.row["ticket"], "jalan-kabar"),
        "offered": chosen_ways.shown(own.ways, own.row["channel"]),
        "first": own.ways.first,
    }


def _way_out(own: Own) -> bool:
    disputes = sum(row["kind"] == "dispute" for row in own.statements)
    return own.row["status"] in states.ENDED or disputes >= 2


def _category(name: str | None, english: str | None) -> str:
    return (english if current() == "en" and english else name) or ""


def _district(name: str | None) -> str:
    return say("Kecamatan {name}").format(name=name) if name else ""


def _place(own: Own) -> str:
    row = own.row
    village = say("Desa {name}") if row["village_kind"] == "village" else say("Kelurahan {name}")
    parts = [
        village.format(name=row["village_name"]) if row["village_name"] else "",
        _district(row["district_name"]),
    ]
    return ", ".join(part for part in parts if part)
