"""What a policy would mean: when a complaint filed now would be due, and who would hear of it when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide

from lapor import database
from lapor.admin.access import current_officer, requires
from lapor.admin.lists import categories_in_language
from lapor.admin.offices import PREVIEW, PREVIEW_ROLES, Officer
from lapor.admin.policy_ears import ears_of
from lapor.admin.policy_forecast import Asked, day_of, forecast, length
from lapor.admin.value_labels import value_label
from lapor.complaints.queries.choices import filter_choices
from lapor.locales import say
from lapor.pages import AnyRequest, page, settle_language
from lapor.registers import moment
from lapor.routing.directory import REGISTRY, AgencyEntry, CategoryEntry
from lapor.routing.tables import COMPLAINT_TYPES
from lapor.sla.policy import (
    ClockKind,
    NoPolicy,
    Policy,
    choose,
)
from lapor.sla.register import SCHEDULE, Schedule
from lapor.sla.tables import CLOCK_KINDS


@get(PREVIEW, guards=[requires(*PREVIEW_ROLES)])
async def preview(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """The policy in force and one other, for a complaint that would be filed now."""
    settle_language(request)
    async with database.transaction("reader", user_id=officer.id):
        seen = await moment()
        schedule = await SCHEDULE.get(seen.version)
        registry = await REGISTRY.get(seen.version)
        choices = await filter_choices([office.region for office in officer.offices])
        agencies = {code: registry.agencies[code] for code, _ in choices.agencies}
        own = registry.agencies_by_id[officer.offices[0].agency]
        asked = _asked(request, registry.categories, agencies, own, schedule)
        ears = await ears_of(asked.agency)
    try:
        in_force = choose(schedule.policies, asked.clock, asked.facts, seen.at)
    except NoPolicy:
        in_force = None
    return page(
        request,
        "desk/policy_preview.html",
        asked=asked,
        clocks=[(kind, say(value_label(kind))) for kind in CLOCK_KINDS],
        types=[(kind, say(value_label(kind))) for kind in COMPLAINT_TYPES],
        categories=categories_in_language(choices),
        agencies=choices.agencies,
        versions=[(str(one.id), _version(one)) for one in _of_clock(schedule, asked.clock)],
        in_force=in_force and forecast(in_force, asked, seen.at, schedule, ears),
        chosen=asked.policy and forecast(asked.policy, asked, seen.at, schedule, ears),
        same=asked.policy is not None and asked.policy == in_force,
        now=seen.at,
        zone=asked.agency.timezone,
        path=PREVIEW,
        day=day_of,
    )


def _asked(
    request: AnyRequest,
    categories: Mapping[str, CategoryEntry],
    agencies: Mapping[str, AgencyEntry],
    own: AgencyEntry,
    schedule: Schedule,
) -> Asked:
    given = request.query_params
    clock = given.get("waktu", "")
    kind = cast(ClockKind, clock if clock in CLOCK_KINDS else "response")
    named, version = given.get("jenis", ""), given.get("versi", "")
    return Asked(
        clock=kind,
        named_type=named if named in COMPLAINT_TYPES else "",
        category=categories.get(given.get("kategori", "")),
        agency=agencies.get(given.get("instansi", ""), own),
        policy=next((one for one in _of_clock(schedule, kind) if str(one.id) == version), None),
    )


def _of_clock(schedule: Schedule, clock: ClockKind) -> list[Policy]:
    """The versions for one kind of clock, the newest first."""
    found = [policy for policy in schedule.policies if policy.clock == clock]
    return sorted(found, key=lambda policy: (policy.valid_from, policy.code), reverse=True)


def _version(policy: Policy) -> str:
    return f"{policy.code} · {length(policy)} · {say('sejak')} {day_of(policy.valid_from)}"


ROUTES = [Router("/", route_handlers=[preview], dependencies={"officer": Provide(current_officer)})]
