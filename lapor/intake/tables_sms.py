"""Who wants no more messages."""

from piccolo.columns import BigSerial, Timestamptz, Varchar
from piccolo.table import Table


class ChannelStop(Table):
    """Somebody, known by a keyed hash only, who sends BERHENTI; the message with the key `last_word` may still go."""

    id = BigSerial(primary_key=True)
    channel = Varchar(length=12)
    account = Varchar(length=60)
    sender_lookup = Varchar(length=80)
    last_word = Varchar(length=200)
    stopped_at = Timestamptz()


TABLES = [ChannelStop]
