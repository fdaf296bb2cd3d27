"""The accounts of the demonstration: they lead to this machine, and production knows nothing of them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from lapor import channel_accounts, database
from lapor.complaints.tables import CHANNELS as KNOWN
from lapor.demo.providers import CHANNELS, standing_in
from lapor.intake.outlets import Outlets
from lapor.secret_values import DEMO_SECRET
from lapor.settings import Settings
from tests.ground import World
from tests.intake.meta_says import PAGE, delivery, message, signed
from tests.intake.switched_on import switched_on
from tests.intake.test_webhooks import serving
from tests.visitor import Visitor

SECRET = f"{DEMO_SECRET}rahasia"
_SECRETS = "SELECT secrets FROM channel_account WHERE channel = 'social'"


@pytest.mark.parametrize(("environment", "status"), [("production", 401), ("test", 200)])
async def test_a_delivery_signed_with_a_demonstration_s_secret_is_refused_in_production(
    world: World, settings: Settings, environment: str, status: int
) -> None:
    await switched_on(world, "social", PAGE, {"app_secret": SECRET}, {})
    body = delivery(message("halo"))
    async with serving(world, replace(settings, environment=environment)) as client:
        answer = await client.post("/hooks/social", content=body, headers=signed(body, SECRET))
    assert answer.status_code == status
    assert await world.fetchval("SELECT count(*) FROM inbound") == (status == 200)


async def test_production_speaks_through_no_account_of_a_demonstration(
    world: World, settings: Settings
) -> None:
    await switched_on(world, "social", PAGE, {"access_token": SECRET}, {})
    async with database.transaction("worker"):
        accounts = await channel_accounts.speaking()
    assert Outlets(settings, accounts).accounts == {("social", PAGE)}
    assert Outlets(replace(settings, environment="production"), accounts).accounts == frozenset()


async def test_nobody_types_a_demonstration_s_secret(site: Visitor) -> None:
    await site.as_role("administrator")
    refused = await site.send_form("/kanal/baru/social", {"name": PAGE, "app_secret": SECRET})
    assert refused.status_code == 422
    assert "rahasia peragaan" in refused.text


async def test_every_start_leads_the_same_accounts_to_where_somebody_answers_now(
    world: World, settings: Settings
) -> None:
    name = next(one.name for one in CHANNELS if one.channel == "social")
    for number in range(2):
        if number:
            # Between two starts somebody changes who may hand on.
            known = channel_accounts.opened("social", name, await world.fetchval(_SECRETS))
            await switched_on(world, "social", name, {**known, "forwarders": "123456"}, {"per_day": "9"})
        with standing_in(settings) as providers:
            led = {name: one.settings["api"] for name, one in providers.accounts.items()}
    kept = channel_accounts.opened("social", name, await world.fetchval(_SECRETS))
    assert kept["forwarders"] == "123456"
    rows = await world.fetch("SELECT channel, settings, active FROM channel_account")
    assert {row["channel"]: json.loads(row["settings"])["api"] for row in rows} == led
    assert len(rows) == len(CHANNELS)
    assert {one.channel for one in CHANNELS} <= set(KNOWN)
    async with database.transaction("worker"):
        assert all(one.demonstration for one in await channel_accounts.speaking())
