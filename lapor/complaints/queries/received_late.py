"""How many complaints were past their deadline already when they were received, because the paper bears an earlier date."""

from datetime import date

from lapor import database
from lapor.complaints.queries.figures import Period
from lapor.complaints.queries.figures.sight import leads_of_agencies


async def received_late(period: Period, *, region: int | None = None, agency: int | None = None) -> int:
    """Return how many of those whose figures this officer sees were received in these months with their deadline passed.

    They are charged as the figures are: a month that is closed answers as it was closed. `agency` takes in its units.
    """
    following = date(period.last.year + period.last.month // 12, period.last.month % 12 + 1, 1)
    agencies = (
        None
        if agency is None
        else [one for one, lead in (await leads_of_agencies()).items() if agency in (one, lead)]
    )
    counted: int = await database.fetchval(
        "SELECT received_late($1, $2, $3, $4)", period.first, following, region, agencies
    )
    return counted
