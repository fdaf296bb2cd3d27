"""The page on which somebody confirms a change of a register that touches more than its row."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import asyncpg
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from lapor import database, uploads
from lapor.admin import panel_words, register_proposals, register_rows
from lapor.admin.access import requires
from lapor.admin.offices import PANEL, PREVIEW_ROLES, REGISTER_ROLES, REGISTERS, Officer
from lapor.admin.register_history_pages import HISTORY
from lapor.admin.register_proposals import PROPOSALS, Proposal
from lapor.admin.register_words import SHOWN_BY_TABLE, names_of, row_words, told
from lapor.complaints.errors import NotFound, Refused
from lapor.locales import say
from lapor.pages import AnyRequest, page, settle_language

keepers_only = requires(*REGISTER_ROLES)


class Moved(Exception):
    """The row, or what it touches, has changed since the page was shown."""


@get(f"{PROPOSALS}/{{number:int}}", guards=[keepers_only])
async def show(
    request: AnyRequest, number: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """What would change, and what it touches."""
    settle_language(request)
    return await _page(request, number, officer)


@post(f"{PROPOSALS}/{{number:int}}", guards=[keepers_only])
async def confirm(
    request: AnyRequest, number: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """Carry it out, if it is still what was shown."""
    settle_language(request)
    seal = (await uploads.fields(request)).get("seal", "")
    try:
        done = await _carried_out(number, seal, officer)
    except Moved:
        moved = say("Isinya berubah sejak halaman ini dibuka. Baca sekali lagi, lalu pastikan.")
        return await _page(request, number, officer, moved, 409)
    except NotFound:
        raise
    except Refused as refusal:
        return await _page(request, number, officer, refusal.message, 422)
    except asyncpg.InsufficientPrivilegeError:
        return await _page(request, number, officer, say("Jabatan Anda tidak berwenang untuk ini."), 403)
    except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError) as error:
        return await _page(request, number, officer, panel_words.database_sentence(str(error.args[0])), 422)
    return Redirect(_afterwards(done, officer), status_code=303)


@post(f"{PROPOSALS}/{{number:int}}/batal", guards=[keepers_only])
async def drop(
    request: AnyRequest, number: FromPath[int], officer: NamedDependency[Officer]
) -> Response[Any]:
    """Forget it; nothing has been changed."""
    async with database.transaction("reader", user_id=officer.id):
        wanted = await register_proposals.proposal(number)
        await register_proposals.drop(number)
    slug = SHOWN_BY_TABLE[wanted.table].slug
    where = f"{PANEL}#/{slug}/{wanted.row_id}/" if wanted.row_id else REGISTERS
    return Redirect(where, status_code=303)


async def _carried_out(number: int, seal: str, officer: Officer) -> Proposal:
    async with database.transaction("reader", user_id=officer.id):
        wanted = await _wanted(number)
        # Held until it is written, so that nothing moves between reading it and changing it.
        await register_rows.changeable(wanted.table, wanted.row_id)
        weighed = await register_proposals.weigh(wanted)
        if weighed.seal != seal:
            raise Moved
        await register_proposals.carry_out(wanted)
    return wanted


async def _wanted(number: int) -> Proposal:
    """A proposal about one row; a file has a page of its own."""
    wanted = await register_proposals.proposal(number)
    if wanted.kind == "file":
        raise NotFound(say("Usulan ini tidak ada lagi."))
    return wanted


def _afterwards(done: Proposal, officer: Officer) -> str:
    if not officer.roles & PREVIEW_ROLES:
        return PANEL
    question = {
        "daftar": SHOWN_BY_TABLE[done.table].slug,
        "baris": str(done.row_id),
        "selesai": "hapus" if done.kind == "delete" else "ubah",
    }
    return f"{HISTORY}?{urlencode(question)}"


async def _page(
    request: AnyRequest, number: int, officer: Officer, wrong: str = "", status_code: int = 200
) -> Response[Any]:
    async with database.transaction("reader", user_id=officer.id):
        wanted = await _wanted(number)
        weighed = await register_proposals.weigh(wanted)
        names = await names_of([(wanted.table, weighed.before), (wanted.table, weighed.after)])
        others = await register_proposals.others(number)
    zone = officer.timezone
    return page(
        request,
        "desk/register_proposal.html",
        status_code=status_code,
        wanted=wanted,
        weighed=weighed,
        register=SHOWN_BY_TABLE[wanted.table],
        name=row_words(wanted.table, weighed.before, names, zone),
        told=told(wanted.table, weighed.before, weighed.after, names, zone),
        others=[f"{PROPOSALS}/{other}" for other in others],
        path=f"{PROPOSALS}/{number}",
        wrong=wrong,
    )


ROUTES = [show, confirm, drop]
