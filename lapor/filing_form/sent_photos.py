"""Photos that came with a form that files: kept beside the complaint, and refused in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import structlog
from litestar import Response

from lapor import failures, uploads
from lapor.complaints import desk
from lapor.complaints.desk import Actor
from lapor.complaints.pictures import REASONS
from lapor.complaints.queries.slip import slip
from lapor.crypto import secret_hash
from lapor.locales import say
from lapor.pages import AnyRequest, settle_language
from lapor.uploads import Refusal

log = structlog.get_logger()

# The name under which an address tells which photos were refused: "2-heic.3-kosong".
TOLD: Final = "foto"
_TOLD = re.compile(r"([1-9]\d?)-([a-z]+)")


async def keep(request: AnyRequest, ticket: str, secret: str) -> list[Refusal]:
    """Add the form's photos to a complaint that stands already; return those that could not be kept.

    Nothing that goes wrong with a photo is worth the complaint.
    """
    given = await uploads.photos(request)
    if not given.usable:
        return given.refused
    try:
        found = await slip(ticket, secret)
        await desk.add_photos(Actor.reporter(secret_hash(secret)), found.id if found else 0, given.usable)
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


LARGE: dict[str, Any] = {
    "request_max_body_size": uploads.MOST_BODY,
    "exception_handlers": {413: too_large},
}
