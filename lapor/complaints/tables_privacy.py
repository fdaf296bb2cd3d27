"""Who was let near what is hidden: reveals of a reporter's identity, traces of reading."""

from piccolo.columns import BigInt, BigSerial, Bytea, Text, Timestamptz, Varchar
from piccolo.table import Table


class Reveal(Table):
    """An inspector's request to see who filed; a second inspector decides, and the identity is shown once."""

    id = BigSerial(primary_key=True)
    complaint = BigInt()
    reason = Text()
    salt = Bytea(default=b"")
    asked_by = BigInt()
    asked_at = Timestamptz()
    decided_by = BigInt(null=True, default=None)
    decided_at = Timestamptz(null=True, default=None)
    outcome = Varchar(length=10, null=True, default=None)
    refusal = Text(default="")
    used_at = Timestamptz(null=True, default=None)


class ReadingTrace(Table):
    """Somebody had the words of a guarded complaint on screen; once per person, complaint, hour and manner."""

    id = BigSerial(primary_key=True)
    complaint = BigInt()
    person = BigInt()
    # How the words came before somebody's eyes: opened (a page), listed (first words in a list), photo, panel.
    manner = Varchar(length=8)
    hour = Timestamptz()
    read_at = Timestamptz()


class InspectorChange(Table):
    """Somebody was made an inspector, or an inspector's way in was made anew; noted by the database itself.

    `by_person` is who did it, None when it was the inspector or a command on the server.
    """

    id = BigSerial(primary_key=True)
    person = BigInt()
    region = BigInt()
    kind = Varchar(length=16)
    by_person = BigInt(null=True, default=None)
    at = Timestamptz()


TABLES = [Reveal, ReadingTrace, InspectorChange]
