"""How far our mailboxes are read."""

from piccolo.columns import BigInt, BigSerial, Integer, Timestamptz
from piccolo.table import Table


class Mailbox(Table):
    """Up to which mail (IMAP's UID) a mailbox has been taken over; `uidvalidity` changes when UIDs begin anew."""

    id = BigSerial(primary_key=True)
    # The row of `channel_account` that says where it is.
    account = BigInt()
    uidvalidity = BigInt(null=True, default=None)
    last_uid = BigInt(default=0)
    read_at = Timestamptz(null=True, default=None)
    # How often in a row it could not be read, and when the next try is due.
    failures = Integer(default=0)
    next_read_at = Timestamptz()


TABLES = [Mailbox]
