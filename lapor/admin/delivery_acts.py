"""What whoever tends deliveries does with one: look inside, make it a complaint, set it aside, take it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import structlog

from lapor import crypto, database
from lapor.complaints import desk, pictures
from lapor.complaints.desk import Actor, Filed, Filing, Refused, Taken
from lapor.complaints.photos import MOST_PHOTOS
from lapor.complaints.pictures import Unusable
from lapor.filing_form.delivered import Opened, Opens, Sealed

log = structlog.get_logger()

_OPEN = "SELECT id, channel, account, external_id AS key, received_at, payload FROM open_delivery($1, $2)"
# What a person writes or chooses; sender, channel and receipt stay those of the delivery.
_CHOSEN = (
    "type",
    "text",
    "category",
    "district",
    "village",
    "address",
    "anonymous",
    "confidential",
    "about_official",
    "reported_agency",
    "answers",
)


async def look(officer: int, delivery: int, opens: Opens) -> tuple[Sealed, Opened] | None:
    """Return what was sent, and record the look; None when it waits no more, or is not this officer's to tend.

    Raises crypto.Undecipherable when it cannot be opened.
    """
    async with database.transaction("desk", user_id=officer):
        sealed = await _sealed(delivery, "opened")
        return (sealed, opens(sealed)) if sealed else None


async def file(officer: int, delivery: int, chosen: Filing, opens: Opens) -> Filed | None:
    """File a delivery from its receipt on, as whoever sent it; None when it waits no more.

    Of many at once one files it. Raises Refused with the field to correct.
    """
    async with database.transaction("desk", user_id=officer):
        sealed = await _sealed(delivery, "filed")
        if sealed is None:
            return None
        opened = opens(sealed)
        said = {name: getattr(chosen, name) for name in _CHOSEN}
        filed = await desk.file(replace(opened.filing, **said, taken=Taken(officer)))
        if not await database.fetchval("SELECT settle_delivery($1, $2)", delivery, filed.complaint_id):
            raise LookupError("the delivery was settled while it was locked")
    await _keep_pictures(filed, opened.pictures)
    return filed


async def _keep_pictures(filed: Filed, found: Sequence[bytes]) -> None:
    """Put the pictures beside the complaint, as many as a form may bring; what is none costs nothing but itself."""
    usable = []
    for raw in found[:MOST_PHOTOS]:
        try:
            usable.append(await pictures.aside(pictures.read, raw))
        except Unusable as reason:
            log.warning("delivery_picture_refused", code=reason.code)
    if not usable or not filed.secret:
        return
    try:
        await desk.add_photos(Actor.reporter(crypto.secret_hash(filed.secret)), filed.complaint_id, usable)
    except Refused as reason:
        log.warning("delivery_pictures_refused", complaint=filed.complaint_id, reason=reason.field)


async def set_aside(officer: int, delivery: int) -> bool:
    """Note that a delivery is no complaint; return whether it still waited."""
    async with database.transaction("desk", user_id=officer):
        return bool(await database.fetchval("SELECT settle_delivery($1, NULL)", delivery))


async def take_back(officer: int, delivery: int) -> bool:
    """Let a delivery that was set aside wait again where it was; return whether it lay there."""
    async with database.transaction("desk", user_id=officer):
        return bool(await database.fetchval("SELECT take_delivery_back($1)", delivery))


async def _sealed(delivery: int, act: str) -> Sealed | None:
    row = await database.fetchrow(_OPEN, delivery, act)
    return Sealed(**dict(row)) if row else None
