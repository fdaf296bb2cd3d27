"""Watching partners' systems, which have no account of ours: one that is silent, and deliveries signed by nobody we know."""

from __future__ import annotations

from typing import Final

from lapor import database
from lapor.database import transaction
from lapor.intake.channel_watch import COUNTED_FOR, LEARNT_FROM, SILENT, UNSIGNED, is_share, is_silent
from lapor.intake.channels.interface import SENSOR
from lapor.sla import alarms

NAME: Final = "partner"
SUBJECT: Final = "partner"

_HEARD = """
SELECT account, count(*) AS deliveries, max(received_at - before) AS longest, lapor_now() - max(received_at) AS silence,
  count(*) FILTER (WHERE received_at > lapor_now() - $3::interval) AS lately
FROM (SELECT account, received_at, lag(received_at) OVER (PARTITION BY account ORDER BY received_at) AS before
      FROM inbound WHERE channel = $1 AND received_at > lapor_now() - $2::interval) gaps
GROUP BY account ORDER BY account"""
_REFUSALS = (
    "SELECT refusals, refused_at < lapor_now() - $2::interval AS over FROM hook_refusal WHERE channel = $1"
)
_COUNT_ANEW = "UPDATE hook_refusal SET refusals = 0 WHERE channel = $1"
_OPEN = "SELECT subject FROM alarm WHERE code = $1 AND cleared_at IS NULL AND starts_with(subject, $2)"


async def watch_partners() -> int:
    """Raise and end the alarms about partners; return how many stand now."""
    async with transaction("worker"):
        heard = await database.fetch(_HEARD, NAME, LEARNT_FROM, COUNTED_FOR)
        silent = {
            f"{SUBJECT}:{row['account']}": _silence(
                row["account"].removeprefix(SENSOR), int(row["silence"].total_seconds()) // 3600
            )
            for row in heard
            if is_silent(row)
        }
        for subject, sentence in silent.items():
            await alarms.sound(SILENT, subject, sentence)
        for row in await database.fetch(_OPEN, SILENT, f"{SUBJECT}:"):
            # One that is not heard of any more for so long that nothing is usual is no partner.
            if row["subject"] not in silent:
                await alarms.clear([SILENT], row["subject"])
        unsigned = await _settle_refusals(sum(row["lately"] for row in heard))
    return len(silent) + unsigned


async def _settle_refusals(lately: int) -> bool:
    row = await database.fetchrow(_REFUSALS, NAME, COUNTED_FOR)
    if row is None:
        return False
    count = row["refusals"]
    if not row["over"] and is_share(count, lately):
        await alarms.sound(UNSIGNED, SUBJECT, _wrong_signatures(count))
        return True
    await alarms.clear([UNSIGNED], SUBJECT)
    if row["over"]:
        # A day without one: what was counted is told, and no share of what comes next.
        await database.execute(_COUNT_ANEW, NAME)
    return False


def _silence(partner: str, hours: int) -> str:
    return f"Mitra {partner} tidak mengirim apa pun selama {hours} jam, lebih lama dari biasanya."


def _wrong_signatures(count: int) -> str:
    return f"Kanal mitra: {count} kiriman dengan tanda tangan yang salah. Periksa rahasianya di LAPOR_PARTNER_SECRETS."
