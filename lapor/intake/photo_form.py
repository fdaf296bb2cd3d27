"""Photos of residents: kept beside what they sent, shown to them again, and refused in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import structlog
from litestar import Response, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from lapor import failures, uploads
from lapor.complaints import desk
from lapor.complaints.desk import Actor
from lapor.complaints.pictures import REASONS
from lapor.crypto import secret_hash
from lapor.intake import residents
from lapor.intake.addresses import given_key, not_there, ticket_of
from lapor.locales import say
from lapor.pages import AnyRequest, settle_language
from lapor.uploads import Refusal

log = structlog.get_logger()

# The name under which an address tells which photos were refused: "2-heic.3-kosong".
TOLD: Final = "foto"
_TOLD = re.compile(r"([1-9]\d?)-([a-z]+)")
_LARGEST_ID = 2**63 - 1


async def keep(request: AnyRequest, ticket: str, secret: str) -> list[Refusal]:
    """Add the form's photos to a complaint that stands already; return those that could not be kept.

    Nothing that goes wrong with a photo is worth the complaint.
    """
    given = await uploads.photos(request)
    if not given.usable:
        return given.refused
    try:
        complaint = await residents.own_id(ticket, secret)
        await desk.add_photos(Actor.reporter(secret_hash(secret)), complaint or 0, given.usable)
    except Exception as error:
        log.error("photos_not_kept", error=type(error).__name__, where=failures.place(error))
        return [*given.refused, Refusal(1, "gagal")]
    return given.refused


def told(refused: Sequence[Refusal]) -> str:
    """Return the refusals for an address; nothing when there are none."""
    return ".".join(f"{one.number}-{one.code}" for one in refused)


def sentences(refused: Sequence[Refusal]) -> list[str]:
    """Return for each refused photo why."""
    return [
        say("Foto ke-{number} tidak dapat dipakai: {reason}").format(
            number=one.number, reason=say(REASONS[one.code])
        )
        for one in refused
    ]


def news(request: AnyRequest) -> list[str]:
    """Return the sentences for the refusals that this page's address tells."""
    found = _TOLD.findall(request.query_params.get(TOLD, "")[:200])
    return sentences([Refusal(int(number), code) for number, code in found if code in REASONS])


def too_large(request: AnyRequest, _: Exception) -> Response[Any]:
    """Return the answer to a form that is too heavy; the browser still has what was typed."""
    settle_language(request)
    return failures.answer(
        request,
        413,
        say(
            "Fotonya terlalu besar untuk dikirim sekaligus. Tekan tombol kembali: tulisan Anda masih ada di sana. Kirim"
            " dengan foto yang lebih sedikit, atau tanpa foto; foto dapat menyusul lewat balasan."
        ),
    )


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
LARGE: dict[str, Any] = {
    "request_max_body_size": uploads.MOST_BODY,
    "exception_handlers": {413: too_large},
}
