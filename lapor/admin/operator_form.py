"""The operator's form: what the resident said, and how it came in: by telephone, over the counter, on paper, from 112."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from lapor.complaints.desk import Taken
from lapor.complaints.filing import MANNERS as SPECIAL
from lapor.filing_form.checks import Checked, check, tidy
from lapor.locales import say
from lapor.routing.directory import Registry

MANNERS: Final = ("phone", "counter", "letter", "112", "kiosk")
FIELDS: Final = ("manner", "written", "incident")
# A year that was typed wrong would fire a rung for every day since.
_OLDEST = timedelta(days=366)
# Paper says the day and no hour; nobody is charged with hours before it was written.
_END_OF_DAY = time(23, 59)
# The call centre's number goes into the chain, so that it may be nobody's name or telephone.
_INCIDENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9/.-]{0,29}\Z")


def take_down(data: Mapping[str, Any], registry: Registry, person: int, at: datetime, zone: str) -> Checked:
    """Read the form and say everything that is wrong at once; `at` is the database's time, `zone` the operator's."""
    form = check(
        {**data, "contact_kind": "", "type": _type(data, registry), "website": ""},
        registry,
        must_answer=False,
    )
    form.typed.update({name: tidy(data.get(name)) for name in ("type", *FIELDS)})
    manner = form.typed["manner"]
    if manner not in MANNERS:
        form.errors["manner"] = say("Pilih bagaimana laporan ini datang.")
    written = _written(form, at.astimezone(ZoneInfo(zone)).date(), zone) if manner == "letter" else None
    incident = _incident(form) if manner == "112" else ""
    if form.errors or form.filing is None:
        form.filing = None
        return form
    form.filing = replace(
        form.filing,
        channel=SPECIAL.get(manner, manner),
        written_at=written,
        # The operator's page may be in English; whoever is on the line speaks Indonesian.
        language="id",
        taken=Taken(person, manner if manner in SPECIAL else "", incident),
    )
    return form


def _type(data: Mapping[str, Any], registry: Registry) -> str:
    """The type that was chosen, else that of the topic."""
    category = registry.categories.get(tidy(data.get("category")))
    return tidy(data.get("type")) or (category.type if category else "")


def _written(form: Checked, today: date, zone: str) -> datetime | None:
    """The end of the day that the paper bears; None for today and for paper without a date."""
    typed = form.typed["written"]
    if not typed:
        return None
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        form.errors["written"] = say("Tanggal ini tidak terbaca. Tulis seperti 2026-11-20.")
        return None
    if day > today:
        form.errors["written"] = say("Tanggal ini belum tiba. Periksa lagi tanggal pada surat.")
    elif today - day > _OLDEST:
        form.errors["written"] = say(
            "Tanggal ini lebih dari setahun yang lalu. Periksa tahunnya; bila benar, kosongkan dan sebut tanggalnya di isi."
        )
    elif day < today:
        return datetime.combine(day, _END_OF_DAY, ZoneInfo(zone))
    return None


def _incident(form: Checked) -> str:
    typed = form.typed["incident"]
    if typed and not _INCIDENT.match(typed):
        form.errors["incident"] = say(
            "Tulis nomor kejadian saja: huruf, angka, titik, garis, paling banyak 30."
        )
    return typed
