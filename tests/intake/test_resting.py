"""How the sender holds back: pauses that grow and are never quite the same, accounts that rest, letters in pieces."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lapor import channel_accounts, database
from lapor.channel_accounts import Account
from lapor.intake import breaker
from lapor.intake.channels.interface import Chat, Outgoing, Undelivered
from lapor.intake.channels.telegram_api import LONGEST_TEXT, TelegramApi
from lapor.intake.outbound import FIRST_PAUSE, LONGEST_PAUSE, pause
from tests.ground import World
from tests.intake.bot_api import BOT, TOKEN, BotApi
from tests.intake.local_api import opened
from tests.intake.switched_on import switched_on
from tests.intake.telegram_says import SRI


def test_pauses_grow_to_six_hours_and_many_that_failed_at_once_do_not_come_back_at_once() -> None:
    some = {attempts: [pause(attempts) for _ in range(40)] for attempts in range(1, 12)}
    assert all(len(set(pauses)) > 1 for pauses in some.values())
    assert all(0.8 * FIRST_PAUSE <= one <= 1.2 * FIRST_PAUSE for one in some[1])
    # Whatever the dice say, a pause is longer than the one before, until none grows any more.
    assert all(max(some[attempts]) < min(some[attempts + 1]) for attempts in range(1, 6))
    assert all(one <= 1.2 * LONGEST_PAUSE for pauses in some.values() for one in pauses)


async def _speaking() -> dict[str, Account]:
    async with database.transaction("worker"):
        return {one.name: one for one in await channel_accounts.speaking()}


async def _left(world: World, name: str) -> float | None:
    """How many seconds an account still rests."""
    left: float | None = await world.fetchval(
        "SELECT extract(epoch FROM paused_until - lapor_now())::float FROM channel_account WHERE name = $1",
        name,
    )
    return left


async def test_an_account_rests_twice_as_long_each_time_and_nobody_rests_with_it(simulated: World) -> None:
    for name in ("1", "2"):
        await switched_on(simulated, "telegram", name, {"token": f"{name}:x"}, {})
    refusal = Undelivered("Telegram menjawab 502", wait=timedelta(seconds=30))
    rests = []
    for _ in range(8):
        await breaker.note_failure((await _speaking())["1"], refusal)
        rests.append(round(await _left(simulated, "1") or 0, -1))
    assert rests == [30, 60, 120, 240, 480, 960, 1800, 1800]
    tried = await _speaking()
    async with database.transaction("worker"):
        assert await breaker.rests_until(tried["1"])
        assert await breaker.rests_until(tried["2"]) is None
    await simulated.advance(0.6)
    async with database.transaction("worker"):
        assert await breaker.rests_until(tried["1"]) is None
    await breaker.note_success(tried["1"])
    assert await _left(simulated, "1") is None
    await breaker.note_failure((await _speaking())["1"], refusal)
    assert round(await _left(simulated, "1") or 0, -1) == 30


@pytest.mark.parametrize("refusal", [Undelivered("x"), Undelivered("x", for_good=True)])
async def test_what_is_wrong_with_one_message_lets_no_account_rest(
    simulated: World, refusal: Undelivered
) -> None:
    await switched_on(simulated, "telegram", "1", {"token": "1:x"}, {})
    await breaker.note_failure((await _speaking())["1"], refusal)
    assert await _left(simulated, "1") is None


async def test_a_letter_too_long_for_telegram_leaves_in_pieces_with_its_buttons_below_the_last(
    simulated: World,
) -> None:
    text = "\n\n".join(f"Bagian {number}. " + "Kami periksa lampunya. " * 70 for number in range(6))
    async with opened(BotApi()) as api:
        bot = TelegramApi(Account(1, "telegram", BOT, {"token": TOKEN}, {"api": api.url}))
        try:
            letter = Outgoing(
                key="k",
                kind="chat",
                ticket="",
                office="",
                addresses=(str(SRI),),
                subject="",
                body=text,
                at=None,  # type: ignore[arg-type]
                chat=Chat(BOT, choices=(("send", "Kirim"),)),
            )
            reference = await bot.send(letter)
        finally:
            await bot.close()
    assert len(api.sent) == 3
    assert "".join("".join(api.texts()).split()) == "".join(text.split())
    assert all(len(one.encode("utf-16-le")) // 2 <= LONGEST_TEXT for one in api.texts())
    assert ["reply_markup" in one for one in api.sent] == [False, False, True]
    assert reference.startswith("telegram:")
