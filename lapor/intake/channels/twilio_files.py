"""Pictures that came by MMS: Twilio holds them, and gives them to whoever has the account's credentials.

Source: Twilio, "Media resource".
"""

from __future__ import annotations

import base64
import re
from typing import Final

import httpx

from lapor.channel_accounts import Account
from lapor.intake import fetching
from lapor.intake.channels.sms import TWILIO
from lapor.intake.channels.sms_api import PATIENCE_SECONDS, TWILIO_API
from lapor.intake.channels.talk import Unfetchable

# Which file of which message of which account, by Twilio's own ids.
_REFERENCE: Final = re.compile(r"(AC[0-9a-f]{32})/([MS]M[0-9a-f]{32})/(ME[0-9a-f]{32})")


class TwilioFiles:
    """One number of ours, as its files are fetched; a gateway that is not Twilio holds none."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._held: httpx.AsyncClient | None = None

    async def fetch(self, reference: str, most_bytes: int) -> bytes:
        """Return a file, asked for where our account is and nowhere else; raises Unfetchable."""
        found = _REFERENCE.fullmatch(reference)
        if not found or self._account.settings.get("provider") != TWILIO:
            raise Unfetchable("rujukan berkas tidak sah", for_good=True)
        account, message, file = found.groups()
        client = self._client()
        path = f"/2010-04-01/Accounts/{account}/Messages/{message}/Media/{file}"
        return await fetching.read(client, str(client.base_url).rstrip("/") + path, most_bytes)

    async def close(self) -> None:
        """Close every connection."""
        if self._held:
            await self._held.aclose()

    def _client(self) -> httpx.AsyncClient:
        if self._held is None:
            settings = self._account.settings
            who = f"{settings.get('account_sid', '')}:{self._account.secrets.get('auth_token', '')}"
            self._held = httpx.AsyncClient(
                base_url=settings.get("api") or TWILIO_API,
                headers={"Authorization": f"Basic {base64.b64encode(who.encode()).decode()}"},
                timeout=PATIENCE_SECONDS,
                follow_redirects=False,
                # The environment names no proxy behind anybody's back.
                trust_env=False,
            )
        return self._held
