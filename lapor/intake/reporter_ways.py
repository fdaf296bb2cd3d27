"""On which ways a letter reaches a reporter: the conversation in which they filed, then mail, and SMS at last.

A reporter may have chosen which of them comes first; the others follow in that order.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from lapor.intake import dialogue_rows, stopped
from lapor.intake.channels import sms
from lapor.intake.channels.interface import Chat, Outgoing
from lapor.intake.recipients import CONSOLE, MAIL, Route


def ways(
    external: str,
    email: str,
    phone: str,
    channels: Collection[str],
    accounts: Collection[tuple[str, str]],
    first: str = "",
) -> Sequence[Route]:
    """Return the ways, best first; the log stands in where it may.

    `external` is the reporter as a channel knows them, "whatsapp:ACCOUNT:SENDER"; `accounts` are ours that can speak;
    `first` is what they chose: chat, email, sms or nothing.
    """
    found: list[Route] = []
    parts = external.split(":", 2)
    if len(parts) == 3 and (parts[0], parts[1]) in accounts:
        found.append(Route(parts[0], (parts[2],), account=parts[1]))
    if email and MAIL in channels:
        found.append(Route(MAIL, (email,)))
    # An SMS costs: it goes to somebody whom nothing else has reached, and whose number we were given.
    digits = sms.number(phone)
    ours = next((name for channel, name in sorted(accounts) if channel == sms.NAME), "")
    if found and ours and len(digits) >= sms.SHORTEST_NUMBER and found[0].channel != sms.NAME:
        found.append(Route(sms.NAME, (digits,), account=ours))
    found.sort(key=lambda way: _kind(way) != first)
    return found or ([Route(CONSOLE)] if CONSOLE in channels else [])


def _kind(way: Route) -> str:
    return {MAIL: "email", sms.NAME: "sms"}.get(way.channel, "chat")


async def wanted(found: Sequence[Route], key: str) -> Sequence[Route]:
    """Return the ways on which the reporter has not asked us to be silent; inside a transaction of `worker`."""
    return [way for way in found if not await _forbidden(way, key)]


async def _forbidden(way: Route, key: str) -> bool:
    return bool(way.account) and await stopped.forbids(way.channel, way.account, way.addresses[0], key)


async def conversing(outgoing: Outgoing, channel: str | None, language: str, link: str) -> Outgoing:
    """Return a letter with what a conversation needs besides: when its addressee was last heard, and where it leads."""
    chat = outgoing.chat
    if chat is None or channel is None:
        return outgoing
    heard_at = await dialogue_rows.heard_last(channel, chat.account, outgoing.addresses[0])
    return replace(outgoing, chat=Chat(chat.account, heard_at, (), language, link))
