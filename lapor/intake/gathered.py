"""Who writes a message that leaves now: letters about many things, each in a file of its own, or about one complaint."""

from collections.abc import Awaitable, Callable

import asyncpg

from lapor import database
from lapor.intake import (
    account_letters,
    chat_letters,
    complaint_letters,
    day_lists,
    digests,
    explanation_letters,
    inspector_letters,
    mail_asking,
    office_letters,
    weekly,
)
from lapor.intake.bundling import DIGEST, DIGEST_ONLY
from lapor.intake.letters import Letter, Sending
from lapor.sla import alarms

_HEAD = f"""
SELECT m.id, m.kind, m.dedupe_key, m.complaint, m.office, m.person, m.created_at, lapor_now() AS now,
       EXISTS (SELECT FROM message b WHERE b.bundle = m.id) OR coalesce({DIGEST_ONLY}, false) AS gathers,
       m.complaint IS NOT NULL AND c.id IS NULL AS of_leaders
FROM message m
LEFT JOIN complaint c ON c.id = m.complaint
LEFT JOIN office o ON o.id = m.office
WHERE m.id = $1"""


async def write(message: int, sending: Sending) -> Letter:
    """Return the message as it is to leave now; inside a transaction of the worker. LookupError: it is gone."""
    head = await database.fetchrow(_HEAD, message)
    if head is None:
        raise LookupError("the message does not exist")
    if head["kind"] in (chat_letters.CHAT, chat_letters.TRIAL):
        return await chat_letters.write(message, sending)
    if writer := _writer(head["kind"]):
        return await writer(head, sending)
    if head["kind"] == DIGEST or head["gathers"]:
        return await digests.digest(head, sending)
    if head["of_leaders"]:
        return await explanation_letters.write(message, sending)
    return await complaint_letters.about_one(message, sending)


def _writer(kind: str) -> Callable[[asyncpg.Record, Sending], Awaitable[Letter]] | None:
    """Who writes a kind of letter that is never about one complaint."""
    writers: dict[str, Callable[[asyncpg.Record, Sending], Awaitable[Letter]]] = {
        day_lists.DAY_LIST: day_lists.day_list,
        alarms.NOTICE: office_letters.about_alarms,
        account_letters.PASSWORD_RESET: account_letters.password_reset,
        inspector_letters.NOTICE: office_letters.about_inspectors,
        mail_asking.NOTICE: mail_asking.write,
        weekly.NOTICE: office_letters.of_the_week,
    }
    return writers.get(kind)
