"""What officers need to work on a complaint together: who has it in hand."""

from piccolo.columns import BigInt, BigSerial, Timestamptz
from piccolo.table import Table


class Assignment(Table):
    """Whose hands a complaint is in. The latest row counts; without a person it is in nobody's."""

    id = BigSerial(primary_key=True)
    complaint = BigInt()
    person = BigInt(null=True, default=None)
    assigned_by = BigInt(null=True, default=None)
    assigned_at = Timestamptz()


TABLES = [Assignment]
