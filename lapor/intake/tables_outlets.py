"""How fast and whether anything leaves by a way: an account of ours, one address there, our mail server; and refusals."""

from piccolo.columns import BigSerial, Integer, Timestamptz, Varchar
from piccolo.table import Table


class Outlet(Table):
    """A way out by its key, which holds an address only as a lookup.

    `free_at` is when all that has left by it is paid off at its provider's rate; `failures` are those in a row.
    """

    id = BigSerial(primary_key=True)
    key = Varchar(length=120)
    free_at = Timestamptz(null=True, default=None)
    failures = Integer(default=0)
    paused_until = Timestamptz(null=True, default=None)
    trouble = Varchar(length=300, null=True, default=None)


class HookRefusal(Table):
    """Deliveries that nobody we know had signed, of a channel whose secrets are settings, and when the last one came."""

    id = BigSerial(primary_key=True)
    channel = Varchar(length=12)
    refusals = Integer(default=0)
    refused_at = Timestamptz(null=True, default=None)


TABLES = [Outlet, HookRefusal]
