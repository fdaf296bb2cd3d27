"""What a page of figures is asked for, read from its address, and what it can be asked for by this viewer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_date

from lapor import database
from lapor.complaints.queries.figures import By, Period, Scope
from lapor.complaints.queries.figures.names import CHANNELS
from lapor.complaints.queries.figures.scope import KEYED
from lapor.locales import current, say
from lapor.pages import AnyRequest

MONTHS_SHOWN: Final = 24
MONTHS_AT_FIRST: Final = 3

# What the address calls a layout.
LAYOUTS: Final[Mapping[str, By]] = {
    "instansi": "agency",
    "unit": "unit",
    "petugas": "person",
    "kategori": "category",
    "kecamatan": "district",
    "kanal": "channel",
    "bulan": "month",
    "daerah": "region",
}
THEMES: Final[Mapping[str, tuple[str, ...]]] = {
    "tanggapan": ("reports", "median", "p90", "within_24", "within_48", "overdue", "answered_late"),
    "penyelesaian": ("reports", "promises_kept", "completed", "disputed", "reopened", "paused", "rating"),
    "pegangan": ("reports", "handed_on", "held", "same_words", "emergency"),
}

_OPTIONS: Final = """
SELECT 'region' AS what, r.id::text AS value, r.name FROM region r
  WHERE r.id IN (SELECT region FROM agency) AND r.id = ANY ($1)
UNION ALL SELECT 'agency', a.code, a.name FROM agency a WHERE a.active AND a.region = ANY ($1)
UNION ALL SELECT 'category', g.code, CASE WHEN $2 = 'en' AND g.name_en <> '' THEN g.name_en ELSE g.name END
  FROM category g WHERE g.active
UNION ALL SELECT 'district', d.code, d.name FROM region d WHERE d.kind = 'district' AND d.parent = ANY ($1)
ORDER BY 1, 3"""
_IDS: Final[Mapping[str, str]] = {
    "agency": "SELECT id FROM agency WHERE code = $1",
    "category": "SELECT id FROM category WHERE code = $1",
    "district": "SELECT id FROM region WHERE code = $1 AND kind = 'district'",
}


@dataclass(frozen=True)
class Asked:
    """The address in order: what is laid out how, of whom, from when until when."""

    layout: str
    theme: str
    order: str
    first: date
    last: date
    region: str = ""
    agency: str = ""
    category: str = ""
    district: str = ""
    channel: str = ""

    @property
    def by(self) -> By:
        """The dimension."""
        return LAYOUTS[self.layout]

    @property
    def period(self) -> Period:
        """The months."""
        return Period(self.first, self.last)

    def address(self, path: str, **changed: str) -> str:
        """Return the address of the same figures at a path, with some of it changed."""
        given = {
            "menurut": self.layout,
            "tema": self.theme,
            "urut": self.order,
            "dari": f"{self.first:%Y-%m}",
            "sampai": f"{self.last:%Y-%m}",
            "wilayah": self.region,
            "instansi": self.agency,
            "kategori": self.category,
            "kecamatan": self.district,
            "kanal": self.channel,
            **changed,
        }
        return f"{path}?{urlencode({name: value for name, value in given.items() if value})}"


def asked(request: AnyRequest, now: datetime, zone: str, layouts: Sequence[str]) -> Asked:
    """Return what the address asks for; what cannot be read or does not fit together falls back to the usual."""
    given = {name: request.query_params.get(name, "").strip()[:60] for name in _NAMES}
    latest = now.astimezone(ZoneInfo(zone)).date().replace(day=1)
    usual = Period.months(latest, MONTHS_AT_FIRST)
    earliest = Period.months(latest, MONTHS_SHOWN).first
    first = min(max(_month(given["dari"]) or usual.first, earliest), latest)
    last = min(max(_month(given["sampai"]) or latest, first), latest)
    layout = given["menurut"] if given["menurut"] in layouts else layouts[0]
    keyed = {name: given[name] for name in ("kategori", "kecamatan", "kanal") if given[name]}
    # One of them at a time is a filter, and none beside a layout that is one itself.
    only = {} if LAYOUTS[layout] in KEYED else dict(list(keyed.items())[:1])
    return Asked(
        layout,
        given["tema"] if given["tema"] in THEMES else "tanggapan",
        given["urut"],
        first,
        last,
        given["wilayah"] if given["wilayah"].isdecimal() else "",
        given["instansi"],
        only.get("kategori", ""),
        only.get("kecamatan", ""),
        only.get("kanal", "") if only.get("kanal", "") in CHANNELS else "",
    )


_NAMES: Final = (
    "menurut",
    "tema",
    "urut",
    "dari",
    "sampai",
    "wilayah",
    "instansi",
    "kategori",
    "kecamatan",
    "kanal",
)


def _month(text: str) -> date | None:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return None


async def scope_of(asked: Asked, *, outside: bool = False) -> Scope:
    """Return the scope with the ids behind the codes; an unknown code narrows to nothing."""
    found: dict[str, Any] = {}
    for name, sql in _IDS.items():
        code = getattr(asked, name)
        if code:
            found[name] = await database.fetchval(sql, code) or -1
    region = int(asked.region) if asked.region and len(asked.region) < 10 else None
    return Scope(region=region, channel=asked.channel or None, outside=outside, **found)


async def options(regions: Sequence[int]) -> Mapping[str, Sequence[tuple[str, str]]]:
    """Return what can be chosen, by name of the filter, for somebody who sees these regions."""
    made: dict[str, list[tuple[str, str]]] = {"region": [], "agency": [], "category": [], "district": []}
    for row in await database.fetch(_OPTIONS, list(regions), current()):
        made[row["what"]].append((row["value"], row["name"]))
    made["channel"] = [(code, say(name)) for code, name in CHANNELS.items()]
    return made


def month_name(month: date) -> str:
    """Return a month in words: "November 2026"."""
    name: str = format_date(month, "LLLL y", locale=current())
    return name


def month_options(now: datetime, zone: str) -> Sequence[tuple[str, str]]:
    """Return the months that can be chosen, the present one first."""
    latest = now.astimezone(ZoneInfo(zone)).date().replace(day=1)
    months = [latest]
    while len(months) < MONTHS_SHOWN:
        months.append(Period.months(months[-1], 2).first)
    return [(f"{month:%Y-%m}", month_name(month)) for month in months]


def layouts(*, personal: bool, regions: int) -> Sequence[str]:
    """Return the layouts that make sense for a viewer."""
    left_out = {name for name, wanted in (("petugas", personal), ("daerah", regions > 1)) if not wanted}
    return [name for name in LAYOUTS if name not in left_out]


def filter_fields(
    asked: Asked,
    choices: Mapping[str, Sequence[tuple[str, str]]],
    months: Sequence[tuple[str, str]],
    layouts: Sequence[str],
) -> Sequence[dict[str, Any]]:
    """Return the fields of the filter, as templates/parts/lists.html wants them."""
    names = layout_names()
    fields: list[dict[str, Any]] = [
        _field("menurut", say("Menurut"), asked.layout, [(name, names[name]) for name in layouts]),
        _field("dari", say("Dari bulan"), f"{asked.first:%Y-%m}", months),
        _field("sampai", say("Sampai bulan"), f"{asked.last:%Y-%m}", months),
    ]
    if len(choices["region"]) > 1:
        fields.append(_field("wilayah", say("Wilayah"), asked.region, choices["region"]))
    if choices["agency"]:
        fields.append(_field("instansi", say("Instansi"), asked.agency, choices["agency"]))
    if asked.by not in KEYED:
        fields += [
            _field("kategori", say("Kategori"), asked.category, choices["category"]),
            _field("kecamatan", say("Kecamatan"), asked.district, choices["district"]),
            _field("kanal", say("Kanal"), asked.channel, choices["channel"]),
        ]
    return fields


def _field(name: str, label: str, value: str, options: Sequence[tuple[str, str]]) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "value": value,
        "options": options,
        "required": name in ("menurut", "dari", "sampai"),
    }


def layout_names() -> Mapping[str, str]:
    """Return what each layout is called."""
    return {
        "instansi": say("Instansi beserta unitnya"),
        "unit": say("Unit kerja"),
        "petugas": say("Petugas"),
        "kategori": say("Kategori"),
        "kecamatan": say("Kecamatan"),
        "kanal": say("Kanal"),
        "bulan": say("Bulan"),
        "daerah": say("Daerah"),
    }


def theme_names() -> Mapping[str, str]:
    """Return what each theme is called."""
    return {
        "tanggapan": say("Tanggapan pertama"),
        "penyelesaian": say("Janji dan penyelesaian"),
        "pegangan": say("Alih tangan dan mutu jawaban"),
    }
