"""A thousand people write at once, and the worker is killed in the middle: a thousand complaints, none of them twice."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Final

from lapor.intake.outbound import LANES
from tests.ground import World
from tests.intake.local_api import opened
from tests.intake.sms_api import SEND_TOKEN, SmsServer
from tests.intake.switched_on import switched_on
from tests.sla.workshop import at_work, until
from tests.visitor import Visitor

OURS: Final = "62811000111"
TOKEN: Final = "token-masuk-uji"
COUNT: Final = 1_000
# When the worker dies, and how long everything may take.
KILLED_AT: Final = COUNT // 4
PATIENCE: Final = 60.0


async def test_a_thousand_at_once_are_a_thousand_complaints_although_the_worker_is_killed_in_the_middle(
    simulated: World, site: Visitor, tmp_path: Path
) -> None:
    async with opened(SmsServer()) as gateway:
        await _switch_on(simulated, gateway)
        await _burst(site)
        settings = replace(simulated.settings, sweep_seconds=1)

        async def complaints() -> int:
            return int(await simulated.fetchval("SELECT count(*) FROM complaint"))

        async def enough() -> bool:
            return await complaints() >= KILLED_AT

        async with at_work(simulated, settings, tmp_path) as worker:
            await until(enough, PATIENCE)
            await worker.kill()
        assert KILLED_AT <= await complaints() < COUNT
        # What the dead one held is taken up again once its lease has run out.
        await simulated.advance(0.04)
        async with at_work(simulated, settings, tmp_path):
            await until(lambda: _over(simulated), PATIENCE)
    assert await simulated.fetchval("SELECT count(*) FROM inbound") == COUNT
    assert (
        await simulated.fetchval("SELECT count(DISTINCT complaint) FROM inbound WHERE state = 'read'")
        == COUNT
    )
    texts = [row["text"] for row in await simulated.fetch("SELECT text FROM content")]
    assert sorted(texts) == sorted(_said(number) for number in range(COUNT))
    answered = [sent["to"] for sent in gateway.sent]
    assert len(set(answered)) == COUNT
    # Whose answer had left just before the kill may have it twice.
    assert len(answered) - COUNT <= LANES


def _said(number: int) -> str:
    return f"Sampah menumpuk di Pedurungan sejak kemarin, gang nomor {number}"


async def _switch_on(world: World, gateway: SmsServer) -> None:
    names = {"fields": "from=pengirim text=pesan id=nomor", "send_fields": "to=tujuan text=isi id=nomor"}
    sends = {"provider": "", "api": f"{gateway.url}/kirim", "send_header": "X-Kunci"}
    secrets = {"webhook_token": TOKEN, "send_token": SEND_TOKEN}
    # Nothing here is about how fast a number may send.
    await switched_on(world, "sms", OURS, secrets, {**names, **sends, "per_second": "0"})


async def _burst(site: Visitor) -> None:
    async def write(number: int) -> int:
        given = {"pengirim": f"0812{number:08}", "pesan": _said(number), "nomor": f"g{number}"}
        return (await site.post("/hooks/sms", json=given, headers={"x-token": TOKEN})).status_code

    for first in range(0, COUNT, 50):
        answers = await asyncio.gather(*(write(number) for number in range(first, first + 50)))
        assert set(answers) == {200}


async def _over(world: World) -> bool:
    """Whether everything was read and every answer has left."""
    waiting = "SELECT count(*) FROM message WHERE kind = 'acknowledgement' AND state <> 'sent'"
    filed = await world.fetchval("SELECT count(*) FROM complaint")
    return bool(filed >= COUNT and await world.fetchval(waiting) == 0)
