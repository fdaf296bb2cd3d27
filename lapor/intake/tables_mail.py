"""How far our mailboxes are read."""

from piccolo.columns import BigInt, BigSerial, Timestamptz
from piccolo.table import Table


class Mailbox(Table):
    """Up to which mail (IMAP's UID) a mailbox has been taken over; `uidvalidity` changes when UIDs begin anew."""

    id = BigSerial(primary_key=True)
    # The row of `channel_account` that says where it is.
    account = BigInt()
    uidvalidity = BigInt(null=True, default=None)
    last_uid = BigInt(default=0)
    read_at = Timestamptz(null=True, default=None)


TABLES = [Mailbox]
