"""How an answer goes back to a comment: below it where it is public, else to its writer alone, once and within a week.

Source: Meta, "Private Replies" of Messenger and Instagram (one message for each comment, within seven days).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from lapor import database, words
from lapor.intake.channels.interface import Below, Chat, Outgoing
from lapor.intake.channels.messenger import NAME
from lapor.intake.recipients import Route
from lapor.locales import say

PRIVATE_WITHIN: Final = timedelta(days=7)
# What is still under way when the week is over would be refused.
MARGIN: Final = timedelta(minutes=10)

# What an agency has said, and what of it everybody may read. Of a hidden complaint nothing is ever published; below
# the comment of somebody who has become anonymous it would say who they are.
_WAY = """
SELECT t.account, t.comment, t.instagram, t.said_at, t.private_message, m.complaint,
  CASE WHEN NOT c.anonymous THEN p.text END AS public,
  a.name AS agency, c.ticket, i.language
FROM message m JOIN social_thread t ON t.complaint = m.complaint
JOIN statement s ON s.id = m.statement AND s.to_reporter
JOIN complaint c ON c.id = m.complaint JOIN agency a ON a.id = c.owner_agency JOIN identity i ON i.complaint = c.id
LEFT JOIN publication p ON p.complaint = c.id AND p.statement = s.id
WHERE m.id = $1 AND t.comment <> '' AND t.account <> ''"""
# The first letter that asks has the one private answer, on every attempt; no other letter takes it away.
_TAKE = """
UPDATE social_thread SET private_message = $2
WHERE complaint = $1 AND coalesce(private_message, $2) = $2 RETURNING complaint"""


@dataclass(frozen=True)
class Way:
    """The way of one letter to a comment; without `said` the letter goes to its writer alone."""

    route: Route
    below: Below
    language: str
    said: str = ""

    def put(self, outgoing: Outgoing, link: str) -> Outgoing:
        """Return the letter as it is to stand there."""
        chat = Chat(self.route.account, None, (), self.language, link, self.below)
        if self.below.public:
            return replace(outgoing, chat=chat, subject="", body=self.said)
        return replace(outgoing, chat=chat)


async def way(message: int, outgoing: Outgoing, accounts: Collection[tuple[str, str]]) -> Way | None:
    """Return how a letter reaches whoever commented; None for what is not for them. Inside one of `worker`."""
    row = await database.fetchrow(_WAY, message)
    if row is None or (NAME, row["account"]) not in accounts:
        return None
    route = Route(NAME, (row["comment"],), account=row["account"])
    below = Below(row["comment"], public=row["public"] is not None, instagram=row["instagram"])
    if below.public:
        said = say("{agency} menjawab laporan {ticket}:").format(
            agency=row["agency"], ticket=words.ticket(row["ticket"])
        )
        return Way(route, below, row["language"], f"{said}\n\n{row['public']}")
    if outgoing.at > row["said_at"] + PRIVATE_WITHIN - MARGIN:
        return None
    if not await database.fetchval(_TAKE, row["complaint"], message):
        return None
    return Way(route, below, row["language"])
