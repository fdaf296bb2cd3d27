"""`lapor channels`: a rehearsal without the provider, over signed deliveries, and telling Telegram where to deliver."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import uvicorn

from lapor import channel_accounts, database
from lapor.channel_accounts import Account
from lapor.commands import OK, Failed, say, telegram_webhook
from lapor.commands.mail_rehearsal import MailRehearsal
from lapor.commands.meta_rehearsal import InstagramRehearsal, MessengerRehearsal, MetaStandIn
from lapor.commands.partner_rehearsal import CHANNEL, PartnerRehearsal, SensorRehearsal, partners
from lapor.commands.rehearsal import Rehearsal
from lapor.commands.sms_rehearsal import SmsRehearsal, SmsStandIn
from lapor.commands.telegram_rehearsal import TelegramRehearsal, TelegramStandIn
from lapor.commands.whatsapp_rehearsal import WhatsAppRehearsal
from lapor.commands.whatsapp_stand_in import StandIn
from lapor.runtime import Ground, grounded, running
from lapor.settings import Settings

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Rehearsed:
    """What can be rehearsed: over which channel, by whom, and who stands in for the provider, if anybody answers."""

    channel: str
    rehearsal: type[Rehearsal]
    stand_in: type[StandIn] = StandIn


REHEARSALS: Mapping[str, Rehearsed] = {
    "whatsapp": Rehearsed("whatsapp", WhatsAppRehearsal),
    "telegram": Rehearsed("telegram", TelegramRehearsal, TelegramStandIn),
    "sms": Rehearsed("sms", SmsRehearsal, SmsStandIn),
    "messenger": Rehearsed("social", MessengerRehearsal, MetaStandIn),
    "instagram": Rehearsed("social", InstagramRehearsal, MetaStandIn),
    "email": Rehearsed("email", MailRehearsal),
    "partner": Rehearsed("partner", PartnerRehearsal),
    "sensor": Rehearsed("partner", SensorRehearsal),
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.epilog = (
        "Needs LAPOR_WORKER_DATABASE_URL, the web and the worker running, and an account that is switched on on the"
        " page Kanal; messenger and instagram are accounts of Messenger / Instagram, partner and sensor stand in"
        " LAPOR_PARTNER_SECRETS and LAPOR_PARTNER_SENSORS. With an API address on this machine, such as"
        " http://127.0.0.1:8765, nothing leaves it: the command answers in the provider's place and shows what comes"
        " back. A mail is handed over as Postmark does when the account has a password for that, else by"
        " LAPOR_SMTP_URL to its mailbox. What is filed stays: rehearse before going live, or reject it afterwards."
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True, dest="action", title="actions")
    simulate = actions.add_parser(
        "simulate", help="deliver what a resident would write", allow_abbrev=False, epilog=parser.epilog
    )
    simulate.add_argument(
        "channel",
        choices=sorted(REHEARSALS),
        metavar="CHANNEL",
        help=f"one of {', '.join(sorted(REHEARSALS))}",
    )
    simulate.add_argument(
        "--url", metavar="ADDRESS", help="where the installation is; LAPOR_BASE_URL if not given"
    )
    simulate.add_argument(
        "--account", metavar="NAME", help="which account or partner; the only one if not given"
    )
    simulate.add_argument(
        "--photos", type=int, default=3, metavar="N", help="how many photos the album or mail has (default 3)"
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
        account = _one("telegram", options.account, await _accounts("telegram"))
    await telegram_webhook.tell(account, ground.settings.base_url)


async def _simulate(options: argparse.Namespace, ground: Ground) -> None:
    settings, rehearsed = ground.settings, REHEARSALS[options.channel]
    async with running(settings, "worker"):
        account = _one(options.channel, options.account, await _found(options.channel, settings))
        api = account.settings.get("api", "")
        stand_in = rehearsed.stand_in(api)
        server = await _stood_in(stand_in) if urlsplit(api).hostname in LOOPBACK else None
        try:
            async with httpx.AsyncClient(
                base_url=options.url or settings.base_url, trust_env=False
            ) as client:
                heard = server is not None
                await rehearsed.rehearsal(client, account, stand_in, heard, settings).tell(options.photos)
        finally:
            if server:
                await stand_in.stop(server)


async def _stood_in(stand_in: StandIn) -> uvicorn.Server | None:
    try:
        return await stand_in.serve()
    except OSError:
        # The demonstration stands in for its providers all the time.
        say(f"  ({stand_in.api} is answered by somebody else: what comes back is not shown)")
        return None


async def _found(name: str, settings: Settings) -> Sequence[Account]:
    channel = REHEARSALS[name].channel
    if channel == CHANNEL:
        return partners(settings, sensors=name == "sensor")
    return await _accounts(channel)


async def _accounts(channel: str) -> Sequence[Account]:
    async with database.transaction("worker"):
        return await channel_accounts.listening(channel)


def _one(name: str, wanted: str | None, known: Sequence[Account]) -> Account:
    found = [one for one in known if wanted in (None, one.name)]
    if len(found) != 1:
        where = "see LAPOR_PARTNER_SECRETS" if name in ("partner", "sensor") else "open the page Kanal"
        raise Failed(
            f"there is no account of {name} that is switched on: {where}"
            if not found
            else f"there are {len(found)} accounts of {name}: choose one with --account"
        )
    return found[0]
