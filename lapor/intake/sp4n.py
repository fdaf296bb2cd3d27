"""The exchange with SP4N-LAPOR!, the national channel: its complaints come here, answers and statuses go back.

What is exchanged stands here, and how stands elsewhere: `sp4n_files` does it by files. A web service would be another
`Exchange`; the national operator gives its description and an account for it to regions that have asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from lapor import database
from lapor.complaints import desk
from lapor.complaints.desk import Actor
from lapor.complaints.errors import Refused
from lapor.complaints.filing import Filing
from lapor.complaints.photos import MOST_PHOTOS
from lapor.database import transaction
from lapor.intake import mail_photos
from lapor.intake.mail_parsing import Attachment
from lapor.intake.read_filings import file_anyway
from lapor.registers import moment
from lapor.routing.directory import REGISTRY, Registry

# A year that was typed wrong would fire a rung for every day since.
OLDEST: Final = timedelta(days=366)
LONGEST_NUMBER: Final = 60
# An answer of this age may have been under its author's hand still when the last export was made.
_OVERLAP: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Report:
    """One complaint as SP4N-LAPOR! hands it over; `place` are names or codes, `where` says where it stands."""

    where: str
    number: str
    received_at: datetime
    filing: Filing = field(repr=False)
    place: tuple[str, ...] = ()
    # They gave a day without an hour: nobody is charged with the hours before it was received.
    day_only: bool = False
    photos: tuple[Attachment, ...] = field(default=(), repr=False)
    # Photos that are named and were not found.
    missing: tuple[str, ...] = ()

    def counted_from(self, now: datetime) -> datetime:
        """Return from when it counts: of a day without an hour its end, or now while it lasts."""
        if not self.day_only:
            return self.received_at
        end = self.received_at + timedelta(hours=23, minutes=59)
        return now if self.received_at <= now < end else end


@dataclass(frozen=True)
class Wrong:
    """One that cannot be taken over, and why; without a word of what it says."""

    where: str
    number: str
    why: str


@dataclass(frozen=True)
class Outcome:
    """How one of theirs stands here. `answer` is the last thing that was said to the reporter."""

    number: str
    received_at: datetime
    ticket: str
    status: str
    agency: str
    answer: str = field(repr=False)
    answered_at: datetime | None
    changed_at: datetime


class Exchange(Protocol):
    """A way to SP4N-LAPOR! and back."""

    def reports(self) -> Iterable[Report | Wrong]:
        """Return what it hands over, in its order."""
        ...

    def hand_back(self, outcomes: Sequence[Outcome]) -> None:
        """Give it the answers and statuses."""
        ...


@dataclass
class TakenOver:
    """What became of a hand-over: how many are new and were here already, what is wrong, what was left out."""

    filed: int = 0
    known: int = 0
    wrong: list[Wrong] = field(default_factory=list)
    notes: list[Wrong] = field(default_factory=list)


_KNOWN = "SELECT EXISTS (SELECT FROM sp4n_report WHERE sp4n_id = $1)"
_LINK = """
INSERT INTO sp4n_report (sp4n_id, complaint, received_at, taken_over_at) VALUES ($1, $2, $3, lapor_now())
ON CONFLICT (sp4n_id) DO NOTHING RETURNING id"""
# What is said about a hidden complaint goes to its reporter and to nobody between; its status tells nothing of it.
_OUTCOMES = """
SELECT s.sp4n_id, s.received_at, c.ticket, c.status, a.name AS agency, changed.at AS changed_at, said.made_at,
  CASE WHEN c.protected OR ((c.confidential OR c.about_official) AND NOT $2) THEN '' ELSE coalesce(said.text, '') END
    AS answer
FROM sp4n_report s JOIN complaint c ON c.id = s.complaint JOIN agency a ON a.id = c.owner_agency
CROSS JOIN LATERAL (SELECT max(occurred_at) AS at FROM event e WHERE e.complaint = c.id) changed
LEFT JOIN LATERAL (
  SELECT t.text, t.made_at FROM statement t
  WHERE t.complaint = c.id AND t.to_reporter AND t.undone_at IS NULL
    AND (t.undoable_until IS NULL OR t.undoable_until <= lapor_now())
    AND t.kind IN ('final', 'interim', 'question', 'completion', 'rejection', 'referral', 'outside_answer')
  ORDER BY t.made_at DESC, t.id DESC LIMIT 1) said ON true
WHERE $1::timestamptz IS NULL OR changed.at >= $1
ORDER BY s.id"""


class _Rehearsed(Exception):
    """Everything went well, and nothing of it stays."""


async def take_over(exchange: Exchange, *, rehearse: bool = False) -> TakenOver:
    """Take over everything that is not here yet, each in a transaction of its own; what is wrong is named.

    Deadlines run from the receipt there. A rehearsal does the same and keeps nothing.
    """
    done = TakenOver()
    seen: set[str] = set()
    for given in exchange.reports():
        if isinstance(given, Wrong):
            done.wrong.append(given)
        elif given.number in seen:
            done.wrong.append(Wrong(given.where, given.number, "stands in this file twice"))
        else:
            seen.add(given.number)
            await _take_over(given, done, rehearse)
    return done


async def _take_over(report: Report, done: TakenOver, rehearse: bool) -> None:
    notes: list[str] = []
    try:
        async with transaction("worker"):
            filed = await _filed(report, notes)
            if filed and rehearse:
                raise _Rehearsed
    except _Rehearsed:
        filed = True
    except Refused as reason:
        done.wrong.append(Wrong(report.where, report.number, f"{reason.field or 'row'}: {reason.message}"))
        return
    done.filed += filed
    done.known += not filed
    done.notes += [Wrong(report.where, report.number, note) for note in notes if filed]


async def _filed(report: Report, notes: list[str]) -> bool:
    """File one, if it is not here yet, and say whether it was filed."""
    if await database.fetchval(_KNOWN, report.number):
        return False
    seen = await moment()
    received_at = report.counted_from(seen.at)
    if received_at > seen.at:
        raise Refused("Tanggal penerimaannya belum tiba.", "received")
    if received_at < seen.at - OLDEST:
        raise Refused("Tanggal penerimaannya lebih dari satu tahun yang lalu.", "received")
    filing = _placed(report, await REGISTRY.get(seen.version), notes)
    complaint = await file_anyway(replace(filing, channel="partner", written_at=received_at), notes)
    if not await database.fetchval(_LINK, report.number, complaint, received_at):
        # Somebody else takes over the same file at this moment, and was first.
        raise Refused("Sedang diambil alih oleh proses lain.", "number")
    await _attach(report, complaint, notes)
    return True


async def _attach(report: Report, complaint: int, notes: list[str]) -> None:
    """Keep their photos with the complaint; one that cannot be kept costs only itself."""
    found = await mail_photos.opened(report.photos, MOST_PHOTOS)
    if found.usable:
        await desk.add_photos(Actor.heard(), complaint, found.usable)
    notes += [f"foto {name} tidak ada di samping berkas ini" for name in report.missing]
    notes += [f"foto ke-{number} tidak dapat disimpan ({code})" for number, code in found.refused]


def _placed(report: Report, registry: Registry, notes: list[str]) -> Filing:
    """The filing at its place; names that nobody knows here stay in the address."""
    given = [name for name in report.place if name]
    if not given:
        return report.filing
    codes = [name for name in given if name in registry.regions]
    if not codes:
        codes = [
            code for code in registry.place_names.find(", ".join(given)).codes if code in registry.regions
        ]
    levels = {code.count("."): code for code in codes}
    if 2 in levels or 3 in levels:
        return replace(report.filing, district=levels.get(2), village=levels.get(3))
    notes.append("tempat tidak ada dalam daftar")
    address = ", ".join(part for part in (report.filing.address, *given) if part)
    return replace(report.filing, address=address[:300])


async def hand_back(
    exchange: Exchange, *, since: datetime | None = None, with_confidential: bool = False
) -> int:
    """Hand back how theirs stand, those that have changed since; return how many that were.

    Answers to confidential complaints are handed back on request only, those to protected ones never.
    """
    async with transaction("worker"):
        rows = await database.fetch(_OUTCOMES, since - _OVERLAP if since else None, with_confidential)
    outcomes = [
        Outcome(
            number=row["sp4n_id"],
            received_at=row["received_at"],
            ticket=row["ticket"],
            status=row["status"],
            agency=row["agency"],
            answer=row["answer"],
            answered_at=row["made_at"],
            changed_at=row["changed_at"],
        )
        for row in rows
    ]
    exchange.hand_back(outcomes)
    return len(outcomes)
