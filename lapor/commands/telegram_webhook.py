"""`lapor channels telegram-webhook`: Telegram is told where to deliver, and says what it knows about that."""

from __future__ import annotations

from lapor.channel_accounts import Account
from lapor.commands import Failed, say
from lapor.intake.channels.interface import Undelivered
from lapor.intake.channels.telegram_api import TelegramApi


async def tell(account: Account, base_url: str) -> None:
    """Set the webhook of a bot to this installation; raises Failed."""
    if not base_url.startswith("https://"):
        raise Failed(f"Telegram delivers to HTTPS only, and LAPOR_BASE_URL is {base_url}")
    if not account.secrets.get("secret_token"):
        raise Failed("the bot has no webhook password: type one on the page Kanal")
    api = TelegramApi(account)
    try:
        found = await api.deliver_to(f"{base_url}/hooks/telegram")
    except Undelivered as reason:
        raise Failed(f"Telegram did not take it: {reason}") from None
    finally:
        await api.close()
    say(f"address  {found.get('url', '')}")
    say(f"waiting  {found.get('pending_update_count', 0)}")
    if trouble := found.get("last_error_message"):
        say(f"trouble  {trouble}")
