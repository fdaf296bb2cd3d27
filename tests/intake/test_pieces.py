"""A letter in several messages that is broken off in the middle: nobody reads the beginning twice."""

from __future__ import annotations

from typing import Any

import pytest

from lapor.complaints import desk
from lapor.complaints.desk import Actor, Filing
from lapor.complaints.filing import file
from lapor.database import transaction
from lapor.intake import dialogue_rows, outbound
from lapor.intake.channels import telegram_api
from lapor.intake.channels.talk import Said
from lapor.intake.dialogue import Heard
from lapor.settings import Settings
from tests.ground import World
from tests.intake import meta_says, telegram_says
from tests.intake.bot_api import BOT, BotApi
from tests.intake.local_api import Answer, LocalApi, opened
from tests.intake.sms_api import SEND_TOKEN, SmsServer
from tests.intake.switched_on import switched_on

SMS = "62811000111"
SAID = " ".join(f"Langkah ke-{number}: petugas sudah memeriksa lampunya." for number in range(1, 30))


def _provider(channel: str) -> LocalApi:
    if channel == "social":
        return meta_says.SendApi()
    return BotApi() if channel == "telegram" else SmsServer()


async def _switch_on(world: World, channel: str, api: Any) -> str:
    """Switch our account on, and return somebody who can be written to by it."""
    if channel == "social":
        await meta_says.open_account(world, api.url)
        return f"social:{meta_says.PAGE}:{meta_says.SRI}"
    if channel == "telegram":
        await telegram_says.open_account(world, api.url)
        return f"telegram:{BOT}:{telegram_says.SRI}"
    fields = {"send_header": "X-Kunci", "send_fields": "to=tujuan text=isi id=nomor", "long": "split"}
    await switched_on(world, "sms", SMS, {"send_token": SEND_TOKEN}, {"api": f"{api.url}/kirim", **fields})
    return f"sms:{SMS}:6281200009999"


def _breaks_off(api: Any, at: int) -> None:
    """Let the provider refuse one request, for a while."""
    answer, asked = api.answer, 0

    def answers(method: str, path: str, headers: dict[str, str], body: bytes) -> Answer | None:
        nonlocal asked
        asked += 1
        if asked == at:
            return 429, {}, b'{"error": {"code": 613}, "code": 20429, "ok": false}'
        found: Answer | None = answer(method, path, headers, body)
        return found

    api.answer = answers


@pytest.mark.parametrize("channel", ["social", "telegram", "sms"])
async def test_what_has_left_of_a_letter_is_not_sent_again_when_the_rest_had_to_wait(
    simulated: World, settings: Settings, channel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No letter of ours is longer than what Telegram takes.
    monkeypatch.setattr(telegram_api, "LONGEST_TEXT", 700)
    async with opened(_provider(channel)) as api:
        whom = await _switch_on(simulated, channel, api)
        filed = await file(
            Filing("complaint", "Lampu mati", channel=channel, external_id=whom), role="worker"
        )
        await simulated.execute("UPDATE message SET state = 'cancelled'")
        if channel == "social":
            await _heard(simulated)
        owner = await simulated.fetchval(
            "SELECT a.code FROM complaint c JOIN agency a ON a.id = c.owner_agency"
        )
        role = "coordinator" if owner == "smg-diskominfo" else "liaison"
        officer = Actor.officer(await simulated.officer(role, owner))
        await desk.answer(officer, filed.complaint_id, text=SAID)
        await simulated.advance(0.1)
        _breaks_off(api, 2)
        await outbound.drain(settings)
        assert len(api.sent) == 1  # type: ignore[attr-defined]
        await simulated.advance(0.2)
        await outbound.drain(settings)
        texts = api.texts()  # type: ignore[attr-defined]
    assert len(texts) > 1
    assert len(set(texts)) == len(texts)
    said = " ".join(" ".join(texts).split())
    assert said.count("Langkah ke-1:") == 1
    assert (
        await simulated.fetchval("SELECT state FROM message WHERE kind = 'answered' AND office IS NULL")
        == "sent"
    )


async def _heard(world: World) -> None:
    """They wrote a moment ago, so that the window for answers is open."""
    async with transaction("worker"):
        said = Said(meta_says.SRI, Heard(text="halo"))
        await dialogue_rows.held("social", meta_says.PAGE, said, await world.now())
