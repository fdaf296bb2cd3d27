"""Everything that residents open in a browser."""

from litestar.types import ControllerRouterHandler

from lapor.intake import filing_pages, following_pages, kiosk_pages, photo_pages, public_pages

ROUTES: list[ControllerRouterHandler] = [
    *public_pages.ROUTES,
    *filing_pages.ROUTES,
    *kiosk_pages.ROUTES,
    *following_pages.ROUTES,
    *photo_pages.ROUTES,
]
