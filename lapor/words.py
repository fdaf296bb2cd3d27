"""Moments, spans of time and tickets as people read them, in the current language."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from lapor.locales import current

# Indonesia's three zones (Keppres 41/1987).
ZONES = {"Asia/Jakarta": "WIB", "Asia/Pontianak": "WIB", "Asia/Makassar": "WITA", "Asia/Jayapura": "WIT"}
# An old name of Makassar that registers may still hold.
_ZONE_NAMES = {**ZONES, "Asia/Ujung_Pandang": "WITA"}
_MOMENT = {"id": "d MMMM y 'pukul' HH.mm", "en": "d MMMM y, HH:mm"}


def localtime(at: datetime, zone: str | ZoneInfo) -> str:
    """A moment in a region's own time: "21 November 2026 pukul 09.40 WIB"."""
    place = ZoneInfo(zone) if isinstance(zone, str) else zone
    local = at.astimezone(place)
    name = _ZONE_NAMES.get(str(place)) or local.tzname() or str(place)
    return f"{format_datetime(local, _MOMENT[current()], locale=current())} {name}"


def remaining(due_at: datetime, now: datetime) -> str:
    """How long until a deadline, or since it: "sisa 1 hari 3 jam", "lewat 5 jam", in whole units passed."""
    seconds = (due_at - now).total_seconds()
    span = _span(int(abs(seconds)) // 60)
    if current() == "en":
        return f"{span} left" if seconds >= 0 else f"{span} overdue"
    return f"sisa {span}" if seconds >= 0 else f"lewat {span}"


def lasting(seconds: float) -> str:
    """A span of time in whole units: "1 hari 3 jam", "kurang dari 1 menit"."""
    return _span(int(seconds) // 60)


def _span(minutes: int) -> str:
    english = current() == "en"
    days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
    units = (("day", "hari", days), ("hour", "jam", hours), ("minute", "menit", rest))
    counted = [
        f"{count} {one}{'s' if count > 1 else ''}" if english else f"{count} {indonesian}"
        for one, indonesian, count in units
        if count
    ]
    # Beside days nobody counts minutes, and beside many hours neither.
    shown = counted[: 1 if not days and hours >= 6 else 2]
    if days and not hours:
        shown = counted[:1]
    return " ".join(shown) or ("less than a minute" if english else "kurang dari 1 menit")


def ticket(code: str) -> str:
    """A ticket in the groups in which it is read aloud: "ABCDE-FGHJK-X"."""
    return "-".join(part for part in (code[:5], code[5:10], code[10:]) if part)
