"""Letters to whoever holds an office: about the week, about inspectors, about alarms; and how each finds them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import asyncpg

from lapor import database
from lapor.intake import inspector_letters, letters, weekly
from lapor.intake.channels.interface import Outgoing
from lapor.intake.letters import Addressee, Letter, Sending
from lapor.sla import alarms

NOTHING_LEFT = "tidak ada lagi yang perlu diberitahukan"

_OFFICE = """
SELECT o.id, o.code, o.title, o.role, o.agency, a.name AS agency_name, a.email, a.region,
  r.timezone AS zone, r.name AS region_name
FROM office o JOIN agency a ON a.id = o.agency JOIN region r ON r.id = a.region WHERE o.id = $1"""

_ALARMS = """
SELECT a.sentence FROM message m JOIN alarm a ON a.id = split_part(m.dedupe_key, ':', 2)::bigint
WHERE (m.id = $1 OR m.bundle = $1) AND a.cleared_at IS NULL ORDER BY a.raised_at, a.id"""


async def of_the_week(head: asyncpg.Record, sending: Sending) -> Letter:
    """Return the letter about the week that has ended, to the head of region and who stands beside."""
    office = await office_of(head)
    kept = await weekly.announced(head["dedupe_key"])
    told = kept and {
        **kept,
        "region": office["region_name"],
        "link": f"{sending.base_url}/pimpinan/surat/{kept['id']}",
    }
    return await telling(head, office, sending, weekly.NOTICE, told, waits=True)


async def about_inspectors(head: asyncpg.Record, sending: Sending) -> Letter:
    """Return the letter that says who newly acts as an inspector."""
    office = await office_of(head)
    changed = await inspector_letters.changed(head["dedupe_key"], office["zone"])
    page = "inspektorat" if office["role"] == "inspector" else "masuk"
    told = changed and {**changed, "link": f"{sending.base_url}/{page}"}
    return await telling(head, office, sending, inspector_letters.NOTICE, told, waits=False)


async def about_alarms(head: asyncpg.Record, sending: Sending) -> Letter:
    """Return the letter with the alarms that still stand."""
    office = await office_of(head)
    sentences = [row["sentence"] for row in await database.fetch(_ALARMS, head["id"])]
    told = {"sentences": sentences, "link": f"{sending.base_url}/admin/"} if sentences else None
    return await telling(head, office, sending, alarms.NOTICE, told, waits=True)


async def telling(
    head: asyncpg.Record,
    office: asyncpg.Record,
    sending: Sending,
    kind: str,
    told: Mapping[str, Any] | None,
    *,
    waits: bool,
) -> Letter:
    """Return the letter of this kind to an office; with nothing told it never leaves."""
    letter = await to_holders(head, office, sending, waits=waits)
    if not told:
        return replace(letter, channel=None, trouble=NOTHING_LEFT, hopeless=True)
    return filled(letter, kind, {**told, "office": office["title"], "office_agency": office["agency_name"]})


async def office_of(head: asyncpg.Record) -> asyncpg.Record:
    """Return the office that a message is for, with its agency and region. LookupError: it is gone."""
    office = await database.fetchrow(_OFFICE, head["office"])
    if office is None:
        raise LookupError("the office does not exist")
    return office


async def to_holders(
    head: asyncpg.Record, office: asyncpg.Record, sending: Sending, *, waits: bool
) -> Letter:
    """Return an empty letter on its way to an office; one that `waits` may rest until the next morning."""
    to = Addressee(office["id"], office["role"], office["zone"], office["email"], head["created_at"])
    return await letters.to_holders(Letter(outgoing(head, office["code"])), to, sending, waits=waits)


def outgoing(head: asyncpg.Record, office: str) -> Outgoing:
    """Return what leaves for an office or a person, with no words yet."""
    return Outgoing(head["dedupe_key"], head["kind"], "", office, (), "", "", head["now"])


def filled(letter: Letter, kind: str, context: dict[str, Any]) -> Letter:
    """Return the letter with the words of its kind."""
    subject, body = letters.render_gathered(kind, context)
    return replace(letter, outgoing=replace(letter.outgoing, subject=subject, body=body))
