"""Who is at the desk: the officer behind a session, and the guards that let them in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, cast
from urllib.parse import quote

from litestar import Response
from litestar.connection import ASGIConnection
from litestar.exceptions import PermissionDeniedException
from litestar.handlers import BaseRouteHandler
from litestar.response import Redirect

from lapor import database
from lapor.admin import deliveries_kept, sessions
from lapor.admin.offices import DESK_ROLES, LEADER_ROLES, LOGIN, QUEUE, SESSION, WATCHING_ROLES, Held, Officer
from lapor.locales import say
from lapor.pages import AnyRequest
from lapor.settings import Settings
from lapor.sla import alarms

COOKIE = "id"

AnyConnection = ASGIConnection[Any, Any, Any, Any]
Guard = Callable[[AnyConnection, BaseRouteHandler], Awaitable[None]]

_ACTING = {"plt": "Plt.", "plh": "Plh.", "pj": "Pj.", "pjs": "Pjs."}


class NotSignedIn(Exception):
    """Nobody is logged in, or not far enough; `where` is the address that comes first."""

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.where = where


async def officer_of(token: str | None, *, used: bool = False) -> Officer | None:
    """The officer behind a cookie's token; None when it is unknown or over, or the person is not active.

    Only a look that is `used` lets the session live on.
    """
    if not token or len(token) > 100:
        return None
    async with database.transaction("gate"):
        rows = await database.fetch(_OFFICER, sessions.stored(token))
        if used and rows and rows[0]["rested"]:
            await sessions.use(token)
        held = tuple(_held(row) for row in rows if row["office"] is not None)
        watches = any(office.role in WATCHING_ROLES for office in held)
        open_alarms = tuple(await alarms.shown()) if watches else ()
    if not rows:
        return None
    person = rows[0]
    in_trouble = await deliveries_kept.waiting(person["id"]) if watches else 0
    return Officer(
        person["id"],
        person["username"],
        person["full_name"],
        person["must_change_password"],
        held,
        open_alarms,
        in_trouble,
        person["session"],
        person["shared"],
        person["idle_minutes"] * 60,
        person["authenticator"],
    )


_OFFICER = f"""
SELECT p.id, p.username, p.full_name, p.must_change_password, s.id AS session, s.shared, s.idle_minutes,
       coalesce(s.used_at < lapor_now() - interval '1 minute', true) AS rested,
       EXISTS (SELECT FROM second_factor f WHERE f.person = p.id AND f.confirmed_at IS NOT NULL) AS authenticator,
       h.office, h.title, h.role, h.named_desk, h.kind, h.agency, h.agency_name, h.region, h.timezone
FROM session s
JOIN person p ON p.id = s.user_id AND p.active
LEFT JOIN LATERAL (
  SELECT DISTINCT ON (o.id) o.id AS office, o.title, o.role, o.named_desk, a.kind, g.id AS agency,
         g.name AS agency_name, r.id AS region, r.timezone
  FROM appointment a
  JOIN office o ON o.id = a.office AND o.active
  JOIN agency g ON g.id = o.agency
  JOIN region r ON r.id = g.region
  WHERE a.person = p.id AND a.starts_at <= lapor_now() AND (a.ends_at IS NULL OR a.ends_at > lapor_now())
  ORDER BY o.id) h ON true
WHERE s.token = $1 AND s.stage = 'full' AND {sessions.ALIVE}
ORDER BY h.office
"""


def _held(row: Any) -> Held:
    acting = _ACTING.get(row["kind"])
    title = f"{acting} {row['title']}" if acting else row["title"]
    return Held(
        row["office"],
        title,
        row["role"],
        row["agency"],
        row["agency_name"],
        row["region"],
        row["timezone"],
        row["named_desk"],
    )


async def current_officer(request: AnyRequest) -> Officer:
    """The officer who asks, for a handler's dependency; raises NotSignedIn when there is none.

    Whoever must change their password or set up an authenticator is sent there first.
    """
    return await _arrive(request)


async def _arrive(connection: AnyConnection) -> Officer:
    scope = cast(dict[str, Any], connection.scope)
    found: Officer | None = scope.get("lapor.viewer")
    if found is None:
        found = await officer_of(connection.cookies.get(COOKIE), used=_by_hand(connection))
        if found is None:
            raise NotSignedIn(f"{LOGIN}?lanjut={quote(_returning_to(connection))}")
        settings: Settings = connection.app.state.settings
        step = found.first_step(settings)
        found = replace(found, confined=bool(step))
        if step and connection.url.path != step:
            raise NotSignedIn(step)
        scope["lapor.viewer"] = found
    return found


def _by_hand(connection: AnyConnection) -> bool:
    """Whether somebody sits there: not when a page asks by itself for news, or how long the session lasts."""
    asks_itself = connection.headers.get("sec-fetch-dest") == "empty" or connection.url.path == SESSION
    return connection.scope.get("method") != "GET" or not asks_itself


def _returning_to(connection: AnyConnection) -> str:
    """Where to go on after the log-in: this page, or the one that a form stood on."""
    path = connection.url.path
    if connection.scope.get("method") != "GET":
        return QUEUE
    return f"{path}?{connection.url.query}" if connection.url.query else path


async def officers_only(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """A guard that lets in whoever holds an office now."""
    officer = await _arrive(connection)
    if not officer.roles:
        raise _closed(say("Akun Anda belum memegang jabatan apa pun saat ini."))


def requires(*roles: str) -> Guard:
    """A guard that lets in whoever holds an office of one of these roles now."""
    allowed = frozenset(roles)

    async def guard(connection: AnyConnection, _: BaseRouteHandler) -> None:
        officer = await _arrive(connection)
        if not officer.roles & allowed:
            raise _closed(say("Halaman ini dibuka untuk jabatan lain."))

    return guard


def _closed(sentence: str) -> PermissionDeniedException:
    return PermissionDeniedException(extra={"sentence": sentence})


desk_only = requires(*DESK_ROLES)
leaders_only = requires(*LEADER_ROLES)


def send_to_log_in(_: AnyRequest, error: NotSignedIn) -> Response[Any]:
    """The answer to NotSignedIn."""
    return Redirect(error.where, status_code=303)


def safe_path(wish: str | None, otherwise: str) -> str:
    """An address of this site to go on to; anything that could lead elsewhere gives `otherwise`."""
    path = wish or ""
    inside = path.startswith("/") and not path.startswith(("//", "/\\")) and len(path) <= 500
    return path if inside and path.isprintable() and "\\" not in path else otherwise
