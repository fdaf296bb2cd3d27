"""Whoever wrote too little to be understood is asked for more, by mail, once a day.

The outbox keeps the number of the mail, encrypted, and nothing of its sender: the letter finds them in the mail itself.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import asyncpg

from lapor import channel_accounts, crypto, database
from lapor.intake import letters
from lapor.intake.channels.interface import Delivered, Outgoing
from lapor.intake.letters import Letter, Sending
from lapor.intake.mail_answers import kept_id
from lapor.intake.mail_parsing import Mail, parse
from lapor.intake.recipients import MAIL, Route
from lapor.intake.storing import payload_context

NOTICE: Final = "mail_asked"
GONE: Final = "surel yang ditanyakan sudah dihapus"

_ASK = """
INSERT INTO message (dedupe_key, kind, said, state, attempts, next_attempt_at, created_at)
VALUES ($1, $2, $3, 'waiting', 0, lapor_now(), lapor_now()) ON CONFLICT (dedupe_key) DO NOTHING"""
_SAID = "SELECT said FROM message WHERE id = $1"
_MAIL = "SELECT channel, account, external_id, payload FROM inbound WHERE id = $1"


async def ask(delivered: Delivered, mail: Mail) -> None:
    """Put the question into the outbox, unless this sender was asked today; inside a transaction of `worker`."""
    sender = crypto.keyring().lookup(mail.sender, "email").partition(":")[2][:32]
    key = f"{NOTICE}:{sender}:{(await database.now()).date().isoformat()}"
    sealed = crypto.keyring().encrypt(str(delivered.id), channel_accounts.said_context(key))
    await database.execute(_ASK, key, NOTICE, sealed)


async def write(head: asyncpg.Record, sending: Sending) -> Letter:
    """Return the question as an answer to the mail that it is about; inside a transaction of `worker`."""
    letter = Letter(Outgoing(head["dedupe_key"], NOTICE, "", "", (), "", "", head["now"]), hopeless=True)
    row = await _asked_about(head)
    if row is None:
        return replace(letter, trouble=GONE)
    if MAIL not in sending.channels:
        return replace(letter, trouble=letters.NO_REPORTER_ADDRESS)
    context = payload_context(row["channel"], row["external_id"])
    mail = parse(crypto.keyring().decrypt(row["payload"], context), row["account"])
    subject, body = letters.render_gathered(NOTICE, {"link": f"{sending.base_url}/lapor"})
    outgoing = replace(
        letter.outgoing,
        subject=subject,
        body=body,
        reply_to=row["account"],
        answers=kept_id(row["external_id"]),
    )
    letter = replace(letter, outgoing=outgoing, hopeless=False)
    return letters.addressed(letter, [Route(MAIL, (mail.sender,))], sending.attempt)


async def _asked_about(head: asyncpg.Record) -> asyncpg.Record | None:
    said = await database.fetchval(_SAID, head["id"])
    if said is None:
        return None
    number = crypto.keyring().decrypt(said, channel_accounts.said_context(head["dedupe_key"]))
    row = await database.fetchrow(_MAIL, int(number))
    return row if row and row["payload"] else None
