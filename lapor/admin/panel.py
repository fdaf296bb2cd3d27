"""The admin panel: the registers, the record to look at, every verb as a form."""

from __future__ import annotations

import logging
import re
import warnings
from functools import cache
from typing import Any, cast

from piccolo_admin.endpoints import TableConfig, create_admin
from piccolo_api.crud.endpoints import OrderBy
from piccolo_api.session_auth.tables import SessionsBase
from starlette.authentication import AuthCredentials, AuthenticationBackend, BaseUser
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import HTTPConnection
from starlette.routing import Mount

from lapor.admin import access, account_forms, complaint_forms, offices, sessions
from lapor.admin.offices import Officer
from lapor.admin.panel_door import PanelDoor
from lapor.admin.panel_hooks import hooks_of
from lapor.admin.panel_shown import SHOWN
from lapor.admin.panel_tables import table_classes
from lapor.admin.register_rows import DELETABLE
from lapor.admin.shown_table import Shown
from lapor.admin.translation import INDONESIAN
from lapor.front_door import Application
from lapor.pages import static
from lapor.settings import Settings


def create_panel(settings: Settings) -> Application:
    """The panel as an ASGI application, for everything under `/admin`."""
    hosts = tuple(host.partition(":")[0] for host in settings.admin_hosts)
    return PanelDoor(_admin(settings.secure, hosts), settings)


@cache
def _admin(secure: bool, hosts: tuple[str, ...]) -> Application:
    """What stands behind the door; made once, because it takes a second and keeps no state."""
    # Both write whole error messages of the database, values included, into the log.
    for name in ("piccolo_admin.endpoints", "piccolo_api.crud.exceptions"):
        logging.getLogger(name).disabled = True
    classes = table_classes()
    admin = create_admin(
        tables=[_config(shown, classes[shown.tablename]) for shown in SHOWN],
        forms=[*complaint_forms.FORMS, *account_forms.FORMS],
        session_table=PanelSession,
        auto_include_related=False,
        production=secure,
        allowed_hosts=hosts,
        site_name="Lapor",
        default_language_code="id",
        translations=[INDONESIAN],
        sidebar_links={
            "Antrean saya": offices.QUEUE,
            "Eskalasi": offices.ESCALATIONS,
            "Uji tenggat": offices.PREVIEW,
            "Daftar: riwayat dan berkas": offices.REGISTERS,
        },
        page_size=25,
    )
    _trust_the_door(admin)
    admin.template = _framed(admin.template)
    return cast(Application, admin)


def _config(shown: Shown, table: Any) -> TableConfig:
    listed = shown.listed or shown.columns
    return TableConfig(
        table,
        visible_columns=[table._meta.get_column_by_name(name) for name in ("id", *listed)],
        menu_group=shown.group,
        order_by=[OrderBy(table.id, ascending=not shown.newest_first)],
        hooks=hooks_of(shown.tablename),
    )


# A table of ours has a column of the name that every class of the standard library's ABC has as a method.
warnings.filterwarnings("ignore", 'Field name "register"', UserWarning)


class PanelSession(SessionsBase, tablename="session"):
    """Sessions as the panel's own log-out sees them; nobody logs in through the panel."""

    @classmethod
    async def get_user_id(cls, token: str, increase_expiry: Any = None) -> int | None:
        officer = await access.officer_of(token)
        return officer.id if officer else None

    @classmethod
    async def remove_session(cls, token: str) -> None:
        await sessions.close_session(token)


class PanelUser(BaseUser):
    """The officer as the panel's framework wants to see one."""

    def __init__(self, officer: Officer) -> None:
        self.officer = officer
        self.user_id = officer.id

    @property
    def is_authenticated(self) -> bool:
        return True

    @property
    def display_name(self) -> str:
        return self.officer.name

    @property
    def identity(self) -> str:
        return str(self.officer.id)


class DoorBackend(AuthenticationBackend):
    """Takes the officer whom the door has let in."""

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, BaseUser]:
        return AuthCredentials(["authenticated"]), PanelUser(conn.scope["lapor.officer"])


def _trust_the_door(admin: Any) -> None:
    """Put our own look-up of who is asking in place of the panel's, which would need the password column."""
    guarded = [
        route.app
        for route in admin.router.routes
        if isinstance(route, Mount) and isinstance(route.app, AuthenticationMiddleware)
    ]
    if len(guarded) != 1:
        raise RuntimeError("piccolo-admin guards its API in another way than the one this was written for")
    guarded[0].backend = DoorBackend()


def _framed(template: str) -> str:
    """The panel's page with our language, title, sign and the file that leads its log-in to ours."""
    only_read = " ".join(shown.slug for shown in SHOWN if not shown.editable)
    kept = " ".join(shown.slug for shown in SHOWN if shown.tablename not in DELETABLE)
    opening = f'<html lang="id" data-read-only="{only_read}" data-kept="{kept}">'
    page = re.sub(r'<html lang="\w+">', opening, template)
    page = page.replace("<title>Piccolo Admin</title>", "<title>Panel data · Lapor</title>")
    page = page.replace(
        "We're sorry but the Piccolo Admin doesn't work properly without JavaScript enabled.",
        "Panel data memerlukan JavaScript. Antrean dan laporan dapat dibuka tanpa itu.",
    )
    head = (
        f'<link rel="icon" type="image/svg+xml" href="{static("lapor.svg")}">'
        f'<link rel="stylesheet" href="{static("panel.css")}">'
        f'<script src="{static("panel.js")}" defer></script>'
        f'<script src="{static("idle.js")}" defer></script>'
    )
    return page.replace("</head>", f"{head}</head>")
