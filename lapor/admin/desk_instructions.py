"""What the leadership has ordered, on the desk of the agency: to be read, carried out and reported."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from lapor import database
from lapor.admin.access import desk_only
from lapor.admin.desk_forms import read_form
from lapor.admin.desk_tabs import FIRST, tabs
from lapor.admin.desk_view import missing
from lapor.admin.offices import QUEUE, Officer
from lapor.complaints import desk
from lapor.complaints.desk import NotFound, Refused
from lapor.complaints.events import KINDS
from lapor.complaints.queries.filters import Filters
from lapor.complaints.queries.instructions import instructions_of_desk
from lapor.complaints.queries.queue import counts
from lapor.complaints.queries.tabs import INSTRUCTIONS
from lapor.locales import say
from lapor.pages import AnyRequest, page, settle_language

PATH = f"{QUEUE}/{INSTRUCTIONS}"


@get(PATH, guards=[desk_only])
async def instructions(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """The instructions to this officer's agencies, what is still to be done first."""
    return await _list(request, officer)


@post(f"{PATH}/{{instruction:int}}/pelaksanaan", guards=[desk_only])
async def carry_out(
    request: AnyRequest, instruction: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """Report what was done about an instruction."""
    settle_language(request)
    form = await read_form(request, officer, 0)
    try:
        await desk.carry_out(form.actor, instruction, text=form.text)
    except NotFound as error:
        raise missing() from error
    except Refused as refusal:
        return await _list(request, officer, failed=instruction, refusal=refusal, typed=form.text)
    return Redirect(f"{PATH}?selesai=pelaksanaan", status_code=303)


async def _list(
    request: AnyRequest, officer: Officer, *, failed: int = 0, refusal: Refused | None = None, typed: str = ""
) -> Response[Any]:
    settle_language(request)
    async with database.transaction("reader", user_id=officer.id):
        found = await instructions_of_desk()
        counted = await counts(FIRST, Filters())
        now = await database.now()
    done = request.query_params.get("selesai") == "pelaksanaan"
    return page(
        request,
        "desk/instructions.html",
        status_code=422 if refusal else 200,
        tabs=tabs(officer, INSTRUCTIONS, counted),
        instructions=found,
        told={kind: told.told for kind, told in KINDS.items()},
        now=now,
        failed=failed,
        errors={refusal.field or "": refusal.message} if refusal else {},
        typed=typed,
        notice=say("Pelaksanaan sudah dilaporkan kepada pemberi instruksi.") if done else "",
    )


ROUTES = [instructions, carry_out]
