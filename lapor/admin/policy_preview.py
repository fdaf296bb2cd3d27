"""What a policy would mean: when a complaint filed now would be due, and who would hear of it when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, cast

import asyncpg
from babel.dates import format_date
from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide

from lapor import database
from lapor.admin.access import current_officer, requires
from lapor.admin.column_labels import column_label
from lapor.admin.lists import categories_in_language
from lapor.admin.offices import PREVIEW, PREVIEW_ROLES, Officer
from lapor.admin.value_labels import value_label
from lapor.complaints.clocks import policy_facts
from lapor.complaints.escalating import AUDIENCES, IN_AGENCY, IN_OTHER_AGENCY
from lapor.complaints.queries.choices import filter_choices
from lapor.locales import current, say
from lapor.pages import AnyRequest, page, settle_language
from lapor.registers import moment
from lapor.routing.directory import REGISTRY, AgencyEntry, CategoryEntry
from lapor.routing.tables import COMPLAINT_TYPES
from lapor.sla.calendar import CalendarMissing
from lapor.sla.clock import Duration
from lapor.sla.policy import (
    SELECTORS,
    ClockKind,
    Facts,
    NoPolicy,
    Opened,
    Policy,
    choose,
    lasting,
    open_clock,
)
from lapor.sla.register import SCHEDULE, Schedule
from lapor.sla.tables import CLOCK_KINDS

_ONE_MINUTE = 60
# Their deadline is a day that somebody names; the policy's length is only where nobody has.
_NAMED = ("promise", "instruction")


@dataclass(frozen=True)
class Asked:
    """What the preview is asked for; whatever the address does not name, or names wrongly, has its usual value."""

    clock: ClockKind
    named_type: str
    category: CategoryEntry | None
    agency: AgencyEntry
    policy: Policy | None

    @property
    def facts(self) -> Facts:
        """What a policy may ask about such a complaint; its category says its type where nobody named one."""
        usual = self.category.type if self.category else COMPLAINT_TYPES[0]
        return policy_facts(self.named_type or usual, self.category, self.agency)


@dataclass(frozen=True)
class Step:
    """One rung as it would fall: what is done, when, and which offices hear of it."""

    at: datetime
    name: str
    heard: Sequence[str]
    repeated: str


@dataclass(frozen=True)
class Forecast:
    """One policy with its deadline and ladder; `troubles` are sentences about what does not hold yet."""

    policy: Policy
    length: str
    narrowed: str
    due_at: datetime | None
    steps: Sequence[Step]
    troubles: Sequence[str]


@get(PREVIEW, guards=[requires(*PREVIEW_ROLES)])
async def preview(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """The policy in force and one other, for a complaint that would be filed now."""
    settle_language(request)
    async with database.transaction("reader", user_id=officer.id):
        seen = await moment()
        schedule = await SCHEDULE.get(seen.version)
        registry = await REGISTRY.get(seen.version)
        choices = await filter_choices([office.region for office in officer.offices])
        agencies = {code: registry.agencies[code] for code, _ in choices.agencies}
        own = registry.agencies_by_id[officer.offices[0].agency]
        asked = _asked(request, registry.categories, agencies, own, schedule)
        ears = await _ears(asked.agency)
    try:
        in_force = choose(schedule.policies, asked.clock, asked.facts, seen.at)
    except NoPolicy:
        in_force = None
    return page(
        request,
        "desk/policy_preview.html",
        asked=asked,
        clocks=[(kind, say(value_label(kind))) for kind in CLOCK_KINDS],
        types=[(kind, say(value_label(kind))) for kind in COMPLAINT_TYPES],
        categories=categories_in_language(choices),
        agencies=choices.agencies,
        versions=[(str(one.id), _version(one)) for one in _of_clock(schedule, asked.clock)],
        in_force=in_force and _forecast(in_force, asked, seen.at, schedule, ears),
        chosen=asked.policy and _forecast(asked.policy, asked, seen.at, schedule, ears),
        same=asked.policy is not None and asked.policy == in_force,
        now=seen.at,
        zone=asked.agency.timezone,
        path=PREVIEW,
        day=_day,
    )


def _asked(
    request: AnyRequest,
    categories: Mapping[str, CategoryEntry],
    agencies: Mapping[str, AgencyEntry],
    own: AgencyEntry,
    schedule: Schedule,
) -> Asked:
    given = request.query_params
    clock = given.get("waktu", "")
    kind = cast(ClockKind, clock if clock in CLOCK_KINDS else "response")
    named, version = given.get("jenis", ""), given.get("versi", "")
    return Asked(
        clock=kind,
        named_type=named if named in COMPLAINT_TYPES else "",
        category=categories.get(given.get("kategori", "")),
        agency=agencies.get(given.get("instansi", ""), own),
        policy=next((one for one in _of_clock(schedule, kind) if str(one.id) == version), None),
    )


def _of_clock(schedule: Schedule, clock: ClockKind) -> list[Policy]:
    """The versions for one kind of clock, the newest first."""
    found = [policy for policy in schedule.policies if policy.clock == clock]
    return sorted(found, key=lambda policy: (policy.valid_from, policy.code), reverse=True)


def _version(policy: Policy) -> str:
    return f"{policy.code} · {_length(policy)} · {say('sejak')} {_day(policy.valid_from)}"


def _length(policy: Policy) -> str:
    return f"{policy.duration.amount} {say(value_label(policy.duration.unit)).lower()}"


def _day(day: date) -> str:
    return str(format_date(day, "d MMMM y", locale=current()))


def _forecast(policy: Policy, asked: Asked, at: datetime, schedule: Schedule, ears: _Ears) -> Forecast:
    days = asked.category.completion_days if asked.category else None
    meant = (
        lasting(policy, Duration(days, "working_days")) if days and asked.clock == "completion" else policy
    )
    opened, trouble = _opened(meant, asked.agency, at, schedule)
    troubles = [*_validity(policy, asked, at), *([trouble] if trouble else [])]
    if meant is not policy:
        troubles.append(
            say("Kategori ini punya lama penyelesaian sendiri, dan itu yang dipakai, bukan lama kebijakan.")
        )
    if asked.clock in _NAMED:
        troubles.append(
            say(
                "Batas waktu ini berakhir pada tanggal yang disebut petugas. Lama di sini hanya untuk contoh."
            )
        )
    if opened and ears.trial:
        troubles.append(say("Masih uji coba: hanya instansinya sendiri dan pelapor yang diberi tahu."))
    return Forecast(
        policy=policy,
        length=_length(meant),
        narrowed=_narrowed(policy),
        due_at=opened.due_at if opened else None,
        steps=_steps(meant, opened, ears) if opened else (),
        troubles=troubles,
    )


def _opened(
    policy: Policy, agency: AgencyEntry, at: datetime, schedule: Schedule
) -> tuple[Opened | None, str]:
    """The deadline as filing would freeze it, with a sentence about a calendar that is missing."""
    try:
        calendar = schedule.calendar(agency.region)
    except LookupError:
        return None, say(
            "Wilayah ini belum punya kalender kerja, sehingga tenggat tidak dapat dihitung."
            " Tambahkan tahunnya di Panel data, tabel tahun kalender."
        )
    try:
        return open_clock(policy, at, calendar), ""
    except CalendarMissing as missing:
        sentence = say(
            "Kalender kerja tahun {year} belum dimuat. Sampai dimuat, pada tahun itu hanya akhir pekan yang dilewati,"
            " sehingga tenggat bisa lebih cepat daripada seharusnya. Tambahkan hari libur nasional dan cuti bersama"
            " {year} di Panel data, tabel tahun kalender dan hari khusus."
        ).format(year=missing.year)
        return open_clock(policy, at, replace(calendar, years=None)), sentence


def _validity(policy: Policy, asked: Asked, at: datetime) -> list[str]:
    day = at.astimezone(asked.facts.zone).date()
    found = []
    if day < policy.valid_from:
        found.append(say("Versi ini baru berlaku mulai {day}.").format(day=_day(policy.valid_from)))
    if policy.valid_until and policy.valid_until < day:
        found.append(say("Versi ini berakhir pada {day}.").format(day=_day(policy.valid_until)))
    if not policy.fits(asked.facts):
        found.append(say("Versi ini bukan untuk pilihan di atas: lihat baris “Hanya untuk”."))
    if not policy.confirmed:
        found.append(say("Lama ini menunggu dipastikan oleh daerah."))
    return found


def _narrowed(policy: Policy) -> str:
    named = [(name, getattr(policy, name)) for name in SELECTORS]
    return "; ".join(
        f"{say(column_label(name))}: {say(value_label(value))}" for name, value in named if value
    )


def _steps(policy: Policy, opened: Opened, ears: _Ears) -> list[Step]:
    return [
        Step(
            at=at,
            name=say(value_label(rung.step)),
            heard=list(dict.fromkeys(name for code in rung.audience for name in ears.of(code))),
            repeated=_repeated(rung.repeat_every.total_seconds()) if rung.repeat_every else "",
        )
        for rung, at in zip(policy.ladder.rungs, opened.rung_times, strict=True)
    ]


def _repeated(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / _ONE_MINUTE), 60)
    if minutes:
        return say("diulang setiap {count} menit").format(count=60 * hours + minutes)
    if hours > 24 and hours % 24 == 0:
        return say("diulang setiap {count} hari").format(count=hours // 24)
    return say("diulang setiap {count} jam").format(count=hours)


@dataclass(frozen=True)
class _Ears:
    """The offices that a ladder can reach, with who holds them now."""

    offices: Sequence[asyncpg.Record]
    trial: bool

    def of(self, audience: str) -> list[str]:
        """The names that stand for an audience, the way the sweep finds its offices."""
        if audience == "reporter":
            return [say("Pelapor")]
        if audience == "asking_head":
            return [say("Kepala daerah di atasnya, yang meminta")]
        if audience in IN_OTHER_AGENCY:
            return [say("Instansi yang ditawari")]
        inside = audience in IN_AGENCY
        if self.trial and not inside:
            return []
        roles = AUDIENCES.get(audience, ())
        found = [office for office in self.offices if office["role"] in roles]
        return [_office(office) for office in found if office["own"] or not inside]


def _office(office: asyncpg.Record) -> str:
    holders = office["holders"] or say("tidak ada pemegang jabatan")
    return f"{office['title']} ({holders})"


_OFFICES = """
SELECT o.title, o.role, o.agency = $1 AS own,
       (SELECT string_agg(p.full_name, ', ' ORDER BY p.full_name)
        FROM appointment h JOIN person p ON p.id = h.person AND p.active
        WHERE h.office = o.id AND h.starts_at <= lapor_now() AND (h.ends_at IS NULL OR h.ends_at > lapor_now())
       ) AS holders
FROM office o JOIN agency a ON a.id = o.agency
WHERE o.active AND (o.agency = $1 OR a.region = $2)
ORDER BY o.id"""

_TRIAL = """
SELECT coalesce(r.live_from > lapor_now(), false) OR coalesce(a.live_from > lapor_now(), false)
FROM agency a JOIN region r ON r.id = a.region WHERE a.id = $1"""


async def _ears(agency: AgencyEntry) -> _Ears:
    offices = await database.fetch(_OFFICES, agency.id, agency.region_id)
    return _Ears(offices, bool(await database.fetchval(_TRIAL, agency.id)))


ROUTES = [Router("/", route_handlers=[preview], dependencies={"officer": Provide(current_officer)})]
