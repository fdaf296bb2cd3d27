"""Which complaints came from a thread on a social account, and where that thread is."""

from piccolo.columns import BigInt, BigSerial, Boolean, Timestamptz, Varchar
from piccolo.table import Table


class SocialThread(Table):
    """Where a complaint stands on a social account: once by its `link`, and once by the `comment` it was read from.

    `account` is ours that can answer there; without it, and without a comment, somebody answers by hand.
    """

    id = BigSerial(primary_key=True)
    complaint = BigInt()
    link = Varchar(length=500, null=True, default=None)
    account = Varchar(length=60, default="")
    comment = Varchar(length=120, null=True, default=None)
    instagram = Boolean(default=False)
    # The staff of the head's account handed it on; otherwise its writer came to us.
    forwarded = Boolean(default=False)
    said_at = Timestamptz()
    # A provider takes one private answer to a comment, ever: the message that is it.
    private_message = BigInt(null=True, default=None)


TABLES = [SocialThread]
