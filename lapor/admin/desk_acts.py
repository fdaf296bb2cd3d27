"""What an officer does with a complaint. Each form is posted to its own noun and calls one verb."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.types import Empty

from lapor import database, uploads
from lapor.admin import ending_acts, handing_acts, letter_preview, link_acts, prepared_answers, saying_acts
from lapor.admin.access import desk_only
from lapor.admin.desk_forms import Form, read_form
from lapor.admin.desk_view import Returned, Shown, complaint_page, missing, read
from lapor.admin.offices import QUEUE, Officer
from lapor.complaints import desk
from lapor.complaints.desk import Conflict, NotFound, Refused
from lapor.complaints.queries import acts
from lapor.pages import AnyRequest, settle_language

# What is told afterwards in place of the act itself, or nothing.
Verb = Callable[[Form], Awaitable[str | None]]
# Acts that may bring files, with how much of them.
_LARGE = {
    acts.COMPLETION: uploads.MOST_BODY,
    acts.ANSWER: uploads.MOST_ANSWER,
    acts.INTERIM: uploads.MOST_ANSWER,
}
_KINDS = (saying_acts, handing_acts, ending_acts, link_acts)
VERBS: Mapping[str, Verb] = {act: verb for kind in _KINDS for act, verb in kind.VERBS.items()}


def done(act: str) -> str:
    """Return what the next page says after an act; empty for an unknown one."""
    return next((told[act] for kind in _KINDS if act in (told := kind.done())), "")


def _handler(act: str, verb: Verb) -> HTTPRouteHandler:
    """A handler that carries out one verb and shows the complaint again, with what went wrong if anything did."""

    limit = _LARGE.get(act, Empty)

    @post(
        f"/meja/aduan/{{complaint:int}}/{act}",
        guards=[desk_only],
        name=f"desk:{act}",
        request_max_body_size=limit,
    )
    async def handler(
        request: AnyRequest, complaint: FromPath[int], officer: NamedDependency[Officer]
    ) -> Response[Any]:
        settle_language(request)
        form = await read_form(request, officer, complaint)
        try:
            told = await verb(form)
        except NotFound as error:
            raise missing() from error
        except Refused as refusal:
            return await _show_again(request, form, act, refusal)
        return await _go_on(form, told or act)

    return handler


async def _show_again(request: AnyRequest, form: Form, act: str, refusal: Refused) -> Response[Any]:
    """The complaint as it is now, with everything that was typed: to be corrected, or to be sent again."""
    view = await read(form.officer, form.complaint)
    conflict = isinstance(refusal, Conflict)
    returned = Returned(act, {refusal.field or "": refusal.message}, form.typed, conflict)
    return complaint_page(request, view, Shown(returned=returned, status_code=409 if conflict else 422))


async def _go_on(form: Form, act: str) -> Response[Any]:
    """Back to the complaint; to the queue when the act has given it out of this officer's sight."""
    async with database.transaction("reader", user_id=form.officer.id):
        seen = await database.fetchval("SELECT EXISTS (SELECT FROM complaint WHERE id = $1)", form.complaint)
    where = f"{QUEUE}/aduan/{form.complaint}" if seen else QUEUE
    # What was taken back stands in its box again.
    again = f"&tulisan={form.number('statement')}#tindakan" if act == acts.UNDO else ""
    return Redirect(f"{where}?selesai={act}{again}", status_code=303)


@post("/meja/aduan/{complaint:int}/kontak", guards=[desk_only], status_code=200)
async def contact(
    request: AnyRequest, complaint: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """The reporter's contact, shown once; the look is recorded."""
    settle_language(request)
    form = await read_form(request, officer, complaint)
    try:
        found = await desk.look_at_contact(form.actor, complaint)
    except NotFound as error:
        raise missing() from error
    except Refused as refusal:
        return await _show_again(request, form, acts.CONTACT, refusal)
    return complaint_page(request, await read(officer, complaint), Shown(contact=found))


@get(
    [f"/meja/aduan/{{complaint:int}}/{act}" for act in (*VERBS, acts.CONTACT, "siap-pakai", "pratinjau")],
    guards=[desk_only],
)
async def back(complaint: FromPath[int]) -> Response[Any]:
    """A form's address, asked for as a page (after a reload or in another language): the complaint it is about."""
    return Redirect(f"{QUEUE}/aduan/{complaint}", status_code=303)


ROUTES = [
    back,
    *(_handler(act, verb) for act, verb in VERBS.items()),
    contact,
    *prepared_answers.ROUTES,
    *letter_preview.ROUTES,
]
