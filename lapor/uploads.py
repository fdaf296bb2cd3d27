"""Forms that may bring photos: what was typed, the photos that can be used, and why the others cannot."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from litestar import Response
from litestar.datastructures import UploadFile

from lapor.complaints import documents, pictures
from lapor.complaints.documents import MOST_DOCUMENTS, Document
from lapor.complaints.photos import MOST_PHOTOS
from lapor.complaints.pictures import MOST_BYTES, Picture, Unusable
from lapor.pages import AnyRequest

FIELD: Final = "photos"
# Five photos of a common phone, sent as the camera left them.
MOST_BODY: Final = 20 * 1024 * 1024
SMALL: Final = "kecil"
DOCUMENTS: Final = "documents"
# Photos and documents of one answer.
MOST_ANSWER: Final = MOST_BODY + MOST_DOCUMENTS * documents.MOST_BYTES


@dataclass(frozen=True)
class Refusal:
    """A photo that cannot be used: its number as it was chosen, from 1, and a code of pictures.REASONS."""

    number: int
    code: str


@dataclass
class Photos:
    """The photos of a form."""

    usable: list[Picture] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


async def fields(request: AnyRequest) -> dict[str, str]:
    """Return what was typed; of a field that was given twice the last value."""
    form = await request.form()
    return {name: value for name, value in form.multi_items() if isinstance(value, str)}


async def chosen(request: AnyRequest) -> list[UploadFile]:
    """Return the files that were chosen as photos, unread."""
    form = await request.form()
    return [value for name, value in form.multi_items() if name == FIELD and isinstance(value, UploadFile)]


async def photos(request: AnyRequest) -> Photos:
    """Return the photos of this form; one that cannot be used costs nothing but itself."""
    found = Photos()
    files = await chosen(request)
    for number, file in enumerate(files[:MOST_PHOTOS], 1):
        try:
            found.usable.append(await pictures.aside(pictures.read, await file.read(MOST_BYTES + 1)))
        except Unusable as reason:
            found.refused.append(Refusal(number, reason.code))
    if len(files) > MOST_PHOTOS:
        found.refused.append(Refusal(MOST_PHOTOS + 1, "lebih"))
    return found


async def photo_response(request: AnyRequest, body: bytes) -> Response[bytes]:
    """Return a stored photo as it is, or with `?ukuran=kecil` small; nobody on the way may keep it."""
    if request.query_params.get("ukuran") == SMALL:
        body = await pictures.aside(pictures.small, body)
    headers = {
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
    }
    return Response(body, media_type=pictures.MEDIA_TYPE, headers=headers)


async def documents_of(request: AnyRequest) -> list[Document]:
    """Return the documents of this form; raises Refused for one that cannot be used, or for too many."""
    form = await request.form()
    files = [file for name, file in form.multi_items() if name == DOCUMENTS and isinstance(file, UploadFile)]
    named = [file for file in files if file.filename]
    documents.count(named)
    return [documents.read(file.filename, await file.read(documents.MOST_BYTES + 1)) for file in named]


def document_response(name: str, body: bytes) -> Response[bytes]:
    """Return a document to be saved under its name: no browser opens it here, nobody on the way may keep it."""
    pdf = name.endswith(".pdf")
    # What a resident sent through a channel is whatever it says it is: bytes to be saved.
    media_type = documents.MEDIA_TYPE if pdf else "application/octet-stream"
    ending = "pdf" if pdf else name.rpartition(".")[2] if name.isascii() else "dat"
    headers = {
        "Cache-Control": "private, no-store",
        "Content-Disposition": f"attachment; filename=\"berkas.{ending}\"; filename*=UTF-8''{quote(name)}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
    }
    return Response(body, media_type=media_type, headers=headers)
