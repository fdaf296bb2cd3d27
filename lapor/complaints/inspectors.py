"""Who newly acts as an inspector, and who made them one: for a while such a person opens no identity.

Whoever gives out offices and passwords could otherwise put two persons of their own where two are asked for. The
database notes each such act and tells the inspectorate and the head (migration m0023); here it is weighed and listed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from lapor import database
from lapor.complaints.errors import Refused

WAITING: Final = timedelta(hours=72)
LISTED: Final = 50

CHANGES: Final[Mapping[str, str]] = {
    "appointed": "ditunjuk memegang jabatan pemeriksa",
    "office_changed": "jabatannya dijadikan jabatan pemeriksa",
    "account_changed": "surel atau nama penggunanya diganti",
    "account_opened": "akunnya diaktifkan kembali",
    "password_given": "dibuatkan kata sandi sekali pakai",
    "reset_used": "membuat kata sandi baru lewat tautan surel",
    "factor_removed": "autentikatornya dilepas orang lain",
}

_LAST = "SELECT max(at) FROM inspector_change WHERE person = $1 AND at > $2"
_SAME_AUTHOR = """
SELECT EXISTS (SELECT FROM inspector_change a JOIN inspector_change b ON b.by_person = a.by_person
  WHERE a.person = $1 AND b.person = $2 AND least(a.at, b.at) > $3)"""
_CHANGES = f"""
SELECT k.id, k.kind, k.at, coalesce(nullif(p.full_name, ''), p.username) AS person,
  coalesce(nullif(b.full_name, ''), b.username, '') AS by, r.timezone AS zone
FROM inspector_change k JOIN person p ON p.id = k.person JOIN region r ON r.id = k.region
LEFT JOIN person b ON b.id = k.by_person
ORDER BY k.at DESC, k.id DESC LIMIT {LISTED}"""


@dataclass(frozen=True)
class Change:
    """One such act: whom it is about, what was done (a key of CHANGES), by whom; `by` is empty for the inspector."""

    id: int
    kind: str
    at: datetime
    person: str
    by: str
    zone: str


async def changes() -> Sequence[Change]:
    """Return the latest acts in the regions that this officer inspects, newest first; at most `LISTED`."""
    return [Change(**dict(row)) for row in await database.fetch(_CHANGES)]


async def waits_until(person: int | None, at: datetime, waiting: timedelta) -> datetime | None:
    """Return until when this inspector neither asks for nor decides about an identity; None when they may."""
    last: datetime | None = await database.fetchval(_LAST, person, at - waiting)
    return last + waiting if last else None


async def must_have_waited(person: int | None, at: datetime, waiting: timedelta) -> None:
    """Raise Refused while an inspector's office, account or way in is fresh."""
    until = await waits_until(person, at, waiting)
    if until is not None:
        hours = -((at - until) // timedelta(hours=1))
        raise Refused(f"Jabatan atau akun Anda baru saja diubah. Anda dapat melakukan ini {hours} jam lagi.")


async def must_be_two(asker: int, decider: int | None, since: datetime) -> None:
    """Raise Refused when one person has made both of them inspectors, or opened both accounts, since then."""
    if await database.fetchval(_SAME_AUTHOR, asker, decider, since):
        raise Refused(
            "Akun atau jabatan Anda dan peminta baru diubah oleh orang yang sama. Pemeriksa lain harus memutuskan."
        )
