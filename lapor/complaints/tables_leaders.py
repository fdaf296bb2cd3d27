"""What passes between the leaders of two regions: a request for an explanation, and the answer."""

from piccolo.columns import BigInt, Bytea, Text, Timestamptz
from piccolo.table import Table


class Explanation(Table):
    """What a region above asks of a region below. Its id is drawn with those of complaints: one ledger, one numbering."""

    id = BigInt(primary_key=True)
    region = BigInt()
    agency = BigInt()
    asking_region = BigInt()
    asking_agency = BigInt()
    text = Text()
    salt = Bytea()
    asked_by = BigInt()
    in_name_of = BigInt()
    asked_at = Timestamptz()
    due_at = Timestamptz()
    answered_by = BigInt(null=True, default=None)
    answered_in_name_of = BigInt(null=True, default=None)
    answered_at = Timestamptz(null=True, default=None)
    answer = Text(default="")
    answer_salt = Bytea(default=b"")


TABLES = [Explanation]
