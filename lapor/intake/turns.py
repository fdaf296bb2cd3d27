"""Letters that were taken up together leave side by side, but those to one address in the order they were written."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Sequence

from lapor.intake.letters import Letter


class Turns:
    """Who of a batch goes before whom; messages are given by their numbers, the oldest first."""

    def __init__(self, messages: Sequence[int]) -> None:
        self._order = list(messages)
        self._bound: dict[int, asyncio.Future[Hashable]] = {one: asyncio.Future() for one in messages}
        self._over = {one: asyncio.Event() for one in messages}

    async def come(self, message: int, letter: Letter) -> None:
        """Wait for those before it to the same address; those to others hold nobody up."""
        address = _address(letter)
        self._know(message, address)
        for before in self._order[: self._order.index(message)]:
            if await self._bound[before] == address:
                await self._over[before].wait()

    def over(self, message: int) -> None:
        """Let those behind it go: it has left, or does not leave now."""
        self._know(message, None)
        self._over[message].set()

    def _know(self, message: int, address: Hashable) -> None:
        if not self._bound[message].done():
            self._bound[message].set_result(address)


def _address(letter: Letter) -> Hashable:
    chat = letter.outgoing.chat
    return (letter.channel, chat.account if chat else "", letter.outgoing.addresses)
