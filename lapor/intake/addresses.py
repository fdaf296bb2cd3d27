"""Addresses of complaints, the reporter's cookie for one of them, and the answer to whatever does not open."""

from __future__ import annotations

from typing import Any, Final, cast

from litestar.datastructures import Cookie
from litestar.exceptions import HTTPException, NotFoundException, TooManyRequestsException

from lapor import limits
from lapor.complaints import tickets
from lapor.filing_form.links import address as address
from lapor.filing_form.links import secret_link as secret_link
from lapor.locales import say_many
from lapor.pages import AnyRequest, settle_language
from lapor.settings import Settings

COOKIE: Final = "lapor_kunci"
UNLISTED: Final = {"X-Robots-Tag": "noindex, nofollow"}
PRIVATE: Final = {**UNLISTED, "Cache-Control": "no-store"}


def key_cookie(settings: Settings, ticket: str, secret: str) -> Cookie:
    """Return the cookie that carries a secret to the pages of its complaint only, until the browser is closed."""
    return Cookie(
        COOKIE, value=secret, path=address(ticket), httponly=True, samesite="lax", secure=settings.secure
    )


def given_key(request: AnyRequest) -> str:
    """Return the secret that the browser brings, or nothing."""
    return request.cookies.get(COOKIE, "")


def ticket_of(text: str) -> str:
    """Return the ticket that an address names; raises like any complaint that is not there."""
    try:
        return tickets.parse(text)
    except ValueError:
        raise not_there() from None


def not_there() -> HTTPException:
    """Return the one answer to unknown, hidden and wrongly opened complaints."""
    return NotFoundException(headers=dict(UNLISTED))


async def count_look_up(request: AnyRequest) -> None:
    """Count one look-up of the address that asks; raises when there were too many."""
    settings: Settings = request.app.state.settings
    wait = await limits.spend(request, "lookup", settings.lookup_limit, limits.MINUTE)
    if wait:
        settle_language(request)
        raise TooManyRequestsException(
            headers={**limits.retry_after(wait), **UNLISTED}, extra=cast(Any, _too_many(wait))
        )


def _too_many(seconds: int) -> str:
    sentence = say_many(
        "Dari sambungan ini terlalu banyak nomor dicari. Coba lagi {seconds} detik lagi.",
        "Dari sambungan ini terlalu banyak nomor dicari. Coba lagi {seconds} detik lagi.",
        seconds,
    )
    return sentence.format(seconds=seconds)
