"""What leaders look at: what is late, and what passes between two regions, a request for an explanation and the answer."""

from piccolo.columns import Array, BigInt, Boolean, Bytea, Integer, Text, Timestamptz, Varchar
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


class Lateness(Table):
    """A clock that stands on the leaders' list as soon as its time has passed; kept by the database, written by nobody.

    A response clock that runs or was met late, another clock that runs and was escalated. `level` is how often it was
    escalated, 3 for again and again; `listed_from` is None once somebody of the leadership has seen that it was answered
    late; `several` says that other clocks of the complaint have lines too. The rest is the complaint's own, so that the policy of its row can be asked here.
    """

    clock = BigInt(primary_key=True)
    complaint = BigInt()
    kind = Varchar(length=20)
    due_at = Timestamptz()
    met_at = Timestamptz(null=True, default=None)
    level = Integer(default=0)
    listed_from = Timestamptz(null=True, default=None)
    several = Boolean(default=False)
    region = BigInt()
    owner_agency = BigInt()
    offered_agency = BigInt(null=True, default=None)
    reported_agency = BigInt(null=True, default=None)
    supporting = Array(base_column=BigInt(), default=list)
    category = BigInt(null=True, default=None)
    district = BigInt(null=True, default=None)
    about_official = Boolean(default=False)
    confidential = Boolean(default=False)
    protected = Boolean(default=False)
    trial = Boolean(default=False)


TABLES = [Explanation, Lateness]
