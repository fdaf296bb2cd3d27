"""An account whose secret was never typed hears nobody, not even whoever signs with nothing."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator

from lapor.settings import Settings
from tests.ground import World
from tests.intake import meta_says, telegram_says, whatsapp_says
from tests.intake.switched_on import switched_on
from tests.visitor import Visitor

Delivery = tuple[str, dict[str, str], dict[str, str], bytes]


def _deliveries(base_url: str) -> dict[str, Delivery]:
    """Of each channel: the names of its secrets, the account's settings, headers that fit an empty secret, the body."""
    whatsapp = json.dumps(whatsapp_says.delivery(whatsapp_says.text("halo"))).encode()
    social = meta_says.delivery(meta_says.message("halo"))
    telegram = json.dumps(telegram_says.update(text="halo")).encode()
    sms = {"From": "+6281200009999", "To": "+62811000111", "Body": "halo", "MessageSid": "SM1"}
    address = f"{base_url}/hooks/sms"
    twilio = {
        "x-twilio-signature": RequestValidator("").compute_signature(address, sms),
        "content-type": "application/x-www-form-urlencoded",
    }
    return {
        "whatsapp": ("app_secret verify_token", {}, whatsapp_says.signed(whatsapp, ""), whatsapp),
        "social": ("app_secret verify_token", {}, meta_says.signed(social, ""), social),
        "telegram": ("secret_token", {}, {"x-telegram-bot-api-secret-token": ""}, telegram),
        "sms": ("webhook_token", {"provider": ""}, {"x-token": ""}, json.dumps(sms).encode()),
        "twilio": ("auth_token", {"provider": "twilio"}, twilio, urlencode(sms).encode()),
    }


@pytest.mark.parametrize("typed", ["empty", "missing"])
@pytest.mark.parametrize("name", ["whatsapp", "social", "telegram", "sms", "twilio"])
async def test_without_a_secret_nothing_is_taken_and_nothing_is_kept(
    site: Visitor, world: World, settings: Settings, name: str, typed: str
) -> None:
    secrets, given, headers, body = _deliveries(settings.base_url)[name]
    channel = "sms" if name == "twilio" else name
    known = dict.fromkeys(secrets.split(), "") if typed == "empty" else {}
    await switched_on(world, channel, "62811000111", known, given)
    answer = await site.post(f"/hooks/{channel}", content=body, headers=headers)
    assert answer.status_code == 401
    without = {key: value for key, value in headers.items() if key == "content-type"}
    assert (await site.post(f"/hooks/{channel}", content=body, headers=without)).status_code == 401
    asked = {"hub.mode": "subscribe", "hub.challenge": "1", "hub.verify_token": ""}
    assert (await site.get(f"/hooks/{channel}", params=asked)).status_code == 403
    assert await world.fetchval("SELECT count(*) FROM inbound") == 0
