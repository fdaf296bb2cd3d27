"""What a policy would mean for a complaint that is filed now: its deadline, its steps, and what does not hold yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from babel.dates import format_date

from lapor.admin.column_labels import column_label
from lapor.admin.policy_ears import Ears
from lapor.admin.value_labels import value_label
from lapor.complaints.clocks import policy_facts
from lapor.locales import current, say
from lapor.routing.directory import AgencyEntry, CategoryEntry
from lapor.routing.tables import COMPLAINT_TYPES
from lapor.sla.calendar import CalendarMissing
from lapor.sla.clock import Duration
from lapor.sla.policy import (
    SELECTORS,
    ClockKind,
    Facts,
    Opened,
    Policy,
    lasting,
    open_clock,
)
from lapor.sla.register import Schedule

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


def length(policy: Policy) -> str:
    """Return how long a policy gives, with its unit."""
    return f"{policy.duration.amount} {say(value_label(policy.duration.unit)).lower()}"


def day_of(day: date) -> str:
    """Return a day in the reader's language."""
    return str(format_date(day, "d MMMM y", locale=current()))


def forecast(policy: Policy, asked: Asked, at: datetime, schedule: Schedule, ears: Ears) -> Forecast:
    """Return what this policy would mean for what is asked, filed at this moment."""
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
        length=length(meant),
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
        found.append(say("Versi ini baru berlaku mulai {day}.").format(day=day_of(policy.valid_from)))
    if policy.valid_until and policy.valid_until < day:
        found.append(say("Versi ini berakhir pada {day}.").format(day=day_of(policy.valid_until)))
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


def _steps(policy: Policy, opened: Opened, ears: Ears) -> list[Step]:
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
