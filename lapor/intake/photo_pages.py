"""Photos and documents of one's own complaint, for whoever holds the secret."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from lapor import uploads
from lapor.intake import residents
from lapor.intake.addresses import given_key, not_there, ticket_of
from lapor.pages import AnyRequest

_LARGEST_ID: Final = 2**63 - 1


@get("/laporan/{ticket:str}/foto/{photo:int}")
async def own_photo(request: AnyRequest, ticket: FromPath[str], photo: FromPath[int]) -> Response[Any]:
    """A photo of one's own complaint, for whoever holds the secret."""
    if not 0 < photo <= _LARGEST_ID:
        raise not_there()
    body = await residents.own_photo(ticket_of(ticket), given_key(request), photo)
    if body is None:
        raise not_there()
    return await uploads.photo_response(request, body)


@get("/laporan/{ticket:str}/berkas/{document:int}")
async def own_document(
    request: AnyRequest, ticket: FromPath[str], document: FromPath[int]
) -> Response[bytes]:
    """A document that the agency sent with an answer, for whoever holds the secret."""
    if not 0 < document <= _LARGEST_ID:
        raise not_there()
    found = await residents.own_document(ticket_of(ticket), given_key(request), document)
    if found is None:
        raise not_there()
    return uploads.document_response(*found)


ROUTES: list[ControllerRouterHandler] = [own_photo, own_document]
