"""Officers and reporters who work on complaints through the verbs, at every moment, also around the deadlines."""

from __future__ import annotations

import asyncio
import random
from bisect import bisect_left
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import asyncpg
from populace import owner_of, reporter_key

from lapor import database
from lapor.complaints import desk
from lapor.complaints.desk import Actor
from lapor.complaints.errors import Refused

# How near to its deadline a complaint is that somebody hurries to answer.
NEAR = timedelta(seconds=0.6)
PAUSE_SECONDS = 0.02
SERVER_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InterfaceError,
    OSError,
)


@dataclass
class Office:
    """Who works where, which complaints there are, and what was done to them."""

    people: dict[int, int]
    dealt: Sequence[int]
    due: list[tuple[datetime, int]]
    dice: random.Random
    done: Counter[str] = field(default_factory=Counter)
    owners: dict[int, int] = field(default_factory=dict)
    offered: dict[int, int] = field(default_factory=dict)
    answered: list[int] = field(default_factory=list)
    failed: Counter[str] = field(default_factory=Counter)

    async def work(self, stop: asyncio.Event) -> None:
        """One pair of hands: act after act until `stop` is set, whatever the servers do meanwhile."""
        while not stop.is_set():
            kind, act = self._choose()
            try:
                await act
                self.done[kind] += 1
            except Refused:
                self.done["refused"] += 1
            except SERVER_AWAY:
                self.done["interrupted"] += 1
                await asyncio.sleep(0.3)
            except Exception as error:
                # Nothing else may go wrong with a verb; the verdict says so.
                self.failed[f"{kind}: {error!r}"] += 1
            await asyncio.sleep(PAUSE_SECONDS)

    def _choose(self) -> tuple[str, Awaitable[None]]:
        acts: dict[str, tuple[int, Callable[[], Awaitable[None]]]] = {
            "answered": (30, self._answer),
            "answered slowly": (20, self._answer_slowly),
            "promised": (12, self._promise),
            "asked": (4, self._ask),
            "noted": (4, self._note),
            "offered": (12, self._offer),
            "decided an offer": (12, self._decide),
            "disputed": (16, self._dispute),
        }
        kind = self.dice.choices(list(acts), [weight for weight, _ in acts.values()])[0]
        return kind, acts[kind][1]()

    def _any(self) -> int:
        """A complaint: every other time one whose deadline is passing at this moment."""
        if self.dice.random() < 0.5:
            return self.dice.choice(self.due)[1]
        at = datetime.now(self.due[0][0].tzinfo)
        first = bisect_left(self.due, (at - NEAR, 0))
        last = bisect_left(self.due, (at + NEAR, 0))
        return self.dice.choice(self.due[first:last] or self.due)[1]

    def _owner(self, complaint: int) -> int:
        return self.owners.get(complaint, owner_of(complaint, self.dealt))

    def _officer(self, complaint: int) -> Actor:
        return Actor.officer(self.people[self._owner(complaint)])

    async def _answer(self) -> None:
        complaint = self._any()
        await desk.answer(self._officer(complaint), complaint, text="Sudah kami perbaiki.")
        self.answered.append(complaint)

    async def _answer_slowly(self) -> None:
        """The transaction begins a while before the verb and ends a while after it, as a slow request's does."""
        complaint = self._any()
        officer = self._officer(complaint)
        async with database.transaction("desk", user_id=officer.person):
            await asyncio.sleep(self.dice.uniform(0, 0.4))
            await desk.answer(officer, complaint, text="Sudah kami perbaiki, maaf lama.")
            await asyncio.sleep(self.dice.uniform(0, 0.2))
        self.answered.append(complaint)

    async def _promise(self) -> None:
        complaint = self._any()
        async with database.transaction("desk"):
            now = await database.now()
        await desk.answer_interim(
            self._officer(complaint),
            complaint,
            text="Petugas kami datang sebentar lagi.",
            promised_for=now + timedelta(seconds=self.dice.uniform(2, 20)),
        )
        self.answered.append(complaint)

    async def _ask(self) -> None:
        complaint = self._any()
        await desk.ask(self._officer(complaint), complaint, text="Di sebelah mana tepatnya?")

    async def _note(self) -> None:
        complaint = self._any()
        await desk.note(self._officer(complaint), complaint, text="Petugas berangkat.")

    async def _offer(self) -> None:
        complaint = self._any()
        other = self.dice.choice([agency for agency in self.dealt if agency != self._owner(complaint)])
        await desk.offer_transfer(
            self._officer(complaint), complaint, to_agency=other, reason="Bukan wewenang kami."
        )
        self.offered[complaint] = other

    async def _decide(self) -> None:
        if not self.offered:
            return
        complaint = self.dice.choice(list(self.offered))
        other = self.offered.pop(complaint)
        officer = Actor.officer(self.people[other])
        if self.dice.random() < 0.7:
            await desk.take_transfer(officer, complaint)
            self.owners[complaint] = other
        else:
            await desk.refuse_transfer(officer, complaint, reason="Bukan wewenang kami juga.")

    async def _dispute(self) -> None:
        if self.answered:
            complaint = self.answered.pop(self.dice.randrange(len(self.answered)))
            reporter = Actor.reporter(reporter_key(complaint))
            await desk.dispute(reporter, complaint, reason="Lampunya masih mati.")
