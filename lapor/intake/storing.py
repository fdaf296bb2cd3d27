"""What a provider delivers is stored before anything else is done with it: encrypted, once, in one transaction."""

from collections.abc import Sequence

from lapor import crypto, database
from lapor.intake.channels.interface import Part

READ_INBOUND = "read_inbound"

# The same delivery is stored once, however often and from however many sides at once it comes.
_STORE = """
INSERT INTO inbound (channel, account, external_id, payload, received_at, state, attempts, next_attempt_at)
VALUES ($1, $2, $3, $4, lapor_now(), 'waiting', 0, lapor_now())
ON CONFLICT (channel, account, external_id) DO NOTHING RETURNING id"""


async def store(channel: str, parts: Sequence[Part]) -> int:
    """Store what is not there yet and return how much that was; inside a transaction of `intake` or `worker`."""
    stored = 0
    for part in parts:
        payload = crypto.keyring().encrypt(part.payload, payload_context(channel, part.key))
        found = await database.fetchval(_STORE, channel, part.account, part.key, payload)
        stored += found is not None
    return stored


def payload_context(channel: str, key: str) -> str:
    """Return what the encrypted payload of a delivery is bound to."""
    return f"inbound:{channel}:{key}"
