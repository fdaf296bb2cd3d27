"""A long SMS whose parts a gateway delivers one by one is put together: by its first part, when the others are there.

What has not come after two minutes is not waited for: the rest is read as it is, and a late part is an addition.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from lapor import crypto, database
from lapor.intake.channels.interface import Delivered
from lapor.intake.channels.sms import Sms, Written
from lapor.intake.storing import payload_context

PATIENCE: Final = timedelta(minutes=2)
# Gateways begin anew with their references after 256 messages: old parts are no part of a new one.
TOGETHER: Final = timedelta(hours=1)

_GROUP = """
SELECT id, external_id, payload, state, trouble FROM inbound
WHERE channel = $1 AND account = $2 AND starts_with(external_id, $3)
  AND received_at > $4::timestamptz - $5::interval ORDER BY id"""
_WAKE = "UPDATE inbound SET next_attempt_at = lapor_now() WHERE id = $1 AND state = 'waiting' RETURNING id"
_NOTE = re.compile(r"bagian ([\d, ]+) dari")


class Incomplete(Exception):
    """A part whose others have not come yet: it is read again after a pause."""


async def joined(delivered: Delivered, written: Written) -> tuple[str, str] | None:
    """Return the words of all parts and a note that names them; None when another part has them, or will have.

    Inside a transaction of `worker`; raises Incomplete while the others may still come.
    """
    rows = await database.fetch(
        _GROUP,
        delivered.channel,
        delivered.account,
        f"{written.group}:",
        delivered.received_at,
        TOGETHER,
    )
    first = rows[0]
    if first["id"] != delivered.id:
        if await database.fetchval(_WAKE, first["id"]) is not None:
            return None
        # The first one has been read in the meantime.
        trouble = await database.fetchval("SELECT trouble FROM inbound WHERE id = $1", first["id"])
        if str(written.part) in _named(trouble or ""):
            return None
        return written.text, f"bagian {written.part} dari {written.of} datang terlambat"
    parts: dict[int, str] = {}
    for row in rows:
        context = payload_context(delivered.channel, row["external_id"])
        told = Sms().parse(crypto.keyring().decrypt(row["payload"], context))
        if isinstance(told, Written):
            parts.setdefault(told.part, told.text)
    if len(parts) < written.of and await database.now() - delivered.received_at < PATIENCE:
        raise Incomplete
    text = "".join(parts[number] for number in sorted(parts))
    return text, f"bagian {', '.join(map(str, sorted(parts)))} dari {written.of} dibaca bersama"


def _named(note: str) -> list[str]:
    found = _NOTE.search(note)
    return [number.strip() for number in found.group(1).split(",")] if found else []
