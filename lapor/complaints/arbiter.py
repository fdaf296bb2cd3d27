"""What goes before the arbiter: a second dispute, a third transfer, silence on a transfer.

The first two are brought there by a verb, with an event. Silence needs nobody: it is an open transfer whose clock
has passed its deadline.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from lapor import database
from lapor.complaints.holding import Held
from lapor.complaints.statements import tell_offices

Cause = Literal["dispute", "transfer"]

# The sekda by default; the head of region may decide as well.
ARBITERS = ("sekda", "head_of_region")

# A transfer that nobody answered within its time.
SILENT_TRANSFER = (
    "EXISTS (SELECT FROM clock k JOIN transfer t ON t.id = k.subject AND t.decided_at IS NULL"
    " WHERE k.complaint = c.id AND k.kind = 'transfer' AND k.met_at IS NULL AND k.due_at < lapor_now())"
)
# What ends a quarrel without a ruling: an agency has the complaint, or the matter itself is decided.
_SETTLES: Mapping[str, frozenset[Cause]] = {
    "transfer_taken": frozenset({"transfer"}),
    "routed": frozenset({"transfer"}),
    "completed": frozenset({"transfer"}),
    "rejected": frozenset({"transfer", "dispute"}),
    "referred": frozenset({"transfer", "dispute"}),
    "accepted": frozenset({"transfer", "dispute"}),
}
_EVENTS = "SELECT kind, facts FROM event WHERE complaint = $1 AND kind = ANY ($2) ORDER BY seq"


async def bring(held: Held, cause: Cause) -> None:
    """Bring the complaint before the arbiter and tell them; it stays there until they have ruled."""
    await held.set(arbiter_since=held.row["arbiter_since"] or held.at)
    await held.record("sent_to_arbiter", facts={"cause": cause})
    # Whoever decides in their own office's case is no arbiter.
    own_case = await database.fetchval(
        "SELECT EXISTS (SELECT FROM office WHERE agency = $1 AND role = 'sekda' AND active)", held.owner.id
    )
    await tell_offices(held, "sent_to_arbiter", ["head_of_region" if own_case else "sekda"])


async def pending(held: Held) -> frozenset[Cause]:
    """Return what the arbiter still has to decide about the complaint, silence on a transfer included."""
    rows = await database.fetch(_EVENTS, held.id, ["sent_to_arbiter", "ruled", *_SETTLES])
    found = brought((row["kind"], json.loads(row["facts"])) for row in rows)
    if await database.fetchval(f"SELECT {SILENT_TRANSFER} FROM complaint c WHERE c.id = $1", held.id):
        found |= {"transfer"}
    return found


def brought(happened: Iterable[tuple[str, Mapping[str, Any]]]) -> frozenset[Cause]:
    """Return what was brought before the arbiter and is not settled, from the events in their order."""
    open_causes: set[Cause] = set()
    for kind, facts in happened:
        if kind == "sent_to_arbiter":
            open_causes.add(facts["cause"])
        elif kind == "ruled":
            open_causes.discard(facts["cause"])
        else:
            open_causes -= _SETTLES.get(kind, frozenset())
    return frozenset(open_causes)


async def settle(held: Held) -> None:
    """Take the complaint off the arbiter's list when nothing is left for them to decide."""
    if held.row["arbiter_since"] and not await pending(held):
        await held.set(arbiter_since=None)
