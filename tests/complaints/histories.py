"""Random histories, played through the verbs in simulated time."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from lapor.complaints import desk
from lapor.complaints.desk import Actor, Conflict, Filed, NotFound, Refused
from tests.complaints.conftest import Scene, reporter

FILINGS: tuple[dict[str, Any], ...] = (
    {},
    {"category": "lampu-jalan", "text": "Lampu mati"},
    {"district": "33.74.10"},
    {"district": "33.74.06", "channel": "counter"},
    {"confidential": True, "district": "33.74.10"},
    {"category": None, "text": "Tolong dibantu", "channel": "email"},
    {"anonymous": True, "channel": "partner"},
    {"reported_agency": "smg-dlh", "category": None},
)
EAGER = 5
WORDS = ("Sudah kami perbaiki.", "Terima kasih, segera ditindaklanjuti.", "Sudah selesai dikerjakan.")


class History:
    """Complaints of many kinds, and officers who do what they may."""

    def __init__(self, scene: Scene, seed: int) -> None:
        self.scene, self.dice = scene, random.Random(seed)
        self.filed: list[Filed] = []

    async def play(self, steps: int, *, hours: float = 3) -> None:
        """Take so many steps, each of a random complaint, with time between them."""
        dice = self.dice
        for number in range(steps):
            if number < 6 or dice.random() < 0.25:
                self.filed.append(await self.scene.file(**dice.choice(FILINGS)))
            else:
                await self._act(dice.choice(self.filed[-9:] if dice.random() < 0.7 else self.filed))
            await self.scene.world.advance(dice.expovariate(1 / hours))
            if number % 10 == 0:
                await desk.sweep()

    async def _act(self, filed: Filed) -> None:
        """Do what comes first of all that may be done now, in a random order."""
        one = await self.scene.complaint(filed)
        people = await self._people(one["owner_agency"])
        acts = await self._acts(filed, one, people)
        ending = acts[-EAGER:] if self.dice.random() < 0.6 else []
        for act in (*self.dice.sample(ending, len(ending)), *self.dice.sample(acts, len(acts))):
            with contextlib.suppress(Refused, Conflict, NotFound):
                await act()
                return

    async def _people(self, agency: int) -> list[Actor]:
        rows = await self.scene.world.fetch(
            "SELECT a.person FROM appointment a JOIN office o ON o.id = a.office WHERE o.agency = $1"
            " AND o.role IN ('staff', 'checker', 'agency_head', 'inspector', 'coordinator') ORDER BY 1",
            agency,
        )
        if len(rows) < 2:
            code = await self.scene.world.fetchval("SELECT code FROM agency WHERE id = $1", agency)
            roles = await self.scene.world.fetch(
                "SELECT DISTINCT role FROM office WHERE agency = $1 AND active AND role IN"
                " ('staff', 'checker', 'agency_head', 'inspector', 'coordinator')",
                agency,
            )
            return [
                Actor.officer(await self.scene.world.officer(row["role"], code))
                for row in roles
                for _ in "ab"
            ]
        return [Actor.officer(row["person"]) for row in rows]

    async def _acts(
        self, filed: Filed, one: dict[str, Any], people: list[Actor]
    ) -> list[Callable[[], Awaitable[Any]]]:
        dice, who, number = self.dice, self.dice.choice(people), filed.complaint_id
        mine = reporter(filed)
        promised = await self.scene.world.now() + timedelta(hours=dice.choice((10, 60, 150)))
        other = await self.scene.agency(
            dice.choice(("smg-dpu", "smg-disperkim", "smg-dishub", "smg-kec-tembalang"))
        )
        words = dice.choice(WORDS)
        taking = await self._people(one["offered_agency"]) if one["offered_agency"] else people
        return [
            lambda: desk.answer(who, number, text=words),
            lambda: desk.answer(who, number, text=words),
            lambda: desk.answer_interim(who, number, text=words, promised_for=promised),
            lambda: desk.pause(who, number, text="Di sebelah mana?"),
            lambda: desk.request_rejection(who, number, reason_code="unclear", text="Tidak jelas"),
            lambda: desk.offer_transfer(who, number, to_agency=other, reason="Bukan kami"),
            lambda: desk.route(self.scene.coordinator, number, agency=other, reason="Ini milik mereka"),
            lambda: desk.dispute(mine, number, reason="Bukan jawaban"),
            lambda: desk.reply(mine, number, text="Di depan pasar"),
            lambda: desk.accept(mine, number),
            # What brings something to its end, and what follows that.
            lambda: desk.take_transfer(dice.choice(taking), number),
            lambda: desk.claim_completion(who, number, text="Sudah selesai"),
            lambda: desk.confirm(dice.choice(people), number),
            lambda: desk.rate(mine, number, stars=dice.randint(1, 5)),
            lambda: desk.reopen(mine, number, reason="Belum selesai"),
        ]
