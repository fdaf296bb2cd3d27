"""Letters that are kept as they left, and when an office wants its digest."""

from piccolo.columns import BigInt, BigSerial, Bytea, Time, Timestamptz, Varchar
from piccolo.table import Table


class LetterArchive(Table):
    """A letter of a region for one period, byte for byte as it was made, with its SHA-256. Append-only."""

    id = BigSerial(primary_key=True)
    region = BigInt()
    kind = Varchar(length=10)
    period = Varchar(length=10)
    sha256 = Bytea()
    body = Bytea()
    made_at = Timestamptz()


class DigestHour(Table):
    """The hour of the region at which an office wants its daily digest; without a row it comes at 07:30."""

    id = BigSerial(primary_key=True)
    office = BigInt(unique=True)
    at = Time()
    chosen_by = BigInt()
    chosen_at = Timestamptz()


TABLES = [LetterArchive, DigestHour]
