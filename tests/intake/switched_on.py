"""An account of ours at a provider, switched on as an administrator does it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from lapor import channel_accounts
from tests.ground import World


async def switched_on(
    world: World, channel: str, name: str, secrets: Mapping[str, str], settings: Mapping[str, str]
) -> int:
    """Return the row of the account; one that was there is changed."""
    row: int = await world.fetchval(
        "INSERT INTO channel_account (channel, name, title, active, secrets, settings, changed_at)"
        " VALUES ($1, $2, 'Kanal uji', true, $3, $4, lapor_now())"
        " ON CONFLICT (channel, name) DO UPDATE SET secrets = excluded.secrets, settings = excluded.settings"
        " RETURNING id",
        channel,
        name,
        channel_accounts.sealed(channel, name, dict(secrets)),
        json.dumps(dict(settings)),
    )
    return row
