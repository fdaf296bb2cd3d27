"""Which complaints are about the same: each stays one of its own, with its own clocks and its own answer."""

from piccolo.columns import BigInt, BigSerial, Timestamptz
from piccolo.table import Table


class ComplaintLink(Table):
    """A complaint tied to the one that leads; while `unlinked_at` is empty. A leading one is tied to none."""

    id = BigSerial(primary_key=True)
    complaint = BigInt()
    leader = BigInt()
    linked_by = BigInt()
    linked_at = Timestamptz()
    unlinked_by = BigInt(null=True, default=None)
    unlinked_at = Timestamptz(null=True, default=None)


TABLES = [ComplaintLink]
