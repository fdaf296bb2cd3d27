"""A photo of a complaint, for officers and leaders who may read its words: the database decides."""

from __future__ import annotations

from typing import Any

from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath

from lapor import database, uploads
from lapor.admin.access import current_officer, officers_only
from lapor.admin.desk_view import missing
from lapor.admin.offices import Officer
from lapor.complaints.queries import photos
from lapor.pages import AnyRequest

_LARGEST_ID = 2**63 - 1


@get("/meja/foto/{photo:int}", guards=[officers_only])
async def photo(
    request: AnyRequest, photo: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """The photo, or nothing that could be told from a photo of somebody else's complaint."""
    if not 0 < photo <= _LARGEST_ID:
        raise missing()
    async with database.transaction("reader", user_id=officer.id):
        body = await photos.picture(photo)
    if body is None:
        raise missing()
    return await uploads.photo_response(request, body)


@get("/meja/berkas/{document:int}", guards=[officers_only])
async def saved(document: FromPath[int], officer: NamedDependency[Officer]) -> Response[Any]:
    """A document that goes with an answer, to be saved."""
    if not 0 < document <= _LARGEST_ID:
        raise missing()
    async with database.transaction("reader", user_id=officer.id):
        found = await photos.document(document)
    if found is None:
        raise missing()
    return uploads.document_response(*found)


ROUTES = [Router("/", route_handlers=[photo, saved], dependencies={"officer": Provide(current_officer)})]
