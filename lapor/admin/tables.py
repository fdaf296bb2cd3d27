"""Sessions and failed log-ins."""

from piccolo.columns import BigInt, BigSerial, Timestamptz, Varchar
from piccolo.table import Table
from piccolo_api.session_auth.tables import SessionsBase


class Session(SessionsBase, tablename="session"):
    """A log-in on one device, shared by the desk pages and the panel."""


class LoginAttempt(Table):
    """A failed log-in; enough of them lock the name for a while, never for ever."""

    id = BigSerial(primary_key=True)
    username_lookup = Varchar(length=80)
    failed_at = Timestamptz()


class ListLink(Table):
    """A short-lived link from a notice that opens the escalation list without a log-in, and nothing confidential."""

    id = BigSerial(primary_key=True)
    token_hash = Varchar(length=64, unique=True)
    person = BigInt()
    made_at = Timestamptz()
    expires_at = Timestamptz()


TABLES = [Session, LoginAttempt, ListLink]
