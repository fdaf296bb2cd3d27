"""What every letter is made of, and on which way it finds its addressee at the moment of sending."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lapor import crypto, database
from lapor.intake import recipients
from lapor.intake.bundling import LEADING
from lapor.intake.channels.interface import Chat, Outgoing
from lapor.intake.recipients import MAIL, Holder, Route
from lapor.letter_words import render, render_gathered

__all__ = ["Letter", "Sending", "render", "render_gathered"]

NO_HOLDER = "tidak ada pemegang jabatan"
NO_ADDRESS = "tidak ada alamat surel"
NO_REPORTER_ADDRESS = "pelapor tidak memberi alamat surel"
REPORTED = "jabatan ini di pihak yang dilaporkan"

# After so many attempts on one way the next one is taken; on the last way there are more.
ATTEMPTS_BEFORE_NEXT = 4
ATTEMPTS = 8

CLOCKS = {
    "response": "tanggapan",
    "triage": "penelaahan",
    "promise": "janji jawaban",
    "completion": "penyelesaian",
    "approval": "pemeriksaan hasil",
    "transfer": "alih tangan",
    "referral": "pelimpahan",
    "instruction": "instruksi pimpinan",
    "reporter_window": "masa tanggapan pelapor",
    "emergency": "laporan darurat",
}


@dataclass(frozen=True)
class Letter:
    """A message as it is to leave now.

    Without a channel, `trouble` says why, and `hopeless` that nobody can mend it. `wait_until` names the end of the
    addressee's quiet hours. After `last_attempt` it is given up; after `next_route` attempts another way is taken.
    """

    outgoing: Outgoing
    channel: str | None = None
    person: int | None = None
    people: tuple[int, ...] = ()
    trouble: str = ""
    hopeless: bool = False
    wait_until: datetime | None = None
    last_attempt: int = ATTEMPTS
    next_route: int | None = None

    def is_beyond(self, attempt: int) -> bool:
        """Whether every way has had its turn before this attempt; what is left are attempts more on the last one."""
        return attempt > self.last_attempt - (ATTEMPTS - ATTEMPTS_BEFORE_NEXT)


@dataclass(frozen=True)
class Sending:
    """What the sender knows: which attempt this is, which channels there are, the site, how long its links live."""

    attempt: int
    channels: frozenset[str]
    base_url: str
    link_minutes: int
    # Which of our accounts can speak now, as (channel, name).
    accounts: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class Addressee:
    """An office that is written to, with its agency's own address; `since` is when there was something to say."""

    office: int
    role: str
    zone: str
    email: str
    since: datetime


def addressed(letter: Letter, ways: Sequence[Route], attempt: int) -> Letter:
    """Return the letter on the way that this attempt takes."""
    if not ways:
        return letter
    number = min((attempt - 1) // ATTEMPTS_BEFORE_NEXT, len(ways) - 1)
    way = ways[number]
    return replace(
        letter,
        outgoing=replace(
            letter.outgoing, addresses=way.addresses, chat=Chat(way.account) if way.account else None
        ),
        channel=way.channel,
        people=way.people,
        person=way.people[0] if way.people else letter.person,
        last_attempt=ATTEMPTS_BEFORE_NEXT * (len(ways) - 1) + ATTEMPTS,
        next_route=ATTEMPTS_BEFORE_NEXT * (number + 1) if number + 1 < len(ways) else None,
    )


async def to_holders(
    letter: Letter,
    to: Addressee,
    sending: Sending,
    *,
    reported_agency: int | None = None,
    wakes: bool = False,
    waits: bool = True,
) -> Letter:
    """Return the letter on its way to whoever holds an office, without a channel when it cannot leave now.

    What goes to the leadership rests until the next morning at the latest, and not at all unless it `waits`; what
    `wakes` rests for nobody.
    """
    at, leading = letter.outgoing.at, to.role in LEADING
    latest = (recipients.next_morning(to.since, to.zone) if waits else at) if leading else None
    holders = await recipients.holders_of(to.office, reported_agency=reported_agency)
    resting = None if wakes else _rest(holders, at, to.zone, latest)
    if resting:
        return replace(letter, wait_until=resting)
    awake = holders if wakes else _not_resting(holders, at, to.zone, latest)
    ways = recipients.routes(awake, to.email, sending.channels)
    letter = replace(letter, person=awake[0].id if awake else None)
    if not ways:
        return replace(letter, trouble=await _nobody(to.office, holders))
    return addressed(letter, ways, sending.attempt)


def _not_resting(
    holders: Sequence[Holder], at: datetime, zone: str, latest: datetime | None
) -> Sequence[Holder]:
    """Return who may be disturbed now; from `latest` on that is everybody."""
    if latest and at >= latest:
        return holders
    return [holder for holder in holders if holder.quiet_end(at, zone) is None]


def _rest(holders: Sequence[Holder], at: datetime, zone: str, latest: datetime | None) -> datetime | None:
    """Return until when everybody rests, never beyond `latest`; None when somebody may be disturbed, or nobody is."""
    if not holders or _not_resting(holders, at, zone, latest):
        return None
    ends = [end for holder in holders if (end := holder.quiet_end(at, zone))]
    return min([*ends, latest] if latest else ends)


async def _nobody(office: int, holders: Sequence[Holder]) -> str:
    """Return why an office has nobody to write to."""
    if holders:
        return NO_ADDRESS
    # Whoever holds it sits in the reported agency as well: nothing is wrong with the register.
    return REPORTED if await recipients.holders_of(office) else NO_HOLDER


async def list_link(letter: Letter, role: str, sending: Sending) -> str:
    """Return an address that opens the list of tickets for a while, for the one leader this letter goes to; or nothing.

    A mail to several people, or to an agency's own address, has none: such a link is one person's.
    """
    if role not in LEADING or letter.channel != MAIL or len(letter.people) != 1:
        return ""
    token = crypto.new_secret()
    await database.execute(
        "INSERT INTO list_link (token_hash, person, made_at, expires_at)"
        " VALUES ($1, $2, lapor_now(), lapor_now() + make_interval(mins => $3))",
        crypto.secret_hash(token),
        letter.people[0],
        sending.link_minutes,
    )
    return f"{sending.base_url}/pimpinan/daftar/{token}"
