"""The one place where the site is put together."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from litestar import Litestar, Response, get
from litestar.config.csrf import CSRFConfig
from litestar.datastructures import State
from litestar.exceptions import HTTPException, NotFoundException
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from lapor import crypto, database, failures, health, limits, locales, logs, metrics, settings
from lapor.admin import (
    access,
    account_pages,
    authenticator_pages,
    channel_pages,
    delivery_looks_pages,
    delivery_pages,
    desk_pages,
    digest_pages,
    figures_pages,
    inspector_pages,
    leader_pages,
    list_link,
    login,
    my_notices,
    operator_pages,
    password_pages,
    password_reset,
    photo_pages,
    policy_preview,
    register_pages,
    screen_pages,
    screens_kept,
)
from lapor.admin.live_watch import Live
from lapor.admin.panel import create_panel
from lapor.complaints.errors import Conflict, NotFound, Refused
from lapor.front_door import Application, FrontDoor
from lapor.intake import opening, web, webhooks
from lapor.pages import AnyRequest, static_response
from lapor.queue import Nudger
from lapor.settings import Settings
from lapor.site import SiteCache

MAX_BODY = 3 * 1024 * 1024
POOL_SIZE = 10

ROUTES: list[ControllerRouterHandler] = [
    *web.ROUTES,
    *webhooks.ROUTES,
    *login.ROUTES,
    *password_pages.ROUTES,
    *password_reset.ROUTES,
    *account_pages.ROUTES,
    *authenticator_pages.ROUTES,
    *desk_pages.ROUTES,
    *figures_pages.ROUTES,
    *leader_pages.ROUTES,
    *inspector_pages.ROUTES,
    *digest_pages.ROUTES,
    *list_link.ROUTES,
    *channel_pages.ROUTES,
    *delivery_pages.ROUTES,
    *delivery_looks_pages.ROUTES,
    *my_notices.ROUTES,
    *operator_pages.ROUTES,
    *photo_pages.ROUTES,
    *policy_preview.ROUTES,
    *register_pages.ROUTES,
    *screen_pages.ROUTES,
    *screens_kept.ROUTES,
]


def from_environment() -> Application:
    """The site for `uvicorn --factory lapor.app:from_environment`, configured by LAPOR_* variables."""
    configuration = settings.read(os.environ)
    logs.configure(configuration.log_level, configuration.environment)
    return create_app(configuration)


def create_app(configuration: Settings) -> Application:
    """The whole site as one ASGI application; its lifespan opens and closes the database pool."""
    litestar = _litestar(configuration)
    site = cast(Application, litestar)
    panel = create_panel(configuration)
    door = FrontDoor(site, panel, litestar.state.site_cache, secure=configuration.secure)
    if not configuration.trusted_proxies:
        return door
    trusted = [str(network) for network in configuration.trusted_proxies]
    return cast(Application, ProxyHeadersMiddleware(cast(Any, door), trusted_hosts=trusted))


def _litestar(configuration: Settings) -> Litestar:
    return Litestar(
        [_static, health.health, health.ready, metrics.metrics, *ROUTES],
        state=State({"settings": configuration, "site_cache": SiteCache(), "opens_delivery": opening.opened}),
        lifespan=[_running],
        csrf_config=CSRFConfig(
            secret=configuration.secret_key,
            cookie_name="lapor_csrf",
            header_name="x-lapor-csrf",
            cookie_secure=configuration.secure,
            cookie_httponly=True,
            cookie_samesite="lax",
            exclude=["^/hooks/", "^/static/", "^/health$", "^/ready$"],
        ),
        exception_handlers={
            access.NotSignedIn: access.send_to_log_in,
            Refused: _answer_refused,
            UnicodeDecodeError: _answer_unreadable,
            HTTPException: failures.answer_http_error,
            Exception: failures.answer_crash,
        },
        request_max_body_size=MAX_BODY,
        openapi_config=None,
        logging_config=None,
        debug=False,
    )


def _answer_refused(request: AnyRequest, error: Refused) -> Response[Any]:
    """The answer to a refused verb whose page did not say so itself."""
    status = 404 if isinstance(error, NotFound) else 409 if isinstance(error, Conflict) else 400
    return failures.answer(request, status, error.message)


def _answer_unreadable(request: AnyRequest, _: UnicodeDecodeError) -> Response[Any]:
    """The answer to a form whose bytes are no text."""
    return failures.answer(request, 400)


@asynccontextmanager
async def _running(app: Litestar) -> AsyncIterator[None]:
    configuration: Settings = app.state.settings
    locales.load()
    configuration.require("database_url", "redis_url", "secret_key", "encryption_keys", "lookup_keys")
    crypto.configure(configuration.encryption_keys, configuration.lookup_keys)
    database.configure(configuration.database_url)
    await database.open_pool(POOL_SIZE)
    app.state.nudger = Nudger(configuration.redis_url)
    app.state.live = Live()
    try:
        await app.state.nudger.connect()
        yield
    finally:
        await app.state.live.close()
        await app.state.nudger.close()
        await limits.close()
        await database.close_pool()


@get("/static/{path:path}")
async def _static(request: AnyRequest, path: FromPath[str]) -> Response[Any]:
    """A file of the look."""
    found = static_response(request, path.lstrip("/"))
    if found is None:
        raise NotFoundException()
    return found
