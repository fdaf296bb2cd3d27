"""What we say in a conversation, and the trial message of an administrator, as they leave."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import asyncpg

from lapor import channel_accounts, crypto, database
from lapor.intake import dialogue_rows
from lapor.intake.channels.interface import Chat, Outgoing
from lapor.intake.letters import Letter, Sending
from lapor.intake.recipients import MAIL

CHAT = "chat"
TRIAL = channel_accounts.TRIAL
OVER = "percakapan ini sudah selesai"
SWITCHED_OFF = "kanal ini tidak diaktifkan"
NO_SERVER = "server surel keluar belum diatur"

_SAID = """
SELECT m.dedupe_key, m.kind, m.said, d.channel, d.account, d.sender, d.heard_at, lapor_now() AS now
FROM message m LEFT JOIN dialogue d ON d.id = m.dialogue WHERE m.id = $1"""


async def write(message: int, sending: Sending) -> Letter:
    """Return the message as it is to leave now; inside a transaction of the worker. LookupError: it is gone."""
    row = await database.fetchrow(_SAID, message)
    if row is None:
        raise LookupError("the message does not exist")
    letter = Letter(_bare(row), hopeless=True)
    if row["said"] is None:
        return replace(letter, trouble=OVER)
    said: dict[str, Any] = json.loads(
        crypto.keyring().decrypt(row["said"], channel_accounts.said_context(row["dedupe_key"]))
    )
    if row["kind"] == TRIAL:
        return await _trial(letter, said, sending)
    if row["channel"] is None:
        return replace(letter, trouble=OVER)
    if (row["channel"], row["account"]) not in sending.accounts:
        return replace(letter, trouble=SWITCHED_OFF)
    choices = tuple((str(code), str(label)) for code, label in said["choices"])
    chat = Chat(row["account"], row["heard_at"], choices, said["language"])
    address = dialogue_rows.opened_sender(row)
    return _leaving(letter, row["channel"], address, said["text"], chat)


async def _trial(letter: Letter, said: dict[str, Any], sending: Sending) -> Letter:
    channel, account, address = said["channel"], said["account"], said["to"]
    if channel == MAIL:
        return _trial_mail(letter, said, sending)
    if (channel, account) not in sending.accounts:
        return replace(letter, trouble=SWITCHED_OFF)
    heard_at = await dialogue_rows.heard_last(channel, account, address)
    chat = Chat(account, heard_at, link=sending.base_url)
    return _leaving(letter, channel, address, said["text"], chat)


def _trial_mail(letter: Letter, said: dict[str, Any], sending: Sending) -> Letter:
    """A mail leaves by the server for all letters; an answer to it comes to the mailbox that is tried."""
    if MAIL not in sending.channels:
        return replace(letter, trouble=NO_SERVER)
    subject = str(said["text"]).partition(".")[0]
    outgoing = replace(
        letter.outgoing,
        addresses=(said["to"],),
        subject=subject,
        body=f"{said['text']}\n",
        reply_to=said["account"],
    )
    return replace(letter, outgoing=outgoing, channel=MAIL, hopeless=False)


def _leaving(letter: Letter, channel: str, address: str, text: str, chat: Chat) -> Letter:
    outgoing = replace(letter.outgoing, addresses=(address,), body=text, chat=chat)
    return replace(letter, outgoing=outgoing, channel=channel, hopeless=False)


def _bare(row: asyncpg.Record) -> Outgoing:
    return Outgoing(row["dedupe_key"], row["kind"], "", "", (), "", "", row["now"])
