"""One complaint on one screen, for officers and for leaders: what is read for it and the page made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from litestar import Response
from litestar.exceptions import NotFoundException

from lapor import database
from lapor.admin.correction import correction_of
from lapor.admin.lists import category_in_language
from lapor.admin.offices import Officer
from lapor.admin.story import tell
from lapor.complaints.answer_templates import Prepared, prepared_for
from lapor.complaints.approving import REJECTION_REASONS
from lapor.complaints.errors import NotFound
from lapor.complaints.looking import Contact
from lapor.complaints.masking import mask
from lapor.complaints.queries import acts
from lapor.complaints.queries.beside import Beside, beside
from lapor.complaints.queries.choices import (
    Option,
    agency_choices,
    colleague_choices,
    english_categories,
    outside_bodies,
)
from lapor.complaints.queries.complaint import OneComplaint, one_complaint
from lapor.complaints.queries.links import Linked, linked
from lapor.locales import say
from lapor.pages import AnyRequest, page

_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class View:
    """A complaint with the acts open to this officer and what their forms offer."""

    one: OneComplaint
    acts: frozenset[str]
    agencies: Sequence[Option]
    bodies: Sequence[Option]
    colleagues: Sequence[Option]
    prepared: Sequence[Prepared]
    links: Sequence[Linked]
    beside: Beside

    @property
    def primary(self) -> str:
        """The one next act, whose form stands open."""
        answered = self.one.response is None or self.one.response.met_at is not None
        promised = any(clock.kind == "promise" for clock in self.one.running)
        wanted = [acts.HAND_OVER, acts.CONFIRM, acts.TAKE]
        if self.one.row["status"] == "received":
            wanted.append(acts.ROUTE)
        wanted += [acts.COMPLETION, acts.ANSWER] if answered and not promised else [acts.ANSWER]
        return next((act for act in wanted if act in self.acts), "")


@dataclass(frozen=True)
class Returned:
    """A form that came back: which one, why if it was refused, and everything that was typed."""

    act: str
    errors: Mapping[str, str]
    typed: Mapping[str, str]
    conflict: bool = False

    @property
    def failed(self) -> bool:
        """Whether it was refused; otherwise it was only filled in further."""
        return self.conflict or bool(self.errors)


@dataclass(frozen=True)
class Shown:
    """What a page of a complaint says besides the complaint itself."""

    notice: str = ""
    returned: Returned | None = None
    contact: Contact | None = field(default=None, repr=False)
    preview: object | None = None
    others: Sequence[object] = ()
    status_code: int = 200


async def read(officer: Officer, complaint: int) -> View:
    """Return what this officer sees of a complaint; raises NotFoundException when that is nothing."""
    if not 0 <= complaint <= _LARGEST_ID:
        raise missing()
    async with database.transaction("reader", user_id=officer.id):
        try:
            one = _in_language(await one_complaint(complaint))
        except NotFound as error:
            raise missing() from error
        agencies = await agency_choices(
            one.registry, without=one.row["owner_agency"], reported=one.row["reported_agency"]
        )
        opened = acts.open_acts(one)
        colleagues = (
            await colleague_choices(one.row["owner_agency"], protected=one.row["protected"])
            if acts.ASSIGN in opened
            else ()
        )
        prepared = (
            await prepared_for(one.row["owner_agency"], one.row["category"]) if acts.ANSWER in opened else ()
        )
        return View(
            one,
            opened,
            agencies,
            await outside_bodies(),
            colleagues,
            prepared,
            await linked(complaint),
            await beside(one.row),
        )


def _in_language(one: OneComplaint) -> OneComplaint:
    return replace(one, category=category_in_language(one.category, english_categories(one.registry)))


def missing() -> NotFoundException:
    """The answer to a complaint that is not there, or not for this officer: the two look alike."""
    return NotFoundException(
        extra={"sentence": say("Laporan tidak ditemukan, atau bukan untuk jabatan Anda.")}
    )


def complaint_page(request: AnyRequest, view: View, shown: Shown) -> Response[Any]:
    """The officer's page of one complaint."""
    one = view.one
    returned = shown.returned or _taken_back(request, view)
    return page(
        request,
        "desk/complaint.html",
        status_code=shown.status_code,
        one=one,
        now=one.at,
        zone=one.row["zone"],
        acts=view.acts,
        primary=returned.act if returned else view.primary,
        failed=returned.act if returned and returned.failed else "",
        begun=returned.act if returned else "",
        conflict=bool(returned and returned.conflict),
        errors=returned.errors if returned else {},
        typed=returned.typed if returned else {},
        lost=_lost(view, returned),
        notice=shown.notice,
        contact=shown.contact,
        story=tell(one, request.app.state.settings.same_words_from),
        agencies=view.agencies,
        bodies=view.bodies,
        colleagues=view.colleagues,
        prepared=view.prepared,
        links=view.links,
        correction=correction_of(one) if acts.CORRECT in view.acts else None,
        beside=view.beside,
        helper_options=[(str(number), name) for number, name in view.beside.helpers.items()],
        preview=shown.preview,
        others=shown.others,
        reasons=[(code, say(reason)) for code, reason in REJECTION_REASONS.items()],
        reason_words=REJECTION_REASONS,
        masked=mask(one.text) if one.text and acts.PUBLISH in view.acts else "",
    )


# In which box a statement that was taken back stands again.
_BOXES = {"final": acts.ANSWER, "interim": acts.INTERIM, "question": acts.QUESTION, "note": acts.NOTE}


def _taken_back(request: AnyRequest, view: View) -> Returned | None:
    """The form of a statement that was taken back, with its words, when the address names it."""
    wanted = request.query_params.get("tulisan", "")
    said = [happened.said for happened in view.one.story if happened.said and happened.said.undone]
    found = next((one for one in said if str(one.id) == wanted and one.kind in _BOXES), None)
    return Returned(_BOXES[found.kind], {}, {"text": found.text}) if found else None


def _lost(view: View, returned: Returned | None) -> Sequence[str]:
    """What was typed into a form that is no longer there, so that it can be copied."""
    if returned is None or returned.act in view.acts:
        return []
    return [text for name, text in returned.typed.items() if text and name in ("text", "reason")]
