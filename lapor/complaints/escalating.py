"""The sweep: every rung whose time has come, fired once, oldest first, however often and wherever it runs.

It reads nothing but the clock table to find what is due. A batch locks the ledger heads of its complaints, then
its clocks, passes over what somebody else has locked, and fires one rung of each clock with its event and its
messages in one transaction. `lapor.sla.ladder.fire` says in plain words what it does; a test compares the two.
Many at once are fired in several lanes, each with complaints of its own.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from lapor import database
from lapor.complaints import states
from lapor.database import transaction

AUDIENCES: dict[str, tuple[str, ...]] = {
    "agency": ("liaison", "agency_head"),
    "agency_head": ("agency_head",),
    "liaison": ("liaison",),
    "checker": ("checker", "agency_head"),
    "other_agency": ("liaison", "agency_head"),
    "asking_head": ("head_of_region",),
    "head_of_region": ("head_of_region",),
    "sekda": ("sekda",),
    "inspectorate": ("inspector",),
    "coordinator": ("coordinator",),
}
# Heads are not told before their region goes live; the agency itself is.
IN_AGENCY = ("agency", "agency_head", "liaison", "checker")
IN_OTHER_AGENCY = ("other_agency", "asking_head")

# So few are not worth a second lane.
LANE = 500
# How many transactions of each lane are looked up at a time: lanes wait for one another only after these.
AHEAD = 5

# After a few batches PostgreSQL would plan for any number of clocks, as if there were a handful.
_PLAN_FOR_THESE = "SET LOCAL plan_cache_mode = force_custom_plan"

_DUE = "SELECT id, complaint FROM clock WHERE next_at < $1 ORDER BY next_at LIMIT $2"

# Heads are locked first, then clocks. A clock without a head is let through: firing it fails and sets it aside.
_LOCK_HEADS = "SELECT lock_complaints($1, true)"
_LOCK_CLOCKS = """
SELECT k.id FROM clock k
WHERE k.id = ANY ($1) AND k.next_at < $2
  AND (k.complaint = ANY ($3) OR NOT EXISTS (SELECT FROM ledger_head h WHERE h.subject = k.complaint))
ORDER BY k.id FOR NO KEY UPDATE SKIP LOCKED"""

_FIRE = """
WITH due AS MATERIALIZED (
  SELECT k.id, k.complaint, k.kind, k.rung, k.next_at AS rung_at, k.met_at, k.due_at AS clock_due_at, s.step,
         s.audience,
         CASE WHEN k.rung + 1 < cardinality(k.rung_times) THEN k.rung_times[k.rung + 2]
              ELSE k.rung_times[cardinality(k.rung_times)]
                   + k.repeat_every * (k.rung + 2 - cardinality(k.rung_times)) END AS following,
         coalesce(i.region, c.region, x.region) AS region,
         coalesce(i.agency, c.owner_agency, x.agency) AS owner_agency,
         coalesce(c.offered_agency, x.asking_agency) AS offered_agency, c.reported_agency,
         coalesce(c.trial, false) AS trial,
         coalesce(c.about_official AND c.reported_agency IS NULL, false) AS unnamed
  FROM clock k
  JOIN policy_rung s ON s.policy = k.policy AND s.number = least(k.rung, cardinality(k.rung_times) - 1)
  LEFT JOIN complaint c ON c.id = k.complaint
  LEFT JOIN instruction i ON i.id = k.subject AND k.subject_kind = 'instruction'
  LEFT JOIN explanation x ON x.id = k.complaint AND k.subject_kind = 'explanation'
  WHERE k.id = ANY ($1) AND coalesce(c.id, x.id) IS NOT NULL
), rungs AS MATERIALIZED (
  SELECT *, CASE WHEN step IN ('notify', 'remind') THEN met_at IS NOT NULL OR coalesce(following < $2, false)
                 WHEN step = 'close' THEN met_at IS NOT NULL ELSE false END AS skipped,
         coalesce(met_at > clock_due_at, false) AS answered_late
  FROM due
), moved AS (
  UPDATE clock SET rung = clock.rung + 1,
    met_at = CASE WHEN rungs.step = 'close' THEN coalesce(clock.met_at, $3) ELSE clock.met_at END,
    next_at = CASE WHEN rungs.step = 'close' THEN NULL
                   WHEN rungs.met_at IS NULL OR rungs.following < rungs.met_at THEN rungs.following END
  FROM rungs WHERE clock.id = rungs.id
), fired AS (
  INSERT INTO escalation (clock, rung, complaint, step, due_at, fired_at, skipped, answered_late, trial)
  SELECT id, rung, complaint, step, rung_at, $3, skipped, answered_late, trial FROM rungs ORDER BY rung_at
  RETURNING skipped
), closed AS (
  UPDATE complaint SET status = 'closed', closed_at = $3, version = version + 1
  FROM rungs WHERE rungs.step = 'close' AND complaint.id = rungs.complaint AND complaint.status = ANY ($4)
    AND NOT rungs.skipped
), told AS (
  SELECT append_events(
    array_agg(complaint ORDER BY complaint, rung),
    array_agg(CASE WHEN skipped THEN 'rung_skipped' WHEN step = 'close' THEN 'closed' ELSE 'rung_' || step END
              ORDER BY complaint, rung),
    array_agg(owner_agency ORDER BY complaint, rung),
    array_agg('{"clock":"' || kind || '","due":"' || to_char(rung_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
              || '","late":' || answered_late || ',"rung":' || rung || ',"trial":' || trial || '}'
              ORDER BY complaint, rung)) AS events
  FROM rungs HAVING count(*) > 0
), ears AS MATERIALIZED (
  SELECT e.code, e.near, e.role, o.id AS office, o.agency, a.region
  FROM unnest($5::text[], $6::text[], $7::text[]) AS e(code, role, near)
  JOIN office o ON o.role = e.role JOIN agency a ON a.id = o.agency WHERE o.active
), heard AS (
  SELECT rungs.*, code FROM rungs CROSS JOIN LATERAL unnest(audience) AS code WHERE NOT skipped
), listening AS (
  SELECT h.id, h.rung, h.complaint, h.step, e.office
  FROM heard h JOIN ears e ON e.code = h.code AND e.agency = h.owner_agency
  WHERE e.near = 'agency'
    AND (h.reported_agency IS NULL OR h.reported_agency <> ALL (agency_line(e.agency)))
  UNION
  SELECT h.id, h.rung, h.complaint, h.step, e.office
  FROM heard h JOIN ears e ON e.code = h.code AND e.agency = h.offered_agency
  WHERE e.near = 'other_agency'
    AND (h.reported_agency IS NULL OR h.reported_agency <> ALL (agency_line(e.agency)))
  UNION
  SELECT h.id, h.rung, h.complaint, h.step, e.office
  FROM heard h JOIN ears e ON e.code = h.code AND e.region = h.region
  WHERE e.near = 'region' AND NOT h.trial AND (NOT h.unnamed OR e.role = 'inspector')
    AND (h.reported_agency IS NULL OR h.reported_agency <> ALL (agency_line(e.agency)))
  UNION
  SELECT h.id, h.rung, h.complaint, h.step, NULL FROM heard h WHERE h.code = 'reporter'
), sent AS (
  INSERT INTO message (dedupe_key, kind, complaint, office, clock, rung, state, attempts, next_attempt_at, created_at)
  SELECT 'rung:' || id || ':' || rung || ':' || coalesce(office::text, 'reporter'), 'rung_' || step, complaint, office,
         id, rung, 'waiting', 0, $3, $3
  FROM listening
)
SELECT count(*) FILTER (WHERE NOT skipped) AS fired, count(*) FILTER (WHERE skipped) AS skipped,
       (SELECT events FROM told) AS events
FROM fired"""


class _NotFired(Exception):
    """A clock was held and did not fire: something that it needs is missing."""


@dataclass
class Swept:
    """What a sweep did: rungs fired, warnings recorded as overtaken, clocks set aside with their trouble."""

    fired: int = 0
    skipped: int = 0
    set_aside: int = 0

    def add(self, other: "Swept") -> None:
        """Count another sweep in."""
        self.fired += other.fired
        self.skipped += other.skipped
        self.set_aside += other.set_aside


@dataclass(frozen=True)
class _Due:
    """A clock with a rung whose time has come, and the complaint in whose chain it is told."""

    clock: int
    complaint: int


async def sweep(as_of: datetime | None = None, *, batch: int = 5_000, lanes: int = 2) -> Swept:
    """Fire everything that is due and return the counts.

    `batch` is how many fire in one transaction, `lanes` how many transactions there are at a time, each on a
    connection of its own. `as_of` defaults to the database's time; a later one is refused outside of a simulation
    (ValueError).
    """
    total = Swept()
    while True:
        async with transaction("worker", at=as_of):
            at = await database.now()
            if as_of is not None and as_of > at:
                raise ValueError("a time after the database's now can only be swept in a simulation")
            rows = await database.fetch(_DUE, as_of or at, batch * lanes * AHEAD)
        if not rows:
            return total
        due = [_Due(row["id"], row["complaint"]) for row in rows]
        done = await _fire_lanes(_in_lanes(due, lanes), batch, as_of)
        total.add(done)
        # Everything left is locked by somebody else, who is firing it or answering it right now.
        if done == Swept():
            return total


async def _fire_lanes(lanes: Sequence[Sequence[_Due]], batch: int, as_of: datetime | None) -> Swept:
    """Fire them side by side; when one lane breaks off the others finish theirs, then its error is raised."""
    done = Swept()
    working = (_fire_lane(lane, batch, as_of) for lane in lanes)
    for fired in await asyncio.gather(*working, return_exceptions=True):
        if isinstance(fired, BaseException):
            raise fired
        done.add(fired)
    return done


async def _fire_lane(lane: Sequence[_Due], batch: int, as_of: datetime | None) -> Swept:
    done = Swept()
    for first in range(0, len(lane), batch):
        done.add(await _fire(lane[first : first + batch], as_of))
    return done


def _in_lanes(due: Sequence[_Due], lanes: int) -> list[Sequence[_Due]]:
    """Share them out so that all clocks of one complaint, and complaints of the same days, are in the same lane."""
    each = max(-(-len(due) // lanes), LANE)
    if len(due) <= each:
        return [due]
    ordered = sorted(due, key=lambda one: (one.complaint, one.clock))
    shared: list[Sequence[_Due]] = []
    first = 0
    while first < len(ordered):
        last = min(first + each, len(ordered))
        while last < len(ordered) and ordered[last].complaint == ordered[last - 1].complaint:
            last += 1
        shared.append(ordered[first:last])
        first = last
    return shared


async def _fire(due: Sequence[_Due], as_of: datetime | None) -> Swept:
    """Fire one rung of each clock; when the batch fails, its halves, until the bad clock is alone."""
    try:
        return await _fire_batch(due, as_of)
    except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, _NotFired) as error:
        if len(due) == 1:
            await _set_aside(due[0].clock, error)
            return Swept(set_aside=1)
    middle = len(due) // 2
    done = await _fire(due[:middle], as_of)
    done.add(await _fire(due[middle:], as_of))
    return done


async def _fire_batch(due: Sequence[_Due], as_of: datetime | None) -> Swept:
    clocks = [one.clock for one in due]
    async with transaction("worker", at=as_of):
        await database.execute(_PLAN_FOR_THESE)
        now = await database.now()
        at = as_of or now
        heads = [row[0] for row in await database.fetch(_LOCK_HEADS, sorted({one.complaint for one in due}))]
        held = [row["id"] for row in await database.fetch(_LOCK_CLOCKS, clocks, at, heads)]
        if not held:
            return Swept()
        rows = await database.fetch(_FIRE, held, at, now, _CLOSABLE, *_EARS)
        swept = Swept(fired=rows[0]["fired"], skipped=rows[0]["skipped"])
        if missing := len(held) - swept.fired - swept.skipped:
            raise _NotFired(f"{missing} of {len(held)} clocks found no rung or no complaint")
    return swept


async def _set_aside(clock: int, error: Exception) -> None:
    """Take one clock out of the sweep; it stays on the list and in the audit, with its trouble."""
    async with transaction("worker"):
        await database.execute(
            "UPDATE clock SET next_at = NULL, trouble = $2 WHERE id = $1",
            clock,
            f"{type(error).__name__}: {error}"[:300],
        )


async def take_up_again() -> int:
    """Put every clock that was set aside back into the sweep, once its trouble is mended; return how many."""
    async with transaction("worker"):
        rows = await database.fetch(
            "UPDATE clock SET trouble = NULL, next_at = CASE WHEN rung < cardinality(rung_times)"
            " THEN rung_times[rung + 1] ELSE rung_times[cardinality(rung_times)]"
            " + repeat_every * (rung + 1 - cardinality(rung_times)) END"
            " WHERE trouble IS NOT NULL RETURNING id"
        )
    return len(rows)


def _near(code: str) -> str:
    """Where the offices of an audience are looked for."""
    if code in IN_AGENCY:
        return "agency"
    return "other_agency" if code in IN_OTHER_AGENCY else "region"


# Audience, role, and where: one line for each role that listens, as three columns.
_EARS: tuple[list[str], ...] = tuple(
    map(
        list,
        zip(*((code, role, _near(code)) for code, roles in AUDIENCES.items() for role in roles), strict=True),
    )
)
_CLOSABLE = [status for status, verbs in states.MOVES.items() if "close" in verbs]
