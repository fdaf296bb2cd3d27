"""Duplicates: a complaint tied to the one that leads. Each stays one of its own, with its own clocks and answer.

A link meets, moves and ends nothing. It is made between complaints of one agency, both of which the officer reads and
which are guarded alike; neither reporter learns of the other. Who is tied to a tied complaint is tied to its leader: there are no chains.
A link binds while one agency has both; when they have parted, the next link of either ends it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lapor import database
from lapor.complaints import tickets
from lapor.complaints.actor import Actor
from lapor.complaints.errors import Conflict, NotFound, Refused
from lapor.complaints.holding import Held, each_held, holding, lock
from lapor.complaints.statements import say
from lapor.complaints.states import ENDED, LABELS

_SEEN = "SELECT EXISTS (SELECT FROM complaint WHERE id = $1)"
_TARGET = "SELECT id, may_read(id) AS readable FROM complaint WHERE ticket = $1"
# Each one's chain names the other to everybody who sees its clocks: only those are tied that the same people see.
_READERS = "SELECT protected, about_official, reported_agency FROM complaint WHERE id = $1"
_TIES = """
SELECT k.id, k.complaint, k.leader, coalesce(c.owner_agency = l.owner_agency, false) AS binds
FROM complaint_link k LEFT JOIN complaint c ON c.id = k.complaint LEFT JOIN complaint l ON l.id = k.leader
WHERE k.unlinked_at IS NULL AND (k.complaint = $1 OR k.leader = $1) ORDER BY k.id"""
_INSERT = "INSERT INTO complaint_link (complaint, leader, linked_by, linked_at) VALUES ($1, $2, $3, $4)"
_END = "UPDATE complaint_link SET unlinked_by = $2, unlinked_at = $3 WHERE id = $1"


@dataclass(frozen=True)
class _Tie:
    """A link that has not been ended; it binds while both complaints are with one agency."""

    id: int
    complaint: int
    leader: int
    binds: bool


@dataclass(frozen=True)
class _Wanted:
    """What is to be linked, as it stood when it was looked at, and how the form names its fields."""

    complaint: int
    target: int
    leader: int
    ties: Sequence[_Tie]
    ticket_field: str
    reason_field: str

    @property
    def everyone(self) -> Sequence[int]:
        """All complaints in whose chain something is going to be written."""
        others = {end for tie in self.ties for end in (tie.complaint, tie.leader)}
        return sorted({self.complaint, self.target, self.leader} | others)


async def link(actor: Actor, complaint: int, *, to: str, reason: str, version: int | None = None) -> None:
    """Tie the complaint to the one with this ticket, or to that one's leader; no clock is met or moved by it.

    Raises Refused with the field to correct: an unknown ticket and one that the officer may not read look alike.
    """
    async with database.transaction(actor.role, user_id=actor.person):
        await _link(actor, await _wanted(complaint, to, "to", "reason"), reason, version)


async def link_duplicate(
    actor: Actor, complaint: int, *, of: str, text: str, version: int | None = None
) -> bool:
    """Tie a complaint that is about to be rejected as a duplicate; one that is tied already needs no ticket.

    Return whether anything was changed. Call it inside a transaction: the complaint stays locked for what follows.
    """
    tie = _tie_of(complaint, await _ties(complaint))
    if tie is None and not of.strip():
        raise Refused("Sebutkan nomor laporan yang sudah ada.", "duplicate_of")
    if tie is not None and (not of.strip() or (await _named(of, "duplicate_of"))[1] == tie.leader):
        return False
    await _link(actor, await _wanted(complaint, of, "duplicate_of", "text"), text, version)
    return True


async def unlink(actor: Actor, complaint: int, *, reason: str, version: int | None = None) -> None:
    """Take the complaint off its leader; nothing else of either changes."""
    async with database.transaction(actor.role, user_id=actor.person):
        tie = _tie_of(complaint, await _ties(complaint))
        if tie is None:
            raise Refused("Laporan ini tidak sedang tertaut.")
        await lock([complaint, tie.leader])
        async with holding(actor, complaint, version) as held:
            await held.must_work()
            if tie not in await _ties(complaint):
                raise _moved_on()
            _, digest = await say(held, "note", reason, field="reason")
            await _end(held, tie, digest)
        await _tell(actor, tie.leader, "unlinked", {"follower": complaint})


async def _wanted(complaint: int, ticket: str, ticket_field: str, reason_field: str) -> _Wanted:
    # Row-level security answers first: what somebody may not see cannot be locked either.
    if not await database.fetchval(_SEEN, complaint):
        raise NotFound
    target, leader = await _named(ticket, ticket_field)
    return _Wanted(complaint, target, leader, await _ties(complaint), ticket_field, reason_field)


async def _named(ticket: str, field: str) -> tuple[int, int]:
    """Return the complaint with this ticket, which the officer reads, and the one that leads it, or itself."""
    try:
        found = await database.fetchrow(_TARGET, tickets.parse(ticket))
    except ValueError:
        found = None
    if found is None or not found["readable"]:
        raise Refused("Tidak ada laporan dengan nomor ini yang dapat Anda baca.", field)
    target: int = found["id"]
    tie = _tie_of(target, await _ties(target))
    return target, tie.leader if tie else target


async def _ties(complaint: int) -> list[_Tie]:
    return [_Tie(**dict(row)) for row in await database.fetch(_TIES, complaint)]


def _tie_of(complaint: int, ties: Sequence[_Tie]) -> _Tie | None:
    """What ties the complaint to its leader now."""
    return next((tie for tie in ties if tie.complaint == complaint and tie.binds), None)


async def _link(actor: Actor, wanted: _Wanted, reason: str, version: int | None) -> None:
    await lock(wanted.everyone)
    async with holding(actor, wanted.complaint, version) as held:
        await held.must_work()
        await _check(held, wanted)
        _, digest = await say(held, "note", reason, field=wanted.reason_field)
        for tie in wanted.ties:
            await _end(held, tie, None)
        await database.execute(_INSERT, held.id, wanted.leader, actor.person, held.at)
        await held.record("linked", facts={"leader": wanted.leader}, digest=digest)
    for tie in wanted.ties:
        follows = tie.complaint == held.id
        other = tie.leader if follows else tie.complaint
        await _tell(actor, other, "unlinked", {"follower" if follows else "leader": held.id})
    async for leader in each_held(actor, [wanted.leader]):
        if leader.owner.id != held.owner.id:
            raise Refused("Hanya laporan dari instansi yang sama yang dapat ditautkan.", wanted.ticket_field)
        await leader.record("linked", facts={"follower": held.id})


async def _check(held: Held, wanted: _Wanted) -> None:
    """Raise Refused when the complaint cannot be tied, and Conflict when something has moved meanwhile."""
    now = await _ties(held.id)
    leading = _tie_of(wanted.target, await _ties(wanted.target))
    if now != wanted.ties or (leading.leader if leading else wanted.target) != wanted.leader:
        raise _moved_on()
    field, status = wanted.ticket_field, held.row["status"]
    if status in ENDED:
        raise Refused(f"Ini tidak dapat dilakukan pada laporan yang berstatus “{LABELS[status]}”.")
    if wanted.leader == held.id:
        raise Refused("Ini laporan yang sama, atau laporan itu sudah tertaut ke laporan ini.", field)
    if _tie_of(held.id, now):
        raise Refused("Laporan ini sudah tertaut. Lepaskan dahulu tautannya.", field)
    if any(tie.binds for tie in now):
        raise Refused(
            "Laporan lain tertaut ke laporan ini. Buka laporan yang satunya, lalu tautkan ke laporan ini.",
            field,
        )
    if not await database.fetchval("SELECT may_read($1)", wanted.leader):
        raise Refused("Tidak ada laporan dengan nomor ini yang dapat Anda baca.", field)
    if await database.fetchrow(_READERS, held.id) != await database.fetchrow(_READERS, wanted.leader):
        raise Refused(
            "Laporan terlindung atau tentang pejabat hanya ditautkan ke laporan yang terbuka bagi orang yang sama.",
            field,
        )


def _moved_on() -> Conflict:
    return Conflict(
        "Laporan ini baru saja diubah oleh orang lain. Periksa keadaan terbarunya, lalu kirim lagi."
    )


async def _end(held: Held, tie: _Tie, digest: bytes | None) -> None:
    await database.execute(_END, tie.id, held.actor.person, held.at)
    other = {"leader": tie.leader} if tie.complaint == held.id else {"follower": tie.complaint}
    await held.record("unlinked", facts=other, digest=digest)


async def _tell(actor: Actor, complaint: int, kind: str, facts: dict[str, int]) -> None:
    """Record it in the other one's chain too, under the lock that was taken before."""
    async for held in each_held(actor, [complaint]):
        await held.record(kind, facts=facts)
