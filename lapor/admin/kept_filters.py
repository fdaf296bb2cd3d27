"""What an officer filtered each tab by, for as long as the browser stays open: an address without filters leads to it.

Every filtered list has an address of its own that can be handed on; the cookie only remembers the last one of each tab.
It says whose it is, so that on a shared computer nobody meets what another looked for.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode

from litestar import Response

from lapor.admin.lists import NAMES, address
from lapor.admin.offices import QUEUE, Officer
from lapor.complaints.queries.filters import Filters
from lapor.pages import AnyRequest

COOKIE = "lapor_saring"
CLEAR = "hapus"
_WHOSE = "petugas"
# A browser keeps 4,096 bytes; the filters of tabs that were left alone longest give way.
_ROOM = 3000


def named(request: AnyRequest) -> bool:
    """Return whether the address says what to filter by, be it nothing at all."""
    return any(name in request.query_params for name in (*NAMES.values(), CLEAR))


def kept(request: AnyRequest, officer: Officer, tab: str) -> Filters:
    """Return what this officer filtered the tab by last; no filters when nothing is remembered."""
    given = parse_qs(_of(request, officer).get(tab, ""))
    filters: dict[str, Any] = {field: given.get(name, [""])[0][:200] for field, name in NAMES.items()}
    return Filters(**filters)


def keep(
    request: AnyRequest, response: Response[bytes], officer: Officer, tab: str, filters: Filters
) -> None:
    """Remember in the officer's browser what the tab is filtered by now."""
    tabs = _of(request, officer)
    before = dict(tabs)
    tabs.pop(tab, None)
    if filters != Filters():
        tabs[tab] = address("", filters).removeprefix("?")
    while len(urlencode(tabs)) > _ROOM:
        tabs.pop(next(iter(tabs)))
    if tabs != before:
        response.set_cookie(
            key=COOKIE,
            value=urlencode({_WHOSE: officer.id, **tabs}),
            path=QUEUE,
            httponly=True,
            secure=request.app.state.settings.secure,
            samesite="lax",
        )


def _of(request: AnyRequest, officer: Officer) -> dict[str, str]:
    found = dict(parse_qsl(request.cookies.get(COOKIE, "").strip('"')))
    return found if found.pop(_WHOSE, "") == str(officer.id) else {}
