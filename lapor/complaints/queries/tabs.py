"""What stands in each tab of the queue, as conditions on a complaint `c` that row-level security lets an officer see."""

from collections.abc import Mapping
from typing import Final

from lapor.complaints.holding import DECIDING_ROLES, WORKING_ROLES

# Clocks that ask something of an officer; the reporter's own window does not.
DUTIES: Final = "k.met_at IS NULL AND k.kind <> 'reporter_window'"


def _roles(names: tuple[str, ...]) -> str:
    return "'{" + ",".join(names) + "}'"


WORKS: Final = f"(SELECT my_agencies_as({_roles(WORKING_ROLES)}))::bigint[]"
_DECIDES = f"(SELECT my_agencies_as({_roles(DECIDING_ROLES)}))::bigint[]"
_REACHES = "(SELECT my_working_agencies())::bigint[]"
_OWN = "(SELECT my_agencies())::bigint[]"

_INSPECTS = "(SELECT my_regions_as('{inspector}'))::bigint[]"

# As `approving` does: a checker of the agency, or of the office above one with a single person; of a protection the
# inspectorate too.
MAY_DECIDE: Final = (
    "(p.requested_by <> app_user()"
    f" AND (p.agency = ANY ({_DECIDES}) OR (p.agency = ANY ({_REACHES}) AND p.agency <> ALL ({_OWN}))"
    f" OR (p.kind = 'protection' AND c.region = ANY ({_INSPECTS}))))"
)

_FINISHED_STATUS = ("done", "closed", "rejected", "referred")
_OPEN = ("received", "routed", "in_progress")
IS_OPEN: Final = "c.status IN ('received', 'routed', 'in_progress')"
_OURS = f"c.owner_agency = ANY ({WORKS}) AND {IS_OPEN}"
_IN_MY_HAND = "c.in_hand = (SELECT app_user())"

MINE: Final = "saya"
OURS: Final = "tugas"
APPROVALS: Final = "pemeriksa"
UNROUTED: Final = "penelaahan"
FINISHED: Final = "selesai"
# A tab of another kind: not complaints, but what was ordered about them.
INSTRUCTIONS: Final = "instruksi"

# How a complaint stands (`promised`, `awaits_reporter`, `disputed`, `in_hand`) the database works out at the end of every verb.
TABS: Final[Mapping[str, str]] = {
    MINE: f"{_OURS} AND {_IN_MY_HAND}",
    OURS: _OURS,
    "ditawarkan": f"c.offered_agency = ANY ({WORKS})",
    "dijanjikan": f"{_OURS} AND c.promised",
    APPROVALS: (
        f"c.owner_agency = ANY ({_REACHES}) AND {IS_OPEN}"
        " AND EXISTS (SELECT FROM approval p WHERE p.complaint = c.id AND p.decided_at IS NULL)"
    ),
    "pelapor": f"{_OURS} AND c.awaits_reporter",
    "dibantah": f"{_OURS} AND c.disputed",
    UNROUTED: "c.region = ANY ((SELECT my_regions_as('{coordinator}'))::bigint[]) AND c.status = 'received'",
    FINISHED: f"c.owner_agency = ANY ({WORKS}) AND c.status = ANY ('{{{','.join(_FINISHED_STATUS)}}}'::text[])",
}
# These grow long: each agency and status gives its first ones from an index, by what they narrow beyond that.
BY_AGENCY: Final[Mapping[str, str]] = {
    MINE: f"{IS_OPEN} AND {_IN_MY_HAND}",
    OURS: IS_OPEN,
    "dijanjikan": f"{IS_OPEN} AND c.promised",
    "pelapor": f"{IS_OPEN} AND c.awaits_reporter",
    "dibantah": f"{IS_OPEN} AND c.disputed",
    FINISHED: "true",
}
# Counted in one reading of what is ours and open.
COUNTED_TOGETHER: Final[Mapping[str, str]] = {
    MINE: _IN_MY_HAND,
    OURS: "true",
    "dijanjikan": "c.promised",
    "pelapor": "c.awaits_reporter",
    "dibantah": "c.disputed",
}
TAB_STATUSES: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(TABS, _OPEN),
    "dibantah": (),
    UNROUTED: (),
    FINISHED: _FINISHED_STATUS,
}
STATUSES_OF: Final[Mapping[str, tuple[str, ...]]] = {
    name: _FINISHED_STATUS if name == FINISHED else _OPEN for name in BY_AGENCY
}
NEWEST_FIRST: Final = (FINISHED,)
# What stands here is ours to answer or to hand on, many at once too.
BULK_TABS: Final = (MINE, OURS, "dijanjikan", "pelapor", "dibantah")
ORDERS: Final = (
    f"(SELECT count(*) FROM instruction i WHERE i.agency = ANY ({WORKS}) AND i.carried_out_at IS NULL)"
)
