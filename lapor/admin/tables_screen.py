"""Screens of a command centre: devices that show figures without a log-in."""

from piccolo.columns import BigInt, BigSerial, Timestamptz, Varchar
from piccolo.table import Table


class Screen(Table):
    """A device. A code, good once and for a short time, gives it a token of its own; of both only a hash is kept."""

    id = BigSerial(primary_key=True)
    name = Varchar(length=80)
    region = BigInt()
    code_hash = Varchar(length=64, null=True, default=None)
    code_until = Timestamptz(null=True, default=None)
    token_hash = Varchar(length=64, null=True, default=None)
    made_by = BigInt()
    made_at = Timestamptz()
    opened_at = Timestamptz(null=True, default=None)
    last_seen_at = Timestamptz(null=True, default=None)
    revoked_at = Timestamptz(null=True, default=None)
    revoked_by = BigInt(null=True, default=None)


TABLES = [Screen]
