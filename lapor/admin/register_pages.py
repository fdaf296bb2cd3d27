"""The addresses under which registers are kept: files, history, changes that wait to be confirmed."""

from __future__ import annotations

from litestar import Router
from litestar.di import Provide

from lapor.admin import proposal_pages, register_file_pages, register_history_pages
from lapor.admin.access import current_officer

ROUTES = [
    Router(
        "/",
        route_handlers=[
            *register_file_pages.ROUTES,
            *proposal_pages.ROUTES,
            register_history_pages.history,
        ],
        dependencies={"officer": Provide(current_officer)},
    )
]
