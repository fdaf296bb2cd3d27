"""What can send here and now: the channels of this installation, and our accounts at providers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lapor.channel_accounts import Account
from lapor.intake.channel_list import SPEAKING
from lapor.intake.channels.console import Console
from lapor.intake.channels.interface import Speaks
from lapor.intake.channels.mail import Mail
from lapor.intake.letters import Letter
from lapor.settings import Settings


class Outlets:
    """The channels of this installation, and our accounts at providers."""

    def __init__(self, settings: Settings, accounts: Sequence[Account]) -> None:
        self._speaking: dict[str, Speaks] = {}
        self._accounts = {
            (one.channel, one.name): replace(one, hook=f"{settings.base_url}/hooks/{one.channel}")
            for one in accounts
            if one.channel in SPEAKING and not (settings.production and one.demonstration)
        }
        self._talking = {key: SPEAKING[one.channel](one) for key, one in self._accounts.items()}
        if settings.smtp_url:
            self._speaking[Mail.name] = Mail(settings)
        if settings.console_channel:
            self._speaking[Console.name] = Console()

    @property
    def names(self) -> frozenset[str]:
        """The channels that there are."""
        return frozenset(self._speaking)

    @property
    def accounts(self) -> frozenset[tuple[str, str]]:
        """Our accounts that can speak, as (channel, name)."""
        return frozenset(self._accounts)

    def account_of(self, letter: Letter) -> Account | None:
        """Return the account by which a letter goes into a conversation."""
        chat = letter.outgoing.chat
        return self._accounts.get((letter.channel or "", chat.account)) if chat else None

    def carry(self, letter: Letter) -> Speaks | None:
        """Return the channel that a letter is for."""
        if letter.channel is None:
            return None
        chat = letter.outgoing.chat
        return self._talking[letter.channel, chat.account] if chat else self._speaking[letter.channel]

    async def close(self) -> None:
        """Give back every connection."""
        for outlet in (*self._speaking.values(), *self._talking.values()):
            await outlet.close()
