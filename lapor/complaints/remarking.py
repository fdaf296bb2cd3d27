"""What the system heard about a complaint from somebody who may be anybody: noted for those who work on it."""

from lapor.complaints.actor import Actor
from lapor.complaints.holding import holding
from lapor.complaints.statements import say


async def remark(complaint: int, text: str, cause: str) -> None:
    """Write an internal note in the system's name; it is told to nobody, and no clock and no status moves.

    `cause` says in the chain why there is one: `comment`.
    """
    async with holding(Actor.system(), complaint) as held:
        statement, digest = await say(held, "note", text)
        await held.record("noted", facts={"statement": statement, "cause": cause}, digest=digest)
