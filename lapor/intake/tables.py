"""What came in through a channel, stored before it is read."""

from piccolo.columns import BigInt, BigSerial, Bytea, Integer, Timestamptz, Varchar
from piccolo.table import Table

INBOUND_STATES = ("waiting", "read", "unreadable", "dead")


class Inbound(Table):
    """One delivery of a provider, encrypted, once per (channel, external_id)."""

    id = BigSerial(primary_key=True)
    channel = Varchar(length=12)
    account = Varchar(length=60, default="")
    external_id = Varchar(length=200)
    payload = Bytea()
    received_at = Timestamptz()
    state = Varchar(length=12, default="waiting")
    attempts = Integer(default=0)
    next_attempt_at = Timestamptz()
    complaint = BigInt(null=True, default=None)
    trouble = Varchar(length=300, null=True, default=None)


TABLES = [Inbound]
