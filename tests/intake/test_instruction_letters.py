"""The letter about an instruction: it says what was ordered, unless something in the bundle is hidden."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from lapor.complaints import desk
from lapor.complaints.desk import Actor, Filing, instruct, sweep
from lapor.intake.outbound import drain
from tests.ground import World
from tests.intake.post_office import open_post_office

ROAD = Filing(type="complaint", text="Jalan berlubang di tikungan.", category="jalan-rusak")
ORDER = "Tambal dua lubang itu sebelum hari pasar."


async def _letter(world: World, *more: dict[str, Any]) -> str:
    """The letter to the liaison officer about one instruction on an ordinary complaint and these others."""
    await world.officer("liaison", "smg-dpu", username="penghubung")
    filed = [await desk.file(replace(ROAD, **given)) for given in ({}, *more)]
    await world.advance(49)
    await sweep()
    await world.execute("UPDATE message SET state = 'cancelled'")
    await instruct(
        Actor.officer(await world.officer("head_of_region", "smg-walikota")),
        agency=await world.fetchval("SELECT id FROM agency WHERE code = 'smg-dpu'"),
        complaints=[one.complaint_id for one in filed],
        text=ORDER,
        due_at=await world.now() + timedelta(days=2),
    )
    async with open_post_office() as post:
        await drain(replace(world.settings, smtp_url=post.url, mail_from="lapor@contoh.example"))
        mails = [
            mail for mail in post.to("penghubung@contoh.example") if "Instruksi" in mail.letter["subject"]
        ]
    assert len(mails) == 1
    return mails[0].body


async def test_the_letter_says_what_was_ordered(simulated: World) -> None:
    body = await _letter(simulated, {"text": "Lubang lain."}, {"anonymous": True})
    assert ORDER in body
    assert "Buka instruksi: http://lapor.test/meja/instruksi" in body


async def test_of_a_bundle_with_something_hidden_nothing_is_quoted(simulated: World) -> None:
    body = await _letter(simulated, {"confidential": True})
    assert ORDER not in body
    assert "Isinya hanya dapat dibaca di meja Anda." in body
