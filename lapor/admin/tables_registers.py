"""Changes of registers that somebody has asked for and not yet confirmed."""

from piccolo.columns import BigInt, BigSerial, Text, Timestamptz, Varchar
from piccolo.table import Table


class RegisterProposal(Table):
    """A change that touches more than its row: what was asked for, kept until the same person confirms it.

    `wish` is JSON (the changed columns) or, for a file, its text. Nobody else sees it; it is gone after a day.
    """

    id = BigSerial(primary_key=True)
    person = BigInt()
    register = Varchar(length=40)
    kind = Varchar(length=12)
    row_id = BigInt(null=True, default=None)
    wish = Text(default="")
    made_at = Timestamptz()


TABLES = [RegisterProposal]
