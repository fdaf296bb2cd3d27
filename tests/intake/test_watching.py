"""What is watched for each channel and account: deliveries that pile up, silent partners, wrong signatures, dead tokens."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

from lapor.complaints.filing import Filing, file
from lapor.intake.channel_backlog import watch_backlog
from lapor.intake.inbound import read_waiting
from lapor.intake.media_fetching import fetch_waiting
from lapor.intake.partner_watch import watch_partners
from lapor.settings import Settings
from tests.ground import World
from tests.images import jpeg
from tests.intake import telegram_says
from tests.intake.bot_api import BOT, BotApi
from tests.intake.local_api import Answer, opened
from tests.intake.partner import deliver, secret_of
from tests.intake.telegram_says import update
from tests.visitor import Visitor


async def _alarms(world: World) -> list[str]:
    rows = await world.fetch("SELECT sentence FROM alarm WHERE cleared_at IS NULL ORDER BY subject")
    return [str(row["sentence"]) for row in rows]


async def test_deliveries_that_pile_up_are_told_for_each_account_until_they_are_read(
    simulated: World, site: Visitor, settings: Settings
) -> None:
    async with opened(BotApi()) as api:
        await telegram_says.open_account(simulated, api.url)
        for number in range(3):
            await telegram_says.deliver(site, update(text=f"halo {number}"))
        await deliver(site, secret_of(settings), delivery="msg_1")
        assert await watch_backlog() == 0
        await simulated.advance(0.2)
        assert await watch_backlog() == 2
        assert await _alarms(simulated) == [
            "Kanal partner mitra: 1 kiriman masuk tertahan lebih dari sepuluh menit.",
            "Kanal Kanal uji: 3 kiriman masuk tertahan lebih dari sepuluh menit.",
        ]
        await read_waiting()
        assert await watch_backlog() == 0
    assert await _alarms(simulated) == []


async def test_a_partner_that_is_silent_for_longer_than_ever_raises_an_alarm_until_it_is_heard(
    simulated: World, site: Visitor, settings: Settings
) -> None:
    for number in range(20):
        await deliver(site, secret_of(settings), delivery=f"msg_{number}")
        await simulated.advance(1)
    assert await watch_partners() == 0
    await simulated.advance(4)
    assert await watch_partners() == 1
    assert await _alarms(simulated) == [
        "Mitra mitra tidak mengirim apa pun selama 5 jam, lebih lama dari biasanya."
    ]
    await deliver(site, secret_of(settings), delivery="msg_again")
    assert await watch_partners() == 0
    assert await _alarms(simulated) == []


async def test_many_wrong_signatures_of_partners_raise_an_alarm_that_ends_after_a_day_without(
    simulated: World, site: Visitor
) -> None:
    for number in range(12):
        wrong = "whsec_" + base64.b64encode(b"bukan rahasia mitra ini").decode()
        answer = await deliver(site, wrong, delivery=f"msg_{number}")
        assert answer.status_code == 401
        await simulated.advance(0.01)
    assert await watch_partners() == 1
    assert (await _alarms(simulated))[0].startswith("Kanal mitra: 12 kiriman dengan tanda tangan yang salah.")
    await simulated.advance(25)
    assert await watch_partners() == 0
    assert await _alarms(simulated) == []
    assert await simulated.fetchval("SELECT refusals FROM hook_refusal") == 0


async def test_a_token_with_which_no_file_can_be_fetched_raises_the_alarm_of_its_account(
    simulated: World,
) -> None:
    async with opened(BotApi()) as api:
        await telegram_says.open_account(simulated, api.url)
        api.files["foto1"] = jpeg(1)
        filed = await file(replace(Filing("complaint", "Lampu mati"), channel="telegram"), role="worker")
        await simulated.execute(
            "INSERT INTO channel_media (channel, account, reference, kind, complaint, state, attempts, next_attempt_at,"
            " received_at) VALUES ('telegram', $1, 'foto1', 'photo', $2, 'waiting', 0, lapor_now(), lapor_now())",
            BOT,
            filed.complaint_id,
        )
        answer = api.answer

        def refused(method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
            return 401, {}, json.dumps({"ok": False, "error_code": 401}).encode()

        api.answer = refused  # type: ignore[method-assign]
        assert await fetch_waiting() == 1
        assert await _alarms(simulated) == [
            "Kanal Kanal uji tidak dapat mengambil berkas: penyedia kanal menjawab 401."
            " Periksa token dan izinnya di halaman Kanal."
        ]
        api.answer = answer  # type: ignore[method-assign]
        await simulated.advance(0.1)
        assert await fetch_waiting() == 1
    assert await simulated.fetchval("SELECT state FROM channel_media") == "kept"
    assert await _alarms(simulated) == []
