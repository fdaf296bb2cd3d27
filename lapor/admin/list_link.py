"""The list of escalations behind the short-lived link of a leader's letter: no log-in, no words, nothing confidential."""

from __future__ import annotations

from typing import Any, cast

from litestar import Response, Router, get
from litestar.exceptions import NotFoundException, TooManyRequestsException
from litestar.params import FromPath

from lapor import crypto, database, limits
from lapor.admin.offices import ESCALATIONS, LEADER_ROLES, LOGIN
from lapor.complaints.queries.filters import Filters
from lapor.complaints.queries.overdue import Late, overdue
from lapor.complaints.queries.paging import Wish
from lapor.locales import say
from lapor.pages import AnyRequest, page, settle_language
from lapor.settings import Settings

LONGEST = 100
_TOKEN_LENGTH = 100
_UNLISTED = {"X-Robots-Tag": "noindex, nofollow", "Cache-Control": "no-store"}
# Told only to whoever has logged in.
_WITHHELD = frozenset({"confidential", "protected", "about_official"})

# A link opens as long as its person holds an office of the leadership, and not longer than its time.
_HOLDER = """
SELECT p.id, r.timezone
FROM list_link l
JOIN person p ON p.id = l.person AND p.active
JOIN appointment h ON h.person = p.id AND h.starts_at <= lapor_now() AND (h.ends_at IS NULL OR h.ends_at > lapor_now())
JOIN office o ON o.id = h.office AND o.active AND o.role = ANY ($2)
JOIN agency a ON a.id = o.agency
JOIN region r ON r.id = a.region
WHERE l.token_hash = $1 AND l.expires_at > lapor_now()
ORDER BY o.id LIMIT 1"""


@get("/pimpinan/daftar/{token:str}")
async def daily_list(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """What passed its deadline, oldest first: ticket, whose, since when."""
    settle_language(request)
    await _count(request)
    leader, zone = await _leader(token)
    async with database.transaction("reader", user_id=leader):
        found = await overdue(Filters(), Wish(), size=LONGEST)
    lines = [line for line in found.page.items if _may_be_told(line)]
    return page(
        request,
        "leaders/list_link.html",
        headers=_UNLISTED,
        lines=lines,
        more=found.page.next is not None,
        now=found.at,
        zone=zone,
        login=f"{LOGIN}?lanjut={ESCALATIONS}",
    )


def _may_be_told(line: Late) -> bool:
    return not line.flags & _WITHHELD and line.met_at is None


async def _leader(token: str) -> tuple[int, str]:
    """Return whose link it is, and their zone; unknown, expired and revoked links look alike."""
    if len(token) <= _TOKEN_LENGTH:
        async with database.transaction("gate"):
            await database.execute("DELETE FROM list_link WHERE expires_at <= lapor_now()")
            row = await database.fetchrow(_HOLDER, crypto.secret_hash(token), list(LEADER_ROLES))
        if row is not None:
            return row["id"], row["timezone"]
    sentence = say("Tautan ini sudah tidak berlaku. Masuk untuk melihat daftarnya.")
    raise NotFoundException(headers=dict(_UNLISTED), extra={"sentence": sentence})


async def _count(request: AnyRequest) -> None:
    settings: Settings = request.app.state.settings
    wait = await limits.spend(request, "list_link", settings.lookup_limit, limits.MINUTE)
    if wait:
        sentence = say("Terlalu banyak percobaan dari sambungan ini. Coba lagi sebentar lagi.")
        raise TooManyRequestsException(
            headers={**limits.retry_after(wait), **_UNLISTED}, extra=cast(Any, {"sentence": sentence})
        )


ROUTES = [Router("/", route_handlers=[daily_list])]
