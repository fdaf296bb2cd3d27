"""No faster than a provider allows: what goes beyond waits in the outbox, uncounted and in order; a dead server rests."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from lapor.complaints import tickets
from lapor.complaints.filing import Filing, file
from lapor.database import transaction
from lapor.intake import mail_breaker, way_out
from lapor.intake.channels.interface import Chat, Outgoing, Undelivered
from lapor.intake.channels.messenger_api import MessengerApi
from lapor.intake.channels.rates import Rate, Rates
from lapor.intake.channels.telegram_api import TelegramApi
from lapor.intake.channels.whatsapp_api import WhatsAppApi
from lapor.intake.letters import Letter
from lapor.intake.outbound import drain
from lapor.settings import Settings
from tests.ground import World
from tests.intake import telegram_says
from tests.intake.bot_api import BOT, BotApi
from tests.intake.local_api import opened
from tests.intake.post_office import PostOffice
from tests.intake.sms_api import SEND_TOKEN, SmsServer
from tests.intake.switched_on import switched_on

SMS = "62811000111"
SECOND = timedelta(seconds=1)


def _letter(address: str) -> Letter:
    outgoing = Outgoing("k", "chat", "", "", (address,), "", "", datetime.now().astimezone(), Chat("1"))
    return Letter(outgoing, channel="telegram")


async def _left(world: World, rates: Rates, addresses: list[str], seconds: int) -> list[tuple[float, int]]:
    """When each message leaves of those that are there at once, tried again whenever it was told to: by the clock given."""
    start = await world.now()
    rows = await world.fetch(
        "INSERT INTO message (dedupe_key, kind, state, attempts, next_attempt_at, created_at)"
        " SELECT 'uji:' || n, 'alarm', 'waiting', 0, lapor_now(), lapor_now() FROM generate_series(1, $1) n RETURNING id",
        len(addresses),
    )
    numbers = sorted(row["id"] for row in rows)
    due, left = dict.fromkeys(numbers, start), []
    while due:
        at, number = min((at, number) for number, at in due.items())
        assert at < start + timedelta(seconds=seconds)
        address = addresses[numbers.index(number)]
        async with transaction("worker", at=at):
            until = await way_out.wait_until(number, _letter(address), rates)
        if until is None:
            await world.execute("UPDATE message SET state = 'sent', slot_key = NULL WHERE id = $1", number)
            left.append(((at - start) / SECOND, numbers.index(number)))
            del due[number]
        else:
            assert until > at
            await world.execute("UPDATE message SET next_attempt_at = $2 WHERE id = $1", number, until)
            due[number] = until
    return left


def _most_in_a_second(left: list[tuple[float, int]]) -> int:
    times = [at for at, _ in left]
    return max(sum(1 for other in times if at <= other < at + 1 - 1e-4) for at in times)


@pytest.mark.parametrize(
    ("rates", "most"), [(TelegramApi.rates, 30), (WhatsAppApi.rates, 80), (MessengerApi.rates, 100)]
)
async def test_an_account_sends_no_more_in_any_second_than_its_provider_takes(
    simulated: World, rates: Rates, most: int
) -> None:
    assert rates.account
    count = most + most // 2
    left = await _left(simulated, Rates(account=rates.account), [str(one) for one in range(count)], 20)
    assert [number for _, number in left] == list(range(count))
    assert most - 2 <= _most_in_a_second(left) <= most
    assert rates.account.burst + 1 / rates.account.seconds == pytest.approx(most)


async def test_one_chat_gets_one_a_second_after_a_short_burst_and_holds_up_no_other(simulated: World) -> None:
    left = await _left(simulated, Rates(address=Rate(1.0, burst=5)), ["a"] * 12 + ["b"], 20)
    assert [number for _, number in left if number < 12] == list(range(12))
    assert [round(at, 3) for at, number in left if number < 12] == [0.0] * 5 + [1, 2, 3, 4, 5, 6, 7]
    assert next(at for at, number in left if number == 12) == 0.0


async def test_forty_five_may_leave_at_once_to_one_person_on_whatsapp_and_then_one_in_six_seconds(
    simulated: World,
) -> None:
    left = await _left(simulated, Rates(address=WhatsAppApi.rates.address), ["a"] * 48, 40)
    assert [round(at, 3) for at, _ in left] == [0.0] * 45 + [6, 12, 18]


async def _waiting(world: World, channel: str, senders: list[str]) -> None:
    for number, sender in enumerate(senders):
        filing = Filing(
            "complaint", f"Lampu nomor {number} mati di gang {number}", channel=channel, external_id=sender
        )
        await file(filing, role="worker")
    await world.execute("UPDATE message SET state = 'cancelled' WHERE kind <> 'acknowledgement'")


async def test_what_a_chat_may_not_get_yet_waits_uncounted_and_comes_in_the_order_it_was_written(
    simulated: World, settings: Settings
) -> None:
    async with opened(BotApi()) as api:
        await telegram_says.open_account(simulated, api.url)
        await _waiting(simulated, "telegram", [f"telegram:{BOT}:{telegram_says.SRI}"] * 9)
        begun = await simulated.now()
        for _ in range(20):
            await drain(settings)
            passed = (await simulated.now() - begun) / SECOND
            assert len(api.sent) <= 5 + passed
            await simulated.advance(1 / 3600)
    rows = await simulated.fetch(
        "SELECT state, attempts, slot_key FROM message WHERE kind = 'acknowledgement' ORDER BY id"
    )
    assert [tuple(row) for row in rows] == [("sent", 1, None)] * 9
    rows = await simulated.fetch("SELECT ticket FROM complaint ORDER BY id")
    assert [text.partition(":")[0] for text in api.texts()] == [tickets.show(row["ticket"]) for row in rows]


async def _number(world: World, api: SmsServer, given: Mapping[str, str]) -> None:
    fields = {"send_header": "X-Kunci", "send_fields": "to=tujuan text=isi id=nomor"}
    await switched_on(
        world, "sms", SMS, {"send_token": SEND_TOKEN}, {"api": f"{api.url}/kirim", **fields, **given}
    )


@pytest.mark.parametrize(("given", "rate"), [({}, 1), ({"per_second": "2"}, 2)])
async def test_several_workers_together_send_by_one_number_no_faster_than_its_contract(
    simulated: World, settings: Settings, given: Mapping[str, str], rate: int
) -> None:
    # Redis has no part in it.
    away = replace(settings, redis_url="redis://127.0.0.1:1/0")
    async with opened(SmsServer()) as api:
        await _number(simulated, api, given)
        senders = [f"sms:{SMS}:62812000{number:05}" for number in range(12)]
        await _waiting(simulated, "sms", senders)
        begun = await simulated.now()
        for _ in range(25):
            await asyncio.gather(drain(away), drain(away))
            passed = (await simulated.now() - begun) / SECOND
            assert len(api.sent) <= 3 + rate * passed
            await simulated.advance(1 / 3600)
    assert sorted(one["to"] for one in api.sent) == sorted(one.rpartition(":")[2] for one in senders)
    assert {
        row["attempts"] for row in await simulated.fetch("SELECT attempts FROM message WHERE state = 'sent'")
    } == {1}


async def test_after_a_standstill_nothing_leaves_in_a_heap(simulated: World, settings: Settings) -> None:
    async with opened(SmsServer()) as api:
        await _number(simulated, api, {})
        await _waiting(simulated, "sms", [f"sms:{SMS}:62812000{number:05}" for number in range(12)])
        begun = await simulated.now()
        await drain(settings)
        first, passed = len(api.sent), (await simulated.now() - begun) / SECOND
        assert 3 <= first <= 3 + passed
        # Nobody works for a minute: every turn that was given has gone by.
        await simulated.advance(1 / 60)
        again = await simulated.now()
        await drain(settings)
        # What was paid for in the meantime may be one burst, and turns that were just up.
        assert len(api.sent) - first <= 3 + (await simulated.now() - again) / SECOND


async def test_a_mail_server_that_is_away_rests_with_an_alarm_and_its_letters_wait_uncounted(
    simulated: World, post: PostOffice
) -> None:
    mailing = replace(
        simulated.settings,
        smtp_url=post.url,
        mail_from="Lapor <lapor@contoh.example>",
        base_url="https://lapor.example",
    )
    away = replace(mailing, smtp_url="smtp://127.0.0.1:1")
    for number in range(6):
        await file(
            Filing(
                "complaint",
                f"Lampu {number} mati",
                category="lampu-jalan",
                email=f"warga{number}@warga.example",
            )
        )
    done = await drain(away)
    assert done.failed == 2
    attempts = "SELECT sum(attempts) FROM message WHERE state = 'waiting'"
    assert await simulated.fetchval(attempts) == 2
    sentence = await simulated.fetchval("SELECT sentence FROM alarm WHERE cleared_at IS NULL")
    assert sentence.startswith("Surel tidak dapat dikirim: server surel tidak dapat dipakai")
    assert (await drain(away)).failed == 0
    await simulated.advance(0.1)
    assert (await drain(away)).failed == 0
    assert await simulated.fetchval(attempts) == 2
    await simulated.advance(1)
    await drain(mailing)
    assert {f"warga{number}@warga.example" for number in range(6)} <= {
        one for mail in post.mails for one in mail.recipients
    }
    assert await simulated.fetchval("SELECT count(*) FROM alarm WHERE cleared_at IS NULL") == 0


async def test_a_mail_server_rests_longer_each_time_and_a_refused_address_is_none_of_its_failures(
    simulated: World,
) -> None:
    assert await mail_breaker.note_failure(Undelivered("server surel menjawab 550", for_good=True)) is None
    refusal = Undelivered("server surel menjawab 421", wait=timedelta(minutes=1))
    rests = []
    for _ in range(9):
        until = await mail_breaker.note_failure(refusal)
        rests.append(round((until - await simulated.now()) / timedelta(minutes=1)) if until else 0)
        # Those that were under way beside it are the same failure.
        assert until is None or await mail_breaker.note_failure(refusal) == until
        await simulated.advance(0.51)
    assert rests == [0, 0, 1, 2, 4, 8, 16, 30, 30]
    await mail_breaker.note_success()
    assert await mail_breaker.note_failure(refusal) is None


async def test_mails_leave_as_fast_as_the_setting_allows(simulated: World, post: PostOffice) -> None:
    mailing = replace(
        simulated.settings,
        smtp_url=post.url,
        mail_from="Lapor <lapor@contoh.example>",
        base_url="https://lapor.example",
        smtp_per_second=1,
    )
    for number in range(4):
        await file(Filing("complaint", f"Lampu {number} mati", email=f"warga{number}@warga.example"))
    begun = await simulated.now()
    for _ in range(8):
        await drain(mailing)
        assert len(post.mails) <= 1 + (await simulated.now() - begun) / SECOND
        await simulated.advance(1 / 3600)
    assert len(post.mails) == 4
