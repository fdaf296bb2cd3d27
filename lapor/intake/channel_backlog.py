"""Where deliveries pile up: said for each channel and account, as a growing backlog is the trouble of one of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from lapor import database
from lapor.database import transaction
from lapor.sla import alarms

BACKLOG: Final = "inbound_backlog"
PATIENCE: Final = timedelta(minutes=10)

_WAITING = """
SELECT i.channel, i.account, coalesce(nullif(max(a.title), ''), i.channel || ' ' || i.account) AS title, count(*) AS count
FROM inbound i LEFT JOIN channel_account a ON a.channel = i.channel AND a.name = i.account
WHERE i.state = 'waiting' AND i.next_attempt_at < lapor_now() - $1::interval
GROUP BY i.channel, i.account ORDER BY i.channel, i.account"""
_OPEN = "SELECT subject FROM alarm WHERE code = $1 AND cleared_at IS NULL"


async def watch_backlog() -> int:
    """Raise and end the alarms about deliveries that have been waiting too long; return how many stand now."""
    async with transaction("worker"):
        found = {
            f"inbound:{row['channel']}:{row['account']}": _sentence(row["title"], row["count"])
            for row in await database.fetch(_WAITING, PATIENCE)
        }
        for subject, sentence in found.items():
            await alarms.sound(BACKLOG, subject, sentence)
        for row in await database.fetch(_OPEN, BACKLOG):
            if row["subject"] not in found:
                await alarms.clear([BACKLOG], row["subject"])
    return len(found)


def _sentence(title: str, count: int) -> str:
    return f"Kanal {title}: {count} kiriman masuk tertahan lebih dari sepuluh menit."
