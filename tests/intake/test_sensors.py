"""Machines that file: routed and escalated like everybody, and nobody stands behind them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from lapor import crypto
from lapor.complaints import desk
from lapor.complaints.desk import Actor, Refused
from lapor.complaints.draft import identity_context
from lapor.intake.inbound import read_waiting
from lapor.settings import Settings, SettingsError, read
from tests.ground import World
from tests.intake.partner import COMPLAINT, deliver, secret_of
from tests.intake.test_webhooks import serving
from tests.visitor import Visitor


async def _filed(world: World, settings: Settings) -> int:
    """A gauge of water levels files."""
    marked = replace(settings, partner_sensors=("mitra",))
    async with serving(world, marked) as client:
        delivered = {**COMPLAINT, "reporter": {**COMPLAINT["reporter"], "id": "muka-air-3"}}  # type: ignore[dict-item]
        assert (await deliver(client, secret_of(settings), delivered, delivery="msg_1")).status_code == 200
        assert (await deliver(client, secret_of(settings), delivered, delivery="msg_1")).json()["repeated"]
        assert await read_waiting() == 1
    found: int = await world.fetchval("SELECT id FROM complaint")
    return found


async def test_what_a_sensor_files_has_clocks_and_no_reporter(world: World, settings: Settings) -> None:
    complaint = await _filed(world, settings)
    kinds = await world.fetch("SELECT kind FROM clock WHERE complaint = $1", complaint)
    assert {"response", "completion"} <= {row["kind"] for row in kinds}
    identity = (await world.fetch("SELECT * FROM identity WHERE complaint = $1", complaint))[0]
    assert [identity[name] for name in ("name", "phone", "email", "secret")] == [None] * 4
    opened = crypto.keyring().decrypt(identity["external"], identity_context(complaint, "external"))
    assert opened == b"sensor:mitra:muka-air-3"
    facts = json.loads(
        await world.fetchval("SELECT facts FROM event WHERE complaint = $1 AND seq = 1", complaint)
    )
    assert facts["sensor"] is True


async def test_no_letter_goes_to_a_reporter_of_a_sensor(world: World, settings: Settings) -> None:
    await _filed(world, settings)
    assert await world.fetchval("SELECT count(*) FROM message WHERE kind = 'acknowledgement'") == 0


async def test_no_clock_waits_for_the_answer_of_a_sensor(world: World, settings: Settings) -> None:
    complaint = await _filed(world, settings)
    owner = await world.fetchval("SELECT a.code FROM complaint c JOIN agency a ON a.id = c.owner_agency")
    role = "coordinator" if owner == "smg-diskominfo" else "liaison"
    officer = Actor.officer(await world.officer(role, owner))
    for verb in (desk.ask, desk.pause):
        with pytest.raises(Refused, match="sensor"):
            await verb(officer, complaint, text="Berapa tinggi airnya?")
    assert await world.fetchval("SELECT count(*) FROM statement") == 0


async def test_an_officer_reads_that_a_sensor_filed_it(
    site: Visitor, world: World, settings: Settings
) -> None:
    complaint = await _filed(world, settings)
    owner = await world.fetchval("SELECT a.code FROM complaint c JOIN agency a ON a.id = c.owner_agency")
    await site.as_role("coordinator" if owner == "smg-diskominfo" else "liaison", owner)
    page = await site.get(f"/meja/aduan/{complaint}")
    assert "dikirim oleh sensor, tanpa pelapor" in page.text


async def test_the_other_partners_stay_people(world: World, settings: Settings) -> None:
    async with serving(world, replace(settings, partner_sensors=("lain",))) as client:
        await deliver(client, secret_of(settings))
        await read_waiting()
    assert await world.fetchval("SELECT count(*) FROM identity WHERE secret IS NOT NULL") == 1
    assert await world.fetchval("SELECT count(*) FROM message WHERE kind = 'acknowledgement'") == 1


@pytest.mark.parametrize("wrong", ["Mitra", "muka air", "-x"])
def test_a_name_that_no_partner_can_have_is_refused(wrong: str) -> None:
    with pytest.raises(SettingsError):
        read({"LAPOR_PARTNER_SENSORS": wrong})
    assert read({"LAPOR_PARTNER_SENSORS": "a, b-2"}).partner_sensors == ("a", "b-2")
