"""`lapor channels`: a rehearsal without the provider, over signed deliveries, and telling Telegram where to deliver."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx

from lapor import channel_accounts, database
from lapor.channel_accounts import Account
from lapor.commands import OK, Failed, telegram_webhook
from lapor.commands.rehearsal import Rehearsal
from lapor.commands.sms_rehearsal import SmsRehearsal, SmsStandIn
from lapor.commands.telegram_rehearsal import TelegramRehearsal, TelegramStandIn
from lapor.commands.whatsapp_rehearsal import WhatsAppRehearsal
from lapor.commands.whatsapp_stand_in import StandIn
from lapor.runtime import Ground, grounded, running

LOOPBACK = ("127.0.0.1", "localhost", "::1")
REHEARSALS: Mapping[str, tuple[type[StandIn], type[Rehearsal]]] = {
    "whatsapp": (StandIn, WhatsAppRehearsal),
    "telegram": (TelegramStandIn, TelegramRehearsal),
    "sms": (SmsStandIn, SmsRehearsal),
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.epilog = (
        "Needs LAPOR_WORKER_DATABASE_URL, the web and the worker running, and an account that is switched on on the"
        " page Kanal. With an API address on this machine, such as http://127.0.0.1:8765, nothing leaves it: the"
        " command answers in the provider's place and shows what comes back."
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True, dest="action", title="actions")
    simulate = actions.add_parser(
        "simulate", help="deliver what a resident would write", allow_abbrev=False, epilog=parser.epilog
    )
    simulate.add_argument("channel", choices=sorted(REHEARSALS), help="which channel")
    simulate.add_argument(
        "--url", metavar="ADDRESS", help="where the installation is; LAPOR_BASE_URL if not given"
    )
    simulate.add_argument("--account", metavar="NAME", help="which account; the only one if not given")
    simulate.add_argument(
        "--photos", type=int, default=3, metavar="N", help="how many photos the album has (default 3)"
    )
    webhook = actions.add_parser(
        "telegram-webhook", help="tell Telegram to deliver to LAPOR_BASE_URL", allow_abbrev=False
    )
    webhook.add_argument("--account", metavar="NAME", help="which bot; the only one if not given")


def run(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Simulate, or set the webhook."""
    if options.action == "telegram-webhook":
        with grounded(environ) as ground:
            asyncio.run(_set_webhook(options, ground))
        return OK
    if not 0 <= options.photos <= 30:
        raise Failed("an album has at most 30 photos")
    with grounded(environ) as ground:
        asyncio.run(_simulate(options, ground))
    return OK


async def _set_webhook(options: argparse.Namespace, ground: Ground) -> None:
    async with running(ground.settings, "worker"):
        account = await _account("telegram", options.account)
    await telegram_webhook.tell(account, ground.settings.base_url)


async def _simulate(options: argparse.Namespace, ground: Ground) -> None:
    async with running(ground.settings, "worker"):
        account = await _account(options.channel, options.account)
    api = account.settings.get("api", "")
    local = urlsplit(api).hostname in LOOPBACK
    stands_in, rehearsal = REHEARSALS[options.channel]
    stand_in = stands_in(api)
    server = await stand_in.serve() if local else None
    try:
        async with httpx.AsyncClient(
            base_url=options.url or ground.settings.base_url, trust_env=False
        ) as client:
            base_url = ground.settings.base_url
            await rehearsal(client, account, stand_in, heard=local, base_url=base_url).tell(options.photos)
    finally:
        if server:
            await stand_in.stop(server)


async def _account(channel: str, name: str | None) -> Account:
    async with database.transaction("worker"):
        found = [one for one in await channel_accounts.listening(channel) if name in (None, one.name)]
    if len(found) != 1:
        raise Failed(
            f"there is no account of {channel} that is switched on: open the page Kanal"
            if not found
            else f"there are {len(found)} accounts of {channel}: choose one with --account"
        )
    return found[0]
