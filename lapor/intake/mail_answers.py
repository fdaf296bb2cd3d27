"""Letters to a reporter as part of a conversation by mail: where their answer goes, and which mail of theirs is answered."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final

from lapor import database
from lapor.intake import mail_threads
from lapor.intake.channels.interface import Outgoing
from lapor.intake.mail_filing import CHANNEL
from lapor.intake.mail_parsing import DERIVED

# What an administrator writes when the mail server delivers name+anything@domain to name@domain (RFC 5233).
SUBADDRESSING: Final = "ya"

# The mailbox in which the reporter wrote last, else the first one that is switched on.
_MAILBOX = """
SELECT a.name, a.settings, n.external_id FROM channel_account a
LEFT JOIN LATERAL (
  SELECT account, external_id FROM inbound WHERE complaint = $1 AND channel = $2 ORDER BY id DESC LIMIT 1
) n ON n.account = a.name
WHERE a.channel = $2 AND a.active ORDER BY n.account IS NULL, a.id LIMIT 1"""


async def threaded(outgoing: Outgoing, complaint: int) -> Outgoing:
    """Return a letter with its reply address, if a mailbox of ours is read; inside a transaction of `worker`."""
    mailbox = await database.fetchrow(_MAILBOX, complaint, CHANNEL)
    if mailbox is None:
        return outgoing
    own: str = mailbox["name"]
    tagged = json.loads(mailbox["settings"]).get("subaddressing") == SUBADDRESSING
    reply_to = mail_threads.reply_address(own, outgoing.ticket) if tagged else own
    return replace(outgoing, reply_to=reply_to, answers=kept_id(mailbox["external_id"]))


def kept_id(message_id: str | None) -> str:
    """Return the id of a mail as it was stored, unless it had none or it is erased."""
    usable = message_id and "@" in message_id and not message_id.startswith((DERIVED, "erased:"))
    return message_id or "" if usable else ""
