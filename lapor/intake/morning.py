"""What is made every day of a region: at 07:30 the list of the day for officers, at the hour that an office has chosen
(07:30 unless it has) the digest for heads.

A letter is made once for each person or office and day, by its key, however often and wherever this runs, and also
when it runs late. Its words are found when it leaves.
"""

import json
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from lapor import database
from lapor.complaints.archive import ADDRESSEES
from lapor.database import transaction
from lapor.intake.bundling import DIGEST, DIGEST_ONLY
from lapor.intake.day_lists import DAY_LIST, WORK, WORKING
from lapor.intake.recipients import MORNING
from lapor.registers import moment
from lapor.sla.register import SCHEDULE, Schedule

SATURDAY = 5
_REGIONS = """
SELECT r.id, r.code, r.timezone FROM region r
WHERE EXISTS (SELECT FROM agency a WHERE a.region = r.id AND a.active) ORDER BY r.code"""

_DONE = "SELECT facts FROM heartbeat WHERE name = $1"
_DO = """
INSERT INTO heartbeat (name, beat_at, facts) VALUES ($1, lapor_now(), $2)
ON CONFLICT (name) DO UPDATE SET beat_at = excluded.beat_at, facts = excluded.facts"""

_LISTS = f"""
WITH busy AS MATERIALIZED (
  SELECT DISTINCT CASE WHEN k.kind = 'transfer' THEN c.offered_agency ELSE c.owner_agency END AS agency
  FROM clock k JOIN complaint c ON c.id = k.complaint
  WHERE k.met_at IS NULL AND k.due_at < $3 AND k.kind = ANY ($5))
INSERT INTO message (dedupe_key, kind, person, state, attempts, next_attempt_at, created_at)
SELECT DISTINCT 'list:' || p.id || ':' || $2::text, '{DAY_LIST}', p.id, 'waiting', 0, $4::timestamptz, $4::timestamptz
FROM busy
JOIN agency a ON a.id = busy.agency AND a.active AND a.region = $1
JOIN office o ON o.agency = a.id AND o.active AND o.role = ANY ($6)
JOIN appointment h ON h.office = o.id AND h.starts_at <= $4 AND (h.ends_at IS NULL OR h.ends_at > $4)
JOIN person p ON p.id = h.person AND p.active
ON CONFLICT (dedupe_key) DO NOTHING"""

_HOURS = """
SELECT DISTINCT h.at FROM digest_hour h JOIN office o ON o.id = h.office JOIN agency a ON a.id = o.agency
WHERE a.region = $1 AND h.at <= $2"""

# Something stands on the list of the head, or was put off for this morning.
_DIGESTS = f"""
INSERT INTO message (dedupe_key, kind, office, state, attempts, next_attempt_at, created_at)
SELECT 'digest:' || o.id || ':' || $2::text, '{DIGEST}', o.id, 'waiting', 0, $3, $3
FROM office o JOIN agency a ON a.id = o.agency
LEFT JOIN digest_hour h ON h.office = o.id
WHERE a.region = $1 AND a.active AND o.active AND o.role = ANY ($4) AND coalesce(h.at, $6) = $5 AND (
  EXISTS (
    SELECT FROM clock k JOIN complaint c ON c.id = k.complaint
    WHERE k.met_at IS NULL AND k.due_at < $3 AND c.region = $1 AND c.reported_agency IS DISTINCT FROM a.id
      AND EXISTS (SELECT FROM escalation e WHERE e.clock = k.id AND e.step = 'escalate' AND NOT e.trial))
  OR EXISTS (
    SELECT FROM message m JOIN complaint c ON c.id = m.complaint
    WHERE m.state = 'waiting' AND m.office = o.id AND {DIGEST_ONLY}))
ON CONFLICT (dedupe_key) DO NOTHING"""


async def make() -> int:
    """Make the letters of the morning where it is time and they were not made; return for how many regions."""
    async with transaction("worker"):
        seen = await moment()
        regions = await database.fetch(_REGIONS)
        schedule = await SCHEDULE.get(seen.version)
    made = 0
    for region in regions:
        local = seen.at.astimezone(ZoneInfo(region["timezone"]))
        lists = local.time() >= MORNING and await _lists(
            region["id"], region["code"], local, seen.at, schedule
        )
        digests = await _digests(region["id"], region["code"], local, seen.at)
        made += lists or digests
    return made


async def _lists(region: int, code: str, local: datetime, at: datetime, schedule: Schedule) -> bool:
    day = local.date()
    facts = json.dumps({"day": day.isoformat()})
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    async with transaction("worker"):
        if await database.fetchval(_DONE, f"morning:{code}") == facts:
            return False
        if is_working(schedule, code, day):
            await database.execute(_LISTS, region, day.isoformat(), midnight, at, list(WORK), list(WORKING))
        await database.execute(_DO, f"morning:{code}", facts)
    return True


async def _digests(region: int, code: str, local: datetime, at: datetime) -> bool:
    """Make the digests of every hour that has come; an hour that was looked at has had its digest of the day."""
    day = local.date().isoformat()
    facts = json.dumps({"day": day})
    made = False
    async with transaction("worker"):
        chosen = {row["at"] for row in await database.fetch(_HOURS, region, local.time())}
        usual = {MORNING} if local.time() >= MORNING else set()
        for hour in sorted(chosen | usual):
            name = f"digest:{code}:{hour:%H:%M}"
            if await database.fetchval(_DONE, name) != facts:
                await database.execute(_DIGESTS, region, day, at, list(ADDRESSEES), hour, MORNING)
                await database.execute(_DO, name, facts)
                made = True
    return made


def is_working(schedule: Schedule, region: str, day: date) -> bool:
    """Return whether the region works on a day; without a calendar Monday to Friday."""
    try:
        return schedule.calendar(region).is_working(day)
    except LookupError:
        return day.weekday() < SATURDAY
