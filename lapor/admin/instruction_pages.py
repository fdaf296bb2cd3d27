"""Instructions as the leadership gives and follows them: the list, the form, what will be sent, and sending it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect

from lapor import database
from lapor.admin.access import leaders_only, requires
from lapor.admin.desk_forms import Form
from lapor.admin.desk_view import missing
from lapor.admin.instruction_words import beginnings
from lapor.admin.leader_office import leader_office
from lapor.admin.lists import pager, wish_of
from lapor.admin.offices import INSTRUCTIONS, INSTRUCTORS, Officer
from lapor.complaints import desk
from lapor.complaints.desk import NotFound, Refused
from lapor.complaints.events import KINDS
from lapor.complaints.instructing import AT_ONCE, Giving, giving_office
from lapor.complaints.queries.filters import Filters
from lapor.complaints.queries.instructions import Chosen, chosen, instructions_given
from lapor.locales import say
from lapor.pages import AnyRequest, page, settle_language

_DAYS = timedelta(days=2)
_LARGEST_ID = 2**63 - 1
instructors_only = requires(*INSTRUCTORS)


@dataclass(frozen=True)
class Draft:
    """An instruction that somebody is writing: about what, in whose name, with what in the form."""

    officer: Officer
    groups: Sequence[Mapping[str, Any]]
    giving: Giving
    typed: Mapping[str, str]
    now: datetime


@get(INSTRUCTIONS, guards=[leaders_only])
async def instructions(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """What was ordered, newest first, and what became of it."""
    settle_language(request)
    async with database.transaction("reader", user_id=officer.id):
        where = await leader_office(officer)
        found = await instructions_given(wish_of(request))
        now = await database.now()
    return page(
        request,
        "leaders/instructions.html",
        where=where,
        instructions=found.items,
        told={kind: told.told for kind, told in KINDS.items()},
        gives=bool(officer.roles & INSTRUCTORS),
        pager=pager(INSTRUCTIONS, Filters(), found),
        now=now,
        notice=say("Instruksi sudah dikirim.") if request.query_params.get("selesai") == "dikirim" else "",
    )


@get(f"{INSTRUCTIONS}/baru", guards=[instructors_only])
async def write(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """The form for the complaints that were ticked."""
    settle_language(request)
    draft = await _draft(officer, _ids(request.query_params.getall("laporan", [])), {})
    return _form(request, draft, begun=request.query_params.get("templat", ""))


@post(f"{INSTRUCTIONS}/pratinjau", guards=[instructors_only], status_code=200)
async def preview(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """What will be sent, to be read once more."""
    settle_language(request)
    draft = await _sent(request, officer)
    errors: dict[str, str] = {}
    due_at: datetime | None = None
    if not draft.typed.get("text", "").strip():
        errors["text"] = say("Tulis isinya dahulu.")
    try:
        due_at = Form(officer, 0, draft.typed).promise("due_at")
        if due_at <= draft.now:
            errors["due_at"] = say("Tanggalnya harus di masa depan.")
    except Refused as refusal:
        errors["due_at"] = refusal.message
    return _form(request, draft, errors=errors, due_at=due_at)


@post(INSTRUCTIONS, guards=[instructors_only])
async def give(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """Give the instruction."""
    settle_language(request)
    draft = await _sent(request, officer)
    form = Form(officer, 0, draft.typed)
    try:
        await desk.instruct(
            form.actor,
            agency=draft.groups[0]["id"] if draft.groups else 0,
            complaints=[one.id for group in draft.groups for one in group["complaints"]],
            text=form.text,
            due_at=form.promise("due_at"),
        )
    except NotFound as error:
        raise missing() from error
    except Refused as refusal:
        return _form(request, draft, errors={refusal.field or "": refusal.message})
    return Redirect(f"{INSTRUCTIONS}?selesai=dikirim", status_code=303)


@get(f"{INSTRUCTIONS}/pratinjau", guards=[leaders_only])
async def back() -> Response[Any]:
    """The address of the preview asked for as a page, after a reload or in another language."""
    return Redirect(INSTRUCTIONS, status_code=303)


async def _sent(request: AnyRequest, officer: Officer) -> Draft:
    fields = await request.form()
    typed = {name: str(fields.get(name, "")) for name in ("text", "due_at")}
    return await _draft(officer, _ids([str(value) for value in fields.getall("laporan", [])]), typed)


def _ids(texts: Sequence[str]) -> Sequence[int]:
    found = [int(text) for text in texts if text.isdecimal() and len(text) < 20]
    return [one for one in dict.fromkeys(found) if one <= _LARGEST_ID][:AT_ONCE]


async def _draft(officer: Officer, ids: Sequence[int], typed: Mapping[str, str]) -> Draft:
    async with database.transaction("reader", user_id=officer.id):
        found = await chosen(ids)
        giving = await giving_office(found[0].region) if found else None
        now = await database.now()
    local = now.astimezone(ZoneInfo(officer.timezone))
    proposed = {"text": "", "due_at": (local + _DAYS).date().isoformat()}
    return Draft(officer, _groups(found), giving or Giving(False, None, None), typed or proposed, now)


def _groups(found: Sequence[Chosen]) -> Sequence[Mapping[str, Any]]:
    groups = []
    for (agency, name), ones in groupby(found, key=lambda one: (one.owner_agency, one.agency)):
        complaints = list(ones)
        ticked = urlencode([("laporan", one.id) for one in complaints])
        groups.append(
            {
                "id": agency,
                "agency": name,
                "complaints": complaints,
                "href": f"{INSTRUCTIONS}/baru?{ticked}",
            }
        )
    return groups


def _form(
    request: AnyRequest,
    draft: Draft,
    *,
    errors: Mapping[str, str] | None = None,
    due_at: datetime | None = None,
    begun: str = "",
) -> Response[Any]:
    offered = beginnings()
    chosen_one = begun if begun in offered else next(iter(offered))
    typed = dict(draft.typed)
    if not errors and due_at is None:
        typed["text"] = offered[chosen_one].text
    return page(
        request,
        "leaders/instruct.html",
        status_code=422 if errors else 200,
        groups=draft.groups,
        giving=draft.giving,
        preview=due_at is not None and not errors,
        due_at=due_at,
        typed=typed,
        beginnings=[(code, one.title) for code, one in offered.items()],
        begun=chosen_one,
        errors=errors or {},
        now=draft.now,
        zone=draft.officer.timezone,
    )


ROUTES = [instructions, write, preview, back, give]
