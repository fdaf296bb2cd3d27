"""What somebody says about a complaint, kept with a salted digest in the ledger, and who has to hear of it."""

import hashlib
import re
from datetime import datetime, timedelta
from typing import Final

from lapor import database
from lapor.complaints import events
from lapor.complaints.answer_templates import fields_of
from lapor.complaints.errors import Refused
from lapor.complaints.holding import Held
from lapor.complaints.masking import mask_national_ids

TEXT_LIMIT = 5_000
# For so long whoever has sent something can take it back, and no letter about it leaves.
UNDO: Final = timedelta(seconds=20)
# What an agency writes to a reporter; claims reach them once a second person has confirmed.
TO_REPORTERS = ("final", "interim", "question", "completion", "rejection", "referral", "outside_answer")


def words_of(text: str, field: str = "text") -> str:
    """Return a text as it is kept, without national id numbers; raises Refused for an empty or a long one."""
    said = mask_national_ids(text.strip())
    if not said:
        raise Refused("Tulis isinya dahulu.", field)
    if len(said) > TEXT_LIMIT:
        raise Refused(f"Tulisan terlalu panjang. Paling banyak {TEXT_LIMIT} huruf.", field)
    return said


async def say(
    held: Held,
    kind: str,
    text: str,
    *,
    field: str = "text",
    to_reporter: bool = False,
    promised_for: datetime | None = None,
    cycle: int | None = None,
    agency: int | None = None,
    undoable: bool = False,
) -> tuple[int, bytes]:
    """Store a statement; return its id and its digest for the ledger.

    Raises Refused for an empty or long text, and for one to a reporter in which a field of a template stands open.

    An officer speaks for the responsible agency unless `agency` names another.
    """
    said = words_of(text, field)
    if held.actor.person and kind in TO_REPORTERS and (fields := fields_of(said)):
        # What a template left open is never sent.
        raise Refused(
            f"Bagian ini belum diisi: {', '.join(fields)}. Ganti tanda kurungnya dengan isinya.", field
        )
    salt, digest = events.salted(said)
    statement: int = await database.fetchval("SELECT nextval('statement_id_seq')")
    await database.execute(
        "INSERT INTO statement (id, complaint, kind, cycle, agency, person, to_reporter, text, salt, fingerprint,"
        " promised_for, made_at, undoable_until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        statement,
        held.id,
        kind,
        cycle or held.row["cycle"],
        (agency or held.owner.id) if held.actor.person else None,
        held.actor.person,
        to_reporter,
        said,
        salt,
        fingerprint(said) if held.actor.person and kind in TO_REPORTERS else None,
        promised_for,
        held.at,
        held.at + UNDO if undoable else None,
    )
    return statement, digest


def fingerprint(text: str) -> bytes:
    """Return what the same words have in common, whatever their case, spaces and punctuation."""
    return hashlib.sha256(" ".join(re.findall(r"\w+", text.casefold())).encode()).digest()


async def tell_reporter(
    held: Held, kind: str, statement: int | None = None, *, undoable: bool = False
) -> None:
    """Put a message to the reporter into the outbox; whether there is an address is found out on sending.

    What can be undone leaves when it no longer can.
    """
    await database.execute(
        "INSERT INTO message (dedupe_key, kind, complaint, statement, state, attempts, next_attempt_at, created_at)"
        " VALUES ($1, $2, $3, $4, 'waiting', 0, $6, $5) ON CONFLICT (dedupe_key) DO NOTHING",
        f"{kind}:{held.id}:{statement or held.row['version']}:reporter",
        kind,
        held.id,
        statement,
        held.at,
        held.at + UNDO if undoable else held.at,
    )


async def tell_offices(held: Held, kind: str, roles: list[str], *, agency: int | None = None) -> None:
    """Put a message to each office with one of these roles into the outbox.

    The offices are those of `agency`, or without one those of the complaint's region. The reported party
    hears nothing.
    """
    await database.execute(
        "INSERT INTO message (dedupe_key, kind, complaint, office, state, attempts, next_attempt_at, created_at)"
        " SELECT $1 || ':' || $2::bigint || ':' || $3 || ':' || o.id, $1, $2, o.id, 'waiting', 0, $4, $4"
        " FROM office o JOIN agency a ON a.id = o.agency"
        " WHERE o.active AND o.role = ANY ($5) AND ($8::bigint IS NULL OR $8 <> ALL (agency_line(a.id)))"
        " AND CASE WHEN $6::bigint IS NULL THEN a.region = $7 ELSE a.id = $6 END"
        " ON CONFLICT (dedupe_key) DO NOTHING",
        kind,
        held.id,
        str(held.row["version"]),
        held.at,
        roles,
        agency,
        held.row["region"],
        held.row["reported_agency"],
    )
