"""Watching the channels: one that is silent for longer than it ever was, and deliveries that nobody we know has signed."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import asyncpg

from lapor import database
from lapor.database import transaction
from lapor.intake import pace, way_out
from lapor.sla import alarms

SILENT: Final = "channel_silent"
UNSIGNED: Final = "channel_unsigned"
# What is usual is learnt from these days, once there were enough deliveries to say so.
LEARNT_FROM: Final = timedelta(days=14)
ENOUGH: Final = 20
LEAST_SILENCE: Final = timedelta(hours=3)
# So many times the longest pause so far is no pause any more.
LONGER: Final = 2
MOST_REFUSALS: Final = 10
MOST_SHARE: Final = 0.2
COUNTED_FOR: Final = timedelta(hours=24)

_WATCHED = """
SELECT a.id, a.channel, a.title, a.active, a.refusals, a.refused_at < lapor_now() - $3::interval AS over,
  EXISTS (SELECT FROM inbound WHERE state = 'waiting' AND trouble = $4 AND channel = a.channel AND account = a.name) AS held,
  heard.*
FROM channel_account a
CROSS JOIN LATERAL (
  SELECT count(*) AS deliveries, count(*) FILTER (WHERE received_at > lapor_now() - $3::interval) AS lately,
    max(received_at - before) AS longest, lapor_now() - max(received_at) AS silence
  FROM (SELECT received_at, lag(received_at) OVER (ORDER BY received_at) AS before FROM inbound
        WHERE channel = a.channel AND account = a.name AND received_at > lapor_now() - $1::interval) gaps) heard
WHERE a.active OR EXISTS (SELECT FROM alarm WHERE cleared_at IS NULL AND subject = $2 || a.id)"""
_COUNT_ANEW = "UPDATE channel_account SET refusals = 0 WHERE id = $1"


async def watch_channels() -> int:
    """Raise and end the alarms about silent channels and wrong signatures; return how many stand now."""
    standing = 0
    async with transaction("worker"):
        for row in await database.fetch(_WATCHED, LEARNT_FROM, "channel:", COUNTED_FOR, pace.WAITS):
            standing += await _settle(row, SILENT, _silence(row))
            standing += await _settle(row, UNSIGNED, _wrong_signatures(row))
            standing += await _settle(row, pace.FLOOD, pace.sentence(row["title"]) if row["held"] else "")
            if row["over"]:
                # A day without one: what was counted is told, and no share of what comes next.
                await database.execute(_COUNT_ANEW, row["id"])
        await way_out.forget_free()
    return standing


async def _settle(row: asyncpg.Record, code: str, sentence: str) -> bool:
    subject = f"channel:{row['id']}"
    if sentence:
        await alarms.sound(code, subject, sentence)
    else:
        await alarms.clear([code], subject)
    return bool(sentence)


def is_silent(row: asyncpg.Record) -> bool:
    """Whether a `silence` is longer than the `longest` pause of enough `deliveries` lets one expect."""
    if row["deliveries"] < ENOUGH:
        return False
    return bool(row["silence"] >= max(LEAST_SILENCE, LONGER * row["longest"]))


def is_share(refusals: int, lately: int) -> bool:
    """Whether so many wrong signatures beside so many deliveries are more than somebody's curiosity."""
    return refusals >= MOST_REFUSALS and refusals / (refusals + lately) > MOST_SHARE


def _silence(row: asyncpg.Record) -> str:
    if not row["active"] or not is_silent(row):
        return ""
    hours = int(row["silence"].total_seconds()) // 3600
    return f"Kanal {row['title']} tidak menerima apa pun selama {hours} jam, lebih lama dari biasanya."


def _wrong_signatures(row: asyncpg.Record) -> str:
    count = row["refusals"]
    if not row["active"] or row["over"] or not is_share(count, row["lately"]):
        return ""
    return f"Kanal {row['title']}: {count} kiriman dengan tanda tangan yang salah. Periksa rahasianya di halaman Kanal."
