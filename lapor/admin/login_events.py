"""What happens to somebody's log-in: a line in the log without names, and a row that they and administrators see."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import structlog

from lapor import database
from lapor.admin.devices import NOWHERE, Where
from lapor.locales import say

log = structlog.get_logger()

# Addresses of devices are kept no longer than they help to notice something.
KEPT_DAYS = 400
SHOWN = 20

KINDS: Mapping[str, str] = {
    "logged_in": "Masuk",
    "wrong_password": "Kata sandi salah",
    "wrong_code": "Kode salah",
    "locked": "Dikunci sementara karena terlalu banyak percobaan",
    "logged_out": "Keluar",
    "session_ended": "Sesi diakhiri",
    "others_ended": "Semua sesi lain diakhiri",
    "all_ended": "Semua sesi diakhiri",
    "factor_set": "Kode autentikator dipasang",
    "factor_removed": "Kode autentikator dilepas",
    "recovery_used": "Kode cadangan dipakai",
    "recovery_renewed": "Kode cadangan dibuat baru",
    "password_changed": "Kata sandi diganti",
    "password_given": "Kata sandi sekali pakai dibuatkan",
    "reset_asked": "Tautan kata sandi diminta",
    "reset_used": "Kata sandi baru dibuat lewat tautan",
}
# Worth a second look when it was not oneself.
GRAVE = frozenset({"locked", "factor_removed", "recovery_used", "reset_used", "password_given"})


class Happened(NamedTuple):
    """One event; `by` is the name of somebody else who did it."""

    kind: str
    at: datetime
    by: str
    device: str
    network: str


_RECORD = """
INSERT INTO login_event (person, kind, at, by_person, device, network)
SELECT p.id, $2::text, lapor_now(), nullif(app_user(), p.id), $3::text, $4::text FROM person p
WHERE p.id = $1 AND ($5::int = 0 OR NOT EXISTS (
  SELECT FROM login_event e WHERE e.person = p.id AND e.kind = $2::text
    AND e.at > lapor_now() - make_interval(mins => $5::int)))
RETURNING id"""

_LATEST = """
SELECT e.kind, e.at, coalesce(nullif(b.full_name, ''), b.username, '') AS by, e.device, e.network
FROM login_event e LEFT JOIN person b ON b.id = e.by_person
WHERE e.person = $1 ORDER BY e.at DESC, e.id DESC LIMIT $2"""


async def record(person: int | None, kind: str, where: Where = NOWHERE, *, once_in_minutes: int = 0) -> None:
    """Note an event of a person, in the caller's transaction if there is one; nobody's is noted nowhere.

    With `once_in_minutes` the same kind is noted once in that time.
    """
    async with database.transaction("gate"):
        noted = await database.fetchval(
            _RECORD, person, kind, where.device[:40], where.network, once_in_minutes
        )
        await database.execute(
            "DELETE FROM login_event WHERE at < lapor_now() - make_interval(days => $1)", KEPT_DAYS
        )
    if noted:
        log.info("login_security", kind=kind, user_id=person)


async def latest(person: int) -> list[Happened]:
    """The last events of a person, newest first."""
    async with database.transaction("gate"):
        rows = await database.fetch(_LATEST, person, SHOWN)
    return [Happened(**dict(row)) for row in rows]


def in_words(kind: str) -> str:
    """An event as the page about one's account tells it."""
    return say(KINDS.get(kind, kind))
