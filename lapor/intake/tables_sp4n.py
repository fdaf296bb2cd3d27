"""Which complaints came from the national channel, by the numbers that they have there."""

from piccolo.columns import BigInt, BigSerial, Timestamptz, Varchar
from piccolo.table import Table


class Sp4nReport(Table):
    """A complaint of SP4N-LAPOR! that was taken over, once: `received_at` is its receipt there."""

    id = BigSerial(primary_key=True)
    sp4n_id = Varchar(length=60)
    complaint = BigInt()
    received_at = Timestamptz()
    taken_over_at = Timestamptz()


TABLES = [Sp4nReport]
