"""The page "Kiriman": messages that did not arrive, and deliveries that no machine could read."""

from __future__ import annotations

from typing import Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.response import Redirect

from lapor import uploads
from lapor.admin import deliveries_kept
from lapor.admin.access import current_officer
from lapor.admin.delivery_opening_pages import DELIVERY, HANDLERS, known, news, watchers_only
from lapor.admin.offices import DELIVERIES, Officer
from lapor.locales import say, say_many
from lapor.pages import AnyRequest, page, settle_language


@get(DELIVERIES, guards=[watchers_only])
async def overview(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """What waits: messages first, then deliveries."""
    settle_language(request)
    return page(
        request,
        "desk/deliveries.html",
        failed=await deliveries_kept.failed_letters(officer.id),
        unread=await deliveries_kept.unread_deliveries(officer.id),
        most=deliveries_kept.MOST_SHOWN,
        zone=officer.timezone,
        came_from="",
        **{**await news(request, officer), **_done(request)},
    )


@post(f"{DELIVERIES}/kirim-lagi", guards=[watchers_only])
async def send_again(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """Put one message, or those that were listed, back into the outbox; many only after a second yes."""
    settle_language(request)
    typed = await uploads.fields(request)
    letters = _numbers(typed.get("letters", ""))
    if len(letters) > 1 and typed.get("sure") != "ya":
        return page(request, "desk/deliveries_sure.html", count=len(letters), letters=typed["letters"])
    again = await deliveries_kept.resend(officer.id, letters)
    if again:
        await request.app.state.nudger.nudge("drain")
    return Redirect(f"{DELIVERIES}?selesai=kirim&jumlah={again}", status_code=303)


@post(f"{DELIVERY}/baca-lagi", guards=[watchers_only])
async def read_again(
    request: AnyRequest, delivery: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """Give a delivery back to the reader of its channel."""
    found = await deliveries_kept.read_again(officer.id, known(delivery))
    return Redirect(f"{DELIVERIES}?selesai={'baca' if found else 'sudah'}", status_code=303)


def _numbers(typed: str) -> list[int]:
    """The messages that a form names, as many as a page lists."""
    found = [int(part) for part in typed.split(",") if part.isascii() and part.isdigit() and len(part) < 19]
    return found[: deliveries_kept.MOST_SHOWN]


def _done(request: AnyRequest) -> dict[str, str]:
    """The sentence about an act of this page, if it was one."""
    act = request.query_params.get("selesai", "")
    if act == "baca":
        again = say("Kiriman akan dibaca lagi. Bila tetap tidak terbaca, kiriman ini kembali ke daftar.")
        return {"notice": again}
    if act != "kirim":
        return {}
    typed = request.query_params.get("jumlah", "")
    count = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 5 else 0
    if not count:
        return {"notice": say("Tidak ada yang dikirim ulang: pesannya sudah dikirim ulang sebelumnya.")}
    told = say_many(
        "{count} pesan menunggu dikirim ulang. Yang gagal lagi akan kembali ke daftar ini.",
        "{count} pesan menunggu dikirim ulang. Yang gagal lagi akan kembali ke daftar ini.",
        count,
    )
    return {"notice": told.format(count=count)}


ROUTES = [
    Router(
        "/",
        route_handlers=[overview, send_again, read_again, *HANDLERS],
        dependencies={"officer": Provide(current_officer)},
    )
]
