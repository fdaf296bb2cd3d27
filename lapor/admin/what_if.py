"""What another length of the response clock would have meant, for those who set it."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency

from lapor import database
from lapor.admin.access import requires
from lapor.admin.charts import percent
from lapor.admin.figures_asked import asked, month_name, month_options
from lapor.admin.offices import PREVIEW_ROLES, Officer
from lapor.complaints.queries.figures.what_if import what_if
from lapor.pages import AnyRequest, page, settle_language

WHAT_IF: Final = "/angka/andai"
NOW_HOURS: Final = 48
HOURS: Final = (12, 24, 36, 72)
deciders_only = requires(*PREVIEW_ROLES)


@get(WHAT_IF, guards=[deciders_only])
async def ask(request: AnyRequest, officer: NamedDependency[Officer]) -> Response[Any]:
    """How many first answers would have been late, agency by agency."""
    settle_language(request)
    given = request.query_params.get("jam", "")
    hours = int(given) if given.isdecimal() and len(given) < 4 and 1 <= int(given) <= 720 else 24
    # Above four days the record is summed up by the day.
    hours = hours if hours <= 96 else min(-(-hours // 24) * 24, 720)
    async with database.transaction("reader", user_id=officer.id):
        now = await database.now()
        wanted = asked(request, now, officer.timezone, ["unit"])
        region = next(office.region for office in officer.offices if office.role in PREVIEW_ROLES)
        found = await what_if(region, wanted.period, now_hours=NOW_HOURS, then_hours=hours)
    return page(
        request,
        "figures/what_if.html",
        hours=hours,
        now_hours=NOW_HOURS,
        choices=sorted({*HOURS, hours}),
        months=month_options(now, officer.timezone),
        first=f"{wanted.first:%Y-%m}",
        last=f"{wanted.last:%Y-%m}",
        period=(month_name(wanted.first), month_name(wanted.last)),
        rows=[
            {
                "name": one.name,
                "reports": one.reports,
                "now_late": one.now_late,
                "now_share": percent(one.now_late, one.reports),
                "then_late": one.then_late,
                "then_share": percent(one.then_late, one.reports),
                "more": one.then_late - one.now_late,
            }
            for one in found
        ],
        reports=sum(one.reports for one in found),
        now_late=sum(one.now_late for one in found),
        then_late=sum(one.then_late for one in found),
        path=WHAT_IF,
    )


ROUTES = [ask]
