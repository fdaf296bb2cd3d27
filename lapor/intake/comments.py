"""Comments and mentions: a complaint of their own when they tell something, a note when they name one that is there."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from lapor import crypto, database
from lapor.complaints import tickets
from lapor.complaints.filing import TEXT_LIMIT, Filing, file
from lapor.complaints.remarking import remark
from lapor.complaints.statements import TEXT_LIMIT as NOTE_LIMIT
from lapor.intake import forwarding, phrases, threads
from lapor.intake.channels.interface import Delivered, Read, Reads, Unreadable
from lapor.intake.channels.messenger import Comment
from lapor.intake.threads import Thread
from lapor.registers import moment
from lapor.routing.directory import REGISTRY

# Fewer words praise or scold, and tell nothing that somebody could do.
LEAST_WORDS: Final = 4
_TICKET: Final = re.compile(r"\b[0-9A-Za-z]{5}[- ]?[0-9A-Za-z]{5}[- ]?[0-9A-Za-z]\b")
# One person's comments beyond this wait for somebody to look at them.
MOST_AN_HOUR: Final = 30
_HOUR: Final = timedelta(hours=1)
_LATELY: Final = """
SELECT count(*) FROM identity i JOIN complaint c ON c.id = i.complaint
WHERE i.external_lookup = ANY ($1) AND c.filed_at > lapor_now() - $2::interval"""
_BY_TICKET: Final = "SELECT id FROM complaint WHERE ticket = $1"


def reader(parse: Callable[[bytes], Comment | None], otherwise: Reads) -> Reads:
    """Return a reader of a channel that delivers comments besides conversations; `parse` raises Unreadable."""

    async def read(delivered: Delivered) -> Read:
        comment = parse(delivered.payload)
        return await _hear(delivered, comment) if comment else await otherwise(delivered)

    return read


async def _hear(delivered: Delivered, comment: Comment) -> Read:
    if await forwarding.may_forward(delivered.channel, delivered.account, comment.author, comment.handle):
        return await forwarding.pointed_at(delivered, comment)
    for named in _TICKET.findall(comment.text):
        if (complaint := await _of_ticket(named)) is not None:
            # Whoever comments may be anybody: nothing is said in the reporter's name, and no clock moves.
            await remark(complaint, f"Komentar di media sosial:\n\n{comment.text}"[:NOTE_LIMIT], "comment")
            return Read(complaint, "komentar yang menyebut nomor laporan")
    if len(comment.text.split()) < LEAST_WORDS or phrases.sells(comment.text):
        return Read(note="komentar tanpa isi laporan", left=True)
    # The number of a comment is its own; its link may be that of a post with many.
    own = comment.link if "comment_id=" in comment.link else ""
    if (own or comment.id) and (before := await threads.known(own, comment.id)):
        return Read(before.complaint, "komentar yang sudah kami terima")
    # Not the id by which they could be written to: a comment opens no conversation.
    external = f"comment:{delivered.account}:{comment.author}" if comment.author else ""
    if external and await _lately(external) >= MOST_AN_HOUR:
        raise Unreadable("terlalu banyak komentar dari satu pengirim dalam satu jam")
    registry = await REGISTRY.get((await moment()).version)
    found = registry.place_names.find(comment.text).codes
    codes = {code.count("."): code for code in found if code in registry.regions}
    filed = await file(
        Filing(
            type="complaint",
            text=comment.text[:TEXT_LIMIT],
            district=codes.get(2),
            village=codes.get(3),
            name=comment.name[:160],
            channel=delivered.channel,
            external_id=external,
            received_at=delivered.received_at,
        ),
        role="worker",
    )
    if comment.id:
        # A thread that was handed on before has its link already.
        taken = comment.link and await threads.known(comment.link)
        thread = Thread("" if taken else comment.link, delivered.account, comment.id, comment.instagram)
        await threads.keep(filed.complaint_id, thread, delivered.received_at)
    return Read(filed.complaint_id, "komentar")


async def _lately(external: str) -> int:
    lookups = crypto.keyring().lookups(external, "external")
    found: int = await database.fetchval(_LATELY, lookups, _HOUR)
    return found


async def _of_ticket(typed: str) -> int | None:
    try:
        ticket = tickets.parse(typed)
    except ValueError:
        return None
    found: int | None = await database.fetchval(_BY_TICKET, ticket)
    return found
