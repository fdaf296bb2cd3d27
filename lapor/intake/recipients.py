"""Who holds an office when a message leaves, over which channels they want to hear, and when they rest."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import asyncpg

from lapor import database

MAIL = "email"
CONSOLE = "console"
# Where an hour of rest ends at the latest for what a head has to know: the morning's digest.
MORNING = time(7, 30)


@dataclass(frozen=True)
class Holder:
    """A person as a message finds them."""

    id: int
    email: str
    channels: tuple[str, ...] = ()
    quiet_from: time | None = None
    quiet_until: time | None = None

    def wants(self, available: Collection[str]) -> list[str]:
        """Return the channels in this person's order, of those that exist here; mail when none was chosen."""
        usable = [name for name in available if name != MAIL or self.email]
        return [name for name in self.channels if name in usable] or [
            name for name in (MAIL,) if name in usable
        ]

    def quiet_end(self, at: datetime, zone: str) -> datetime | None:
        """Return when this person's quiet hours end, in UTC; None when they may be disturbed now."""
        if self.quiet_from is None or self.quiet_until is None or self.quiet_from == self.quiet_until:
            return None
        local = at.astimezone(ZoneInfo(zone))
        clock = local.time()
        overnight = self.quiet_from > self.quiet_until
        begun, not_over = clock >= self.quiet_from, clock < self.quiet_until
        if not (begun or not_over if overnight else begun and not_over):
            return None
        day = local.date() + timedelta(days=1 if overnight and begun else 0)
        return datetime.combine(day, self.quiet_until, ZoneInfo(zone)).astimezone(UTC)


@dataclass(frozen=True)
class Route:
    """One way to somebody: a channel, the addresses on it, and who sits there."""

    channel: str
    addresses: tuple[str, ...] = ()
    people: tuple[int, ...] = ()
    # Our own account, where a channel has several.
    account: str = ""


def routes(holders: Sequence[Holder], agency_email: str, available: Collection[str]) -> tuple[Route, ...]:
    """Return the ways to an office, best first: its holders' channels, then the agency's own address.

    Where there is no mail server, or somebody has no address, the log stands in if it may.
    """
    found: list[Route] = []
    wanted = {holder.id: holder.wants(available) for holder in holders}
    for name in dict.fromkeys(name for names in wanted.values() for name in names):
        there = [holder for holder in holders if name in wanted[holder.id]]
        addresses = tuple(dict.fromkeys(holder.email for holder in there)) if name == MAIL else ()
        found.append(Route(name, addresses, tuple(holder.id for holder in there)))
    known = {address for route in found for address in route.addresses}
    if agency_email and agency_email not in known and MAIL in available:
        found.append(Route(MAIL, (agency_email,)))
    if not found and CONSOLE in available and (holders or agency_email):
        found.append(Route(CONSOLE, (), tuple(holder.id for holder in holders)))
    return tuple(found)


_CURRENT = "{0}.starts_at <= lapor_now() AND ({0}.ends_at IS NULL OR {0}.ends_at > lapor_now())"

# Acting holders (Plt, Plh, Pj, Pjs) stand before the definitive one, whose place they fill.
_HOLDERS = f"""
SELECT p.id, p.email, p.notice_channels, p.quiet_from, p.quiet_until
FROM appointment a JOIN person p ON p.id = a.person
WHERE a.office = $1 AND p.active AND {_CURRENT.format("a")}
  AND NOT EXISTS (
    SELECT FROM appointment b JOIN office o ON o.id = b.office
    WHERE b.person = p.id AND o.agency = $2 AND {_CURRENT.format("b")})
ORDER BY a.kind = 'definitive', a.starts_at DESC, a.id"""

_PERSON = "SELECT id, email, notice_channels, quiet_from, quiet_until FROM person WHERE id = $1 AND active"


async def holders_of(office: int, *, reported_agency: int | None = None) -> list[Holder]:
    """Return who holds an office now; nobody who also sits in the reported agency, who would be warned that way."""
    found = {row["id"]: _holder(row) for row in await database.fetch(_HOLDERS, office, reported_agency)}
    return list(found.values())


async def person(number: int) -> Holder | None:
    """Return one person, if they are active."""
    row = await database.fetchrow(_PERSON, number)
    return _holder(row) if row else None


def _holder(row: asyncpg.Record) -> Holder:
    return Holder(
        row["id"],
        row["email"] or "",
        tuple(row["notice_channels"] or ()),
        row["quiet_from"],
        row["quiet_until"],
    )


def next_morning(after: datetime, zone: str) -> datetime:
    """Return the first 07:30 of the region after a moment, in UTC."""
    place = ZoneInfo(zone)
    local = after.astimezone(place)
    day = local.date() + timedelta(days=0 if local.time() < MORNING else 1)
    return datetime.combine(day, MORNING, place).astimezone(UTC)
