"""The secret of a slip, as the operator's browser keeps it for a while.

The secret never stands in an address of the counter, so no log of addresses has it. The browser holds it encrypted, bound to
the operator and to one complaint: nobody else who sits down there opens it.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

from litestar.datastructures import Cookie

from lapor import crypto
from lapor.complaints import tickets
from lapor.pages import AnyRequest
from lapor.settings import Settings

COOKIE: Final = "lapor_slip"
# Long enough for a queue at the printer, and for an emergency to be handed over.
KEPT_SECONDS: Final = 2 * 3600


def path_of(ticket: str) -> str:
    """Return the address below which everything about one slip stands."""
    return f"/loket/{tickets.show(ticket)}"


def cookie(settings: Settings, person: int, ticket: str, secret: str) -> Cookie:
    """Return the cookie that carries a secret to the pages of its slip only."""
    sealed = crypto.keyring().encrypt(secret, _context(person, ticket))
    return Cookie(
        COOKIE,
        value=base64.urlsafe_b64encode(sealed).decode().rstrip("="),
        path=path_of(ticket),
        max_age=KEPT_SECONDS,
        httponly=True,
        samesite="lax",
        secure=settings.secure,
    )


def given_secret(request: AnyRequest, person: int, ticket: str) -> str:
    """Return the secret that this operator's browser brings for this ticket, or nothing."""
    brought = request.cookies.get(COOKIE, "")[:1_000]
    try:
        sealed = base64.urlsafe_b64decode(brought + "=" * (-len(brought) % 4))
        return crypto.keyring().decrypt(sealed, _context(person, ticket)).decode()
    except (binascii.Error, ValueError, crypto.Undecipherable):
        return ""


def _context(person: int, ticket: str) -> str:
    return f"slip:{person}:{ticket}"
