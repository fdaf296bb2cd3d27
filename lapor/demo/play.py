"""Playing the scenario: every complaint filed, answered and passed on through the desk's verbs, in its own time.

The clock of the simulation is set to each moment before it is played. In between the sweep runs whenever something
falls due and the outbox is drained, so that every rung and message carries the time at which it would have come.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import asyncpg

from lapor import crypto
from lapor.complaints import desk
from lapor.complaints.desk import Actor
from lapor.demo.scenario import REPORTER, Act, Action, Filing, Scenario, Step
from lapor.intake.outbound import drain
from lapor.settings import Settings

Progress = Callable[[int, int], None]

# How long after something has fallen due a worker's sweep would have found it.
SWEEP_DELAY = timedelta(seconds=1)


@dataclass(frozen=True)
class Codes:
    """The ids behind the names that the scenario uses."""

    people: Mapping[str, int]
    agencies: Mapping[str, int]
    bodies: Mapping[str, int]
    region_kinds: Mapping[str, str]

    @classmethod
    async def read(cls, owner: asyncpg.Connection) -> Codes:
        """Return the ids of a database in which pack and people have been loaded."""

        async def pairs(sql: str) -> dict[str, int]:
            return {row[0]: row[1] for row in await owner.fetch(sql)}

        return cls(
            people=await pairs("SELECT username, id FROM person"),
            agencies=await pairs("SELECT code, id FROM agency"),
            bodies=await pairs("SELECT code, id FROM outside_body"),
            region_kinds={row[0]: row[1] for row in await owner.fetch("SELECT code, kind FROM region")},
        )


@dataclass(frozen=True)
class _Playing:
    """A complaint of the play as it stands in the database."""

    id: int
    reporter: Actor


class Stage:
    """A simulation with an open pool that may enter every role, and its owner's connection for the clock."""

    def __init__(self, owner: asyncpg.Connection, codes: Codes, settings: Settings) -> None:
        self.owner = owner
        self.codes = codes
        # Whatever mail server is set up: the people of the play do not exist.
        self.settings = replace(settings, smtp_url="", console_channel=True)
        self.playing: dict[str, _Playing] = {}

    async def play(self, scenario: Scenario, progress: Progress) -> None:
        """Play everything up to the present, and let the clock run from there."""
        begins: datetime = await self.owner.fetchval("SELECT now()")
        acts = scenario.acts()
        for number, act in enumerate(acts, 1):
            moment = begins - timedelta(hours=act.hours_ago)
            await self._let_pass(moment)
            await self._set_clock(moment)
            await self._act(act, moment)
            progress(number, len(acts))
        await self._let_pass(begins)
        await self.owner.execute("UPDATE deployment SET clock_offset_seconds = 0")
        await desk.sweep()
        await drain(self.settings)

    async def _let_pass(self, until: datetime) -> None:
        """Sweep and send whatever falls due before a moment, each at its time."""
        while True:
            due: datetime | None = await self.owner.fetchval("SELECT min(next_at) FROM clock")
            if due is None or due + SWEEP_DELAY >= until:
                return
            await self._set_clock(due + SWEEP_DELAY)
            await desk.sweep()
            await drain(self.settings)

    async def _set_clock(self, moment: datetime) -> None:
        await self.owner.execute(
            "UPDATE deployment SET clock_offset_seconds = ceil(extract(epoch FROM $1::timestamptz - now()))",
            moment,
        )

    async def _act(self, act: Act, moment: datetime) -> None:
        if act.step is None:
            self.playing[act.filing.key] = await self._file(act.filing)
        else:
            playing = self.playing[act.filing.key]
            await _PERFORM[act.step.do](self, act.step, self._actor(act.step, playing), playing.id, moment)
        await drain(self.settings)

    async def _file(self, filing: Filing) -> _Playing:
        village = self.codes.region_kinds[filing.place] in ("village", "urban_village")
        filed = await desk.file(
            desk.Filing(
                type=filing.type,
                text=filing.text,
                category=filing.category or None,
                district=filing.place.rpartition(".")[0] if village else filing.place,
                village=filing.place if village else None,
                address=filing.address,
                name=filing.name,
                phone=filing.phone,
                email=filing.email,
                anonymous=filing.privacy == "anonymous",
                confidential=filing.privacy == "confidential",
                reported_agency=filing.about or None,
                channel=filing.channel,
                language=filing.language,
                taken=desk.Taken(self.codes.people[filing.taken_by]) if filing.taken_by else None,
            )
        )
        return _Playing(filed.complaint_id, Actor.reporter(crypto.secret_hash(filed.secret)))

    def _actor(self, step: Step, playing: _Playing) -> Actor:
        return playing.reporter if step.by == REPORTER else Actor.officer(self.codes.people[step.by])


async def _answer(stage: Stage, step: Step, by: Actor, complaint: int, at: datetime) -> None:
    await desk.answer(by, complaint, text=step.text)


async def _interim(stage: Stage, step: Step, by: Actor, complaint: int, at: datetime) -> None:
    promised = at + timedelta(hours=step.promise)
    await desk.answer_interim(by, complaint, text=step.text, promised_for=promised)


async def _ask(stage: Stage, step: Step, by: Actor, complaint: int, at: datetime) -> None:
    await desk.ask(by, complaint, text=step.text)


async def _note(stage: Stage, step: Step, by: Actor, complaint: int, at: datetime) -> None:
    await desk.note(by, complaint, text=step.text)


async def _route(stage: Stage, step: Step, by: Actor, complaint: int, at: datetime) -> None:
    await desk.route(by, complaint, agency=stage.codes.agencies[step.agency], reason=step.reason)


async def _transfer(stage: Stage, step: Step, by: Actor, complaint: int, at: datetime) -> None:
    await desk.offer_transfer(by, complaint, to_agency=stage.codes.agencies[step.agency], reason=step.reason)


async def _take(stage: Stage, step: Step, by: Actor, complaint: int, at: datetime) -> None:
    await desk.take_transfer(by, complaint)


async def _refuse(stage: Stage, step: Step, by: Actor, complaint: int, at: datetime) -> None:
    await desk.refuse_transfer(by, complaint, reason=step.reason)


async def _claim(stage: Stage, step: Step, by: Actor, complaint: int, at: datetime) -> None:
    await desk.claim_completion(by, complaint, text=step.text)


async def _reject(stage: Stage, step: Step, by: Actor, complaint: int, at: datetime) -> None:
    await desk.request_rejection(by, complaint, reason_code=step.reason, text=step.text)


async def _refer(stage: Stage, step: Step, by: Actor, complaint: int, at: datetime) -> None:
    await desk.request_referral(by, complaint, outside_body=stage.codes.bodies[step.body], text=step.text)


async def _confirm(stage: Stage, step: Step, by: Actor, complaint: int, at: datetime) -> None:
    await desk.confirm(by, complaint)


async def _refuse_claim(stage: Stage, step: Step, by: Actor, complaint: int, at: datetime) -> None:
    await desk.refuse(by, complaint, reason=step.reason)


async def _publish(stage: Stage, step: Step, by: Actor, complaint: int, at: datetime) -> None:
    await desk.publish(by, complaint, text=step.text)


async def _reply(stage: Stage, step: Step, by: Actor, complaint: int, at: datetime) -> None:
    await desk.reply(by, complaint, text=step.text)


async def _dispute(stage: Stage, step: Step, by: Actor, complaint: int, at: datetime) -> None:
    await desk.dispute(by, complaint, reason=step.reason)


async def _reopen(stage: Stage, step: Step, by: Actor, complaint: int, at: datetime) -> None:
    await desk.reopen(by, complaint, reason=step.reason)


async def _close(stage: Stage, step: Step, by: Actor, complaint: int, at: datetime) -> None:
    await desk.accept(by, complaint)


_PERFORM: dict[Action, Callable[[Stage, Step, Actor, int, datetime], Awaitable[None]]] = {
    "answer": _answer,
    "ask": _ask,
    "claim": _claim,
    "close": _close,
    "confirm": _confirm,
    "dispute": _dispute,
    "interim": _interim,
    "note": _note,
    "publish": _publish,
    "refer": _refer,
    "refuse": _refuse,
    "refuse_claim": _refuse_claim,
    "reject": _reject,
    "reopen": _reopen,
    "reply": _reply,
    "route": _route,
    "take": _take,
    "transfer": _transfer,
}
