"""By which ids of a provider the same sender is known."""

from piccolo.columns import BigSerial, Bytea, Timestamptz, Varchar
from piccolo.table import Table


class SenderPair(Table):
    """A telephone number and a provider's id of the same person, as one delivery named both; encrypted."""

    id = BigSerial(primary_key=True)
    channel = Varchar(length=12)
    account = Varchar(length=60)
    phone_lookup = Varchar(length=80)
    user_lookup = Varchar(length=80)
    ids = Bytea()
    seen_at = Timestamptz()


TABLES = [SenderPair]
