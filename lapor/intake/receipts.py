"""What a provider tells about a message of ours after it has left: sent, delivered, read, or failed after all."""

from __future__ import annotations

from typing import Final

from lapor import database
from lapor.intake import dialogue_rows
from lapor.intake.channels.interface import Read
from lapor.intake.channels.talk import Receipt
from lapor.intake.letters import ATTEMPTS_BEFORE_NEXT

_ORDER: Final = ("sent", "delivered", "read")
# A message that was being sent when its sender died is known by the key that it carried: it has left, and once is enough.
_FOUND = """
SELECT id, kind, complaint, state, receipt FROM message
WHERE provider_reference = $1 AND channel = $2 AND channel NOT IN ('email', 'console')
UNION SELECT id, kind, complaint, state, receipt FROM message WHERE dedupe_key = $3 AND state IN ('sending', 'waiting')
ORDER BY id DESC LIMIT 1"""
_ARRIVED = """
UPDATE message SET receipt = $2, receipt_at = lapor_now(), provider_reference = $3, channel = $4,
  state = CASE WHEN state IN ('sending', 'waiting') THEN 'sent' ELSE state END,
  sent_at = coalesce(sent_at, lapor_now()), leased_until = NULL, trouble = NULL
WHERE id = $1"""
_FAILED = """
UPDATE message SET receipt = 'failed', receipt_at = lapor_now(), trouble = $2, provider_reference = NULL, sent_at = NULL,
  leased_until = NULL, state = CASE WHEN kind = 'chat' THEN 'cancelled' ELSE 'waiting' END,
  attempts = greatest(attempts, $3), next_attempt_at = lapor_now() + interval '1 minute'
WHERE id = $1 AND state IN ('sent', 'sending')"""


async def note(channel: str, account: str, receipt: Receipt) -> Read:
    """Note it with its message; inside a transaction of `worker`. A letter that failed takes the reporter's next way."""
    row = await database.fetchrow(_FOUND, receipt.reference, channel, receipt.key)
    if row is None:
        return Read(note="tanda terima untuk pesan yang tidak kami kenal")
    if receipt.state == "failed":
        if receipt.shut and receipt.sender:
            await dialogue_rows.shut(channel, account, receipt.sender)
        await database.execute(_FAILED, row["id"], receipt.reason[:300] or None, ATTEMPTS_BEFORE_NEXT)
    elif _later(receipt.state, row["receipt"]):
        await database.execute(_ARRIVED, row["id"], receipt.state, receipt.reference, channel)
    return Read(row["complaint"])


def _later(state: str, known: str | None) -> bool:
    """Whether it says more than what is known: receipts come in any order."""
    return known not in _ORDER or _ORDER.index(state) > _ORDER.index(known)
